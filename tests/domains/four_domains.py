"""A square section of four domains, and settings to cut it with."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans

from napari_trsmi.config import Cluster
from napari_trsmi.graphs import spatial_graph

SIDE = 14
ROW, COLUMN = np.divmod(np.arange(SIDE * SIDE), SIDE)
SPATIAL = spatial_graph(np.column_stack([COLUMN, ROW]).astype(float))
TRUTH = np.where(ROW < 4, 3, np.minimum(COLUMN // 5, 2))
METHODS, REFINEMENTS = ("mixture", "prototypes", "kmeans", "leiden"), ("off", "majority", "potts")


def embedding(noise: float = 0.4, seed: int = 0) -> np.ndarray:
    """(196, 5) embedding of four domains, the last two columns noise only."""
    rng = np.random.default_rng(seed)
    signal = np.hstack([2.0 * np.eye(4)[TRUTH][:, :3], np.zeros((SIDE * SIDE, 2))])
    return (signal + noise * rng.normal(size=signal.shape)).astype(np.float32)


def cluster(**changes) -> Cluster:
    explicit = {
        "domain_scale": 0,
        "sharpen": 0,
        "k_similar": 10,
        "n_components": 5,
        "n_init": 2,
        "method": "mixture",
        "refinement": "off",
        "strength": 1.0,
    }
    return Cluster(**{**explicit, **changes})


def prototypes(z: np.ndarray, k: int) -> np.ndarray:
    return KMeans(k, n_init=2, random_state=1).fit(z).cluster_centers_
