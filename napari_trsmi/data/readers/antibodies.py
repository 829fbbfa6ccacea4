"""Names of antibodies and symbols of genes, told apart: a panel of proteins measures CD3 and PanCK, one of RNA CD3E."""

from __future__ import annotations

import re
from collections.abc import Iterable

from napari_trsmi.plural import many

# CD numbers that are symbols of genes as they are; all others (CD3, CD8, CD20, CD45) only name the protein.
_CD_GENE = re.compile(
    r"[245679]|14|19|2[2478]|3[34678]|4[04678]|5[23589]|63|6[89]|7[024]|8[012346]|9[369]"
    r"|101|109|151|16[034]|177|180|20[079]|226|24[478]|27[46]|302|320"
)
_CD = re.compile(r"CD[-_ ]?(\d+)[-_ ]?([a-z]|RA|RO|RB)?", re.IGNORECASE)
_AGAIN = re.compile(r"\.1$")  # as R makes names unique that a gene has, too
_MARKED = re.compile(  # what a vendor or a pipeline puts around the name
    r"(anti|adt|ab|prot|protein|hu|mu|hashtag)[-_. ].+"
    r"|.+[-_. ](total(?:seq)?[-_ ]?[a-d]|totalseq|adt|ab|prot|protein|antibody|tsb|tsa)"
    r"|.+[-_. ](mouse|human|rat|rabbit|hamster|goat)[-_ /](human|mouse|rat).*"
    r"|.+[-_. ]A\d{4}|A\d{4}[-_. ].+"  # BioLegend's numbers of TotalSeq
    r"|.+[-_.][ACGTN]{10,}"  # its tag, as CITE-seq-Count writes it
    r"|.+\(\d+[A-Z][a-z]\).*|\d{2,3}[A-Z][a-z][-_ ].+",
    re.IGNORECASE,
)
_OUTRIGHT = re.compile(  # what no gene has around its name
    r"(adt|prot|protein|hto|hashtag|totalseq)[-_. ].+"
    r"|.+[-_. ](total(?:seq)?[-_ ]?[a-d]|totalseq|adt|prot|protein|tsb|A\d{4})",
    re.IGNORECASE,
)
_CONTROL = re.compile(  # antibodies of a species that binds nothing here, and tags of samples
    r".*isotype.*|.*[-_. ](ctrl|control)|(mouse|rat|hamster|goat|rabbit|ms|mm)[-_. ]*ig[gma]\d?[a-ck]*([-_. ].*)?"
    r"|(hto|hashtag)[-_. ]?\w+.*",
    re.IGNORECASE,
)
_FEW = 3
_STAINED = re.compile(
    r"dapi\d*|hoechst\d*|dna\d*|ir19[13]|draq5|autofluorescence|af\d{3}|isotype.*|.*ctrl|.*igg\d?[abc]?.*|ig[adegm]\d?[abc]?"
    r"|pan[-_ ]?(ck|keratin|cytokeratin|cadherin)|(ck|keratin|cytokeratin)[-_ ]?\d*|(a|alpha)?[-_ ]?sma|vimentin|desmin"
    r"|(e|n|p|ve)[-_ ]?cadherin|(b|beta)[-_ ]?(catenin|actin|tubulin)|collagen[-_ ]?[ivx\d]*|fibronectin|laminin"
    r"|hla[-_ ]?(dr|dp|dq|abc)|mhc[-_ ]?(i|ii|1|2)|tcr[-_ ]?(ab|gd|va7.2|vd2)|b220|nkp46|nk1.1|ly6[cg]|gr[-_ ]?1"
    r"|pd[-_ ]?l?[-_ ]?[12]|ctla[-_ ]4|lag[-_ ]3|tim[-_ ]3|icos|fox[-_ ]p3|ki[-_ ]?67|granzyme[-_ ]?[abk]?|gran[bzk]+"
    r"|her[-_ ]?2|er|pr|p53|p63|p16|p21|p27|neun|gfap|iba[-_ ]?1|s100[ab]?|mpo|arginase[-_ ]?1|hif1a|glut[-_ ]?1"
    r"|histone.*|h3|h4|h2ax|c[-_ ]?casp.*|(na[-_ /]?k[-_ ]?)?atpase|synaptophysin|chromogranin.*|podoplanin|tryptase"
    r"|perforin|mucin.*|tubulin|lysozyme|caveolin|actin|f4[-_/ ]80|ter[-_ ]?119|lyve[-_ ]?1",
    re.IGNORECASE,
)
_SYMBOL = re.compile(
    r"[A-Z][a-z]+\d*[a-z]*\d*(-[a-z]+\d*)?|mt-[A-Z][a-z0-9]+|[A-Z0-9]+[Rr]ik|Gm\d+"
    r"|[A-Z][A-Z0-9]+(-[A-Z0-9]{1,5})?(\.\d+)?|[A-Z]+\d+orf\d+|LOC\d+"
)


def is_antibody(name: str) -> bool:
    """Return whether a name is that of an antibody or a stain, and of no gene.

    Examples
    --------
    >>> [is_antibody(name) for name in ("CD3", "CD45RO", "PanCK", "HLA-DR", "Ki-67", "CD4-A0072", "anti-CD4")]
    [True, True, True, True, True, True, True]
    >>> [is_antibody(name) for name in ("CD3E", "CD4", "CD8A", "HLA-DRA", "Gad1", "MKI67")]
    [False, False, False, False, False, False]
    """
    text = _AGAIN.sub("", name.strip())
    if match := _CD.fullmatch(text):
        number, letter = match[1], match[2] or ""
        if not letter:
            return _CD_GENE.fullmatch(number) is None
        return letter.islower() or len(letter) == 2  # CD8a and CD45RO; CD8A is the gene
    return bool(_MARKED.fullmatch(text) or _STAINED.fullmatch(text))


def note_on_antibodies(names: Iterable[str]) -> list[str]:
    """Return a note on names among those of genes that antibodies were given outright, or nothing.

    Examples
    --------
    >>> note_on_antibodies(["CD3E", "CD4", "GAD1", "adt_CD3", "adt_CD4", "adt_CD19"])[0][:49]
    '3 features among the genes are called as antibodi'
    """
    found = [str(name) for name in names if _OUTRIGHT.fullmatch(str(name).strip())]
    if len(found) < _FEW:
        return []
    return [
        f"{len(found):,} features among the genes are called as antibodies are, such as {found[0]!r}: they were taken "
        "for genes. Say in var['feature_types'] which features are Gene Expression and which Antibody Capture."
    ]


def note_on_controls(modality: str, names: Iterable[str]) -> list[str]:
    """Return a note on antibodies of a modality that bind nothing of the tissue, or tell samples apart, or nothing.

    Examples
    --------
    >>> note_on_controls("adt", ["CD3", "mouse_IgG2a.1", "Rat-IgG1-isotype-ctrl", "HTO_B0301", "IgM", "CD4"])[0][:49]
    'adt: the proteins include 3 controls or hashtags,'
    """
    found = [str(name) for name in names if _CONTROL.fullmatch(str(name).strip())]
    if not found:
        return []
    return [
        f"{modality}: the proteins include {many(len(found), 'control or hashtag', 'controls or hashtags')}, such as "
        f"{found[0]!r}, used like the others, though they tell of stickiness or of samples. Leave them out of the file "
        "to be rid of them."
    ]


def is_gene(name: str) -> bool:
    """Return whether a name has the form of a gene's symbol, of people or mice, and is no antibody's.

    Examples
    --------
    >>> [is_gene(name) for name in ("Gad1", "SLC17A7", "CD3E", "mt-Nd1", "C1orf112", "CD3", "feature_7", "f7")]
    [True, True, True, True, True, False, False, False]
    """
    return _SYMBOL.fullmatch(name) is not None and not is_antibody(name)
