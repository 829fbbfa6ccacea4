"""What a run gives back: domains, embedding, boundaries, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.config import Config
from napari_trsmi.records import Partition, Step

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.dataset import Dataset


@dataclass(frozen=True)
class Result:
    """Domains of one run with everything needed to question, save and repeat them.

    Attributes
    ----------
    dataset
        The section the run was made on.
    config
        The settings; `write` stores them so that the run can be repeated.
    partition
        Labels and posterior.
    embedding
        (N, d) float32 joint embedding Z.
    coords
        (N, 2) float64, as in the dataset.
    correspondences
        {(a, b): (N, N) CSR}, rows sum to 1.
    modality_weights
        (N, M) float32, rows sum to 1; columns in `dataset.modalities` order.
    boundaries
        One row per boundary segment, see `domains.boundaries`.
    boundary_edges
        One row per spatial-graph edge between two domains.
    colors
        One ``"#rrggbb"`` per domain.
    history
        One `Step` per epoch.
    scores
        {name: number}: label-free scores of this result (PAS, CHAOS, Moran's I, preservation, ...).
    provenance
        JSON-ready: versions, machine, input hashes, seconds per phase, notes.
    """

    dataset: Dataset
    config: Config
    partition: Partition
    embedding: np.ndarray
    correspondences: dict[tuple[str, str], sparse.csr_matrix] = field(default_factory=dict)
    modality_weights: np.ndarray | None = None
    boundaries: pd.DataFrame | None = None
    boundary_edges: pd.DataFrame | None = None
    colors: tuple[str, ...] = ()
    history: tuple[Step, ...] = ()
    scores: dict[str, float] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> np.ndarray:
        """(N,) int domain of each spot, 0..K-1 by falling size."""
        return self.partition.labels

    @property
    def confidence(self) -> np.ndarray:
        """(N,) float32 posterior of the spot's own domain."""
        return self.partition.confidence

    @property
    def obs_names(self) -> np.ndarray:
        """(N,) str barcodes in the order of `labels`."""
        return self.dataset.obs_names

    @property
    def coords(self) -> np.ndarray:
        """(N, 2) float64 (x, y) in the order of `labels`."""
        return self.dataset.coords

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each domain, as written to files: "1", "2", ..."""
        return tuple(str(k + 1) for k in range(self.partition.n_domains))
