"""Tables of barcodes and groups: CSV of Loupe Browser and Xenium Explorer, and the selections of the latter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.atomic import replacing
from napari_trsmi.errors import DataError
from napari_trsmi.exchange.cells import (
    FIRST,
    PLACES,
    as_ours,
    cells_of,
    column_of_barcodes,
    groups_among,
    headings,
    natural,
    note_on_measures,
    sections_told,
    texts,
)
from napari_trsmi.exchange.columns import Column, column_of, inside, rows_within, spread
from napari_trsmi.exchange.labels import DOMAIN, by_section, labels_of
from napari_trsmi.exchange.packed import start_of, text_of, title_of
from napari_trsmi.plural import many

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

_SELECTION = re.compile(r"^#\s*selection[ _]?names?\s*[:,]?\s*(.*)$", re.IGNORECASE)
_UNNAMED = ("group", "selection", "cluster", "color")  # headings that say less than the name of the file
_SECTION = "section"  # the column of a table of a study, as of its domains.csv, that says which section a line is of
_START = 100_000  # bytes that tell what a file is
_NOT = "Loupe's and Xenium Explorer's tables have barcodes in the first column and a group in the second."


# Writing


def write_loupe(source: Result | Dataset, path: str | Path, columns: Sequence[str] | None = None) -> tuple[Path, ...]:
    """Write a CSV for Loupe Browser, barcodes and a column for each grouping, and return the paths.

    Spots without a group have none; of a study there is one file for each section. See `write_geojson` for parameters
    and errors.
    """
    import pandas as pd

    def table(names: np.ndarray, found: list[Any]) -> pd.DataFrame:
        frame = pd.DataFrame({"Barcode": names})
        for labels in found:
            frame[labels.title] = labels.texts
        return frame[(frame.iloc[:, 1:] != "").any(axis=1)]

    return _write(source, Path(path), columns, table)


def write_xenium(source: Result | Dataset, path: str | Path, columns: Sequence[str] | None = None) -> tuple[Path, ...]:
    """Write cell groups for Xenium Explorer, ``cell_id,group``, and return the paths.

    It takes one grouping at a time: of several there are as many files, ``x.<column>.csv``. Else as `write_loupe`.
    """
    import pandas as pd

    found = labels_of(source, columns)
    written: list[Path] = []

    def table(names: np.ndarray, labels: list[Any]) -> pd.DataFrame:
        frame = pd.DataFrame({"cell_id": names, "group": labels[0].texts})
        return frame[frame["group"] != ""]

    for labels in found:
        path = Path(path)
        own = path if len(found) == 1 else path.with_name(f"{path.stem}.{labels.title.replace('/', '_')}{path.suffix}")
        written += _write(source, own, [labels.title], table)
    return tuple(written)


def _write(source: Result | Dataset, path: Path, columns: Sequence[str] | None, table: Any) -> tuple[Path, ...]:
    from napari_trsmi.data.result import Result
    from napari_trsmi.data.sheets import write_sheet

    labels_of(source, columns)  # before anything is written
    written = []
    for part, own in by_section(source, path):
        dataset = part.dataset if isinstance(part, Result) else part
        with replacing(own) as temporary:
            write_sheet(table(dataset.obs_names, labels_of(part, columns)), temporary)
        written.append(own)
    return tuple(written)


# Reading


def is_groups(path: Path, known: np.ndarray | None = None) -> bool:
    """Return whether a CSV begins as a table of barcodes or selections does, or holds one of the known; never raises.

    An empty one is taken for such a table.

    Parameters
    ----------
    known
        (N,) names of spots that a first column without a telling heading may have.
    """
    try:
        start = start_of(path, _START)
        whole = start[: start.rfind(b"\n") + 1] if len(start) == _START else start  # no half of a letter
        lines = text_of(whole or start).splitlines()[:50]
    except OSError:
        return False
    if not lines or _SELECTION.match(lines[0]):
        return True
    rows = as_ours([row for row in cells_of([line for line in lines if not line.startswith("#")]) if row])
    if not rows or len(rows[0]) < 2:
        return False
    heads = [cell.strip().casefold() for cell in rows[0]]
    if heads[0] in FIRST or (heads[0] == _SECTION and heads[1] in FIRST):
        return True
    at = [0, *(at for at, head in enumerate(heads) if head in FIRST)]
    return known is not None and bool({row[k] for row in rows for k in at if k < len(row)} & set(known.tolist()))


def read_groups(dataset: Dataset, path: str | Path, section: str | None = None) -> list[Column]:
    """Return the columns of a CSV of barcodes, or the one that the selections of Xenium Explorer make.

    Barcodes are found with and without a suffix such as ``-1``. What is empty names nothing. Selections are polygons
    in micrometres, or lists of cells under comments with their names; of several of one spot the last has it, of
    polygons the smallest.

    Parameters
    ----------
    section
        Of a study, the section that the file is about; where not given, barcodes are looked for in all.

    Raises
    ------
    DataError
        No such table, or none of its barcodes is in the dataset.
    """
    path = Path(path)
    parts = _parts(path, dataset.obs_names)
    heads = headings(parts[0][1])
    if set(PLACES) <= set(heads) and not set(heads) & set(FIRST):
        return [_selections(dataset, path, parts, section)]
    of: np.ndarray | None = None
    if len(parts) > 1 or parts[0][0]:  # selections as lists of cells
        frames = [(name or f"Selection {number}", table) for number, (name, table) in enumerate(parts, 1)]
        barcodes = np.concatenate([texts(table.iloc[:, 0]) for _, table in frames])
        values = np.concatenate([np.full(len(table), name, object) for name, table in frames])
        columns, colors, more = {title_of(path): values}, None, ""
    else:
        barcodes, columns, colors, more = _columns_of(parts[0][1], path, dataset)
        key = next((name for name in columns if name.casefold() == _SECTION), None)
        if dataset.parts and key is not None:
            of, settled = sections_told(dataset, barcodes, columns[key])
            columns = {name: values for name, values in columns.items() if name != key or not settled} or columns
    rows, told = (
        _rows_of(dataset, barcodes, path, section) if of is None else _rows_by(dataset, barcodes, of, path, section)
    )
    told = f"{told} {more}".strip()
    return [_column(dataset, name, values, colors, rows, path, told) for name, values in columns.items()]


def _parts(path: Path, known: np.ndarray) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables of a file, each with the name of a selection that a comment above it tells, else empty."""
    import pandas as pd

    try:
        lines = text_of(start_of(path)).splitlines()
    except OSError as error:
        raise DataError(f"Expected a table at {path}, found that it cannot be read ({error}). {_NOT}") from error
    blocks: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        if (found := _SELECTION.match(line)) is not None:
            name = found[1].strip().strip(",").strip('"')
            blocks.append((name, [])) if blocks[-1][1] or blocks[-1][0] else blocks.__setitem__(-1, (name, []))
        elif line.strip() and not line.startswith("#"):
            blocks[-1][1].append(line)
    tables = []
    for name, block in blocks:
        rows = as_ours(cells_of(block))
        if rows and rows[0][:1] and rows[0][0].strip() in known:  # there is no heading
            rows.insert(0, ["Barcode", *("group" if k == 1 else f"group {k}" for k in range(1, len(rows[0])))])
        if len(rows) < 2 or len({len(row) for row in rows}) > 1:
            raise DataError(f"Expected a table with a heading in {path}, found {len(rows)} lines of it. {_NOT}")
        tables.append((name, pd.DataFrame(rows[1:], columns=rows[0], dtype=object)))
    return tables


def _columns_of(
    table: pd.DataFrame, path: Path, dataset: Dataset
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray | None, str]:
    """Return barcodes, {name: groups} and the colours that a table of barcodes holds, and which columns are none."""
    heads = headings(table)
    cells = [texts(table.iloc[:, at]) for at in range(len(heads))]
    colors = next((cells[at] for at, head in enumerate(heads) if head == "color"), None)
    found: dict[str, np.ndarray] = {}
    first = column_of_barcodes(heads, cells, dataset)
    times = Counter(table.columns)
    called = [f"{name} {at}" if times[name] > 1 else str(name) for at, name in enumerate(table.columns, 1)]
    rest = {called[at]: cells[at] for at, head in enumerate(heads) if at != first and head != "color"}
    for name, values in (groups := groups_among(rest, path)).items():
        if not any(values):
            continue
        title = str(name).strip() or title_of(path)
        found[title_of(path) if title.casefold() in _UNNAMED else title] = values
    if not found:
        raise DataError(f"Expected a column of groups in {path}, found none. {_NOT}")
    return cells[first], found, colors, note_on_measures(rest, groups)


def _rows_by(
    dataset: Dataset, barcodes: np.ndarray, of: np.ndarray, path: Path, section: str | None
) -> tuple[np.ndarray, str]:
    """Return what `_rows_of` does where each line says which section it is of, (n,) names."""
    rows, told = np.full(len(barcodes), -1), []
    for name in (section,) if section else dataset.section_names:
        own = of == name
        if own.any():
            rows[own], more = _rows_of(dataset, barcodes[own], path, name)
            told += [f"{name}: {more}"] if more else []
        elif section:
            raise DataError(
                f"Expected lines of the section {section!r} in {path}, found those of {', '.join(sorted(set(of)))}. "
                "Choose one of these, or none for all."
            )
    if not section and (lost := sorted(set(of) - set(dataset.section_names))):
        told.append(f"Of no section here: lines of {', '.join(map(repr, lost[:5]))}.")
    return rows, " ".join(told)


def _rows_of(dataset: Dataset, barcodes: np.ndarray, path: Path, section: str | None) -> tuple[np.ndarray, str]:
    """Return the (n,) row of each barcode, -1 for none, and how many are unknown."""
    import pandas as pd

    from napari_trsmi.data.readers.barcodes import aligned
    from napari_trsmi.data.study_tables import barcodes_as_read, sections_with

    part, within = rows_within(dataset, section) if section or not dataset.parts else (dataset, None)
    asked = pd.Index(barcodes)
    there = pd.Index(part.obs_names)
    if within is None and not asked.isin(there).any():  # of a study, as each section has them
        there = pd.Index(barcodes_as_read(dataset))
        if not there.is_unique:
            raise DataError(
                f"Expected barcodes of one section in {path}, found those of several among "
                f"{', '.join(dataset.section_names)}. Choose the section that the table is about (--section on the "
                "command line), or name the sections in a column 'section'."
            )
    renamings, _ = aligned({"spots": there, "table": pd.Index(asked.unique())})
    rows = there.get_indexer(asked)
    if renamings:
        again = pd.Series(renamings[0].new, index=renamings[0].old).reindex(asked).fillna("").to_numpy()
        rows = np.where(rows < 0, there.get_indexer(pd.Index(again)), rows)
    if not (rows >= 0).any():
        examples = f"{barcodes[0]!r} in the table, {there[0]!r} here" if len(barcodes) else "the table is empty"
        raise DataError(
            f"Expected barcodes of {part.name} in {path}, found none of them ({examples}). {_NOT} "
            "Choose the table of this section."
        )
    told = []
    if unknown := int((rows < 0).sum()):
        told.append(f"Not among the spots: {unknown:,} of its {many(len(barcodes), 'barcode')}.")
    if repeated := int((np.bincount(rows[rows >= 0]) > 1).sum()):
        told.append(f"More than once in it: {many(repeated, 'barcode')}; the last line counts.")
    if dataset.parts and not asked.isin(there).any() and (others := sections_with(dataset, barcodes)):
        told.append(f"Put into {part.name}; as they are written, its barcodes are those of {', '.join(others)}.")
    return (rows if within is None else np.where(rows >= 0, within[rows], -1)), " ".join(told)


def _column(
    dataset: Dataset,
    name: str,
    values: np.ndarray,
    colors: np.ndarray | None,
    rows: np.ndarray,
    path: Path,
    told: str,
) -> Column:
    from napari_trsmi.data.recorded import is_color

    names = [one for one in dict.fromkeys(values.tolist()) if one]
    names = sorted(names, key=natural)
    known = (rows >= 0) & (values != "")
    codes = np.full(dataset.n_spots, -1)
    codes[rows[known]] = [names.index(one) for one in values[known]]
    own = {} if colors is None else dict(zip(values.tolist(), colors.tolist(), strict=True))
    own = {key: color for key, color in own.items() if is_color(color)}
    title = title_of(path) if name == DOMAIN else name
    return column_of(dataset, title, codes, names, own, path, told)


def _selections(dataset: Dataset, path: Path, parts: list[tuple[str, pd.DataFrame]], section: str | None) -> Column:
    """Return the column that polygons make: X and Y in micrometres, several told apart by comments or a column."""
    import shapely

    part, rows = rows_within(dataset, section)
    named: dict[str, Any] = {}
    for number, (name, table) in enumerate(parts, 1):
        heads = {str(head).strip().casefold(): head for head in table}
        keys = texts(table[heads["selection"]]) if "selection" in heads else np.full(len(table), name or str(number))
        try:
            corners = np.column_stack([table[heads[axis]].astype(float) for axis in ("x", "y")])
        except ValueError as error:
            raise DataError(f"Expected numbers in X and Y of {path}, found others ({error}).") from error
        for key in dict.fromkeys(keys.tolist()):
            if (keys == key).sum() >= 3:
                named[key] = shapely.make_valid(shapely.polygons(corners[keys == key]))
    if not named:
        raise DataError(f"Expected selections with three corners or more in {path}, found none. Export them again.")
    which, several = inside(part.coords * (part.microns_per_unit or 1.0), list(named.values()))
    if not (which >= 0).any():
        raise DataError(
            f"Expected selections over the spots, in micrometres, found no spot in the {len(named)} of {path}. "
            "Choose those of this section."
        )
    more = f"{many(several, 'spot')} in more than one selection: counted in the smallest." if several else ""
    return column_of(dataset, title_of(path), spread(which, rows, dataset.n_spots), list(named), {}, path, more)
