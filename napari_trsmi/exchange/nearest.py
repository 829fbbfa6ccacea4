"""The part of the plane that is nearest to each of many points, no further away than a reach."""

from __future__ import annotations

from typing import Any

import numpy as np

ARC = 2 * np.pi / 32  # between the corners that stand for a circle
_EQUAL = 1e-9  # of the reach: a corner that is no further outside counts as inside
_BESIDE, _TRIES = 1e-7, 5  # of the reach, and how often other places are tried


def nearest_within(points: np.ndarray, reach: float) -> np.ndarray:
    """Return (n,) polygons of shapely around n >= 2 different points (n, 2).

    Polygons beside each other share their border to the last bit, so that they can be united as a coverage: each border
    is cut off at the reach once, and not once for each of its sides.
    """
    import shapely

    around = shapely.box(*(points.min(axis=0) - 2 * reach), *(points.max(axis=0) + 2 * reach))
    cells = shapely.reverse(shapely.normalize(_nearest(points, around, reach)))  # counterclockwise
    corners, cell = shapely.get_coordinates(cells, return_index=True)
    _, first, corner = np.unique(corners @ [1, 1j], return_index=True, return_inverse=True)
    inside = (np.linalg.norm(corners - points[cell], axis=1) <= (1 + _EQUAL) * reach)[first]
    if inside.all():
        return np.asarray(cells)

    # Each edge of a cell, from one corner to the next, and the edge of no direction that two cells share.
    at = np.flatnonzero(cell[1:] == cell[:-1])
    cell, begin, end = cell[at], corner[at], corner[at + 1]
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    _, one, edge = np.unique(low * len(first) + high, return_index=True, return_inverse=True)
    near, far, there = _cut(corners[first], low[one], high[one], inside, points[cell[one]], reach)
    near, far, there = near[edge], far[edge], there[edge]
    forward = (begin == low)[:, None]
    starts, ends = np.where(forward, near, far), np.where(forward, far, near)
    enters, leaves = np.flatnonzero(there & ~inside[begin]), np.flatnonzero(there & ~inside[end])

    arcs, after = _arcs(starts[enters], ends[leaves], enters, leaves, cell, points, reach)
    kept = np.flatnonzero(there)
    found = np.concatenate([starts[enters], ends[kept], arcs])
    order = np.argsort(np.concatenate([3 * enters, 3 * kept + 1, 3 * after + 2]), kind="stable")
    owner = np.concatenate([cell[enters], cell[kept], cell[after]])[order]
    made, ring = np.unique(owner, return_inverse=True)
    grown = np.asarray(shapely.buffer(shapely.points(points), reach, quad_segs=8))  # of points far from all others
    grown[made] = shapely.polygons(shapely.linearrings(found[order], indices=ring))
    return grown


def _nearest(points: np.ndarray, around: Any, reach: float) -> np.ndarray:
    """Return the (n,) cells of a Voronoi diagram, valid polygons.

    Around gaps in a regular grid many points are equally far from one place but for rounding; there cells of GEOS can
    cross themselves by as little. Those of points a trifle beside them do not.
    """
    import shapely

    rng, beside = np.random.default_rng(0), points
    for _ in range(_TRIES):
        cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(beside), extend_to=around, ordered=True))
        if shapely.is_valid(cells).all():
            break
        beside = points + _BESIDE * reach * rng.uniform(-1, 1, points.shape)
    return np.asarray(cells)


def _cut(
    corners: np.ndarray, low: np.ndarray, high: np.ndarray, inside: np.ndarray, points: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where edges begin and end within reach of a point each, (m, 2), and which are there at all, (m,) bool."""
    way, away = corners[high] - corners[low], corners[low] - points
    length, along = (way * way).sum(axis=1), (way * away).sum(axis=1)
    root = along**2 - length * ((away * away).sum(axis=1) - reach**2)
    half = np.sqrt(np.maximum(root, 0.0))
    near = np.where(inside[low], 0.0, (-along - half) / length)
    far = np.where(inside[high], 1.0, (-along + half) / length)
    there = inside[low] | inside[high] | ((root > 0) & (near > 0) & (far < 1))
    begin = np.where(inside[low][:, None], corners[low], corners[low] + np.clip(near, 0, 1)[:, None] * way)
    end = np.where(inside[high][:, None], corners[high], corners[low] + np.clip(far, 0, 1)[:, None] * way)
    return begin, end, there


def _arcs(
    starts: np.ndarray,
    ends: np.ndarray,
    enters: np.ndarray,
    leaves: np.ndarray,
    cell: np.ndarray,
    points: np.ndarray,
    reach: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return corners (k, 2) of the arcs from where edges leave the circles to where the next enter, and after which."""
    owner = cell[leaves]
    cells, first, counts = np.unique(owner, return_index=True, return_counts=True)
    if not len(cells):
        return np.zeros((0, 2)), np.zeros(0, int)
    group = np.repeat(np.arange(len(cells)), counts)
    entered = (enters[first] <= leaves[first])[group]  # the first to enter does so before the first that leaves
    follows = first[group] + (np.arange(len(leaves)) - first[group] + entered) % counts[group]
    (x, y), (u, v) = (ends - points[owner]).T, (starts[follows] - points[owner]).T
    begin = np.arctan2(y, x)
    turn = (np.arctan2(v, u) - begin) % (2 * np.pi)
    low, high = np.floor(begin / ARC).astype(int) + 1, np.ceil((begin + turn) / ARC).astype(int) - 1
    n = np.maximum(high - low + 1, 0)
    steps = np.repeat(low, n) + np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    around = reach * np.column_stack([np.cos(ARC * steps), np.sin(ARC * steps)])
    return points[np.repeat(owner, n)] + around, np.repeat(leaves, n)
