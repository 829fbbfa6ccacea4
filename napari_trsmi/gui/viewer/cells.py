"""Cells as polygons: their outlines filled once into an image of spot numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.gui.viewer.raster import LARGEST_SIDE, MAX_SIDE, Raster, stamped, with_coarser
from napari_trsmi.interrupt import check

if TYPE_CHECKING:
    from napari_trsmi.data.outlines import Polygons

ACROSS = 8.0  # pixels of a usual cell, as far as the sides allow: fewer look like blocks
_CHUNK = 20_000  # cells filled at a time
_FINE = 64  # parts of a pixel that crossings are told apart by


def raster_of_cells(polygons: Polygons, coords: np.ndarray, diameter: float) -> Raster:
    """Return the raster of cells by their outlines; cells without one are discs.

    A cell too small for any pixel is the pixel of its middle, so that each can be seen and picked.

    Parameters
    ----------
    polygons
        Outlines of N cells.
    coords
        (N, 2) middles (x, y).
    diameter
        Of a usual cell, in the unit of `coords`.
    """
    corners = polygons.corners
    low = np.minimum(coords.min(axis=0), corners.min(axis=0)) - diameter
    high = np.maximum(coords.max(axis=0), corners.max(axis=0)) + diameter
    extent = float((high - low).max())
    side = max(MAX_SIDE, min(int(ACROSS * extent / diameter), LARGEST_SIDE))
    step = extent / (side - 1)
    size = np.round((high - low) / step).astype(int) + 1
    bare = np.flatnonzero(np.diff(polygons.starts) < 3)
    spots = np.full((size[1], size[0]), -1, np.int32)
    if len(bare):
        numbers = stamped(coords[bare], low, np.full(2, step), size, diameter / 2 / step)
        spots = np.where(numbers >= 0, bare[numbers], -1).astype(np.int32)
    for first in range(0, len(coords), _CHUNK):
        check()
        _fill(spots, polygons, range(first, min(first + _CHUNK, len(coords))), low, step)
    found = np.zeros(len(coords) + 1, bool)
    found[spots] = True  # -1 is the last
    lost = np.flatnonzero(~found[:-1])
    columns, rows = np.round((coords[lost] - low) / step).astype(int).T
    spots[rows, columns] = lost
    return with_coarser(Raster(spots, (float(low[1]), float(low[0])), (step, step)))


def _fill(spots: np.ndarray, polygons: Polygons, cells: range, low: np.ndarray, step: float) -> None:
    """Write the numbers of some cells into the pixels whose middles lie in their outlines (even-odd rule).

    All edges are followed at once: where each crosses the middles of rows, crossings in order of cell, row and column
    pair up to spans.
    """
    starts = polygons.starts[cells.start : cells.stop + 1]
    points = (polygons.corners[starts[0] : starts[-1]] - low) / step  # (m, 2) pixels
    counts = np.diff(starts)
    if not len(points):
        return
    following = np.arange(1, len(points) + 1)
    drawn = counts > 0
    following[starts[1:][drawn] - starts[0] - 1] = starts[:-1][drawn] - starts[0]  # the last edge leads to the first
    cell = np.repeat(np.arange(len(counts)), counts)
    (x0, y0), (x1, y1) = points.T, points[following].T
    first, end = np.ceil(np.minimum(y0, y1)).astype(np.int64), np.ceil(np.maximum(y0, y1)).astype(np.int64)
    n_rows = end - first
    edge = np.repeat(np.arange(len(points)), n_rows)
    row = first[edge] + _ramp(n_rows)
    height, width = spots.shape
    slope = (x1 - x0)[edge] / (y1 - y0)[edge]
    column = np.clip(np.round((x0[edge] + (row - y0[edge]) * slope) * _FINE), 0, width * _FINE).astype(np.int64)
    key = np.sort((cell[edge] * height + row) * (width * _FINE + 1) + column)
    line, column = np.divmod(key, width * _FINE + 1)
    left, right = -(-column[::2] // _FINE), -(-column[1::2] // _FINE)
    length = right - left
    cell, row = np.divmod(line[::2], height)
    at = np.repeat(row * width + left, length) + _ramp(length)
    spots.reshape(-1)[at] = np.repeat((cells.start + cell).astype(np.int32), length)


def _ramp(lengths: np.ndarray) -> np.ndarray:
    """Return 0, 1, ... for each of `lengths`, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
