"""Tables of counts as text, spots by features or the other way round, as archives keep those of DBiT-seq and SPOTS."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from napari_trsmi.data.readers.annotating import (
    ANNOTATIONS,
    CONTROLS,
    IN_CYCLES,
    are_shares,
    may_be_types,
    refuse_molecules,
    worded_columns,
)
from napari_trsmi.data.readers.axes import find_axes
from napari_trsmi.data.readers.found import Found, Holder, found_in_anndata
from napari_trsmi.data.readers.kinds import kind_from_names, kind_from_symbols
from napari_trsmi.data.readers.opening import reading
from napari_trsmi.data.readers.plainly import readable
from napari_trsmi.data.readers.ranger_files import is_part
from napari_trsmi.data.readers.texts import Text, look_at
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_ENDINGS = re.compile(r"\.(?:csv|tsv|txt|tab)(?:\.gz)?", re.IGNORECASE)
_BARCODE = re.compile(  # of a grid, 12x34, which R writes X12x34, or of nucleotides; with anything beside them
    r"(?:.*[-_.:#])?(?:X?\d+x\d+|[ACGTN]{8,})(?:[-_.:#].*)?", re.IGNORECASE
)
_MOSTLY, _SAMPLE = 0.9, 200
_NAMES = re.compile(
    r"(?:cell|spot|bead|bin)s?(?:id|name|label|barcode)?|barcodes?|(?:id|name|index)s?|object(?:id)?|cb"
)
_SPOTS_BESIDE = ("unmapped", "no_match", "total_reads")  # rows of CITE-seq-Count that are no antibody
_FEWEST = 3  # lines, and features, of such a table
_FEWEST_GENES = 20  # that tell a table of genes whose spots are called by no barcodes
_LISTED = 5  # names in a note
_ROWS = 1000  # read at a time


class _Form(NamedTuple):
    """How a text is laid out, whether its header names the column of names too, where barcodes are, and that column."""

    text: Text
    named: bool
    spots_in_rows: bool
    names_in: int = 0


def is_text_table(path: Path) -> bool:
    """Return whether a file is called as a table in text is, and has barcodes in its rows or its columns."""
    return _is_text(path) and not is_part(path) and _form(path) is not None


def has_counts(path: Path) -> bool:
    """Return whether a file is such a table, with columns that are called as genes or proteins are."""
    form = _form(path) if _is_text(path) and not is_part(path) else None
    return form is not None and not form.text.is_headless and _are_called_as_features(_beside_places(form)[0])


def _is_text(path: Path) -> bool:
    ending = "".join(path.suffixes[-2:]) if path.suffix.lower() == ".gz" else path.suffix
    return _ENDINGS.fullmatch(ending) is not None


def from_text_table(path: Path) -> Found:
    """Return the counts in a table of text.

    Either its rows or its columns are called by barcodes: of a grid (``12x34``), which also tell the places, or of
    nucleotides, whose places columns of coordinates or another file tell. What counting programs write beside
    antibodies is left out. A table of x and y without features tells the places of what is in another file.

    Raises
    ------
    DataError
        The text cannot be read, or something in it is no number.
    """
    import pandas as pd
    from anndata import AnnData

    form = _form(path)
    assert form is not None, "asked before"
    if form.spots_in_rows and not _measures(form) and (places := places_in(path)) is not None:
        return places
    with reading(path):
        blocks, names, columns, texts = [], list[str](), list[str](), list[pd.DataFrame]()
        for part in form.text.rows(path, form.names_in if form.named else None, chunksize=_ROWS):
            names += map(str, part.index)
            worded = list(texts[0]) if texts else worded_columns(part)
            texts.append(part[worded])
            part = part.drop(columns=worded) if worded else part
            columns = [str(column) for column in part.columns]
            blocks.append(sparse.csr_matrix(_numbers(part, path)))
        values = sparse.vstack(blocks, format="csr")
        spots, features = (names, columns) if form.spots_in_rows else (columns, names)
        values = values if form.spots_in_rows else values.T.tocsr()
        table = AnnData(values)
        table.obs_names, table.var_names = spots, features
        told = pd.concat(texts).astype("string").astype(object)
        if form.spots_in_rows:
            table.obs[list(told)] = told.to_numpy()
        else:
            table.var[list(told)] = told.to_numpy()
    axes = [axes for axes in find_axes(features) if form.spots_in_rows]
    placing = table.var_names.isin({column for one in axes for column in one.columns})
    named = table.var_names.str.lower().str.replace(r"\W+", "_", regex=True)
    annotating = ~placing & named.str.fullmatch(ANNOTATIONS) & form.spots_in_rows
    if (in_cycles := table.var_names.str.fullmatch(IN_CYCLES)).any():
        annotating = ~(placing | in_cycles)
    measured = ~(placing | annotating)
    if measured.sum() < _FEWEST:
        _refuse_annotations(path, [*told, *table.var_names[~placing]], spots, form)
    if are_shares(table.X[:, measured]) and may_be_types(list(table.var_names[measured])):
        raise DataError(
            f"Expected measurements in {path.name}, found shares that add up to 1 at each barcode, as types of cells "
            "do. Put them into obs of the section's file; of features that were measured, give the counts."
        )
    kept = placing | annotating
    table.obs[list(table.var_names[kept])] = table.X[:, np.flatnonzero(kept)].toarray()
    beside = table.var_names.str.lower().isin(_SPOTS_BESIDE) | table.var_names.str.fullmatch(CONTROLS)
    measured &= ~beside
    found = found_in_anndata(table[:, measured].copy(), readable(path.name[: path.name.index(".")]))
    found.notes.append(f"Read {len(spots):,} spots x {int(measured.sum()):,} features from the text {path.name}.")
    if beside.any():
        listed = ", ".join(table.var_names[beside][:_LISTED]) + ", ..." * (beside.sum() > _LISTED)
        found.notes.append(f"Left out {listed}: no features.")
    if annotations := [*(told if form.spots_in_rows else ()), *table.var_names[annotating]]:
        found.notes.append(f"Took {', '.join(annotations)} of {path.name} for annotations, not for features.")
    found.stored = {}  # there is no table to write into
    return found


def _refuse_annotations(path: Path, found: Sequence[str], spots: Sequence[str], form: _Form) -> None:
    """Raise `DataError` on a table that measures nothing, or has a line for each count."""
    if form.spots_in_rows and len(set(spots)) < len(spots):
        raise DataError(
            f"Expected one row for each barcode in {path.name}, found several of {spots[0]!r}, with "
            f"{', '.join(found)}. Give each feature a column first (pivot_table in pandas, pivot_wider in R)."
        )
    raise DataError(
        f"Expected features measured at each barcode in {path.name}, found {', '.join(found) or 'none'} alone. "
        "Bring annotations into a result with `trsmi import`."
    )


def _measures(form: _Form) -> bool:
    """Return whether a text that may have coordinates has columns of features beside them."""
    if form.text.is_headless:
        return False
    others, placed = _beside_places(form)
    return not placed or _are_called_as_features(others)


def _beside_places(form: _Form) -> tuple[list[str], bool]:
    """Return the columns of a text but for its names and coordinates, and whether it has coordinates."""
    columns = form.text.fields(0)
    columns = columns[: form.names_in] + columns[form.names_in + 1 :] if form.named else columns
    places = {column for axes in find_axes(columns) for column in axes.columns}
    return [column for column in columns if column not in places], bool(places)


def _are_called_as_features(names: list[str]) -> bool:
    import pandas as pd

    known = kind_from_names(pd.DataFrame(index=names), "") or kind_from_symbols(names)
    return len(names) >= _FEWEST and known is not None


def places_in(path: Path) -> Found | None:
    """Return what a text with columns of coordinates tells of spots of any names; None where it has none of both.

    The names are in the first column, or in one that is called after them where that holds coordinates or numbers rows.
    Without headings they are followed by x and y.
    """
    import pandas as pd

    if not _is_text(path) or is_part(path) or len((text := look_at(path)).lines) < _FEWEST:
        return None
    if text.is_headless:
        with reading(path):
            told = {"names": ["name", "x", "y"], "converters": {"name": str}}
            return _places(pd.read_csv(path, header=None, **told, **text.reading).set_index("name"), path)
    columns = text.fields(0)
    named = text.is_named
    if axes := find_axes(columns):
        refuse_molecules(text, path)
    if not axes or (name := _column_of_names(text, named, axes[0].columns)) is None:
        return None
    position = columns.index(name) if named else 0
    with reading(path):
        table = text.rows(path, position if named else None)
        places = table[list(axes[0].columns)].set_axis(table.index.astype(str))
    found = _places(places, path)
    if others := [column for column in columns if column not in (name, *axes[0].columns)]:
        found.notes.append(f"Of {path.name} nothing else was used, such as the column {others[-1]!r}.")
    return found


def _column_of_names(text: Text, named: bool, places: Sequence[str]) -> str | None:
    """Return the name of the column that names the spots, "" for one without a name; None where there is none."""
    columns = text.fields(0)
    if not named:
        return ""
    rows = [text.fields(line) for line in range(1, len(text.lines))]
    cells = {name: [row[k] for row in rows if k < len(row)] for k, name in enumerate(columns) if name not in places}
    called = [name for name in cells if _NAMES.fullmatch(re.sub(r"[\W_]+", "", name.lower()))]
    called = [name for name in called if len(set(cells[name])) == len(rows)]
    first = cells.get(columns[0], [])
    if first and not (called and (_are_numbered(first) or len(set(first)) < len(first))):
        return columns[0]
    return next(iter(called), None)


def _other_names(text: Text, rows: Sequence[str]) -> int | None:
    """Return which column names the spots where the first, `rows`, has no barcodes; None where the first one does."""
    columns = text.fields(0)
    called = [k for k, name in enumerate(columns) if k and _NAMES.fullmatch(re.sub(r"[\W_]+", "", name.lower()))]
    if not called or _are_barcodes(rows) or _are_barcodes(columns):
        return None
    lines = [text.fields(line) for line in range(1, len(text.lines))]
    for k in called:
        cells = [line[k] for line in lines if k < len(line)]
        numbered = _are_numbered(rows) and not cells[0].isdecimal() and _are_features(columns)
        if len(set(cells)) == len(rows) and (numbered or _are_barcodes(cells)):
            return k
    return None


def _are_numbered(names: Sequence[str]) -> bool:
    return any(list(names) == [str(number + first) for number in range(len(names))] for first in (0, 1))


def _places(table: pd.DataFrame, path: Path) -> Found:
    """Return what tells the places of the barcodes, and holds no modality.

    Raises
    ------
    DataError
        A barcode is at two places.
    """
    table = table[~(table.index.duplicated() & table.reset_index().duplicated().to_numpy())]
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise DataError(f"Expected each name at one place in {path.name}, found {twice!r} at two. Correct the file.")
    holder = Holder(path.name, table, {}, {})
    return Found({}, [holder], notes=[f"Took the places of {len(table):,} barcodes from the text {path.name}."])


def _form(path: Path) -> _Form | None:
    """Return how a text is laid out, from its first lines; None where neither rows nor columns are barcodes."""
    text = look_at(path)
    if len(text.lines) < _FEWEST or not text.lines[0].count(text.separator):
        return None
    named = text.is_named
    columns = text.fields(0)[int(named) :]
    rows = [row.split(text.separator, 1)[0].strip().strip("\"'") for row in text.lines[1:]]
    if named and (position := _other_names(text, rows)) is not None:  # as pandas writes a table that was numbered anew
        return _Form(text, named, spots_in_rows=True, names_in=position)
    if _are_barcodes(rows):
        return _Form(text, named, spots_in_rows=True)
    if _are_barcodes(columns):
        return _Form(text, named, spots_in_rows=False)
    if len(set(rows)) < len(rows) or (named and find_axes([text.fields(0)[0], "x", "y"])[0].columns[0] != "x"):
        return None
    if _are_features(columns) != _are_features(rows) and (
        _are_features(columns) or sum(map(str.isdecimal, (name[-1:] for name in columns))) >= _MOSTLY * len(columns)
    ):
        return _Form(text, named, spots_in_rows=_are_features(columns))
    return None


def _are_features(names: Sequence[str]) -> bool:
    """Return whether names are those of antibodies or peaks, or of as many genes as no other table has."""
    import pandas as pd

    places = {column for axes in find_axes(names) for column in axes.columns}
    features = [name for name in names if name not in places]
    if len(features) < _FEWEST:
        return False
    kind = kind_from_names(pd.DataFrame(index=features), "")
    kind = kind or kind_from_symbols(features[:: max(1, len(features) // _SAMPLE)])
    return kind in ("protein", "chromatin") or (kind == "rna" and len(features) >= _FEWEST_GENES)


def _are_barcodes(names: Iterable[str]) -> bool:
    given = [name.strip().strip("\"'") for name in islice(names, _SAMPLE)]
    return len(given) > 1 and sum(_BARCODE.fullmatch(name) is not None for name in given) >= _MOSTLY * len(given)


def _numbers(part: pd.DataFrame, path: Path) -> np.ndarray:
    """Return (n, m) float32; raises `DataError` where a column is no numbers."""
    import pandas as pd

    wrong: Sequence[Any] = [column for column, dtype in part.dtypes.items() if dtype.kind not in "biuf"]
    if len(wrong):
        texts = part[wrong[0]].astype(str)
        value = texts[pd.to_numeric(texts, errors="coerce").isna()].iloc[0]
        raise DataError(
            f"Expected numbers in all columns but the first of {path.name}, found {value!r} in {str(wrong[0])!r}. "
            "Correct it, or leave such columns out; bring annotations into a result with `trsmi import`."
        )
    values: np.ndarray = part.to_numpy(np.float32)
    return values
