"""What stands in tables of counts beside what was measured: annotations of the spots, shares of types of cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.data.readers.antibodies import is_antibody, is_gene
from napari_trsmi.data.readers.kinds import kind_from_names, kind_from_symbols
from napari_trsmi.data.readers.texts import Text
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from scipy import sparse

ANNOTATIONS = re.compile(  # numbers that programs write beside what was measured: shapes, quality, groups
    r"(?:cell|nucleus|nuclear|nuclei|object|spot)?_?(?:area|size|perimeter|eccentricity|solidity|extent|circularity"
    r"|roundness|orientation|volume|diameter|(?:major|minor)_?axis(?:_?length)?|convex_?area|euler_number"
    r"|equivalent_diameter(?:_area)?)(?:_(?:um|px|µm|pixels|microns)\d?)?"
    r"|n_?(?:counts?|genes|umis?|features?)(?:_(?:rna|adt|spatial|by_counts))?|total_counts|pct_counts_.+|percent_mito?"
    r"|(?:(?:seurat|spatial|cell|graph|kmeans)_?)?(?:clusters?|domains?|labels?|cell_?types?|layers?|regions?|class)"
    r"(?:_?(?:id|name|number|no|index))?|leiden.*|louvain.*|totals?|row_?sums?|fov|batch|sample|section|qc"
    r"|scores?|in_?tissue|(?:cell|object|spot|nucleus|image|label)?_?id|index|unnamed_\d+"
)
CONTROLS = re.compile(  # of the imaging platforms, which measure nothing
    r"blank[-_ ]?\d+|negprb[-_ ]?\d+|neg(?:ative)?_?control.*|system_?control\d+|false_?code\d+|unassigned_?codeword.*",
    re.IGNORECASE,
)
UNMAPPED = re.compile(  # among what CITE-seq-Count, HTSeq and STAR count, and no feature
    r"unmapped|no_match|total_reads|__(?:no_feature|ambiguous|too_low_aqual|not_aligned|alignment_not_unique)"
    r"|n_(?:unmapped|multimapping|nofeature|ambiguous)",
    re.IGNORECASE,
)
IN_CYCLES = re.compile(r"cyc\d+_ch\d+:.+", re.IGNORECASE)  # of CODEX, all that is measured among its columns
_CHROMOSOMES = re.compile(r"chr(?:om(?:osome)?)?|seq(?:name|id)s?")  # what their column is called
_OF_FEATURES = re.compile(  # columns beside the spots, where these are in columns
    rf"{_CHROMOSOMES.pattern}|(?:chrom)?(?:start|end)|stop|strand|(?:gene|peak)?(?:length|width)|gc(?:content)?"
)
_GENE_OF = re.compile(r"(?:gene|target|feature)(?:id|name|symbol)?")  # the column of lists of molecules
_MOST_TYPES = 60  # of cells, that are called as genes are
_CELLS = re.compile(  # what is in names of types of cells, and not in those of genes
    r"cells?|cyte|phage|blast|neuron|astro|oligo|micro|glia|endo|epith|peri|fibro|immune|tumou?r|stroma|muscle|layer|type"
    r"|topic|factor|cluster|^(?:nk|dc|caf|tam|cd[48]?t|treg|mono|mast|plasma|opc|[tb]|l\d.*)\d*$",
    re.IGNORECASE,
)
_GENES = 0.8  # share of names that are called as genes, where all of them are; Gfap may be an antibody
_APART, _FEWEST_GENES = 0.7, 8  # share of names that differ in more than a number, and how many there are
_NUMBERED = 0.4  # share of names of genes with a number in them
_CLOSE = 1e-3  # to 1, of shares that were rounded


def worded_columns(part: pd.DataFrame, spots_in_rows: bool = True) -> list[str]:
    """Return the columns that hold text throughout, and no number among it, or say yes or no beside others.

    Where spots are in columns, so are lengths and places of the features in a genome.
    """
    import pandas as pd

    if not spots_in_rows:
        of_features = [column for column in part if _OF_FEATURES.fullmatch(re.sub(r"[\W_]+", "", column.lower()))]
        return [*of_features, *worded_columns(part.drop(columns=of_features))]
    texts = [column for column, dtype in part.dtypes.items() if dtype.kind not in "biufc"]
    answers = [str(column) for column, dtype in part.dtypes.items() if dtype.kind == "b"]
    numbers = {column: part[column].str.replace(",", "").pipe(pd.to_numeric, errors="coerce") for column in texts}
    worded = [str(column) for column, values in numbers.items() if values.isna().all()]
    return worded + answers if len(worded + answers) < part.shape[1] else worded


def names_of_peaks(told: pd.DataFrame, names: Sequence[str], heading: str) -> list[str]:
    """Return the (D,) names of features; of those named by chromosomes alone, with start and end, as BED files do.

    Examples
    --------
    >>> import pandas as pd
    >>> names_of_peaks(pd.DataFrame({"start": ["10", "50"], "end": ["20", "70"]}), ["chr1", "chr1"], "chrom")
    ['chr1:10-20', 'chr1:50-70']
    """
    columns = {re.sub(r"[\W_]+", "", column.lower()): column for column in told}
    ends = [columns[name] for name in ("start", "chromstart", "end", "chromend", "stop") if name in columns]
    if len(ends) != 2 or not _CHROMOSOMES.fullmatch(re.sub(r"[\W_]+", "", heading.lower())):
        return list(names)
    places = zip(names, told[ends[0]], told[ends[1]], strict=True)
    return [f"{chromosome}:{start}-{end}" for chromosome, start, end in places]


def are_shares(values: sparse.csr_matrix) -> bool:
    """Return whether (N, D) values are parts of a whole at each spot."""
    sums = np.asarray(values.sum(axis=1)).ravel()
    return values.max() < 1 and values.min() >= 0 and bool((np.abs(sums - 1) < _CLOSE).all())


def may_be_types(names: Sequence[str]) -> bool:
    """Return whether names may be those of types of cells: few, and no panel of antibodies.

    Types may be called as genes are (Sst, Vip). So few names have to be those of genes, many of them numbered, and not
    of one another (CA1, CA2).

    Examples
    --------
    >>> may_be_types(["Sst", "Vip", "Lamp5", "Pvalb", "Sncg", "Chandelier", "CA1", "CA2"])
    True
    >>> may_be_types(["Gad1", "Slc17a7", "Mbp", "Plp1", "Gfap", "Aqp4", "Cldn5", "Pdgfra"])
    False
    """
    import pandas as pd

    if sum(map(is_antibody, names)) > 0.5 * len(names):
        return False
    if len(names) > _MOST_TYPES:
        return kind_from_symbols(names) != "rna"
    if kind_from_names(pd.DataFrame(index=list(names)), "") == "rna":
        return False
    apart = len({name.rstrip("0123456789") for name in names}) >= _APART * len(names) and len(names) >= _FEWEST_GENES
    genes = apart and sum(map(is_gene, names)) >= _GENES * len(names) and not any(map(_CELLS.search, names))
    return not genes or sum(any(map(str.isdigit, name)) for name in names) < _NUMBERED * len(names)


def refuse_molecules(text: Text, path: Path) -> None:
    """Raise `DataError` on a list of molecules, or of counts of a gene at a place, as GEM files of Stereo-seq are."""
    rows = [text.fields(line) for line in range(1, len(text.lines))]
    for at, name in enumerate(text.fields(0)):
        if _GENE_OF.fullmatch(re.sub(r"[\W_]+", "", name.lower())):
            found = [row[at] for row in rows if at < len(row)]
            genes = set(found)
            if 2 * len(genes) <= len(found) and kind_from_symbols(genes) == "rna":
                raise DataError(
                    f"Expected a spot or a cell in each line of {path.name}, found a gene in each ({name!r}, such as "
                    f"{found[0]!r}): a list of molecules. Give the whole folder of the platform, or the counts of "
                    "cells or bins, written as .h5ad (with stereopy, or spatialdata-io)."
                )
