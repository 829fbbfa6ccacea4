"""Spatial and feature neighbour graphs: scipy CSR in, CSR out, nothing N x N."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.config import Graph
from napari_trsmi.errors import ConfigError
from napari_trsmi.interrupt import check
from napari_trsmi.neighbours import Neighbours, nearest, without
from napari_trsmi.tiles import Share, nearest_in_tiles

_EXACT_IN_STUDY = 20_000  # spots of all sections; one is searched exactly further, so that results stay
_LOOKED_AT = 100_000  # spots that tell how spots are laid out
_AT_ONCE = 100_000  # spots that are worked on between two looks at whether to go on


def default_k_spatial(coords: np.ndarray) -> int:
    """Return 8 when the spots lie on a square grid, else 6.

    On a square grid the fifth nearest neighbour is sqrt(2) times as far as the first, on a hexagonal one just as far.

    Parameters
    ----------
    coords
        (N, 2) float coordinates, any unit.
    """
    if len(coords) < 9:
        return min(6, max(1, len(coords) - 1))
    distance = Places(coords).some_distances(5)
    with np.errstate(over="ignore"):  # of spots at one place
        fourth, fifth = np.median(distance[:, 3:] / np.maximum(distance[:, :1], np.finfo(float).tiny), axis=0)
    return 8 if fourth < 1.1 and abs(fifth - np.sqrt(2)) < 0.1 else 6


def on_lattice(coords: np.ndarray, section: np.ndarray | None = None) -> bool:
    """Return whether spots lie on a lattice, as an instrument lays them out, and not where cells happen to be.

    On a lattice nearest neighbours lie equally far apart, whatever spots are missing: of the distances to the nearest
    one, the 10 % and the 90 % quantile differ by less than a fifth of their median. Of several sections all must.

    Parameters
    ----------
    coords
        (N, 2) float coordinates, any unit.
    section
        (N,) int section of each spot; None for one.
    """
    if section is not None:
        return all(on_lattice(coords[rows]) for rows in rows_of(section))
    if len(coords) < 9:
        return True
    low, middle, high = np.quantile(Places(coords).some_distances(1), [0.1, 0.5, 0.9])
    return bool(high - low < 0.2 * middle)


def rows_of(section: np.ndarray) -> list[np.ndarray]:
    """Return the rows of each section, (n,) int, from the (N,) int section of each spot."""
    return [np.flatnonzero(section == number) for number in range(int(section.max()) + 1)]


def spatial_graph(coords: np.ndarray, k: int | None = None, section: np.ndarray | None = None) -> sparse.csr_matrix:
    """Return the union-symmetrised k-nearest-neighbour graph A_S of the spots.

    Parameters
    ----------
    coords
        (N, 2) float coordinates, any unit.
    k
        Neighbours per spot; None takes 8 on a square grid and 6 elsewhere.
    section
        (N,) int section of each spot, between which there are no edges; None for one.

    Returns
    -------
    (N, N) CSR float32, symmetric, weights 1, zero diagonal.

    Raises
    ------
    ConfigError
        There are not more spots than neighbours.

    Examples
    --------
    >>> import numpy as np
    >>> spatial_graph(np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]]), k=1).toarray().astype(int)
    array([[0, 1, 0],
           [1, 0, 1],
           [0, 1, 0]])
    """
    if section is not None:
        rows = rows_of(section)
        blocks = sparse.block_diag([spatial_graph(coords[own], k) for own in rows], format="csr")
        back = np.argsort(np.concatenate(rows))
        if (np.diff(back) == 1).all():  # one section after the other
            return blocks.astype(np.float32, copy=False)
        return blocks[back][:, back].tocsr().astype(np.float32)
    k = default_k_spatial(coords) if k is None else k
    _check_k("k_spatial", k, len(coords))
    return _symmetric(Places(coords).nearest(k))


def feature_graph(
    features: np.ndarray,
    settings: Graph,
    seed: int = 0,
    section: np.ndarray | None = None,
    tiles: np.ndarray | None = None,
) -> sparse.csr_matrix:
    """Return the union-symmetrised k-nearest-neighbour graph A_F of one modality's features.

    Of several sections each gives every spot neighbours in proportion to its spots, and one at least: sections that
    differ would else be graphs by themselves.

    Parameters
    ----------
    features
        (N, D) float features.
    settings
        `k_feature`, `metric` and `edge_weights` are used.
    seed
        For the search by cells that replaces the exact one above 40,000 spots, see `neighbours`.
    section
        (N,) int section of each spot; None for one.
    tiles
        (N,) int tile of each spot, none of which lies in two sections: neighbours are those within a spot's own tile,
        whatever its section. None for no tiles.

    Returns
    -------
    (N, N) CSR float32, symmetric, zero diagonal. Weights are similarities in [0, 1], larger for closer spots.

    Raises
    ------
    ConfigError
        There are not more spots than neighbours, or in one tile.
    """
    return feature_graph_and_recall(features, settings, seed, section, tiles)[0]


def feature_graph_and_recall(
    features: np.ndarray,
    settings: Graph,
    seed: int = 0,
    section: np.ndarray | None = None,
    tiles: np.ndarray | None = None,
    search: Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray] | None] | None = None,
    share: Share | None = None,
) -> tuple[sparse.csr_matrix, float]:
    """Return the graph as `feature_graph` does, and which share of the true neighbours was found (1 if all were).

    Within tiles an exact `search` of another device is used where one is given: (n, d) rows and k to (n, k) indices
    and distances of other rows, or to None where it cannot. Several processes that ask for the same graph `share` the
    search within tiles.
    """
    check()
    n, k = len(features), settings.k_feature
    _check_k("k_feature", k, n)
    rows = np.array(features, np.float32)
    if settings.metric != "euclidean":  # on unit rows, Euclidean order is the order of cosine or correlation
        for start in range(0, n, _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            if settings.metric == "correlation":
                part -= part.mean(axis=1, keepdims=True)
            part /= np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-12)
    if tiles is not None:
        found = nearest_in_tiles(rows, k, seed, tiles, search, share)
    else:
        found = nearest(rows, k, seed=seed) if section is None else _balanced(rows, k, seed, section)
    index, recall = found.index, found.recall
    weight = found.distance.astype(np.float32, copy=False)
    del rows, found  # what is not needed any more would stay beside the graph
    if settings.edge_weights == "one":
        weight.fill(1.0)
    elif settings.metric == "euclidean":  # a spot's k-th neighbour sets its scale
        scale = np.maximum(weight.max(axis=1, keepdims=True), 1e-12)
        weight = np.exp(-0.5 * (weight / scale) ** 2)
    else:  # |a - b|^2 = 2 - 2 cos(a, b), and cosine in [-1, 1] becomes a weight in [0, 1]
        np.square(weight, out=weight)
        weight /= -4.0
        weight += 1.0
    return _symmetric(index, np.maximum(weight, 1e-6, out=weight)), recall


def normalize(graph: sparse.csr_matrix, self_loop: float = 1.0) -> sparse.csr_matrix:
    """Return D^-1/2 (A + c I) D^-1/2 where c is `self_loop` times the mean degree of A.

    Parameters
    ----------
    graph
        (N, N) CSR, symmetric, non-negative, zero diagonal.
    self_loop
        Weight of a spot itself as a multiple of the mean weight of all its neighbours together.

    Returns
    -------
    (N, N) CSR float32 with every diagonal entry stored; its spectrum lies in [-1, 1].
    """
    n = graph.shape[0]
    c = self_loop * graph.sum() / n if self_loop > 0 else 0.0
    looped = (graph + sparse.diags(np.full(n, c, np.float32))).tocsr()
    degree = np.asarray(looped.sum(axis=1)).ravel()
    half = 1.0 / np.sqrt(np.maximum(degree, 1e-12))
    looped.data *= np.repeat(half, np.diff(looped.indptr))
    looped.data *= half[looped.indices]
    return looped.astype(np.float32, copy=False)


def neighbour_mean(graph: sparse.csr_matrix, include_self: bool = False) -> sparse.csr_matrix:
    """Return the (N, N) CSR float32 mean over each spot's neighbours; rows sum to 1, or 0 without any."""
    if include_self:
        graph = graph + sparse.identity(graph.shape[0], dtype=graph.dtype, format="csr")
    degree = np.asarray(graph.sum(axis=1)).ravel()
    inverse = np.divide(1.0, degree, out=np.zeros_like(degree, dtype=float), where=degree > 0)
    share = np.repeat(inverse, np.diff(graph.indptr))
    share *= graph.data
    return sparse.csr_matrix((share.astype(np.float32), graph.indices.copy(), graph.indptr.copy()), graph.shape)


def smooth(values: np.ndarray, graph: sparse.csr_matrix, hops: int, device: Accelerator = CPU) -> np.ndarray:
    """Return (N, d) `values` averaged `hops` times over each spot and its neighbours; the device is asked first."""
    if hops:
        mean = neighbour_mean(graph, include_self=True)
        if (found := device.averaged(values, mean, hops)) is not None:
            return found
        for _ in range(hops):
            check()
            values = mean @ values
    return values


def _check_k(name: str, k: int, n: int) -> None:
    if k >= n:
        raise ConfigError(f"{name}={k} needs more than {k} spots, found {n}. Lower {name}.")


def _balanced(rows: np.ndarray, k: int, seed: int, section: np.ndarray) -> Neighbours:
    """(N, k') indices and distances of the nearest other rows of each section, k' about k.

    All spots ask in every section, which costs N^2 where the search is exact: of many spots it goes by cells.
    """
    index, distance, recall = [], [], []
    engine = "auto" if len(rows) < _EXACT_IN_STUDY else "cells"
    for own in rows_of(section):
        share = min(max(1, round(k * len(own) / len(rows))), len(own) - 1)
        place = np.full(len(rows), -1, np.int32)  # of a spot among those of this section
        place[own] = np.arange(len(own))
        found = nearest(rows[own], share, rows, own=place, seed=seed, engine=engine)
        index.append(own[found.index])
        distance.append(found.distance)
        recall.append(found.recall)
    return Neighbours(np.hstack(index), np.hstack(distance), float(np.mean(recall)))


class Places:
    """Spots at (N, 2) coordinates, for whose neighbours one asks."""

    def __init__(self, coords: np.ndarray) -> None:
        from sklearn.neighbors import NearestNeighbors

        self.coords = coords
        self.tree = NearestNeighbors().fit(coords)

    def nearest(self, k: int) -> np.ndarray:
        """Return the (N, k) int32 nearest other spots of each."""
        n = len(self.coords)
        index = np.empty((n, k), np.int32)
        if n <= _AT_ONCE:
            check()
            index[:] = self.tree.kneighbors(n_neighbors=k, return_distance=False)
            return index
        for start in range(0, n, _AT_ONCE):
            check()
            own = np.arange(start, min(n, start + _AT_ONCE))
            index[own] = without(own, self.tree.kneighbors(self.coords[own], k + 1, return_distance=False))[0]
        return index

    def some_distances(self, k: int) -> np.ndarray:
        """Return the (n, k) distances of the nearest other spots, of all spots or of some drawn at random."""
        n = len(self.coords)
        if n <= _LOOKED_AT:
            found: np.ndarray = self.tree.kneighbors(n_neighbors=k)[0]
            return found
        own = np.sort(np.random.default_rng(0).choice(n, _LOOKED_AT, replace=False))
        distance, index = self.tree.kneighbors(self.coords[own], k + 1)
        return without(own, index, distance)[1]


def _symmetric(index: np.ndarray, weight: np.ndarray | None = None) -> sparse.csr_matrix:
    """(N, N) CSR with the larger of both directions' weights, from (N, k) neighbours; None weighs all 1."""
    n, k = index.shape
    weight = np.ones(index.size, np.float32) if weight is None else weight.ravel()
    directed = sparse.csr_matrix((weight, index.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    graph = directed.maximum(directed.T).tocsr()
    graph.sort_indices()
    if graph.diagonal().any():
        graph.setdiag(0.0)
        graph.eliminate_zeros()
    return graph
