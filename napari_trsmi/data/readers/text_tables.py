"""Tables of counts as text, spots by features or the other way round, as archives keep those of DBiT-seq and SPOTS."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_trsmi.data.readers.axes import find_axes
from napari_trsmi.data.readers.found import Found, Holder, found_in_anndata
from napari_trsmi.data.readers.opening import reading
from napari_trsmi.data.readers.plainly import readable
from napari_trsmi.data.readers.ranger_files import is_part
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_ENDINGS = re.compile(r"\.(?:csv|tsv|txt)(?:\.gz)?", re.IGNORECASE)
_BARCODE = re.compile(  # of a grid, 12x34, which R writes X12x34, or of nucleotides; with anything beside them
    r"(?:.*[-_.:#])?(?:X?\d+x\d+|[ACGTN]{8,})(?:[-_.:#].*)?", re.IGNORECASE
)
_MOSTLY, _SAMPLE = 0.9, 200
_SPOTS_BESIDE = ("unmapped", "no_match", "total_reads")  # rows of CITE-seq-Count that are no antibody
_FEWEST = 3  # lines, and features, of such a table
_ROWS = 1000  # read at a time


class _Form(NamedTuple):
    """How a text is laid out: its separator, how wide the header is against the rows, where the barcodes are."""

    separator: str
    named: bool  # whether the header names the column of names too
    spots_in_rows: bool


def is_text_table(path: Path) -> bool:
    """Return whether a file is called as a table in text is, and has barcodes in its rows or its columns."""
    return _is_text(path) and not is_part(path) and _form(path) is not None


def _is_text(path: Path) -> bool:
    ending = "".join(path.suffixes[-2:]) if path.suffix.lower() == ".gz" else path.suffix
    return _ENDINGS.fullmatch(ending) is not None


def from_text_table(path: Path) -> Found:
    """Return the counts in a table of text.

    Either its rows or its columns are called by barcodes: of a grid (``12x34``), which also tell the places, or of
    nucleotides, whose places another file tells. What counting programs write beside antibodies is left out. A table of
    x and y alone tells the places of what is in another file.

    Raises
    ------
    DataError
        The text cannot be read, or something in it is no number.
    """
    from anndata import AnnData
    from scipy import sparse

    form = _form(path)
    assert form is not None, "asked before"
    with reading(path):
        blocks, names, columns = [], list[str](), list[str]()
        for part in _parts(path, form):
            names += map(str, part.index)
            columns = [str(column) for column in part.columns]
            blocks.append(sparse.csr_matrix(_numbers(part, path)))
        values = sparse.vstack(blocks, format="csr")
        spots, features = (names, columns) if form.spots_in_rows else (columns, names)
        values = values if form.spots_in_rows else values.T.tocsr()
        table = AnnData(values)
        table.obs_names, table.var_names = spots, features
    axes = find_axes(features)
    if axes and len(features) == len(axes[0].columns):
        return _places(table.to_df(), path)
    if len(features) < _FEWEST:
        raise DataError(
            f"Expected features measured at each barcode in {path.name}, found {', '.join(features) or 'none'} alone. "
            "Bring annotations into a result with `trsmi import`."
        )
    beside = table.var_names.str.lower().isin(_SPOTS_BESIDE)
    found = found_in_anndata(table[:, ~beside].copy(), readable(path.name[: path.name.index(".")]))
    found.notes.append(f"Read {len(spots):,} spots x {int((~beside).sum()):,} features from the text {path.name}.")
    if beside.any():
        found.notes.append(f"Left out {', '.join(table.var_names[beside])}: no features.")
    found.stored = {}  # there is no table to write into
    return found


def places_in(path: Path) -> Found | None:
    """Return what a text with columns of coordinates tells of spots of any names, by its first column; else None."""
    import pandas as pd

    if not _is_text(path) or is_part(path) or len(lines := _start(path)) < _FEWEST:
        return None
    separator = _separator(lines[0])
    columns = [name.strip().strip("\"'") for name in _fields(lines[0], separator)]
    axes = find_axes(columns[int(len(columns) == len(_fields(lines[1], separator))) :])
    if not axes:
        return None
    with reading(path):
        table = pd.read_csv(path, sep=separator, index_col=0, encoding="utf-8-sig", encoding_errors="replace")
    return _places(table[list(axes[0].columns)].set_axis(table.index.astype(str)), path)


def _places(table: pd.DataFrame, path: Path) -> Found:
    """Return what tells the places of the barcodes, and holds no modality."""
    holder = Holder(path.name, table, {}, {})
    return Found({}, [holder], notes=[f"Took the places of {len(table):,} barcodes from the text {path.name}."])


def _start(path: Path) -> list[str]:
    """Return the first lines of a text, as many as can be read."""
    lines: list[str] = []
    read = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with read(path, "rt", encoding="utf-8-sig", errors="replace") as file:
            lines += islice(file, _SAMPLE)
    except (OSError, EOFError, ValueError):  # what came before the end tells what it is
        pass
    return lines


def _separator(header: str) -> str:
    return max("\t,; ", key=header.count)


def _form(path: Path) -> _Form | None:
    """Return how a text is laid out, from its first lines; None where neither rows nor columns are barcodes."""
    lines = _start(path)
    if len(lines) < _FEWEST:
        return None
    header, *rows = lines
    separator = _separator(header)
    if not header.count(separator):
        return None
    columns = _fields(header, separator)
    named = len(columns) == len(_fields(rows[0], separator))
    if _are_barcodes(row.split(separator, 1)[0] for row in rows):
        return _Form(separator, named, spots_in_rows=True)
    if _are_barcodes(columns[int(named) :]):
        return _Form(separator, named, spots_in_rows=False)
    return None


def _fields(line: str, separator: str) -> list[str]:
    return line.rstrip("\r\n").split(separator)


def _are_barcodes(names: Iterable[str]) -> bool:
    given = [name.strip().strip("\"'") for name in islice(names, _SAMPLE)]
    return len(given) > 1 and sum(_BARCODE.fullmatch(name) is not None for name in given) >= _MOSTLY * len(given)


def _parts(path: Path, form: _Form) -> Iterator[pd.DataFrame]:
    """Yield some rows after the other, by their names."""
    import pandas as pd

    yield from pd.read_csv(
        path,
        sep=form.separator,
        index_col=0 if form.named else None,  # found by itself where the header is shorter
        chunksize=_ROWS,
        encoding="utf-8-sig",
        encoding_errors="replace",
    )


def _numbers(part: pd.DataFrame, path: Path) -> np.ndarray:
    """Return (n, m) float32; raises `DataError` where a column is no numbers."""
    wrong: Sequence[Any] = [column for column, dtype in part.dtypes.items() if dtype.kind not in "biuf"]
    if len(wrong):
        value = part[wrong[0]].iloc[0]
        raise DataError(
            f"Expected numbers in all columns but the first of {path.name}, found {value!r} in {str(wrong[0])!r}. "
            "Leave such columns out; bring annotations into a result with `trsmi import`."
        )
    values: np.ndarray = part.to_numpy(np.float32)
    return values
