"""Tables of counts as text, spots by features or the other way round, as archives keep those of DBiT-seq and SPOTS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.data.readers.annotating import (
    ANNOTATIONS,
    CONTROLS,
    IN_CYCLES,
    UNMAPPED,
    are_shares,
    may_be_types,
    names_of_peaks,
    refuse_molecules,
    worded_columns,
)
from napari_trsmi.data.readers.axes import find_axes
from napari_trsmi.data.readers.compartments import corners_among, markers_of
from napari_trsmi.data.readers.forms import FEWEST, NAMES, Form, are_numbered, form_of
from napari_trsmi.data.readers.found import Found, Holder, found_in_anndata
from napari_trsmi.data.readers.kinds import kind_from_names, kind_from_symbols
from napari_trsmi.data.readers.opening import reading
from napari_trsmi.data.readers.plainly import readable
from napari_trsmi.data.readers.ranger_files import is_part
from napari_trsmi.data.readers.texts import UNNAMED, Text, look_at
from napari_trsmi.errors import DataError
from napari_trsmi.plural import many

if TYPE_CHECKING:
    import pandas as pd

_ENDINGS = re.compile(r"\.(?:csv|tsv|txt|tab)(?:\.gz)?", re.IGNORECASE)
_TOTAL = re.compile(r"|totals?|sum|unmapped|no_match|unnamed: \d+", re.IGNORECASE)  # what is no spot
_LISTED, _MANY = 5, 12  # names in a note
_ROWS = 1000  # read at a time


def is_text_table(path: Path) -> bool:
    """Return whether a file is called as a table in text is, and has barcodes in its rows or its columns."""
    return _is_text(path) and not is_part(path) and form_of(path) is not None


def has_counts(path: Path) -> bool:
    """Return whether a file is such a table, with columns that are called as genes or proteins are."""
    form = form_of(path) if _is_text(path) and not is_part(path) else None
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

    form = form_of(path)
    assert form is not None, "asked before"
    if form.spots_in_rows and not _measures(form) and (places := places_in(path)) is not None:
        return places
    if form.has_no_heading:
        raise DataError(
            f"Expected the names of features in the first line of {path.name}, found the barcode "
            f"{form.text.fields(0)[form.names_in]!r} and what was measured there. Put a line of names above it."
        )
    with reading(path):
        blocks, names, columns, texts = [], list[str](), list[str](), list[pd.DataFrame]()
        for part in form.text.rows(path, form.names_in if form.named else None, chunksize=_ROWS):
            names += map(str, part.index)
            worded = list(texts[0]) if texts else worded_columns(part, form.spots_in_rows)
            texts.append(part[worded])
            part = part.drop(columns=worded) if worded else part
            columns = [str(column) for column in part.columns]
            blocks.append(sparse.csr_matrix(_numbers(part, path)))
        values = sparse.vstack(blocks, format="csr")
        _check_end(values, path)
        told = pd.concat(texts).astype("string").astype(object)
        names = names if form.spots_in_rows else names_of_peaks(told, names, form.text.fields(0)[0])
        spots, features = (names, columns) if form.spots_in_rows else (columns, names)
        values = values if form.spots_in_rows else values.T.tocsr()
        table = AnnData(values)
        table.obs_names, table.var_names = spots, features
        if form.spots_in_rows:
            table.obs[list(told)] = told.to_numpy()
        else:
            table.var[list(told)] = told.to_numpy()
        totals = np.array([_TOTAL.fullmatch(name) is not None for name in spots], bool)
        table = table[~totals].copy() if totals.any() else table
    axes = [axes for axes in find_axes(features) if form.spots_in_rows]
    placing = table.var_names.isin({column for one in axes for column in one.columns})
    named = table.var_names.str.lower().str.replace(r"\W+", "_", regex=True)
    annotating = ~placing & named.str.fullmatch(ANNOTATIONS) & form.spots_in_rows
    if (in_cycles := table.var_names.str.fullmatch(IN_CYCLES)).any():
        annotating = ~(placing | in_cycles)
    if markers := markers_of(table.var_names) if form.spots_in_rows else {}:
        annotating = ~(placing | table.var_names.isin(markers))
    measured = ~(placing | annotating)
    if measured.sum() < FEWEST:
        _refuse_annotations(path, [*told, *table.var_names[~placing]], spots, form)
    if are_shares(table.X[:, measured]) and may_be_types(list(table.var_names[measured])):
        raise DataError(
            f"Expected measurements in {path.name}, found shares that add up to 1 at each barcode, as types of cells "
            "do. Put them into obs of the section's file; of features that were measured, give the counts."
        )
    if not axes and form.spots_in_rows and (corners := corners_among(table.var_names)):
        left, right, upper, lower = table[:, corners].X.toarray().astype(np.float64).T
        table.obs["x"], table.obs["y"] = (left + right) / 2, (upper + lower) / 2
    kept = placing | annotating
    table.obs[list(table.var_names[kept])] = table.X[:, np.flatnonzero(kept)].toarray()
    beside = table.var_names.str.fullmatch(UNMAPPED) | table.var_names.str.fullmatch(CONTROLS)
    measured &= ~beside
    with reading(path):
        counts = table[:, measured].copy()
        counts.var_names = [markers.get(name, name) for name in counts.var_names]
        found = found_in_anndata(counts, readable(path.name[: path.name.index(".")]))
    found.notes.append(f"Read {table.n_obs:,} spots x {int(measured.sum()):,} features from the text {path.name}.")
    if form.names_in == UNNAMED:
        found.notes.append(f"The rows of {path.name} have no names: they are numbered.")
    if markers:
        found.notes.append(
            f"Took the means over each cell, or its nucleus, of {path.name}: {next(iter(markers))!r}, ..."
        )
    if beside.any():
        listed = ", ".join(table.var_names[beside][:_LISTED]) + ", ..." * int(beside.sum() > _LISTED)
        found.notes.append(f"Left out {listed}: no features.")
    if totals.any():
        found.notes.append(f"Left out {many(int(totals.sum()), 'spot')} called as totals, or not at all.")
    if annotations := [*(told if form.spots_in_rows else ()), *table.var_names[annotating]]:
        listed = ", ".join(annotations[:_MANY]) + f" and {len(annotations) - _MANY} more" * (len(annotations) > _MANY)
        found.notes.append(f"Took {listed} of {path.name} for annotations, not for features.")
    found.stored = {}  # there is no table to write into
    return found


def _check_end(values: sparse.csr_matrix, path: Path) -> None:
    """Raise `DataError` where the last of (n, m) rows alone stops before its end."""
    last = values[-1].toarray().ravel()
    if len(last) and np.isfinite(last[0]) and np.isnan(last[-1]) and np.isfinite(values[:-1, [-1]].data).all():
        raise DataError(
            f"Expected {len(last):,} numbers in the last line of {path.name}, found "
            f"{int(np.isfinite(last).sum()):,}: it was cut short. Copy it again."
        )


def _refuse_annotations(path: Path, found: Sequence[str], spots: Sequence[str], form: Form) -> None:
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


def _measures(form: Form) -> bool:
    """Return whether a text that may have coordinates has columns of features beside them."""
    if form.text.is_headless:
        return False
    others, placed = _beside_places(form)
    return not placed or _are_called_as_features(others)


def _beside_places(form: Form) -> tuple[list[str], bool]:
    """Return the columns of a text but for its names and coordinates, and whether it has coordinates."""
    columns = form.text.fields(0)
    if form.named and form.names_in != UNNAMED:
        columns = columns[: form.names_in] + columns[form.names_in + 1 :]
    places = {column for axes in find_axes(columns) for column in axes.columns}
    return [column for column in columns if column not in places], bool(places)


def _are_called_as_features(names: list[str]) -> bool:
    import pandas as pd

    names = list(markers_of(names).values()) or names
    known = kind_from_names(pd.DataFrame(index=names), "") or kind_from_symbols(names)
    return len(names) >= FEWEST and known is not None


def places_in(path: Path) -> Found | None:
    """Return what a text with columns of coordinates tells of spots of any names; None where it has none of both.

    The names are in the first column, or in one that is called after them where that holds coordinates or numbers rows.
    Without headings they are followed by x and y.
    """
    if not _is_text(path) or is_part(path) or len((text := look_at(path)).lines) < FEWEST:
        return None
    if text.is_headless:
        with reading(path):
            return _places(text.rows(path, 0, header=None, names=["name", "x", "y"]), path)
    columns = text.fields(0)
    named = text.is_named
    if axes := find_axes(columns):
        refuse_molecules(text, path)
    if not axes or (name := _column_of_names(text, named, axes[0].columns)) is None:
        return None
    position = columns.index(name) if named else 0
    with reading(path):
        table = text.rows(path, position if named else None)
        tissue = [column for column in table if re.sub(r"[\W_]+", "", column.lower()) == "intissue"]
        places = table[[*axes[0].columns, *tissue]].set_axis(table.index.astype(str))
    found = _places(places, path)
    if others := [column for column in columns if column not in (name, *tissue, *axes[0].columns)]:
        found.notes.append(f"Of {path.name} nothing else was used, such as the column {others[-1]!r}.")
    return found


def _column_of_names(text: Text, named: bool, places: Sequence[str]) -> str | None:
    """Return the name of the column that names the spots, "" for one without a name; None where there is none."""
    columns = text.fields(0)
    if not named:
        return ""
    rows = [text.fields(line) for line in range(1, len(text.lines))]
    cells = {name: [row[k] for row in rows if k < len(row)] for k, name in enumerate(columns) if name not in places}
    called = [name for name in cells if NAMES.fullmatch(re.sub(r"[\W_]+", "", name.lower()))]
    called = [name for name in called if len(set(cells[name])) == len(rows)]
    first = cells.get(columns[0], [])
    if first and not (called and (are_numbered(first) or len(set(first)) < len(first))):
        return columns[0]
    return next(iter(called), None)


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
