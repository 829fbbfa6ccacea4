"""Nearest rows of a table: one question, a few engines, the fastest from a cold start by default.

Among few rows the search is exact. Among many, rows are kept in cells around means (inverted lists) and a query looks
at its nearest cells only; how many is decided on a sample of queries that is searched exactly as well. Correlation and
cosine are Euclidean distances of rows that were centred and scaled, so that one distance serves all.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from napari_trsmi.interrupt import check

logger = logging.getLogger(__name__)

EXACT_BELOW = 40_000  # rows; exact search costs N^2 d, and from about here on cells are faster
AIM, ENOUGH = 0.95, 0.9  # share of the true neighbours found: where widening stops, and below what it is of no use
SAMPLED = 1000  # queries on which that share is measured
_AT_ONCE = 10_000  # queries that are searched for between two looks at whether to go on, at most
_PAIRS = 400_000_000  # pairs of rows likewise: about a second
_BLOCK = 16_384  # queries that walk through the cells together
_AT_CELLS = 2048  # queries that choose their cells together: what they compare stays in the cache
_PROBES, _USUAL = 8, 16  # cells looked at to begin with, and most often in the end
_PER_CELL = 32  # rows of the sample from which a cell's mean is found
_NONE = np.uint64(2**64 - 1)  # no neighbour yet


@dataclass(frozen=True)
class Neighbours:
    """What `nearest` found.

    Attributes
    ----------
    index
        (Q, k) int rows, nearest first.
    distance
        (Q, k) float Euclidean distances.
    recall
        Share of the true neighbours among those found, 1.0 for an exact search.
    engine
        ``"exact"`` or ``"cells"``.
    """

    index: np.ndarray
    distance: np.ndarray
    recall: float = 1.0
    engine: str = "exact"


def nearest(
    rows: np.ndarray,
    k: int,
    queries: np.ndarray | None = None,
    *,
    own: np.ndarray | None = None,
    seed: int = 0,
    engine: str = "auto",
) -> Neighbours:
    """Return the `k` rows nearest to each query.

    Parameters
    ----------
    rows
        (n, d) float.
    k
        Neighbours, at most n; where rows are left out, fewer than n.
    queries
        (Q, d) float; None asks for the neighbours of each row, itself left out.
    own
        (Q,) int row that each query must not find, because it is that row; None leaves out none.
    seed
        For the cells and for the queries on which the search is measured.
    engine
        ``"exact"``, ``"cells"``, or ``"auto"``: exact among fewer than `EXACT_BELOW` rows or as many pairs.

    Examples
    --------
    >>> import numpy as np
    >>> nearest(np.array([[0.0], [1.0], [3.0]]), 1).index.ravel()
    array([1, 0, 1])
    """
    check()
    n, n_queries = len(rows), len(rows if queries is None else queries)
    if engine == "auto":
        engine = "exact" if n < EXACT_BELOW or n * n_queries <= EXACT_BELOW**2 else "cells"
    if engine == "exact":
        return Neighbours(*_exact(rows, k, queries, own))
    if queries is None:
        queries, own = rows, np.arange(n)
    return _by_cells(rows, k, queries, own, seed) or Neighbours(*_exact(rows, k, queries, own))


def _exact(
    rows: np.ndarray, k: int, queries: np.ndarray | None, own: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """(Q, k) indices and distances, some queries at a time, so that a person who cancels need not wait for all."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(algorithm="brute").fit(rows)
    if queries is None:
        if len(rows) <= _AT_ONCE:
            distance, index = search.kneighbors(n_neighbors=k)
            return index, distance
        queries, own = rows, np.arange(len(rows))
    parts = []
    for part in _parts(len(queries), min(_AT_ONCE, max(1, _PAIRS // len(rows)))):
        check()
        distance, index = search.kneighbors(queries[part], k + (own is not None))
        parts.append((index, distance) if own is None else without(own[part], index, distance))
    index, distance = (np.concatenate(part) for part in zip(*parts, strict=True))
    return index, distance


def _parts(n: int, size: int) -> Iterator[slice]:
    return (slice(start, min(n, start + size)) for start in range(0, n, size))


def without(own: np.ndarray, *found: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return (Q, k) of (Q, k + 1) indices and what goes with them, each query's `own` (Q,) row left out.

    Where twins of a row took its place the last of them is left out instead.
    """
    itself = found[0] == own[:, None]
    itself[~itself.any(axis=1), -1] = True
    return tuple(values[~itself].reshape(len(own), values.shape[1] - 1) for values in found)


def _by_cells(rows: np.ndarray, k: int, queries: np.ndarray, own: np.ndarray | None, seed: int) -> Neighbours | None:
    """Search cell by cell, as many cells as a sample of queries needs; None where that would be no gain."""
    cells = _Cells(np.asarray(rows, np.float32), seed)
    queries = np.asarray(queries, np.float32)
    sample = np.random.default_rng(seed).choice(len(queries), min(SAMPLED, len(queries)), replace=False)
    itself = None if own is None else own[sample]
    furthest = _exact(rows, k, queries[sample], itself)[1][:, -1:]
    n_cells, probes = len(cells.means), min(_PROBES, len(cells.means))
    while True:
        found = cells.search(queries[sample], k, probes, itself)[1] <= furthest * (1 + 1e-5) + 1e-12
        recall = float(found.mean())
        if recall >= AIM or 3 * probes > n_cells:
            break
        probes = probes * 3 // 2 + 1
    if recall < ENOUGH:
        logger.info("%d of %d cells have %.3f of the neighbours: searched exactly", probes, n_cells, recall)
        return None
    logger.info("%d of %d cells have %.3f of the neighbours", probes, n_cells, recall)
    return Neighbours(*cells.search(queries, k, probes, own), recall, "cells")


class _Cells:
    """Rows in cells around means found by k-means on a sample.

    A squared distance is one product: of (r, |r|^2, 1) and (-2 q, 1, |q|^2).
    """

    def __init__(self, rows: np.ndarray, seed: int) -> None:
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning

        n = len(rows)
        n_cells = max(1, int(2 * np.sqrt(n)))
        chosen = np.random.default_rng(seed).choice(n, min(n, n_cells * _PER_CELL), replace=False)
        sample, means = rows[chosen], "random"
        with warnings.catch_warnings():  # that few different rows make fewer cells is no harm
            warnings.simplefilter("ignore", ConvergenceWarning)
            for _ in range(4):  # not eight steps at once, to be interrupted between them
                check()
                k_means = KMeans(n_cells, init=means, n_init=1, max_iter=2, random_state=seed)
                means = k_means.fit(sample).cluster_centers_
        self.origin = sample.mean(axis=0)  # near the rows, so that products lose few digits
        self.means = _with_squares(np.asarray(means, np.float32) - self.origin)
        home = self.home(rows)
        self.order = np.argsort(home, kind="stable").astype(np.int32)
        self.start = np.searchsorted(home[self.order], np.arange(n_cells + 1))
        self.rows = np.empty((n, rows.shape[1] + 2), np.float32)  # cell by cell
        for part in _parts(n, 100_000):
            self.rows[part] = _with_squares(rows[self.order[part]] - self.origin)

    def home(self, queries: np.ndarray) -> np.ndarray:
        """Return the (Q,) int32 nearest cell of each query."""
        home = np.empty(len(queries), np.int32)
        for part in _parts(len(queries), _AT_CELLS):
            check()
            home[part] = (_asking(queries[part] - self.origin) @ self.means.T).argmin(axis=1)
        return home

    def search(
        self, queries: np.ndarray, k: int, probes: int, own: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return (Q, k) int32 indices and float32 distances of the nearest rows in the nearest `probes` cells."""
        from threadpoolctl import threadpool_info, threadpool_limits

        threads = max([1, *(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")])
        index = np.empty((len(queries), k), np.int32)
        distance = np.empty((len(queries), k), np.float32)
        order = np.argsort(self.home(queries), kind="stable")  # queries that look at the same cells come together
        size = max(1024, _BLOCK * _USUAL // max(_USUAL, probes))

        def search(part: slice) -> None:
            which = order[part]
            found = self._search(queries[which], k + (own is not None), probes)
            index[which], distance[which] = found if own is None else without(own[which], *found)

        with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
            searched = [pool.submit(search, part) for part in _parts(len(order), size)]
            try:
                for one in searched:
                    check()
                    one.result()
            finally:
                pool.shutdown(cancel_futures=True)
        return index, distance

    def _search(self, queries: np.ndarray, k: int, probes: int) -> tuple[np.ndarray, np.ndarray]:
        asking = _asking(queries - self.origin)
        cell = np.empty((len(asking), probes), np.int64)  # nearest first
        for part in _parts(len(asking), _AT_CELLS):
            closest = _Best(len(asking[part]), probes)
            closest.add(np.arange(len(asking[part])), asking[part] @ self.means.T, 0)
            cell[part] = closest.sorted()[0]
        later = np.arange(probes) > 0  # each query's own cell comes first: it bounds what the others can add
        turn = (cell + len(self.means) * later).ravel()
        order = np.argsort(turn, kind="stable")
        bounds = np.flatnonzero(np.diff(turn[order], prepend=-1, append=-1))
        best = _Best(len(asking), k)
        for first, last in pairwise(bounds):
            here = order[first:last] // probes
            number = turn[order[first]] % len(self.means)
            rows = self.rows[self.start[number] : self.start[number + 1]]
            if len(rows):
                best.add(here, asking[here] @ rows.T, self.start[number])
        for lonely in np.flatnonzero(np.isinf(best.limit))[:, None]:  # the cells it looked at hold fewer than k rows
            best.forget(lonely)
            best.add(lonely, asking[lonely] @ self.rows.T, 0)
        index = best.sorted()[0]
        distance = np.empty(index.shape, np.float32)
        for part in _parts(len(index), 256):  # once more without a difference of squares: twins are 0 apart
            apart = (self.rows[index[part], :-2] + 0.5 * asking[part, None, :-2]).reshape(-1, queries.shape[1])
            distance[part] = np.sqrt(np.einsum("ij,ij->i", apart, apart)).reshape(-1, k)
        return self.order[index], distance


def _with_squares(rows: np.ndarray) -> np.ndarray:
    return np.hstack([rows, np.einsum("ij,ij->i", rows, rows)[:, None], np.ones((len(rows), 1), np.float32)])


def _asking(queries: np.ndarray) -> np.ndarray:
    square = np.einsum("ij,ij->i", queries, queries)[:, None]
    return np.hstack([-2 * queries, np.ones((len(queries), 1), np.float32), square])


class _Best:
    """The k nearest so far of some queries.

    A neighbour is one integer, the bits of its squared distance before its number, so that sorting needs no second
    array. Few distances come under the largest that a query has already, and only those are looked at one by one.
    """

    def __init__(self, n: int, k: int) -> None:
        self.found = np.full((n, k), _NONE)
        self.limit = np.full(n, np.inf, np.float32)  # squared distance of the k-th, once there are as many

    def forget(self, query: np.ndarray) -> None:
        self.found[query], self.limit[query] = _NONE, np.inf

    def add(self, which: np.ndarray, square: np.ndarray, first: int) -> None:
        """Look at the (q, c) squared distances of the queries `which` to the rows from number `first` on."""
        n, c = square.shape
        k = self.found.shape[1]
        limit = self.limit[which]
        if c >= 4 * k and np.isinf(limit).all():  # of 2 k groups k have a member that is no further than this
            groups = square[:, : c // (2 * k) * (2 * k)].reshape(n, -1, 2 * k).min(axis=1)
            under = square <= np.partition(groups, k - 1, axis=1)[:, k - 1, None]
        else:
            under = square < limit[:, None]
        at = np.flatnonzero(under)
        if not len(at):
            return
        row, column = np.divmod(at, c)
        count = np.bincount(row, minlength=n)
        hit = np.flatnonzero(count)
        count = count[hit]
        place = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
        wide = np.full((len(hit), k + count.max()), _NONE)
        wide[:, :k] = self.found[which[hit]]
        bits = np.maximum(square.ravel()[at], 0).view(np.uint32).astype(np.uint64) << np.uint64(32)
        wide[np.repeat(np.arange(len(hit)), count), k + place] = bits | (column + first).astype(np.uint64)
        wide.partition(k - 1, axis=1)
        self.found[which[hit]] = wide[:, :k]
        self.limit[which[hit]] = np.fmin(_square(wide[:, k - 1]), np.inf)  # where there are not k yet: not a number

    def sorted(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (n, k) numbers and squared distances, nearest first."""
        self.found.sort(axis=1)
        return (self.found & np.uint64(0xFFFFFFFF)).astype(np.int64), _square(self.found)


def _square(found: np.ndarray) -> np.ndarray:
    return (found >> np.uint64(32)).astype(np.uint32).view(np.float32)
