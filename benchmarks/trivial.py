"""The trivial rows: features averaged over a few hops of the tissue, then a mixture or k-means. No network."""

from __future__ import annotations

import numpy as np
from datasets import Loaded

from napari_trsmi.config import Preprocess
from napari_trsmi.data.components import components
from napari_trsmi.domains.rings import ring_means
from napari_trsmi.graphs import smooth

HOPS = (0, 1, 2, 4, 8)
CLUSTERINGS = {"mixture": "gmm_noL2", "k-means": "kmeans_noL2"}  # and their names in the table of peers


def blocks(loaded: Loaded, seed: int) -> np.ndarray:
    """Return the (N, sum of D_m) components of all modalities, centred, each modality of total variance 1."""
    out = []
    for modality in loaded.dataset.modalities.values():
        kind = modality.kind
        values = components(modality, kind, Preprocess(), seed).astype(float)
        values = values - values.mean(axis=0)
        out.append(values / np.sqrt((values**2).sum() / len(values)))
    return np.hstack(out)


def trivial_labels(features: np.ndarray, clustering: str, n_domains: int, seed: int) -> np.ndarray:
    """Return (N,) labels: PCA 20, then a tied-covariance mixture (10 restarts) or k-means (20 restarts)."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    reduced = PCA(min(20, *features.shape), random_state=seed).fit_transform(features)
    if clustering == "mixture":
        model = GaussianMixture(n_domains, covariance_type="tied", n_init=10, random_state=seed)
    else:
        model = KMeans(n_domains, n_init=20, random_state=seed)
    return model.fit_predict(reduced)


def trivial_rows(loaded: Loaded, seed: int, hops: tuple[int, ...] = HOPS) -> dict[tuple[int, str], np.ndarray]:
    """Return {(hops, clustering): (N,) labels}."""
    features = blocks(loaded, seed)
    return {
        (h, clustering): trivial_labels(smooth(features, loaded.graph, h), clustering, loaded.case.n_domains, seed)
        for h in hops
        for clustering in CLUSTERINGS
    }


def fixed_rows(loaded: Loaded, seed: int) -> dict[str, np.ndarray]:
    """Return {row: (N,) labels}: hops as in `trivial_rows`, and rings 1 to 3 beside each spot; all cut by a mixture."""
    features, rows = blocks(loaded, seed), {}
    for h in HOPS:
        rows[f"{h} hops" if h != 1 else "1 hop"] = smooth(features, loaded.graph, h)
    rows["rings"] = ring_means(features, loaded.graph)
    return {row: trivial_labels(values, "mixture", loaded.case.n_domains, seed) for row, values in rows.items()}
