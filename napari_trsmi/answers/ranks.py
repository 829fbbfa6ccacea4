"""Wilcoxon's rank-sum test of every feature at once, in which spots that resemble their neighbours count for less."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from napari_trsmi.evidence.effects import inflation
from napari_trsmi.interrupt import check

_ENTRIES = 4_000_000  # values that are ranked at a time
MOST_EDGES = 20_000  # pairs of neighbours that tell how far they resemble each other

Edges = tuple[np.ndarray, np.ndarray]


class Ranked(NamedTuple):
    """What ranks say, per feature; those of several sections add up.

    Attributes
    ----------
    excess
        (D,) Mann and Whitney's U of the first group less what it would be by chance.
    variance
        (D,) of that, by chance: with ties, and larger by how far neighbours resemble each other.
    pairs
        Pairs of one spot of each group.
    """

    excess: np.ndarray
    variance: np.ndarray
    pairs: int


def rank_test(values: Any, in_a: np.ndarray, edges: Edges | None = None, density: float = 1.0) -> Ranked:
    """Compare (n, D) values of two groups of spots by their ranks.

    The variance grows by `effects.inflation` of the correlation of ranks between neighbours of one group: a patch of
    like spots is not as many observations as it has spots.

    Parameters
    ----------
    values
        CSR or array.
    in_a
        (n,) bool, the first group.
    edges
        Two (E,) int, pairs of neighbours; None where spots are to count as independent.
    density
        Share of the spots of the tissue that are among the n; the fewer, the less their neighbours matter.
    """
    n, d = values.shape
    columns: Any = sparse.csc_matrix(values) if sparse.issparse(values) else np.asarray(values)
    near = None if edges is None else _within(edges, in_a)
    excess, variance = np.empty(d), np.empty(d)
    whole = not sparse.issparse(columns) or bool((columns.data < 0).any())  # else zeros are the smallest, all tied
    for start, stop in _chunks(columns, whole):
        check()
        part: Any = columns[:, start:stop]
        if whole and sparse.issparse(part):
            part = part.toarray()  # at most `_ENTRIES` values, or one column
        ranks, zero, ties = _ranks(part) if sparse.issparse(part) else _dense_ranks(part)
        excess[start:stop], variance[start:stop] = _test(ranks, zero, ties, in_a, near, density)
    n_a = int(in_a.sum())
    return Ranked(excess, variance, n_a * (n - n_a))


def _chunks(columns: Any, whole: bool) -> Any:
    """Yield where pieces of so many columns begin and end that their values, zeros too for `whole`, are `_ENTRIES`."""
    n, d = columns.shape
    before = np.arange(d + 1, dtype=np.int64) * n if whole else columns.indptr
    start = 0
    while start < d:
        stop = max(start + 1, int(np.searchsorted(before, before[start] + _ENTRIES, side="right")) - 1)
        yield start, min(stop, d)
        start = stop


def _within(edges: Edges, in_a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return at most `MOST_EDGES` pairs of neighbours of one group, and whether that is the first group."""
    i, j = edges
    alike = np.flatnonzero(in_a[i] == in_a[j])
    if len(alike) > MOST_EDGES:
        alike = np.random.default_rng(0).choice(alike, MOST_EDGES, replace=False)
    return i[alike], j[alike], in_a[i[alike]]


def _ranks(part: sparse.csc_matrix) -> tuple[sparse.csc_matrix, np.ndarray, np.ndarray]:
    """Return of each value above 0 its rank less that of the zeros of its column, the latter (d,), and ties (d,)."""
    part = sparse.csc_matrix(part, dtype=np.float32)
    part.eliminate_zeros()
    n, d = part.shape
    begins = part.indptr[:-1].astype(np.int64)
    zeros = n - np.diff(part.indptr).astype(np.int64)
    column = np.repeat(np.arange(d, dtype=np.uint64), np.diff(part.indptr))
    key = (column << np.uint64(32)) | part.data.view(np.uint32)  # floats above 0 have the order of their bits
    order = np.argsort(key)
    key = key[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.zeros(0, int)
    size = np.diff(np.append(first, len(key)))
    of = (key[first] >> np.uint64(32)).astype(np.int64)
    zero = (zeros + 1) / 2
    rank = zeros[of] + first - begins[of] + (size + 1) / 2 - zero[of]
    data = np.empty(len(key))
    data[order] = np.repeat(rank, size)
    cubes = zeros.astype(float) ** 3 - zeros
    cubes += np.bincount(of, weights=size.astype(float) ** 3 - size, minlength=d)
    return sparse.csc_matrix((data, part.indices, part.indptr), part.shape), zero, cubes


def _dense_ranks(part: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from scipy.stats import rankdata

    ranks = rankdata(part, axis=0)
    ordered = np.sort(ranks, axis=0)
    ties = np.empty(part.shape[1])
    for j, column in enumerate(ordered.T):
        size = np.diff(np.flatnonzero(np.concatenate([[True], column[1:] != column[:-1], [True]]))).astype(float)
        ties[j] = (size**3 - size).sum()
    middle = np.full(part.shape[1], (part.shape[0] + 1) / 2)
    return ranks - middle, middle, ties


def _test(
    ranks: Any,
    zero: np.ndarray,
    ties: np.ndarray,
    in_a: np.ndarray,
    near: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    density: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (d,) excess and variance of columns of ranks, given as what they are beyond `zero`."""
    n, n_a = len(in_a), int(in_a.sum())
    n_b = n - n_a
    of_a = np.asarray(ranks.T @ in_a.astype(float)).ravel()
    of_all = np.asarray(ranks.sum(axis=0)).ravel()
    excess = of_a + zero * n_a - n_a * (n + 1) / 2
    variance = n_a * n_b / 12 * ((n + 1) - ties / max(n * (n - 1), 1))
    if near is None or not len(near[0]):
        return excess, variance
    i, j, on_a = near
    squared = ranks.multiply(ranks).sum(axis=0) if sparse.issparse(ranks) else (ranks**2).sum(axis=0)
    mean_a, mean_b = of_a / n_a, (of_all - of_a) / n_b
    spread = (np.asarray(squared).ravel() - n_a * mean_a**2 - n_b * mean_b**2) / n
    rows = ranks.tocsr() if sparse.issparse(ranks) else ranks
    one, other = rows[i], rows[j]
    product = np.asarray((one.multiply(other) if sparse.issparse(one) else one * other).sum(axis=0)).ravel()
    both = (one + other).T
    for mean, own in ((mean_a, on_a), (mean_b, ~on_a)):
        product += own.sum() * mean**2 - mean * np.asarray(both @ own.astype(float)).ravel()
    with np.errstate(invalid="ignore", divide="ignore"):
        shared = np.where(spread > 1e-9, product / len(i) / spread, 0.0)
    return excess, variance * (1 + density * (inflation(shared) - 1))
