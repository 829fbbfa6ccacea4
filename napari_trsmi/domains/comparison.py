"""Domains of two runs beside each other: the same number for the same domain."""

from __future__ import annotations

import numpy as np

from napari_trsmi.domains.labels import check_lengths
from napari_trsmi.errors import DataError


def match_labels(labels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return `labels` renumbered so that as many spots as possible carry the number they have in `reference`.

    The best one-to-one matching of domains is found by the Hungarian method. With as many domains in both, the result
    uses exactly the reference's numbers; domains left over take the smallest numbers that are free.

    Parameters
    ----------
    labels, reference
        (N,) int, 0 or more; a spot that is negative in `labels` stays as it is, one negative in either is not counted.

    Returns
    -------
    np.ndarray
        (N,) int64.

    Raises
    ------
    DataError
        Lengths differ, or labels are no integers.

    Examples
    --------
    >>> match_labels(np.array([2, 2, 0, 1]), np.array([0, 0, 1, 1]))
    array([0, 0, 1, 2])
    """
    from scipy.optimize import linear_sum_assignment

    labels, reference = np.asarray(labels), np.asarray(reference)
    check_lengths(len(labels), reference=reference)
    for given in (labels, reference):
        if given.dtype.kind not in "iu":
            raise DataError(f"Expected domain numbers to match, found values of type {given.dtype}.")
    domains, own = np.unique(labels, return_inverse=True)
    targets, other = np.unique(reference, return_inverse=True)
    known = (labels >= 0) & (reference >= 0)
    overlap = np.zeros((len(domains), len(targets)))
    np.add.at(overlap, (own[known], other[known]), 1)
    old, new = domains >= 0, targets >= 0
    domains, targets, overlap = domains[old], targets[new], overlap[old][:, new]

    rows, columns = linear_sum_assignment(overlap, maximize=True)
    number = dict(zip(domains[rows].tolist(), targets[columns].tolist(), strict=True))
    taken = set(targets.tolist())
    free = (n for n in range(len(domains) + len(targets)) if n not in taken)
    for domain in domains.tolist():
        if domain not in number:
            number[domain] = next(free)
    return np.array([number.get(label, label) for label in np.unique(labels).tolist()], np.int64)[own]


def churn(labels: np.ndarray, previous: np.ndarray) -> float:
    """Return the share of spots, in [0, 1], that changed domain since `previous`, however the domains are numbered.

    Parameters
    ----------
    labels, previous
        (N,) int, as in `match_labels`.

    Raises
    ------
    DataError
        As in `match_labels`.
    """
    changed = match_labels(labels, previous) != np.asarray(previous)
    return float(changed.mean()) if len(changed) else float("nan")
