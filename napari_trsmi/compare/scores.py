"""How two labellings of the same spots agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from scipy import sparse

    from napari_trsmi.compare.labelling import Labelling

SCORES = ("ari", "nmi", "boundary_f1", "boundary_f1_near", "n_spots", "n_different")  # numbers of a comparison


@dataclass(frozen=True, eq=False)
class Comparison:
    """How two labellings a and b of the same spots agree; spots without a label in either are not counted.

    Attributes
    ----------
    ari, nmi
        Adjusted Rand index and normalised mutual information.
    boundary_f1, boundary_f1_near
        Agreement of the boundaries, edge by edge of the spatial graph, and with one hop of tolerance.
    matched
        (N,) int labels of b, numbered like those of a as far as they match; -1 where b has none.
    different
        (N,) bool, True where the matched labels differ.
    known
        (N,) bool, True where both have a label.
    contingency
        (Ka, Kb) int number of spots with each label of a and each label of b, as numbered there.
    """

    ari: float
    nmi: float
    boundary_f1: float
    boundary_f1_near: float
    matched: np.ndarray
    different: np.ndarray
    known: np.ndarray
    contingency: np.ndarray

    @property
    def share_different(self) -> float:
        """Share of the spots with both labels whose matched labels differ."""
        return self.n_different / self.n_spots

    @property
    def n_spots(self) -> int:
        """Number of spots with both labels."""
        return int(self.known.sum())

    @property
    def n_different(self) -> int:
        """Number of those whose matched labels differ."""
        return int(self.different.sum())

    @property
    def scores(self) -> dict[str, float]:
        """Number by name, for each of `SCORES`."""
        return {name: getattr(self, name) for name in SCORES}


def compare(a: np.ndarray, b: np.ndarray, adjacency: sparse.csr_matrix) -> Comparison:
    """Return how two labellings of the same spots agree.

    Parameters
    ----------
    a, b
        (N,) int labels, -1 where a spot has none.
    adjacency
        (N, N) CSR spatial graph, symmetric, zero diagonal.

    Raises
    ------
    DataError
        Lengths differ, or no spot has both labels.

    Examples
    --------
    >>> from scipy import sparse
    >>> chain = sparse.diags([1.0, 1.0], [-1, 1], shape=(4, 4), format="csr")
    >>> found = compare(np.array([0, 0, 1, 1]), np.array([1, 1, 1, 0]), chain)
    >>> found.matched.tolist(), found.different.tolist()
    ([0, 0, 0, 1], [False, False, True, False])
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    from napari_trsmi.domains.agreement import boundary_agreement
    from napari_trsmi.domains.comparison import match_labels
    from napari_trsmi.domains.labels import check_lengths, one_hot

    check_lengths(len(a), b=b, adjacency=adjacency)
    known = (a >= 0) & (b >= 0)
    if not known.any():
        raise DataError(f"Expected spots with both labels to compare, found none among {len(a)}.")
    matched = match_labels(b, a)
    first, second = (np.where(labels < 0, np.nan, labels) for labels in (a, b))
    exact, near = (boundary_agreement(first, second, adjacency, tolerance=t)["f1"] for t in (0, 1))
    return Comparison(
        ari=float(adjusted_rand_score(a[known], b[known])),
        nmi=float(normalized_mutual_info_score(a[known], b[known])),
        boundary_f1=exact,
        boundary_f1_near=near,
        matched=matched,
        different=known & (matched != a),
        known=known,
        contingency=(one_hot(a).T @ one_hot(b)).toarray().astype(int),  # labels by labels, at most 1,000 of a column
    )


def within(
    found: Comparison, a: np.ndarray, b: np.ndarray, adjacency: sparse.csr_matrix, rows: np.ndarray
) -> Comparison:
    """Return how two labellings agree over some spots alone; which domain matches which stays as for all of them.

    Parameters
    ----------
    found
        What `compare` returned for `a`, `b` and `adjacency`.
    rows
        (n,) int rows of the spots, such as one section of a study.

    Raises
    ------
    DataError
        None of them has both labels.
    """
    part = compare(a[rows], b[rows], adjacency[rows][:, rows].tocsr())
    return replace(part, matched=found.matched[rows], different=found.different[rows])


def matched_colors(a: Labelling, b: Labelling, comparison: Comparison) -> tuple[str, ...]:
    """Return one colour per number in `a` and in `Comparison.matched`: those of `a`, or of `b` where `a` has none."""
    from napari_trsmi.domains.colors import carried_over, extended

    n = 1 + int(max(a.labels.max(), comparison.matched.max()))
    own = a.colors
    if not own and b.colors:
        own = carried_over(a.labels[comparison.known], len(a.names), b.labels[comparison.known], b.colors)
    return extended(own, n)[:n]
