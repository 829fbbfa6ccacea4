"""Points as pixels: which point each pixel shows, so that a million are drawn, recoloured and pointed at at once."""

from __future__ import annotations

import numpy as np

MANY, MOST = 20_000, 200_000  # points, beyond which dots are smaller
SMALL = {1: ((0, 0),), 2: ((0, 0), (0, 1), (1, 0), (1, 1))}


def side_of(n: int) -> int:
    """Return how many pixels wide the dots of `n` points are."""
    return 5 if n <= MANY // 4 else 3 if n <= MANY else 2 if n <= MOST else 1


def shape_of(side: int) -> tuple[tuple[int, int], ...]:
    """Return the shifts (row, column) that make a dot of a width."""
    if side in SMALL:
        return SMALL[side]
    half = side // 2
    around = range(-half, half + 1)
    return tuple((row, column) for row in around for column in around if row * row + column * column <= half * half + 1)


def dots(
    places: np.ndarray,
    order: np.ndarray,
    extent: tuple[float, float, float, float],
    size: tuple[int, int],
    side: int,
) -> np.ndarray:
    """Return (height, width) int32: the point that each pixel shows, -1 for none.

    Parameters
    ----------
    places
        (N, 2) float (x, y).
    order
        (n,) the points to draw, the last on top.
    extent
        (left, right, bottom, top) of what is seen; y runs up.
    size
        (height, width) in pixels.
    side
        How many pixels wide a dot is.
    """
    height, width = size
    left, right, bottom, top = extent
    edge = side
    wide = np.full((height + 2 * edge, width + 2 * edge), -1, np.int32)
    x, y = places[order, 0], places[order, 1]
    columns = np.floor((x - left) * (width / (right - left)))
    rows = np.floor((top - y) * (height / (top - bottom)))
    near = (columns >= -edge) & (columns < width + edge) & (rows >= -edge) & (rows < height + edge)
    numbers = order[near].astype(np.int32)
    flat = (rows[near].astype(np.int64) + edge) * wide.shape[1] + columns[near].astype(np.int64) + edge
    pixels, n = wide.reshape(-1), wide.size
    for row, column in shape_of(side):
        at = flat + (row * wide.shape[1] + column)
        inside = (at >= 0) & (at < n)
        pixels[at[inside]] = numbers[inside]
    return np.ascontiguousarray(wide[edge : edge + height, edge : edge + width])


def inside(places: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Return which (N,) of the places (x, y) lie within a closed path (k, 2)."""
    from matplotlib.path import Path

    if len(path) < 3:
        return np.zeros(len(places), bool)
    low, high = path.min(axis=0), path.max(axis=0)
    found = ((places >= low) & (places <= high)).all(axis=1)
    found[found] = Path(path).contains_points(places[found])
    return found
