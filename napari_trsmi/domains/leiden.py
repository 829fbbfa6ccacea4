"""Leiden communities with a given number of them."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from napari_trsmi.config import Graph
from napari_trsmi.errors import ConfigError
from napari_trsmi.graphs import feature_graph


def leiden_labels(features: np.ndarray, n_domains: int, *, k: int = 20, seed: int = 0) -> np.ndarray:
    """Return (N,) int labels of exactly `n_domains` Leiden communities of the k-nearest-neighbour graph.

    The resolution is bisected. Where no resolution gives the number, the nearest larger partition is merged, smallest
    community into the one with the closest mean first.

    Parameters
    ----------
    features
        (N, c) features.
    n_domains
        K, at most N.
    k
        Neighbours per spot.
    seed
        Of the graph search and of Leiden.

    Raises
    ------
    ConfigError
        igraph is not installed: it comes with an extra, because its licence is the GPL.
    """
    try:
        import igraph
    except ModuleNotFoundError as error:
        raise ConfigError(
            "Expected igraph for cluster.method='leiden', found none. Install it with "
            '`pip install "napari-trsmi[leiden]"`, or use another method.'
        ) from error

    n = len(features)
    settings = Graph(k_feature=min(k, n - 1), metric="euclidean", edge_weights="similarity")
    upper = sparse.triu(feature_graph(features, settings, seed)).tocoo()
    graph = igraph.Graph(n, np.stack([upper.row, upper.col], axis=1), edge_attrs={"weight": upper.data})
    import random

    state = random.Random(seed)
    igraph.set_random_number_generator(state)
    try:

        def communities(resolution: float) -> np.ndarray:
            state.seed(seed)
            found = graph.community_leiden("modularity", weights="weight", resolution=resolution, n_iterations=5)
            return np.asarray(found.membership)

        low, high = 1e-3, 1.0
        while (best := communities(high)).max() + 1 < n_domains and high < 1e6:
            low, high = high, 2 * high
        for _ in range(25):
            if best.max() + 1 == n_domains:
                break
            middle = np.sqrt(low * high)
            found = communities(middle)
            if found.max() + 1 >= n_domains:
                best, high = found, middle
            else:
                low = middle
    finally:
        igraph.set_random_number_generator(random)
    return _merge_to(features, best, n_domains)


def _merge_to(features: np.ndarray, labels: np.ndarray, n_domains: int) -> np.ndarray:
    labels = np.unique(labels, return_inverse=True)[1]
    while (count := labels.max() + 1) > n_domains:
        sizes = np.bincount(labels)
        means = np.stack([np.bincount(labels, weights=column) / sizes for column in features.T], axis=1)
        small = int(sizes.argmin())
        distance = ((means - means[small]) ** 2).sum(axis=1)
        distance[small] = np.inf
        labels = np.where(labels == small, int(distance.argmin()), labels)
        labels = np.unique(labels, return_inverse=True)[1]
        assert labels.max() + 1 == count - 1
    return labels
