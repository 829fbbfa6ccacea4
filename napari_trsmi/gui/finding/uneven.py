"""Which features differ most between the parts of a section; of a sample of the spots, whatever its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_trsmi.data.dataset import Dataset

_SEEN = 2000  # spots
_CELLS = 6  # per side of the grid that the section is divided into


def most_uneven(dataset: Dataset, modality: str, n: int) -> list[str]:
    """Return the `n` features whose counts differ most between parts of the section, most uneven first.

    The section is divided into a grid; counts per cell are compared with what they would be if the feature had the
    same share everywhere (Pearson's chi-squared). Each section of a study is compared with itself: how they differ from
    each other may be a batch.
    """
    found, step = dataset.modalities[modality], max(1, dataset.n_spots // _SEEN)
    uneven = np.zeros(found.table.n_vars)
    for rows in dataset.sections:
        if found.measured is None or found.measured[rows].any():
            uneven += _unevenness(found.table, rows[::step], dataset.coords[rows], step)
    best = np.argsort(-uneven, kind="stable")[:n]
    return [str(found.table.var_names[j]) for j in best if uneven[j] > 0]


def _unevenness(table: AnnData, rows: np.ndarray, coords: np.ndarray, step: int) -> np.ndarray:
    """Return the (D,) chi-squared of the features over a grid: of every so-many-th spot, at `coords` of all."""
    from scipy import sparse

    counts = np.abs(sparse.csr_matrix(table.X[rows]).astype(np.float32))  # (n_seen, D)
    share = (coords[::step] - coords.min(axis=0)) / np.maximum(np.ptp(coords, axis=0), 1e-12)
    cells = np.minimum((_CELLS * share).astype(int), _CELLS - 1) @ (1, _CELLS)
    member = sparse.csr_matrix((np.ones(len(rows), np.float32), (cells, np.arange(len(rows)))))
    found = (member @ counts).toarray()  # (n_cells, D)
    total = found.sum()
    expected = np.outer(found.sum(axis=1), found.sum(axis=0)) / (total if total > 0 else 1.0)
    uneven: np.ndarray = np.divide((found - expected) ** 2, expected, out=np.zeros_like(found), where=expected > 0)
    return uneven.sum(axis=0)
