"""Cells of CosMx and MERSCOPE as two tables of text, which is all that most publications give of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_trsmi.data.readers.annotating import CONTROLS
from napari_trsmi.data.readers.found import Found, found_in_anndata
from napari_trsmi.data.readers.opening import reading
from napari_trsmi.data.readers.plainly import readable
from napari_trsmi.data.readers.ranger_files import seen_in
from napari_trsmi.errors import ChoiceError, DataError

if TYPE_CHECKING:
    import pandas as pd

_MOST_FILES = 2000
_CALLED = ("cell", "cell_id")  # columns of CosMx that name the cells once more
_ROWS = 20_000  # of counts at a time: they come as text of every zero


class _Form(NamedTuple):
    """Names of the two tables, the columns that name a cell (none: the first), controls, and um per unit."""

    counts: re.Pattern[str]
    cells: re.Pattern[str]
    keys: tuple[str, ...]
    controls: re.Pattern[str]
    microns: float | None


def _table(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<before>(?:.*[_.-])?){name}(?P<after>[^/]*)\.csv(?:\.gz)?", re.IGNORECASE)


_FORMS = {
    "CosMx": _Form(
        _table("exprMat_file"),
        _table("metadata_file"),
        ("fov", "cell_ID"),
        re.compile(r"negprb.*|negative.*|system ?control.*|false ?code.*", re.IGNORECASE),
        None,
    ),
    "MERSCOPE": _Form(
        _table("cell_by_gene"), _table("cell_metadata"), (), re.compile(r"blank[-_ ]?\d*", re.IGNORECASE), 1.0
    ),
}


def has_tables(folder: Path, platform: str) -> bool:
    """Return whether a folder has both tables of a platform."""
    return platform in _FORMS and bool(_samples(folder, _FORMS[platform]))


def from_tables(folder: Path, platform: str, library: str | None = None) -> Found:
    """Return the counts of cells and where these are, from two tables of text, without pictures and outlines.

    Control probes are left out, and so is what lies in no cell.

    Raises
    ------
    ChoiceError
        The folder has those of several sections, and none was chosen.
    DataError
        A table cannot be read, or they have no cell in common.
    """
    form = _FORMS[platform]
    samples = _samples(folder, form)
    if library not in samples and len(samples) > 1:
        if library is None:
            raise ChoiceError("sections", list(samples))
        raise DataError(f"Expected one of the sections {list(samples)}, found {library!r}. Choose one of them.")
    name = library if library in samples else next(iter(samples))
    return _joined(form, str(name), *samples[str(name)])


def pair_among(paths: Sequence[Path]) -> tuple[Path, Path] | None:
    """Return the two tables of a platform, counts and cells, where just these two of it are among some paths."""
    for form in _FORMS.values():
        counts = [path for path in paths if form.counts.fullmatch(path.name)]
        cells = [path for path in paths if form.cells.fullmatch(path.name)]
        if len(counts) == len(cells) == 1:
            return counts[0], cells[0]
    return None


def from_pair(counts: Path, cells: Path) -> Found:
    """Return what two tables of a platform hold, as `from_tables` does; `DataError` as there."""
    form = next(form for form in _FORMS.values() if form.counts.fullmatch(counts.name))
    return _joined(form, readable(counts.name[: counts.name.index(".")]), counts, cells)


def _joined(form: _Form, name: str, counts: Path, cells: Path) -> Found:
    """Return the counts in one table with the places in the other."""
    with reading(counts):
        table = _counts(counts, form.keys)
    with reading(cells):
        table.obs = _cells(cells, form.keys, table.obs_names)
    placed = table.obs.index.isin(table.obs_names[~table.obs.isna().all(axis=1)])
    if not placed.any():
        raise DataError(
            f"Expected the cells of {counts.name} in {cells.name}, found none of them. Put the files of one section "
            "together."
        )
    notes = [f"Took counts and places of cells from {counts.name} and {cells.name}, without pictures and outlines."]
    if lost := int((~placed).sum()):
        notes.append(f"Left out {lost:,} rows of {counts.name} that are no cells of {cells.name}.")
    known = (form.controls, CONTROLS)
    measured = ~np.array([any(one.fullmatch(feature) for one in known) for feature in table.var_names])
    if not measured.all():
        notes.append(f"Left out {int((~measured).sum())} controls, such as {table.var_names[~measured][0]}.")
    table = table[placed, measured].copy()
    if form.microns is not None:
        table.uns["spatial"] = {name: {"images": {}, "scalefactors": {"microns_per_pixel": form.microns}}}
    found = found_in_anndata(table, name)
    found.notes += notes
    found.stored = {}  # there is no table to write into
    return found


def _samples(folder: Path, form: _Form) -> dict[str, tuple[Path, Path]]:
    """Return {section: its counts and its cells}; one alone goes by the folder's name."""
    names = [path.name for path in islice(seen_in(folder), _MOST_FILES) if path.is_file()]
    cells = {_sample(match): folder / match[0] for name in names if (match := form.cells.fullmatch(name))}
    counts = {_sample(match): folder / match[0] for name in names if (match := form.counts.fullmatch(name))}
    both = {sample: (path, cells[sample]) for sample, path in counts.items() if sample in cells}
    if not both and len(counts) == len(cells) == 1:
        both = {"": (next(iter(counts.values())), next(iter(cells.values())))}
    return {readable(folder.absolute().name): next(iter(both.values()))} if len(both) == 1 else both


def _sample(match: re.Match[str]) -> str:
    return readable(f"{match['before']}{match['after']}".strip("_.-"))


def _counts(path: Path, keys: tuple[str, ...]) -> Any:
    """Return an AnnData of the counts, by the names of the cells."""
    import pandas as pd
    from anndata import AnnData
    from scipy import sparse

    blocks, names, features = [], [], pd.Index([])
    for part in pd.read_csv(path, chunksize=_ROWS, dtype=None if keys else {0: str}):
        names.append(_names(part, keys))
        named = [column for column in part if keys and column.lower() in _CALLED]
        values = part.drop(columns=[*(keys or part.columns[:1]), *(column for column in named if column not in keys)])
        features = values.columns.astype(str)
        blocks.append(sparse.csr_matrix(values.to_numpy(np.float32)))
    if not blocks:
        raise DataError(f"Expected counts of cells in {path}, found none. Copy it again.")
    obs = pd.DataFrame(index=pd.Index(np.concatenate(names)))
    return AnnData(sparse.vstack(blocks, format="csr"), obs=obs, var=pd.DataFrame(index=features))


def _cells(path: Path, keys: tuple[str, ...], names: pd.Index) -> pd.DataFrame:
    """Return the annotations of the cells `names` (N,), NaN for those without."""
    import pandas as pd

    cells = pd.read_csv(path, dtype=None if keys else {0: str})
    cells.index = pd.Index(_names(cells, keys))
    if cells.index.has_duplicates:
        twice = cells.index[cells.index.duplicated()][0]
        raise DataError(f"Expected each cell once in {path}, found {twice!r} twice. Copy it again.")
    return cells.drop(columns=list(keys[1:] or cells.columns[:1])).reindex(names)


def _names(table: pd.DataFrame, keys: tuple[str, ...]) -> np.ndarray:
    """Return (N,) names of the cells in a table."""
    if not keys:
        return np.asarray(table.iloc[:, 0].astype(str), dtype=object)
    if missing := [key for key in keys if key not in table]:
        raise DataError(f"Expected the columns {' and '.join(keys)}, found no {missing[0]}. Copy the table again.")
    first, second = (table[key].astype(int).astype(str) for key in keys)
    return np.asarray(first + "_" + second, dtype=object)
