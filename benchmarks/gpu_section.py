"""Sections for the benchmark on a GPU, made of numpy alone: no tables, no files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_trsmi.config import Graph
from napari_trsmi.graphs import feature_graph, spatial_graph

N_FEATURES = 50  # components of a modality
N_SIMILAR = 14  # similar spots of a spot: in both directions 28, as many as 20 nearest ones have


@dataclass(frozen=True)
class Section:
    """What training takes, and the true domains where there are any.

    Attributes
    ----------
    features
        {modality: (N, D) float32}.
    spatial, feature_graphs
        (N, N) CSR, symmetric; of each modality one.
    labels
        (N,) int.
    """

    features: dict[str, np.ndarray]
    spatial: sparse.csr_matrix
    feature_graphs: dict[str, sparse.csr_matrix]
    labels: np.ndarray


def simulated_section(n: int, seed: int = 0) -> Section:
    """Return RNA and protein of a simulated slice, with features and graphs as a run has them."""
    from napari_trsmi.data.preprocess import denoised_features, weighted_components
    from napari_trsmi.data.simulate.counts import CHEMISTRY, draw_counts, draw_profiles, groups_seen
    from napari_trsmi.data.simulate.settings import SimulationSettings
    from napari_trsmi.data.simulate.tissue import draw_tissue

    settings = SimulationSettings(n_spots=n, image=0, seed=seed)
    tissue, spots = draw_tissue(settings, 0)
    membership = tissue.membership(spots.points)
    spatial = spatial_graph(spots.points)
    measured = {}
    for code, (m, width) in enumerate({"rna": settings.n_genes, "adt": settings.n_proteins}.items()):
        rng = np.random.default_rng([seed, code])
        chemistry = CHEMISTRY[m]
        profiles, _ = draw_profiles(chemistry, groups_seen(settings, m), width, settings.contrast, rng)
        depth = np.full(n, settings.depth * chemistry.share)
        counts = draw_counts(membership, profiles, depth, settings, rng)
        measured[m] = weighted_components(principal_components(counts), spatial, seed)
    features = denoised_features(measured, spatial, seed)
    graphs = {m: feature_graph(values, Graph(), seed) for m, values in features.items()}
    return Section(features, spatial, graphs, membership.argmax(axis=1))


def principal_components(counts: sparse.csr_matrix) -> np.ndarray:
    """Return the (N, <= 50) principal components of counts per spot, their logarithms scaled."""
    from sklearn.decomposition import PCA

    total = np.maximum(np.asarray(counts.sum(axis=1)), 1.0)
    values = np.log1p(counts.toarray() * (1e4 / total))
    values = values[:, values.std(axis=0) > 0]
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    return PCA(min(N_FEATURES, values.shape[1] - 1), random_state=0).fit_transform(values)


def shuffled_section(n: int, seed: int = 0) -> Section:
    """Return a hexagonal grid whose spots are each like 28 others that lie anywhere; made in linear time.

    A search for similar spots would take longer than the epochs, and how fast an epoch is depends only on how many
    edges there are and how far they reach.
    """
    rng = np.random.default_rng(seed)
    width = int(np.ceil(np.sqrt(n)))
    row, column = np.divmod(np.arange(n), width)
    coords = np.column_stack([column + 0.5 * (row % 2), row * np.sqrt(0.75)])
    features = {m: rng.standard_normal((n, N_FEATURES)).astype(np.float32) for m in ("rna", "adt")}
    graphs = {}
    for m in features:
        ends = rng.integers(0, n, n * N_SIMILAR)
        rows = np.repeat(np.arange(n), N_SIMILAR)
        kept = rows != ends
        weights = rng.uniform(0.5, 1.0, kept.sum()).astype(np.float32)
        directed = sparse.csr_matrix((weights, (rows[kept], ends[kept])), shape=(n, n))
        graphs[m] = directed.maximum(directed.T).tocsr()
    return Section(features, spatial_graph(coords), graphs, np.zeros(n, int))


def wave_section(n: int, seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return two modalities of 50 features, waves 8 to 40 spots long under noise, and the (N, 2) places on a grid."""
    rng = np.random.default_rng(seed)
    width = int(np.ceil(np.sqrt(n)))
    row, column = np.divmod(np.arange(n), width)
    coords = np.column_stack([column + 0.5 * (row % 2), row * np.sqrt(0.75)])
    features = {}
    for m in ("rna", "adt"):
        values = rng.standard_normal((n, N_FEATURES)).astype(np.float32)
        for j, share in enumerate(np.linspace(0.2, 0.8, N_FEATURES)):
            length, angle = rng.uniform(8, 40), rng.uniform(0, 2 * np.pi)
            wave = np.cos(coords @ (2 * np.pi / length * np.array([np.cos(angle), np.sin(angle)])))
            values[:, j] = np.sqrt(2 * (1 - share)) * wave + np.sqrt(share) * values[:, j]
        features[m] = values
    return features, coords
