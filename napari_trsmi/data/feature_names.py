"""What people call the features of a table: the symbol where a file has identifiers, and all other names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_SYMBOLS = ("feature_name", "gene_symbols", "gene_symbol", "symbol", "gene_name", "gene_names")
_OF_NUMBERED = (  # columns of names where the index only numbers the features
    *("gene_short_name", "gene", "genes", "protein", "protein_name", "protein_names", "antibody", "antibody_name"),
    *("marker", "markers", "target", "feature", "features", "name", "names"),
)
_IDENTIFIERS = ("gene_ids", "gene_id", "ensembl_id", "ensembl", "feature_id")
_CLONED = re.compile(r"(hu|ms|rat|hums|hurat|msrat|humsrat)\.(?P<target>[^_]+)_.+", re.IGNORECASE)
_BEFORE = re.compile(r"(anti|adt|ab|prot|protein|hu|mu|ms|hums|human|mouse|cyc\d+_ch\d+)[-_. :]+(?=.)", re.IGNORECASE)
_BEHIND = re.compile(
    r"(?<=.)[-_. :|]+(a\d{4}|total ?(seq)?[-_ ]?[a-d]|total ?seq|ts[abcd]|adt|ab|prot|protein|antibody|human|mouse"
    r"|[acgtn]{10,})"  # its tag, as CITE-seq-Count writes it
    r"|\s*\([^()]*\)",
    re.IGNORECASE,
)


def labels(var: pd.DataFrame) -> list[str]:
    """Return the name of each feature to show: its symbol where `var` has one, else its name in the index.

    A symbol that several features share is followed by the name in the index.

    Examples
    --------
    >>> import pandas as pd
    >>> labels(pd.DataFrame({"gene_symbols": ["CD3E", None]}, index=["ENSG00000198851", "ENSG00000285053"]))
    ['CD3E', 'ENSG00000285053']
    >>> labels(pd.DataFrame({"name": ["CD3", "CD4"]}, index=["0", "1"]))
    ['CD3', 'CD4']
    """
    names = [str(name) for name in var.index]
    found = _symbols(var)
    if found is None:
        return names
    times = Counter(found)
    return [_shown(symbol, name, times[symbol]) for symbol, name in zip(found, names, strict=True)]


def label(var: pd.DataFrame, name: str) -> str:
    """Return the name to show of the feature `name`, or `name` where there is no such feature."""
    found = _symbols(var)
    (at,) = np.nonzero(var.index == name)
    return name if found is None or len(at) == 0 else _shown(found[at[0]], name, found.count(found[at[0]]))


def other_names(var: pd.DataFrame) -> list[str]:
    """Return all that each feature is called beside `labels`, in one string with spaces between; "" for nothing."""
    shown, names = labels(var), [str(name) for name in var.index]
    others = [names, *_columns(var, _SYMBOLS), *_columns(var, _IDENTIFIERS)]
    return [
        " ".join(dict.fromkeys(name for name in called if name and name not in label.split()))
        for label, *called in zip(shown, *others, strict=True)
    ]


def identifiers(var: pd.DataFrame) -> list[list[str]]:
    """Return every column of identifiers that `var` has beside its index, "" where one is missing."""
    return list(_columns(var, _IDENTIFIERS))


def antibody(name: str) -> str:
    """Return what an antibody binds, without what vendors and pipelines put around its name, in lower case.

    Examples
    --------
    >>> {antibody(name) for name in ("CD3", "CD3-TotalSeqB", "CD3-A0034", "Hu.CD3_UCHT1", "anti-CD3", "CD3 (UCHT1)")}
    {'cd3'}
    >>> antibody("HLA-DR_TotalSeqC"), antibody("CD45RA.1"), antibody("AB_Mouse"), antibody("PROT")
    ('hladr', 'cd45ra1', 'mouse', 'prot')
    """
    text = name.strip()
    if cloned := _CLONED.fullmatch(text):
        text = cloned["target"]
    while match := _BEFORE.match(text):
        text = text[match.end() :]
    while match := re.search(f"(?:{_BEHIND.pattern})$", text, re.IGNORECASE):
        text = text[: match.start()]
    return re.sub(r"[\W_]+", "", text).casefold() or name.casefold()


def _symbols(var: pd.DataFrame) -> list[str] | None:
    """Return the symbol of each feature, "" where it is missing; None where `var` has no column of them."""
    numbered = len(var) > 0 and all(map(str.isdecimal, map(str, var.index)))
    return next(_columns(var, (*_SYMBOLS, *_OF_NUMBERED) if numbered else _SYMBOLS), None)


def _shown(symbol: str, name: str, times: int) -> str:
    if not symbol or symbol == name:
        return name
    return symbol if times == 1 else f"{symbol} {name}"


def _columns(var: pd.DataFrame, known: tuple[str, ...]) -> Iterator[list[str]]:
    """Yield the columns of `var` with one of the known names, in the order of these; "" where a value is missing."""
    columns = {str(column).casefold(): column for column in var.columns}
    for key in known:
        if key in columns and not isinstance(values := var[columns[key]], type(var)):
            yield values.astype(object).where(values.notna(), "").astype(str).to_list()
