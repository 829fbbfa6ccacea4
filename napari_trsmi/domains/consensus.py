"""What several runs have in common: how sure each spot and each boundary is to come out again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_trsmi.domains.comparison import match_labels
from napari_trsmi.domains.labels import check_lengths
from napari_trsmi.errors import DataError
from napari_trsmi.interrupt import check


@dataclass(frozen=True)
class Consensus:
    """Several labellings of the same spots, beside one of reference.

    Attributes
    ----------
    matched
        (R, N) int labels of the runs, numbered like the reference.
    stability
        (N,) float32 share of the runs, in [0, 1], in which the spot has the domain of the reference.
    labels
        (N,) int domain that most runs give a spot; the reference's where it is among the most frequent.
    agreement
        (R, R) adjusted Rand index of every two runs; 1 on the diagonal.
    """

    matched: np.ndarray
    stability: np.ndarray
    labels: np.ndarray
    agreement: np.ndarray

    @property
    def mean_agreement(self) -> float:
        """Mean adjusted Rand index over all pairs of different runs; NaN for a single run."""
        n = len(self.agreement)
        return float(self.agreement[np.triu_indices(n, 1)].mean()) if n > 1 else float("nan")


def consensus(runs: Sequence[np.ndarray], reference: np.ndarray | None = None) -> Consensus:
    """Return what R labellings have in common. O(R N + R^2 N).

    Parameters
    ----------
    runs
        R arrays of (N,) int labels, 0 or more.
    reference
        (N,) int labels to compare with; the run that agrees best with the others where not given.

    Raises
    ------
    DataError
        There is no run, or lengths differ.

    Examples
    --------
    >>> runs = [np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), np.array([0, 0, 0, 1])]
    >>> consensus([*runs, runs[0]]).stability.tolist()
    [1.0, 1.0, 0.75, 1.0]
    """
    from sklearn.metrics import adjusted_rand_score

    if not len(runs):
        raise DataError("Expected at least one run to take the consensus of, found none.")
    labels = [np.asarray(run) for run in runs]
    check_lengths(len(labels[0]), **{f"run {r + 1}": run for r, run in enumerate(labels)})
    agreement = np.eye(len(labels))
    for r, one in enumerate(labels):
        check()
        for s, other in enumerate(labels[:r]):
            agreement[r, s] = agreement[s, r] = adjusted_rand_score(one, other)
    if reference is None:
        reference = labels[int(agreement.sum(axis=1).argmax())]
    check_lengths(len(labels[0]), reference=np.asarray(reference))
    matched = np.stack([match_labels(run, reference) for run in labels])

    n_domains = int(max(matched.max(), np.max(reference))) + 1
    spots = np.arange(matched.shape[1])
    votes = np.zeros((len(spots), n_domains), np.float32)
    for run in matched:
        votes[spots, run] += 1.0
    stability = votes[spots, reference] / len(labels)
    preferred = votes.copy()
    preferred[spots, reference] += 0.5  # breaks ties
    return Consensus(matched, stability.astype(np.float32), preferred.argmax(axis=1), agreement)


def boundary_stability(
    i: np.ndarray, j: np.ndarray, segment: np.ndarray, runs: Sequence[np.ndarray], adjacency: sparse.csr_matrix
) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of runs that draw a boundary at each edge, and at each segment on the mean of its edges.

    A run draws a boundary at the edge (i, j) when one of its boundary edges has i or j as an end: a boundary displaced
    by one row of spots is the same boundary, as in `boundary_agreement` with ``tolerance=1``.

    Parameters
    ----------
    i, j
        (E,) int spots of the boundary edges.
    segment
        (E,) int segment of each edge, 0..S-1, each with at least one edge.
    runs
        R arrays of (N,) int labels.
    adjacency
        (N, N) CSR spatial graph, symmetric, zero diagonal.

    Returns
    -------
    edges, segments
        (E,) and (S,) float in [0, 1].
    """
    coo = adjacency.tocoo()
    share = np.zeros(len(i))
    for run in runs:
        labels = np.asarray(run)
        crossing = labels[coo.row] != labels[coo.col]
        at_boundary = np.zeros(len(labels), bool)
        at_boundary[coo.row[crossing]] = True  # the graph is symmetric: both ends are rows
        share += at_boundary[i] | at_boundary[j]
    share /= max(len(runs), 1)
    count = np.bincount(segment)
    return share, np.bincount(segment, weights=share) / np.maximum(count, 1)
