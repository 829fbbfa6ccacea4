"""Whether two tables mean the same spots by the same names: where they lie tells."""

from __future__ import annotations

import numpy as np

_FEWEST = 20  # spots in both, below which nothing is said
_SAME_PLACES, _ELSEWHERE = 0.8, 0.2  # shares of these spots
_NEAR = 0.01  # of the distance between neighbours


def misnamed(first: np.ndarray, second: np.ndarray) -> int | None:
    """Return a spot whose name stands for one place in the first table and for another in the second; else None.

    So it is where tables were numbered anew after other spots were left out, or sorted otherwise: both have spots at
    the same places, but under other names, and no shift, turn, flip or scale explains how these differ. Takes
    O(N log N).

    Parameters
    ----------
    first, second
        (N, 2) coordinates of the same names, NaN where a table lacks one.

    Examples
    --------
    >>> grid = np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0)), axis=-1).reshape(-1, 2)
    >>> misnamed(grid, grid[::-1]) is None, misnamed(grid, np.roll(grid, 3, axis=0)) is None
    (True, False)
    """
    from scipy.spatial import cKDTree

    both = np.flatnonzero(np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1))
    if len(both) < _FEWEST:
        return None
    mine, theirs = first[both], second[both]
    tree = cKDTree(first[np.isfinite(first).all(axis=1)])
    distance = float(np.median(tree.query(mine, k=2)[0][:, 1]))
    if (tree.query(theirs)[0] <= _NEAR * distance).mean() < _SAME_PLACES:
        return None
    known = np.column_stack([mine, np.ones(len(both))])
    moved = np.linalg.lstsq(known, theirs, rcond=None)[0]  # (3, 2)
    off = np.linalg.norm(known @ moved - theirs, axis=1) > distance / 2
    apart = np.linalg.norm(mine - theirs, axis=1)
    return int(both[np.argmax(apart)]) if off.mean() > _ELSEWHERE else None
