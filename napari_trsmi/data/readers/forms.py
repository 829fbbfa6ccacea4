"""How tables in text are laid out: whether spots are in their rows or columns, and which column names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from napari_trsmi.data.readers.antibodies import is_antibody, is_gene
from napari_trsmi.data.readers.axes import find_axes
from napari_trsmi.data.readers.compartments import markers_of
from napari_trsmi.data.readers.kinds import kind_from_names, kind_from_symbols
from napari_trsmi.data.readers.texts import UNNAMED, Text, look_at

_BARCODE = re.compile(  # of a grid, 12x34, which R writes X12x34, or of nucleotides; with anything beside them
    r"(?:.*[-_.:#])?(?:X?\d+x\d+|[ACGTN]{8,})(?:[-_.:#].*)?", re.IGNORECASE
)
_TAGGED = re.compile(r"([^-_.]*[^-_.\d].*)[-_.][ACGTN]{8,}", re.IGNORECASE)  # CD3-ACGTACGTACGTACG
_MOSTLY, _SAMPLE = 0.9, 200
NAMES = re.compile(
    r"(?:cell|spot|bead|bin)s?(?:id|name|label|barcode|number)?|barcodes?|(?:id|name|index)s?|object(?:id|number)?|cb|label"
)
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
_CHROMOSOME = re.compile(  # at the beginning of a peak
    r"(?:(?:GRCh|GRCm|hg|mm)\d+[-_]+)?(?:chr|scaffold|contig|[GK][LI]\d|JH\d|N[CTW]_|(?:\d{1,2}|[XYM]|MT)[:_-])|peak|atac",
    re.IGNORECASE,
)
FEWEST = 3  # lines, and features, of such a table
_FEWEST_GENES = 20  # that tell a table of genes whose spots are called by no barcodes


class Form(NamedTuple):
    """How a text is laid out, whether its header names the column of names too, where barcodes are, and that column.

    The column of names is `UNNAMED` where rows are cells that no column names.
    """

    text: Text
    named: bool
    spots_in_rows: bool
    names_in: int = 0

    @property
    def has_no_heading(self) -> bool:
        """Whether the first line is one of a spot, as the others are."""
        given = self.named and self.spots_in_rows and self.names_in != UNNAMED
        return given and _BARCODE.fullmatch(self.text.fields(0)[self.names_in]) is not None


def form_of(path: Path) -> Form | None:
    """Return how a text is laid out, from its first lines; None where neither rows nor columns are barcodes."""
    text = look_at(path)
    if len(text.lines) < FEWEST or not text.lines[0].count(text.separator):
        return None
    named = text.is_named
    columns = text.fields(0)[int(named) :]
    rows = [row.split(text.separator, 1)[0].strip().strip("\"'") for row in text.lines[1:]]
    if named and (position := _other_names(text, rows)) is not None:  # as pandas writes a table that was numbered anew
        return Form(text, named, spots_in_rows=True, names_in=position)
    if _are_barcodes(rows) and not (_are_tagged(rows) and _are_barcodes(columns)):
        return Form(text, named, spots_in_rows=True)
    if _are_barcodes(columns):
        return Form(text, named, spots_in_rows=False)
    if named and _are_unnamed(text, rows):
        return Form(text, named, spots_in_rows=True, names_in=UNNAMED)
    first = text.fields(0)[0]
    of_regions = named and _is_called(first) and _are_features(columns)  # each with a cell 1
    if len(set(rows)) < len(rows) and not of_regions:
        return None
    numbered = are_numbered(rows) and find_axes(columns)  # R calls the numbers of rows X
    if named and find_axes([first, "x", "y"])[0].columns[0] != "x" and not numbered:
        return None
    if _are_features(columns) != _are_features(rows) and (
        _are_features(columns) or sum(map(str.isdecimal, (name[-1:] for name in columns))) >= _MOSTLY * len(columns)
    ):
        return Form(text, named, spots_in_rows=_are_features(columns))
    return None


def _are_features(names: Sequence[str]) -> bool:
    """Return whether names are those of antibodies or peaks, or of as many genes as no other table has."""
    import pandas as pd

    names = list(markers_of(names).values()) or names
    places = {column for axes in find_axes(names) for column in axes.columns}
    features = [name for name in names if name not in places]
    if len(features) < FEWEST:
        return False
    kind = kind_from_names(pd.DataFrame(index=features), "")
    kind = None if kind == "chromatin" and not any(map(_CHROMOSOME.match, features)) else kind  # c_1_34 is a cell
    kind = kind or kind_from_symbols(features[:: max(1, len(features) // _SAMPLE)])
    return kind in ("protein", "chromatin") or (kind == "rna" and len(features) >= _FEWEST_GENES)


def _are_barcodes(names: Iterable[str]) -> bool:
    given = [name.strip().strip("\"'") for name in islice(names, _SAMPLE)]
    return len(given) > 1 and sum(_BARCODE.fullmatch(name) is not None for name in given) >= _MOSTLY * len(given)


def _are_tagged(names: Sequence[str]) -> bool:
    """Return whether names are those of antibodies with the sequence of their tag, as CITE-seq-Count writes them."""
    stems = [match[1] for name in names if (match := _TAGGED.fullmatch(name))]
    return len(stems) >= max(FEWEST, _MOSTLY * len(names)) and len(set(stems)) == len(stems)


def _other_names(text: Text, rows: Sequence[str]) -> int | None:
    """Return which column names the spots where the first, `rows`, has no barcodes; None where the first one does."""
    columns = text.fields(0)
    called = [k for k, name in enumerate(columns) if k and _is_called(name)]
    if not called or _are_barcodes(rows) or _are_barcodes(columns):
        return None
    lines = [text.fields(line) for line in range(1, len(text.lines))]
    for k in called:
        cells = [line[k] for line in lines if k < len(line)]
        repeated = len(set(rows)) < len(rows) and 2 * len(set(cells)) >= len(rows)  # a section, or a size
        numbered = are_numbered(rows) and not cells[0].isdecimal()
        telling = ((repeated or numbered) and _are_features(columns)) or _are_barcodes(cells)
        if telling and (repeated or len(set(cells)) == len(rows)):
            return k
    return None


def _are_unnamed(text: Text, rows: Sequence[str]) -> bool:
    """Return whether lines have places and features, and no names: the first column, `rows`, is one of these itself.

    Or it is the same for many, as a picture is.
    """
    columns = text.fields(0)
    first, axes = columns[0], find_axes(columns)
    if not axes or _is_called(first) or not _are_features(columns):
        return False
    measured = (is_antibody(first) or is_gene(first)) and len(find_axes([first, "x", "y"])[0].columns) == 2
    placing = first in axes[0].columns and not are_numbered(rows)
    return len(set(rows)) < len(rows) or placing or (measured and all(map(_is_number, rows)))


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _is_called(name: str) -> bool:
    """Return whether a column is called after names of spots."""
    return NAMES.fullmatch(re.sub(r"[\W_]+", "", name.lower())) is not None


def are_numbered(names: Sequence[str]) -> bool:
    """Return whether names are the numbers of the rows, from 0 or 1."""
    return any(list(names) == [str(number + first) for number in range(len(names))] for first in (0, 1))
