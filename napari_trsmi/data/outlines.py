"""Outlines of cells: where they lie on disk, and their corners in the order of the spots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


class Polygons(NamedTuple):
    """Outlines of N cells, one after the other.

    Attributes
    ----------
    corners
        (M, 2) float32 (x, y) in the unit of the coordinates.
    starts
        (N + 1,) int64: cell i has ``corners[starts[i]:starts[i + 1]]``, none where it has no outline.
    """

    corners: np.ndarray
    starts: np.ndarray


@dataclass(frozen=True)
class Outlines:
    """A list of corners by cell, in the unit of the coordinates.

    Attributes
    ----------
    path
        A table with the columns ``cell_id``, ``vertex_x`` and ``vertex_y``, corners in order: parquet, or CSV, gzipped
        or not.
    """

    path: Path

    def of(self, names: np.ndarray) -> Polygons:
        """Return the outlines of the cells `names` (N,), in their order.

        Raises
        ------
        DataError
            The file is missing or damaged, lacks a column, or has none of the cells.
        """
        from napari_trsmi.data.readers.opening import reading

        with reading(self.path):
            cells, codes, corners = _read(self.path)
        rows = _rows_of(cells, names)[codes]
        if not (rows >= 0).any():
            raise DataError(f"Expected outlines of the cells, found only others in {self.path}. Copy it again.")
        return ordered(rows, corners, len(names))


@dataclass(frozen=True, eq=False)
class ShapeOutlines:
    """Polygons of SpatialData; of a cell in several pieces the largest, and no holes.

    Attributes
    ----------
    source
        The parquet file of the shapes, or their geometries, a GeoSeries.
    instances
        What each spot stands for among the shapes, as text; the index are names of spots.
    matrix
        (3, 3) map of the shapes to the coordinates.
    """

    source: Any
    instances: pd.Series
    matrix: np.ndarray

    def of(self, names: np.ndarray) -> Polygons:
        """Return the outlines of the cells `names` (N,), in their order.

        Raises
        ------
        DataError
            The file is missing or damaged.
        """
        import geopandas
        import pandas as pd
        import shapely

        from napari_trsmi.data.readers.opening import reading
        from napari_trsmi.data.readers.spatial_regions import as_text

        shapes = self.source
        if isinstance(shapes, Path):
            with reading(shapes):
                shapes = geopandas.read_parquet(shapes).geometry
        rows = pd.Index(self.instances.reindex(names)).get_indexer(as_text(shapes.index))
        parts, owner = shapely.get_parts(shapes.to_numpy(), return_index=True)
        order = np.lexsort((shapely.area(parts), owner))
        largest = order[np.append(np.diff(owner[order]) > 0, True)] if len(order) else order
        corners, ring = shapely.get_coordinates(shapely.get_exterior_ring(parts[largest]), return_index=True)
        corners = corners @ self.matrix[:2, :2].T + self.matrix[:2, 2]
        return ordered(rows[owner[largest]][ring], corners.astype(np.float32), len(names))


def ordered(rows: np.ndarray, corners: np.ndarray, n: int) -> Polygons:
    """Return corners (M, 2) by the cell of each (M,) int, -1 for none, of `n` cells."""
    known = (rows >= 0) & np.isfinite(corners).all(axis=1)
    rows, corners = (rows, corners) if known.all() else (rows[known], corners[known])
    if (np.diff(rows) < 0).any():
        order = np.argsort(rows, kind="stable")
        rows, corners = rows[order], corners[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
    return Polygons(corners, starts)


def _read(path: Path) -> tuple[pd.Index, np.ndarray, np.ndarray]:
    """Return the names of the cells, which of them each corner is of (M,), and the corners (M, 2) float32.

    A name is kept once, not once for each corner: a million cells have 25 million corners.
    """
    import pandas as pd

    columns = ["cell_id", "vertex_x", "vertex_y"]
    if path.suffix == ".parquet":
        import pyarrow as pa
        from pyarrow import parquet

        table = parquet.read_table(path, columns=columns)
        ids = table["cell_id"].combine_chunks()
        ids = ids if pa.types.is_dictionary(ids.type) else ids.dictionary_encode()
        ids = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
        names, codes = pd.Index(ids.dictionary.to_pandas()), ids.indices.to_numpy(zero_copy_only=False)
        corners = np.column_stack([table[name].to_numpy().astype(np.float32) for name in columns[1:]])
        return names, codes, corners
    kinds: Any = {"cell_id": "category", "vertex_x": np.float32, "vertex_y": np.float32}
    frame = pd.read_csv(path, usecols=columns, dtype=kinds)
    ids = frame["cell_id"].cat
    return pd.Index(ids.categories), ids.codes.to_numpy(np.int64), frame[columns[1:]].to_numpy(np.float32)


def _rows_of(cells: pd.Index, names: np.ndarray) -> np.ndarray:
    """Return the (n,) place of each of `cells` among `names`, -1 for none."""
    import pandas as pd

    texts = pd.Index([cell.decode() if isinstance(cell, bytes) else str(cell) for cell in cells])
    return pd.Index(names.astype(str)).get_indexer(texts)
