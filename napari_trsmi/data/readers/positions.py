"""Where the spots or cells of a Space Ranger folder are: lists of positions, polygons of cells."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ["in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres"]
_SUFFIX = r"-\d+$"
_CELL = re.compile(r"(\d+)(?:-\d+)?$")  # its number, as in cellid_000000012-1


def positions_of(path: Path, barcodes: pd.Index) -> tuple[pd.DataFrame, list[str]]:
    """Return (N, 5) positions of the barcodes, NaN for those without, and notes.

    Parameters
    ----------
    path
        ``tissue_positions``, with a header or without, as CSV, gzipped CSV or parquet.
    barcodes
        (N,) those of the matrix.

    Raises
    ------
    DataError
        The file has none of the barcodes, or one of them twice.
    """
    table = read_positions(path)
    if table.index.isin(barcodes).any():
        return table.reindex(barcodes), []
    bare, wanted = table.index.str.replace(_SUFFIX, "", regex=True), barcodes.str.replace(_SUFFIX, "", regex=True)
    if not bare.isin(wanted).any() or bare.has_duplicates or wanted.has_duplicates:
        raise DataError(
            f"Expected positions of the barcodes in the matrix, such as {barcodes[0]!r}, found only others in {path}, "
            f"such as {table.index[0]!r}. Put the files of one sample together."
            if len(table)
            else f"Expected positions in {path}, found none. Copy it again."
        )
    found = table.set_axis(bare).reindex(wanted).set_axis(barcodes)
    return found, [f"Barcodes in the matrix and in {path.name} agree once a suffix such as '-1' is left out: did so."]


def read_positions(path: Path) -> pd.DataFrame:
    """Return the columns of positions by barcode.

    Raises
    ------
    DataError
        Columns are missing, or a barcode is there twice.
    """
    import pandas as pd

    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        table = table if table.index.name is None else table.reset_index()  # saved anew, by barcode
        if missing := [name for name in ("barcode", *_COLUMNS) if name not in table]:
            raise DataError(f"Expected the column {missing[0]} in {path}, found {', '.join(table)}. Copy it again.")
    else:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig") as lines:
            first = lines.readline()
        if not first.strip():
            raise DataError(f"Expected positions in {path}, found an empty file. Copy it again.")
        has_header, mark = "barcode" in first, max(",;\t", key=first.count)  # saved anew by a table program
        table = pd.read_csv(path, header=0 if has_header else None, sep=mark, encoding="utf-8-sig")
        if not has_header or not {"barcode", *_COLUMNS} <= set(table):
            if table.shape[1] != 1 + len(_COLUMNS):
                raise DataError(
                    f"Expected the columns barcode, {', '.join(_COLUMNS)} in {path}, found {table.shape[1]} columns. "
                    "Copy it again."
                )
            table = table.set_axis(["barcode", *_COLUMNS], axis=1)
    table = table.set_index(table["barcode"].astype(str))[_COLUMNS]
    table.index.name = None
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()]
        raise DataError(f"Expected each barcode once in {path}, found {twice[0]!r} twice. Correct the file.")
    return table


def middles_of_cells(path: Path, names: pd.Index) -> tuple[np.ndarray, float]:
    """Return (N, 2) float64 (x, y) of the middles of the cells' polygons, NaN for cells without, and their diameter.

    The diameter is that of the circle of the median cell's area.

    Parameters
    ----------
    path
        The geojson of cells or nuclei, each with its number as ``cell_id``.
    names
        (N,) names in the matrix, which end in those numbers.

    Raises
    ------
    DataError
        No cell of the matrix has a polygon.
    """
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        features = json.load(file)["features"]
    rings = [_outer_ring(feature["geometry"]) for feature in features]
    ids = [_number(feature.get("properties", {}).get("cell_id", feature.get("id"))) for feature in features]
    middles, areas = _middles(rings)
    row_of = dict(zip(ids, range(len(ids)), strict=True))
    rows = np.array([row_of.get(_number(name), -1) for name in names], dtype=int)
    if not (rows >= 0).any():
        raise DataError(f"Expected polygons of the cells in the matrix, found none of them in {path}. Copy it again.")
    xy = np.full((len(names), 2), np.nan)
    xy[rows >= 0] = middles[rows[rows >= 0]]
    return xy, float(2.0 * np.sqrt(np.median(areas[rows[rows >= 0]]) / np.pi))


def _number(name: Any) -> int:
    match = _CELL.search(str(name))
    return int(match[1]) if match else -2


def _outer_ring(geometry: dict[str, Any]) -> np.ndarray:
    """Return (n, 2) corners of a polygon's outline; of several polygons those of the one with most corners."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return np.asarray(max((polygon[0] for polygon in polygons), key=len), dtype=np.float64)[:, :2]


def _middles(rings: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, 2) centroids and (n,) areas of polygons; the mean of the corners where there is no area."""
    starts = np.cumsum([0, *(len(ring) for ring in rings)])[:-1]
    corners = np.concatenate(rings)
    means = np.add.reduceat(corners, starts) / np.diff([*starts, len(corners)])[:, None]
    local = corners - np.repeat(means, np.diff([*starts, len(corners)]), axis=0)  # exact also far from the origin
    following = np.roll(local, -1, axis=0)
    ends = np.array([*starts[1:], len(corners)]) - 1
    following[ends] = local[starts]
    cross = local[:, 0] * following[:, 1] - following[:, 0] * local[:, 1]
    doubled = np.add.reduceat(cross, starts)
    shift = np.add.reduceat((local + following) * cross[:, None], starts)
    flat = np.abs(doubled) < 1e-12
    shift = np.where(flat[:, None], 0.0, shift / (3.0 * np.where(flat, 1.0, doubled))[:, None])
    return means + shift, np.abs(doubled) / 2.0
