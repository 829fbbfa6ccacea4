"""Spatial and feature neighbour graphs: scipy CSR in, CSR out, nothing N x N."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.config import Graph
from napari_trsmi.errors import ConfigError
from napari_trsmi.interrupt import check

BRUTE_FORCE_BELOW = 40_000  # exact search costs N^2 d; below this about what pynndescent takes to compile
_QUERIES = 10_000  # that are searched for between two looks at whether to go on


def default_k_spatial(coords: np.ndarray) -> int:
    """Return 8 when the spots lie on a square grid, else 6.

    On a square grid the fifth nearest neighbour is sqrt(2) times as far as the first, on a hexagonal one just as far.

    Parameters
    ----------
    coords
        (N, 2) float coordinates, any unit.
    """
    from sklearn.neighbors import NearestNeighbors

    if len(coords) < 9:
        return min(6, max(1, len(coords) - 1))
    distance = NearestNeighbors(n_neighbors=5).fit(coords).kneighbors()[0]  # (N, 5), the spot itself left out
    nearest = np.maximum(distance[:, 0], np.finfo(float).tiny)
    fourth, fifth = np.median(distance[:, 3] / nearest), np.median(distance[:, 4] / nearest)
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
    from sklearn.neighbors import NearestNeighbors

    if section is not None:
        return all(on_lattice(coords[rows]) for rows in rows_of(section))
    if len(coords) < 9:
        return True
    nearest = NearestNeighbors(n_neighbors=1).fit(coords).kneighbors()[0]
    low, middle, high = np.quantile(nearest, [0.1, 0.5, 0.9])
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
    from sklearn.neighbors import NearestNeighbors

    if section is not None:
        rows = rows_of(section)
        blocks = sparse.block_diag([spatial_graph(coords[own], k) for own in rows], format="csr")
        back = np.argsort(np.concatenate(rows))
        return blocks[back][:, back].tocsr().astype(np.float32)
    k = default_k_spatial(coords) if k is None else k
    _check_k("k_spatial", k, len(coords))
    index = NearestNeighbors(n_neighbors=k).fit(coords).kneighbors(return_distance=False)
    return _symmetric(index, np.ones(index.shape, np.float32))


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
        For the approximate search that replaces the exact one above 40,000 spots.
    section
        (N,) int section of each spot; None for one.

    Returns
    -------
    (N, N) CSR float32, symmetric, zero diagonal. Weights are similarities in [0, 1], larger for closer spots.

    Raises
    ------
    ConfigError
        There are not more spots than neighbours.
    """
    check()
    if tiles is not None:  # TEMPORARY
        order = np.argsort(tiles, kind="stable")
        own_rows = np.split(order, np.bincount(tiles).cumsum()[:-1])
        blocks = sparse.block_diag([feature_graph(features[own], settings, seed) for own in own_rows], format="csr")
        back = np.argsort(order)
        return blocks[back][:, back].tocsr()
    n, k = len(features), settings.k_feature
    _check_k("k_feature", k, n)
    rows = np.asarray(features, np.float32)
    if settings.metric == "correlation":
        rows = rows - rows.mean(axis=1, keepdims=True)
    if settings.metric != "euclidean":  # on unit rows, Euclidean order is the order of cosine or correlation
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    index, distance = _nearest(rows, k, seed) if section is None else _balanced(rows, k, seed, section)
    if settings.edge_weights == "one":
        weight = np.ones_like(distance)
    elif settings.metric == "euclidean":  # a spot's k-th neighbour sets its scale
        scale = np.maximum(distance.max(axis=1, keepdims=True), 1e-12)
        weight = np.exp(-0.5 * (distance / scale) ** 2)
    else:  # |a - b|^2 = 2 - 2 cos(a, b), and cosine in [-1, 1] becomes a weight in [0, 1]
        weight = 1.0 - distance**2 / 4.0
    return _symmetric(index, np.maximum(weight, 1e-6).astype(np.float32))


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
    half = sparse.diags(1.0 / np.sqrt(np.maximum(degree, 1e-12)))
    return (half @ looped @ half).tocsr().astype(np.float32)


def neighbour_mean(graph: sparse.csr_matrix, include_self: bool = False) -> sparse.csr_matrix:
    """Return the (N, N) CSR float32 mean over each spot's neighbours; rows sum to 1, or 0 without any."""
    if include_self:
        graph = graph + sparse.identity(graph.shape[0], dtype=graph.dtype, format="csr")
    degree = np.asarray(graph.sum(axis=1)).ravel()
    inverse = np.divide(1.0, degree, out=np.zeros_like(degree, dtype=float), where=degree > 0)
    return (sparse.diags(inverse) @ graph).tocsr().astype(np.float32)


def smooth(values: np.ndarray, graph: sparse.csr_matrix, hops: int) -> np.ndarray:
    """Return (N, d) `values` averaged `hops` times over each spot and its neighbours."""
    if hops:
        mean = neighbour_mean(graph, include_self=True)
        for _ in range(hops):
            check()
            values = mean @ values
    return values


def _check_k(name: str, k: int, n: int) -> None:
    if k >= n:
        raise ConfigError(f"{name}={k} needs more than {k} spots, found {n}. Lower {name}.")


def _nearest(rows: np.ndarray, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, k) indices and Euclidean distances of the nearest other rows."""
    n = len(rows)
    if n < BRUTE_FORCE_BELOW:
        from sklearn.neighbors import NearestNeighbors

        search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(rows)
        if n <= _QUERIES:
            distance, index = search.kneighbors()
            return index, distance.astype(np.float32)
        index, distance = _in_parts(search, rows, k + 1)
        own = index == np.arange(n)[:, None]
        own[~own.any(axis=1), -1] = True
        return index[~own].reshape(n, k), distance[~own].reshape(n, k).astype(np.float32)
    from pynndescent import NNDescent

    index, distance = NNDescent(rows, n_neighbors=k + 1, random_state=seed).neighbor_graph
    # The spot itself usually comes first; where a duplicate took its place, drop the last neighbour instead.
    own = index == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True
    return index[~own].reshape(n, k), distance[~own].reshape(n, k).astype(np.float32)


def _balanced(rows: np.ndarray, k: int, seed: int, section: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, k') indices and distances of the nearest other rows of each section, k' about k."""
    index, distance = [], []
    for own in rows_of(section):
        check()
        share = min(max(1, round(k * len(own) / len(rows))), len(own) - 1)
        near, far = nearest_of(rows[own], rows, share + 1, seed)
        near = own[near]
        itself = near == np.arange(len(rows))[:, None]
        itself[~itself.any(axis=1), -1] = True  # of another section, or hidden by a duplicate: the last is left out
        index.append(near[~itself].reshape(len(rows), share))
        distance.append(far[~itself].reshape(len(rows), share))
    return np.hstack(index), np.hstack(distance).astype(np.float32)


def nearest_of(rows: np.ndarray, queries: np.ndarray, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return (Q, k) indices and Euclidean distances of the (n, d) rows nearest to each of the (Q, d) queries."""
    if len(rows) < BRUTE_FORCE_BELOW:
        from sklearn.neighbors import NearestNeighbors

        return _in_parts(NearestNeighbors(n_neighbors=k, algorithm="brute").fit(rows), queries, k)
    from pynndescent import NNDescent

    found: tuple[np.ndarray, np.ndarray] = NNDescent(rows, n_neighbors=max(k, 15), random_state=seed).query(queries, k)
    return found


def _in_parts(search: Any, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(Q, k) indices and distances, some queries at a time, so that a person who cancels need not wait for all."""
    parts = []
    for start in range(0, len(queries), _QUERIES):
        check()
        parts.append(search.kneighbors(queries[start : start + _QUERIES], k))
    distance, index = (np.concatenate(part) for part in zip(*parts, strict=True))
    return index, distance


def _symmetric(index: np.ndarray, weight: np.ndarray) -> sparse.csr_matrix:
    """(N, N) CSR with the larger of both directions' weights, from (N, k) neighbours."""
    n, k = index.shape
    directed = sparse.csr_matrix((weight.ravel(), index.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    graph = directed.maximum(directed.T).tocsr()
    graph.sort_indices()
    return graph
