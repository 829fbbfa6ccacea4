"""What is true of spots and boundaries, and how well numbers in [0, 1] say so."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import sparse

from napari_trsmi.domains.comparison import match_labels
from napari_trsmi.domains.labels import upper_edges

BINS = 10
Curve = list[dict[str, float]]


def right_spots(labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return (N,) 1 where a spot's domain is the true one, 0 where not, NaN where it has no true one.

    Parameters
    ----------
    labels
        (N,) int, 0 or more, matched to the true domains one to one so that as many spots as possible are right.
    truth
        (N,) int, -1 where there is none.
    """
    return np.where(truth >= 0, (match_labels(labels, truth) == truth).astype(float), np.nan)


def true_edges(i: np.ndarray, j: np.ndarray, truth: np.ndarray, spatial: sparse.csr_matrix) -> np.ndarray:
    """Return (E,) 1 where a boundary edge is true, 0 where it is false, NaN where an end has no true domain.

    An edge is true where a true boundary edge has one of its two ends, as in `boundary_agreement` with ``tolerance=1``.

    Parameters
    ----------
    i, j
        (E,) int spots of the boundary edges.
    truth
        (N,) int, -1 where there is none.
    spatial
        (N, N) CSR spatial graph.
    """
    u, v = upper_edges(spatial)
    crossing = (truth[u] != truth[v]) & (truth[u] >= 0) & (truth[v] >= 0)
    at_boundary = np.zeros(len(truth), bool)
    at_boundary[u[crossing]] = at_boundary[v[crossing]] = True
    known = (truth[i] >= 0) & (truth[j] >= 0)
    return np.where(known, (at_boundary[i] | at_boundary[j]).astype(float), np.nan)


def of_segments(segment: np.ndarray, edges: np.ndarray, n_segments: int) -> np.ndarray:
    """Return (S,) 1 where half of a segment's edges or more are 1, else 0; NaN where none of them is known.

    Parameters
    ----------
    segment
        (E,) int segment of each edge.
    edges
        (E,) 1, 0, or NaN where not known.
    n_segments
        S.
    """
    known = ~np.isnan(edges)
    count = np.bincount(segment[known], minlength=n_segments)
    ones = np.bincount(segment[known], weights=edges[known], minlength=n_segments)
    return np.where(count > 0, (2 * ones >= count).astype(float), np.nan)


def inner_edges(truth: np.ndarray, sides: np.ndarray, spatial: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends, (E,) each, of the graph's edges from one side to another within one true domain."""
    u, v = upper_edges(spatial)
    inner = (sides[u] != sides[v]) & (truth[u] == truth[v]) & (truth[u] >= 0)
    return u[inner], v[inner]


def auc(said: np.ndarray, found: np.ndarray) -> float:
    """Return the chance that what is true (1) was said to be likelier than what is not (0); NaN without both."""
    from sklearn.metrics import roc_auc_score

    known = ~np.isnan(found) & ~np.isnan(said)
    return float(roc_auc_score(found[known], said[known])) if len(np.unique(found[known])) == 2 else math.nan


def reliability(said: np.ndarray, found: np.ndarray, n_bins: int = BINS) -> Curve:
    """Return what was said and what is, bin by bin of equal width, the last one with its upper end.

    Parameters
    ----------
    said
        (N,) in [0, 1].
    found
        (N,) in [0, 1], NaN where not known.

    Returns
    -------
    One entry per bin: ``bin`` (its lower end), ``said`` and ``is`` (means, NaN in an empty bin), ``n``.
    """
    known = ~np.isnan(found) & ~np.isnan(said)
    said, found = said[known].astype(float), found[known].astype(float)
    which = np.clip(np.floor(said * n_bins + 1e-9).astype(int), 0, n_bins - 1)
    n, of_said, of_found = (np.bincount(which, weights, minlength=n_bins) for weights in (None, said, found))
    return [_bin(b / n_bins, int(n[b]), float(of_said[b]), float(of_found[b])) for b in range(n_bins)]


def pooled(curves: Sequence[Curve]) -> Curve:
    """Return one curve of all that stands behind several with the same bins."""
    out = []
    for bins in zip(*curves, strict=True):
        filled = [b for b in bins if b["n"]]
        said, found = (sum(b[name] * b["n"] for b in filled) for name in ("said", "is"))
        out.append(_bin(bins[0]["bin"], sum(b["n"] for b in bins), said, found))
    return out


def ece(curve: Curve) -> float:
    """Return the expected calibration error: the mean over all, bin by bin, of how far what is lies from what was said.

    References
    ----------
    Naeini et al., Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015.
    """
    total = sum(b["n"] for b in curve)
    return sum(b["n"] * abs(b["said"] - b["is"]) for b in curve if b["n"]) / total if total else math.nan


def _bin(lower: float, n: float, said: float, found: float) -> dict[str, float]:
    return {"bin": lower, "n": n, "said": said / n if n else math.nan, "is": found / n if n else math.nan}
