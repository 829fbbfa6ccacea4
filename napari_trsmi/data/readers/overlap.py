"""Whether parts of a table lie over each other in the plane, as sections do that each begin at 0."""

from __future__ import annotations

import numpy as np

_SEEN = 50_000  # spots whose neighbours are looked at
_FEWEST = 30  # spots seen of a part that is judged on its own
_OF_ALL, _OF_PART = 0.15, 0.3  # shares of spots that lie among those of another part


def overlap(xy: np.ndarray, part: np.ndarray, within: np.ndarray | None = None) -> bool:
    """Return whether spots of different parts lie among each other.

    A spot lies among another part where its nearest neighbour is of that part and each lies in the box around the
    other's part. So parts that touch, side by side, as fields of view do, do not overlap; a part of few spots inside a
    large one does. Takes O(N log N).

    Parameters
    ----------
    xy
        (N, 2) finite coordinates.
    part
        (N,) int part of each spot, from 0; -1 for none, which is left out.
    within
        (N,) int groups that are looked at one by one, or None.

    Examples
    --------
    >>> grid = np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0)), axis=-1).reshape(-1, 2)
    >>> overlap(np.concatenate([grid, grid]), np.repeat([0, 1], 64))
    True
    >>> overlap(np.concatenate([grid, grid + [8.0, 0.0]]), np.repeat([0, 1], 64))
    False
    """
    from scipy.spatial import cKDTree

    group = np.zeros(len(xy), int) if within is None else within
    known = (part >= 0) & (group >= 0)
    xy, part, group = xy[known], part[known], group[known]
    if len(xy) < 2 or part.min() == part.max():
        return False
    _, part = np.unique(part + group * (part.max() + 1), return_inverse=True)
    far = 10.0 * (np.ptp(xy, axis=0).max() + 1.0)  # puts other groups out of reach
    tree = cKDTree(np.column_stack([xy, group * far]))
    seen = np.arange(len(xy))
    if len(xy) > _SEEN:
        seen = np.sort(np.random.default_rng(0).choice(len(xy), _SEEN, replace=False))
    _, neighbours = tree.query(tree.data[seen], k=2)  # where several share a place, either may be the spot itself
    other = np.where(part[neighbours[:, 0]] != part[seen], neighbours[:, 0], neighbours[:, 1])
    low, high = _boxes(xy, part)
    apart = (part[other] == part[seen]) | (group[other] != group[seen])
    in_theirs = _inside(xy[seen], low[part[other]], high[part[other]])
    in_mine = _inside(xy[other], low[part[seen]], high[part[seen]])
    among = np.logical_and(in_theirs, in_mine) & ~apart
    count = np.bincount(part[seen], minlength=len(low))
    share = np.bincount(part[seen], weights=among, minlength=len(low)) / np.maximum(count, 1)
    return bool(among.mean() > _OF_ALL or (share[count >= _FEWEST] > _OF_PART).any())


def share_at_same_place(xy: np.ndarray) -> float:
    """Return the share of spots, (N, 2) finite coordinates, that lie exactly where another one does."""
    import pandas as pd

    return float(pd.DataFrame(xy).duplicated(keep=False).mean()) if len(xy) else 0.0


def fullest_place(xy: np.ndarray) -> tuple[tuple[float, float], int]:
    """Return the place at which most spots, (N, 2) finite coordinates, lie, and how many."""
    import pandas as pd

    heaps = pd.DataFrame(xy).value_counts()
    x, y = heaps.index[0]
    return (float(x), float(y)), int(heaps.iloc[0])


def _boxes(xy: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (P, 2) lowest and highest coordinates of each part."""
    low, high = (np.full((part.max() + 1, 2), end) for end in (np.inf, -np.inf))
    np.minimum.at(low, part, xy)
    np.maximum.at(high, part, xy)
    return low, high


def _inside(xy: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.asarray(np.logical_and(xy >= low, xy <= high).all(axis=1))
