"""What of an embedding is clustered: its coherent components, averaged, weighted and sharpened."""

from __future__ import annotations

import logging

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.coherence import coherent_components, denoise
from napari_trsmi.config import Cluster, Graph
from napari_trsmi.domains.rings import ring_components
from napari_trsmi.errors import DataError
from napari_trsmi.graphs import feature_graph, smooth
from napari_trsmi.sampling import Columns, is_large, parts_of, pieces

logger = logging.getLogger(__name__)

SIMILAR_AMONG = 5_000  # spots of a piece of a large section within which those most like a spot are looked for


def check_varies(embedding: Columns) -> None:
    """Raise `DataError` where the (N, d) embedding is the same for all spots."""
    if not any(np.ptp(part, axis=0).any() for part in parts_of(embedding)):
        raise DataError("Expected an embedding that differs between spots, found the same for all. Train again.")


def domain_features(
    embedding: Columns, spatial: sparse.csr_matrix, settings: Cluster, seed: int = 0, device: Accelerator = CPU
) -> np.ndarray:
    """Return the (N, c) features that are clustered, float64, of a large section float32.

    The embedding is turned to its spatially coherent components, each averaged over the tissue as far as
    cross-validation or `settings.domain_scale` says, weighted by `settings.emphasis` (undecided it is coherent), and
    averaged over the most similar spots `settings.sharpen` times, of a large section those in the same piece of tissue.
    With ``context="rings"`` they are the principal components of the embedding beside its means over each spot's rings
    of neighbours.

    Parameters
    ----------
    embedding
        (N, d) joint embedding, or other columns.
    spatial
        (N, N) CSR spatial graph, zero diagonal.
    settings
        `context`, `domain_scale`, `n_components`, `emphasis`, `sharpen` and `k_similar` are used.
    seed
        For shuffles and probes.
    device
        Asked first where the section is large.

    Raises
    ------
    DataError
        The embedding is the same for all spots.
    """
    check_varies(embedding)
    if settings.context == "rings":
        return ring_components(embedding, spatial, seed=seed, device=device)
    components, w = averaged_components(embedding, spatial, settings, seed, device)
    return emphasised(components, w, spatial, settings, seed, device)


def averaged_components(
    embedding: Columns, spatial: sparse.csr_matrix, settings: Cluster, seed: int = 0, device: Accelerator = CPU
) -> tuple[np.ndarray, np.ndarray]:
    """Return the (N, c) coherent components of an embedding, averaged over the tissue, and their (c,) coherence."""
    components, w = coherent_components(embedding, spatial, seed, settings.n_components, device)
    if settings.domain_scale is None:
        components, reach = denoise(components, spatial, seed, device)
        logger.info("domain scale: %s hops", np.array2string(reach, precision=1))
    else:
        components = smooth(components, spatial, settings.domain_scale, device if is_large(len(components)) else CPU)
    return components, w


def emphasised(
    components: np.ndarray,
    w: np.ndarray,
    spatial: sparse.csr_matrix,
    settings: Cluster,
    seed: int = 0,
    device: Accelerator = CPU,
) -> np.ndarray:
    """Return (N, c) components weighted and sharpened.

    The weight is w / (1 - w), signal over noise, or with ``emphasis="even"`` w alone. The former makes much of what is
    as good as the same at neighbours, as a gradient is that runs over the whole tissue.
    """
    features = components * weights(w, settings).astype(components.dtype)
    if settings.sharpen and is_large(len(features)):
        _sharpen_pieces(features, spatial, settings, seed, device)
    elif settings.sharpen:
        features = smooth(features, _similar_graph(features, settings.k_similar, seed), settings.sharpen)
    return features


def weights(w: np.ndarray, settings: Cluster) -> np.ndarray:
    """Return the (c,) weights of components of coherence w."""
    return w if settings.emphasis == "even" else w / (1.0 - w)


def explained(components: np.ndarray, labels: np.ndarray, n_domains: int) -> float:
    """Return how much domains tell of (N, c) components, in nats per spot.

    It is the gain in the log likelihood of a classification, Gaussian with a diagonal covariance shared by all domains,
    over that of one domain. The scales of the components do not count.

    References
    ----------
    Celeux and Govaert, A classification EM algorithm for clustering, Computational Statistics and Data Analysis 1992.
    """
    share = np.bincount(labels, minlength=n_domains) / len(labels)
    members = sparse.csr_matrix((np.ones(len(labels), np.float32), (labels, np.arange(len(labels)))))
    means = (members @ components) / np.maximum(share * len(labels), 1.0)[:, None]
    total = components.var(axis=0, dtype=float)
    between = share @ (means - share @ means) ** 2
    within = np.maximum(total - between, 1e-9 * np.maximum(total, 1e-12))
    used = share[share > 0]
    return float(0.5 * np.log(np.maximum(total, 1e-12) / within).sum() + (used * np.log(used)).sum())


def _sharpen_pieces(
    features: np.ndarray, spatial: sparse.csr_matrix, settings: Cluster, seed: int, device: Accelerator
) -> None:
    """Put the means over similar spots of the same piece of tissue in place of the (N, c) features."""
    for rows in pieces(spatial, SIMILAR_AMONG):
        own, k = features[rows], settings.k_similar
        found = device.sharpened(own, min(k, len(rows) - 1), settings.sharpen)
        features[rows] = smooth(own, _similar_graph(own, k, seed), settings.sharpen) if found is None else found


def _similar_graph(features: np.ndarray, k: int, seed: int) -> sparse.csr_matrix:
    """(n, n) CSR ones at the `k` most similar spots."""
    k = min(k, len(features) - 1)
    return feature_graph(features, Graph(k_feature=k, metric="euclidean", edge_weights="one"), seed)
