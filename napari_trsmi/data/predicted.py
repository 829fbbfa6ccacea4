"""What a modality would be at the spots that lack it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.config import Kind
from napari_trsmi.data.components import log_ratio_of
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.graphs import neighbour_mean
from napari_trsmi.interrupt import check
from napari_trsmi.normalised import scale_of

MOST = 100_000_000  # values, of spots times features, that may be dense
_RIDGE = 1e-2


def predicted(
    embedding: np.ndarray,
    dataset: Dataset,
    spatial: sparse.csr_matrix,
    has: Mapping[str, np.ndarray],
    kinds: Mapping[str, Kind],
) -> tuple[dict[str, np.ndarray], list[str]]:
    r"""Return the features that spots lack, decoded from the embedding, and notes.

    They are decoded as in training, :math:`\hat F = A_S Z W`, with W fitted by ridge regression on the spots that have
    the modality.

    Parameters
    ----------
    embedding
        (N, d) joint embedding.
    dataset, spatial
        What it was made from.
    has
        {modality: (N,) bool} spots that have it, of those modalities that some spots lack.
    kinds
        {modality: kind} where the dataset's own is wrong.

    Returns
    -------
    predicted
        {modality: (N, D) float32}: logarithms of counts per 10,000 (RNA, chromatin), centred log ratios (protein),
        components as they are (precomputed); NaN where it was measured.
    notes
        What was not predicted.
    """
    found: dict[str, np.ndarray] = {}
    notes: list[str] = []
    if not has:
        return found, notes
    mean = neighbour_mean(spatial, include_self=True)
    smooth = mean @ np.asarray(embedding, float)
    for name, measured in has.items():
        check()
        modality = dataset.modalities[name]
        kind = kinds.get(name, modality.kind)
        if modality.table.n_obs * modality.table.n_vars > MOST:
            notes.append(
                f"{name} is not predicted where it is missing: {modality.table.n_obs:,} spots times "
                f"{modality.table.n_vars:,} features are more than {MOST:,} values."
            )
            continue
        found[name] = _decoded(smooth, _logged(modality.table.X[measured], kind), measured, dataset.section)
    return found, notes


def _decoded(smooth: np.ndarray, values: np.ndarray, has: np.ndarray, section: np.ndarray | None) -> np.ndarray:
    """(N, D) float32: ridge regression of (n, D) `values` of the spots `has` on (N, d) `smooth`; NaN at those."""
    level = values.mean(axis=0, dtype=float)
    if section is not None:  # the level of a section is its batch
        for number in np.unique(section[has]):
            own = section[has] == number
            values[own] += level - values[own].mean(axis=0)
    x = np.column_stack([np.ones(len(smooth)), smooth - smooth[has].mean(axis=0)])
    gram = x[has].T @ x[has]
    penalty = np.full(x.shape[1], _RIDGE * gram.diagonal()[1:].mean())
    penalty[0] = 0.0
    weights = np.linalg.solve(gram + np.diag(penalty), x[has].T @ values)
    out = np.full((len(has), values.shape[1]), np.nan, np.float32)
    out[~has] = x[~has] @ weights
    return out


def _logged(values: Any, kind: Kind) -> np.ndarray:
    """(n, D) float32 logarithms of all features of a modality, as a person would look at them; at most `MOST`."""
    if kind in ("protein", "precomputed"):
        dense = np.asarray(values.todense() if sparse.issparse(values) else values, np.float32)
        if kind == "precomputed" or dense.min() < 0:
            return dense
        return log_ratio_of(dense)
    counts = sparse.csr_matrix(values, dtype=np.float32)
    if scale_of(values) != "logged":
        total = np.asarray(counts.sum(axis=1)).ravel()
        counts = (sparse.diags(1e4 / np.maximum(total, 1e-12)) @ counts).tocsr().log1p()
    return np.asarray(counts.todense(), np.float32)
