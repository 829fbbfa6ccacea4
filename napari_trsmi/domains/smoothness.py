"""How smooth domains lie over the tissue. Smooth is not right: read these next to an agreement or a preservation."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from napari_trsmi.domains.labels import check_lengths, contacts, encode
from napari_trsmi.errors import DataError
from napari_trsmi.sampling import blocks


def smoothness(labels: Any, coords: np.ndarray, adjacency: sparse.csr_matrix) -> dict[str, float]:
    """Return every measure of smoothness: ``PAS`` and ``CHAOS`` (low is smooth), ``Moran`` (high is smooth).

    Parameters
    ----------
    labels
        (N,) integers, strings or categoricals; spots without a label are left out.
    coords
        (N, 2) float, any unit.
    adjacency
        (N, N) CSR spatial graph, symmetric, zero diagonal.

    Raises
    ------
    DataError
        Lengths differ, or there are too few spots, see `pas`.
    """
    return {
        "PAS": pas(labels, coords),
        "CHAOS": chaos(labels, coords),
        "Moran": morans_i(labels, adjacency),
    }


def pas(labels: Any, coords: np.ndarray, k: int = 10) -> float:
    """Return the percentage of abnormal spots as a share in [0, 1]: spots unlike most of their neighbours.

    A spot is abnormal where more than half of its k nearest spots carry another label; with k = 10, at least 6.

    Parameters
    ----------
    labels
        (N,) integers, strings or categoricals; spots without a label are left out.
    coords
        (N, 2) float, any unit.
    k
        Neighbours.

    Raises
    ------
    DataError
        Lengths differ, or there are no more than k labelled spots.

    References
    ----------
    Shang and Zhou, Nature Communications 2022 (SpatialPCA).
    """
    codes, points = _labelled(labels, coords)
    n = len(codes)
    if n <= k:
        raise DataError(f"Expected more than {k} labelled spots to look at {k} neighbours, found {n}. Lower k.")
    tree, abnormal = cKDTree(points), 0
    for rows in blocks(n):
        neighbours = tree.query(points[rows], k=k + 1)[1]  # (b, k + 1), the spot itself among them
        others = neighbours != np.arange(rows.start, rows.stop)[:, None]
        others[others.all(axis=1), -1] = False  # more than k spots in one place: the spot itself was crowded out
        unlike = (codes[neighbours] != codes[rows, None]) & others
        abnormal += int((2 * unlike.sum(axis=1) > k).sum())
    return abnormal / n


def chaos(labels: Any, coords: np.ndarray) -> float:
    """Return the mean distance from a spot to the nearest spot of its own domain; low where domains are continuous.

    Coordinates are standardised per axis first, so that sections compare. Domains of one spot are left out.

    Parameters
    ----------
    labels
        (N,) integers, strings or categoricals; spots without a label are left out.
    coords
        (N, 2) float, any unit.

    Returns
    -------
    float
        Standard deviations of the coordinates; NaN where no domain has two spots.

    Raises
    ------
    DataError
        Lengths differ, or no spot has a label.

    References
    ----------
    Shang and Zhou, Nature Communications 2022 (SpatialPCA).
    """
    codes, points = _labelled(labels, coords)
    spread = points.std(axis=0)
    points = (points - points.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    order = np.argsort(codes, kind="stable")
    nearest = [
        cKDTree(own).query(own, k=2)[0][:, 1]
        for own in np.split(points[order], np.flatnonzero(np.diff(codes[order])) + 1)
        if len(own) > 1
    ]
    return float(np.concatenate(nearest).mean()) if nearest else float("nan")


def morans_i(labels: Any, adjacency: sparse.csr_matrix) -> float:
    """Return the mean over domains of Moran's I of a domain's indicator; 1 is smooth, 0 is random.

    Rows of the graph are normalised, so one domain's value equals `squidpy.gr.spatial_autocorr`'s on its one-hot
    column. Every domain counts the same, whatever its size.

    Parameters
    ----------
    labels
        (N,) integers, strings or categoricals; spots without a label are left out.
    adjacency
        (N, N) CSR spatial graph, symmetric, zero diagonal.

    Returns
    -------
    float
        NaN where there are fewer than two domains or no edges.

    Raises
    ------
    DataError
        Lengths differ.
    """
    codes, _ = encode(labels)
    check_lengths(len(codes), adjacency=adjacency)
    labelled = codes >= 0
    codes, adjacency = codes[labelled], adjacency[labelled][:, labelled]
    size = np.bincount(codes)
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    if len(size) < 2 or not degree.any():
        return float("nan")
    weights = sparse.diags(1 / np.where(degree > 0, degree, 1.0)) @ adjacency
    total = weights.sum()
    # With z the centred indicator of a domain of share m, z'Wz = x'Wx - m (1'Wx + x'W1) + m^2 1'W1.
    links = contacts(codes, weights)
    share = size / len(codes)
    centred = np.diag(links) - share * (links.sum(axis=0) + links.sum(axis=1)) + share**2 * total
    return float(np.mean(len(codes) / total * centred / (size * (1 - share))))


def _labelled(labels: Any, coords: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    codes, _ = encode(labels)
    points = np.asarray(coords, float)
    check_lengths(len(codes), coords=points)
    if not (codes >= 0).any():
        raise DataError(f"Expected labelled spots to measure, found none among {len(codes)}.")
    return codes[codes >= 0], points[codes >= 0]
