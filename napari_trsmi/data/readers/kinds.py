"""What kind of modality a table is, judged by its names: feature types, feature names, the modality's own name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.config import Kind
from napari_trsmi.data.feature_names import labels
from napari_trsmi.data.readers.antibodies import is_antibody, is_gene

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

SHORT_NAMES: dict[Kind, str] = {"rna": "rna", "protein": "adt", "chromatin": "atac"}

_FEATURE_TYPES: dict[str, Kind] = {
    "gene expression": "rna",
    "gene": "rna",
    "rna": "rna",
    "cdna": "rna",
    "endogenous": "rna",
    "antibody capture": "protein",
    "protein expression": "protein",
    "protein": "protein",
    "adt": "protein",
    "antibody": "protein",
    "antibody derived tag": "protein",
    "antibody derived tags": "protein",
    "antibodies": "protein",
    "adts": "protein",
    "proteins": "protein",
    "protein tag": "protein",
    "surface protein": "protein",
    "ab": "protein",
    "abseq": "protein",
    "cite": "protein",
    "cite seq": "protein",
    "genes": "rna",
    "transcripts": "rna",
    "gex": "rna",
    "peaks": "chromatin",
    "peak": "chromatin",
    "chromatin accessibility": "chromatin",
    "atac": "chromatin",
    "histone modification": "chromatin",
}
_TYPE_COLUMNS = ("featuretypes", "featuretype", "featureclass", "modality", "type", "assay", "omics", "omic")
_WORDS: dict[Kind, str] = {
    "rna": "rna gex gene genes mrna transcript transcripts transcriptome scrna snrna",
    "protein": "adt adts prot protein proteins antibody antibodies codex totalseq imc mibi cycif phenocycler",
    "chromatin": "atac scatac chromatin peak peaks histone cuttag dnase epigenome",
}
_BESIDE_TYPES = frozenset(
    [
        "panel",
        "tag",
        "tags",
        "capture",
        "expression",
        "counts",
        "assay",
        "data",
        "surface",
        "derived",
        "features",
        "abundance",
        "accessibility",
    ]
)
_MEASURED = frozenset(
    (
        *("metabolite", "metabolites", "metabolome", "metabolomics", "lipid", "lipids", "lipidome", "lipidomics"),
        *("glycans", "msi", "maldi", "desi"),
    )
)
_EMBEDDED = frozenset(
    ("x", "pca", "lsi", "svd", "umap", "tsne", "latent", "embedding", "harmony", "scvi", "totalvi", "mofa", "trsmi")
)
_COMPONENT = re.compile(
    r"(x_)?(pc|pca|lsi|svd|ica|ic|nmf|mofa|factor|latent|component|comp|dim|topic|umap|harmony)[ _.-]?\d+",
    re.IGNORECASE,
)
_PEAK = re.compile(r"[A-Za-z0-9._]+[:_-]\d[\d,]*[-_]\d[\d,]*")
_INTERVAL = (r"chr(om(osome)?)?|seq(name|id)s?", r"(chrom)?start", r"(chrom)?end|stop")  # columns of places in a genome
_ENSEMBL_GENE = re.compile(r"(.+[|_:; -])?ENS[A-Z]{0,4}G\d{8,}(\.\d+)?([|_:; -].+)?")  # with its symbol, too
_HISTONE = re.compile(r"h[234][abx]?[ks]\d+(ac|me\d?|ub\d*|p|ph)?(?![a-z])|cut ?(&|n|and)? ?tag")
_AROUND = re.compile(  # a gene's symbol: its species, its cycle, and what is left of bytes
    r"^(?:b')?(?:cyc\d+_ch\d+:)?(?:(?:GRCh38|GRCh37|GRCm39|GRCm38|hg38|hg19|mm39|mm10)[-_]+)?|[-_](?:hg38|hg19|mm39|mm10)$|'$"
)
_BIOTYPE = re.compile(  # what annotations of genomes call genes: of them, mRNA and protein are no modalities
    r"coding|pseudogene|^(?:mt_)?(?:lnc|linc|nc|sno|sca|mi|pi|r|t|misc)_?RNA$", re.IGNORECASE
)
_BIOTYPE_BESIDE = re.compile(  # and what they call the others
    r".*_gene|.+RNA|TEC|antisense|artifact|ribozyme|sense_.+|(?:processed|unprocessed)_transcript|retained_intron"
    r"|nonsense_mediated_decay|pseudo",
    re.IGNORECASE,
)
_SAMPLE = 200
_ANTIBODIES = 0.2  # share of names that no gene has, from which on a panel is one of antibodies
MOST_PROTEINS = 300
BY_NAMES, BY_VALUES = "the names of its features", "its values"


def kind_of_feature_type(text: str) -> Kind | None:
    """Return the kind that an entry of ``var["feature_types"]`` names, or None.

    Examples
    --------
    >>> kind_of_feature_type("Antibody Capture")
    'protein'
    >>> kind_of_feature_type("Proteins (ADT)"), kind_of_feature_type("ATAC peaks")
    ('protein', 'chromatin')
    >>> [kind_of_feature_type(text) for text in ("CRISPR Guide Capture", "Gene Activity", "protein_coding")]
    [None, None, None]
    """
    bare = re.sub(r"[\W_]+", " ", text).strip().lower()  # R writes Gene.Expression
    if (kind := _FEATURE_TYPES.get(bare)) is not None:
        return kind
    words = set(bare.split()) - _BESIDE_TYPES  # Gene Activity and protein_coding have others
    kinds = {kind for kind, known in _WORDS.items() if words & set(known.split())}
    return kinds.pop() if len(kinds) == 1 and words <= set(" ".join(_WORDS.values()).split()) else None


def is_biotype(text: str) -> bool:
    """Return whether a text is what annotations of genomes say of a gene.

    Examples
    --------
    >>> [is_biotype(text) for text in ("protein_coding", "lncRNA", "IG_V_gene", "Gene Activity", "Antibody Capture")]
    [True, True, True, False, False]
    """
    return _BIOTYPE.search(text) is not None or _BIOTYPE_BESIDE.fullmatch(text) is not None


def column_of_feature_types(var: pd.DataFrame) -> str | None:
    """Return the column of `var` that says of what type features are: feature_types, or one that means two kinds.

    Examples
    --------
    >>> import pandas as pd
    >>> column_of_feature_types(pd.DataFrame({"feature.type": ["Gene.Expression", "Antibody.Capture"]}))
    'feature.type'
    >>> column_of_feature_types(pd.DataFrame({"type": ["protein_coding", "rna"]})) is None
    True
    """
    for column in sorted(var, key="feature_types".__ne__):
        given = column == "feature_types"
        if given or re.sub(r"[\W_]+", "", str(column)).lower() in _TYPE_COLUMNS:
            types = var[column].astype(str).unique()
            kinds = {kind_of_feature_type(text) for text in types} - {None}
            outright = {kind_of_feature_type(text) for text in types if text.lower() != "protein"} - {None, "rna"}
            biotypes = any(map(_BIOTYPE.search, types))
            of_genes = biotypes and not (outright or (given and kinds - {"rna"}))
            if not of_genes and (given or len(kinds) > 1 or biotypes):
                return str(column)
    return None


def kind_from_names(var: pd.DataFrame, name: str, hint: str = "") -> Kind | None:
    """Return the kind that names give away, or None where they say nothing.

    Feature names that can only be one thing (PC_1, chr1:100-200, or numbers beside places in a genome) go before
    ``var["feature_types"]``, that before the modality's own name, that before words and Ensembl numbers among the
    feature names, and the hint comes last.

    Parameters
    ----------
    var
        (D, n) annotations of the features, index = feature names.
    name
        Name of the modality, such as ``"adt"``; may be empty.
    hint
        Other text, such as the stem of the file.
    """
    step = max(1, len(var) // _SAMPLE)
    features = [str(feature) for feature in var.index[::step]]
    if features and _share(features, _COMPONENT) > 0.8:
        return "precomputed"
    if features and (_share(features, _PEAK) > 0.8 or (all(map(str.isdecimal, features)) and _has_intervals(var))):
        return "chromatin"
    if (column := column_of_feature_types(var)) is not None and len(var):
        kind = kind_of_feature_type(str(var[column].astype(str).value_counts().index[0]))
        if kind:
            return kind
    if kind := _kind_from_words(name):
        return kind
    votes = [_kind_from_words(feature) for feature in features]
    for candidate in SHORT_NAMES:
        if features and votes.count(candidate) > 0.5 * len(features):
            return candidate
    if features and _share(features, _ENSEMBL_GENE) > 0.5:
        return "rna"
    return _kind_from_words(hint)


def may_be_modality(key: str) -> bool:
    """Return whether a key of ``obsm`` is called after something that is measured, and not after an embedding of it.

    Examples
    --------
    >>> [may_be_modality(key) for key in ("ATAC_counts", "metabolites", "X_pca_protein", "X_umap", "spatial")]
    [True, True, False, False, False]
    """
    words = set(re.findall(r"[a-z]+", key.lower()))
    return not words & _EMBEDDED and (bool(words & _MEASURED) or _kind_from_words(key) is not None)


def is_another_measurement(text: str) -> bool:
    """Return whether a text names something that is measured and has no kind of its own here.

    Examples
    --------
    >>> [is_another_measurement(text) for text in ("mouse_brain_MALDI", "metabolites", "adata_RNA", "section_1")]
    [True, True, False, False]
    """
    return bool(set(re.findall(r"[a-z]+", text.lower())) & _MEASURED)


def kind_from_symbols(names: Iterable[str]) -> Kind | None:
    """Return protein where some features are called as only antibodies are, rna for symbols of genes, else None.

    Examples
    --------
    >>> kind_from_symbols(["CD3", "CD68", "PanCK", "HLA-DR", "DAPI"]), kind_from_symbols(["Gad1", "Slc17a7", "Mbp"])
    ('protein', 'rna')
    """
    features = [_AROUND.sub("", str(name)) for name in names]
    if len({name.rstrip("0123456789") for name in features}) < 2:  # Marker1, Marker2, ...
        return None
    if sum(map(is_antibody, features)) >= _ANTIBODIES * len(features):
        return "protein"
    return "rna" if sum(map(is_gene, features)) > 0.5 * len(features) else None


def guess_kind(table: AnnData) -> tuple[Kind | None, str]:
    """Return the kind of a table whose names say nothing outright, None for none, and what it was judged by.

    Symbols of genes and names of antibodies go before the values. Of these, a few features that most spots have are
    taken for proteins, and any others of 0 or more for RNA.
    """
    if kind := _kind_of_symbols(table):
        return kind, BY_NAMES
    if table.X is None or 0 in table.shape:
        return None, BY_VALUES
    head = _head(table)
    if not (head >= 0).all():
        return None, BY_VALUES
    few_and_dense = table.n_vars <= MOST_PROTEINS and np.count_nonzero(head) > 0.5 * head.size
    return "protein" if few_and_dense else "rna", BY_VALUES


def is_sparse_rna(table: AnnData) -> bool:
    """Return whether a table is of genes, whatever its file is called: many symbols, most of them at few spots.

    Counts, scaled or not, repeat within a spot; intensities of proteins that were not found everywhere do not.
    """
    if table.X is None or table.n_vars <= MOST_PROTEINS or table.n_obs == 0 or _kind_of_symbols(table) != "rna":
        return False
    head = _head(table)
    there = np.count_nonzero(head)
    distinct = sum(len(np.unique(row[row != 0])) for row in head)
    return bool((head >= 0).all() and there < 0.5 * head.size and distinct < 0.5 * there)


def _kind_of_symbols(table: AnnData) -> Kind | None:
    return kind_from_symbols(labels(table.var)[:: max(1, table.n_vars // _SAMPLE)])


def _head(table: AnnData) -> np.ndarray:
    """Return (n, D) values of at most 200 rows."""
    head: Any = table.X[: min(table.n_obs, _SAMPLE)]
    return head if isinstance(head, np.ndarray) else np.asarray(head.toarray())


def _has_intervals(var: pd.DataFrame) -> bool:
    """Return whether features have columns of chromosome, start and end, as peaks do that are only numbered."""
    columns = [re.sub(r"[\W_]+", "", str(column)).lower() for column in var]
    return all(any(re.fullmatch(pattern, column) for column in columns) for pattern in _INTERVAL)


def _share(features: list[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(feature) is not None for feature in features) / len(features)


def _kind_from_words(text: str) -> Kind | None:
    """Return the one kind whose words occur in `text`; None for none and for several."""
    words = set(re.findall(r"[a-z]+", _HISTONE.sub(" histone ", text.lower())))
    kinds = [kind for kind, known in _WORDS.items() if words & set(known.split())]
    return kinds[0] if len(kinds) == 1 else None
