"""How far the two sides of a boundary differ in one modality."""

from __future__ import annotations

import numpy as np

from napari_trsmi.domains.blockwise import domain_sums
from napari_trsmi.sampling import blocks


def boundary_contrast(
    values: np.ndarray, labels: np.ndarray, i: np.ndarray, j: np.ndarray, segment: np.ndarray, n_segments: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the contrast across each boundary edge and across each segment, in standard deviations.

    The features are projected on the direction from the mean of domain a to the mean of domain b. A contrast is the
    difference between the two sides along it, over the standard deviation within the two domains along it (a Cohen's
    d): near 0 where the modality sees no boundary, negative where it sees it the other way round. Direction and spread
    come from the whole domains, because a segment has few spots: with a direction of their own, three spots a side
    would differ by several standard deviations in pure noise.

    Parameters
    ----------
    values
        (N, D) float features.
    labels
        (N,) int, negative where a spot has no domain.
    i, j
        (E,) the spots of each boundary edge.
    segment
        (E,) int in 0..S-1.
    n_segments
        S.

    Returns
    -------
    edges, segments
        (E,) and (S,) float; NaN where a spread is unknown (two domains of one spot) or the means coincide. A segment
        compares the means of the distinct spots of each side.
    """
    if len(i) == 0:
        return np.zeros(0), np.zeros(n_segments)
    codes = np.where(labels >= 0, labels, -1)
    k = int(codes.max()) + 1
    size = np.bincount(codes[codes >= 0], minlength=k)
    means = domain_sums(codes, np.asarray(values))[0] / np.maximum(size, 1)[:, None]  # (K, D)
    # Along the direction from a to b a spot lies at (on[b] - on[a]) / distance: no pair needs its own projection.
    on = np.empty((len(values), k))  # (N, K)
    for rows in blocks(len(values)):
        on[rows] = np.asarray(values[rows], float) @ means.T
    squares = np.zeros((k, k, k))  # sum over a domain's spots of centred products
    for domain in range(k):
        own = on[codes == domain]
        own = own - own.mean(axis=0) if len(own) else own
        squares[domain] = own.T @ own

    a, b = labels[i], labels[j]
    gap = ((means[b] - means[a]) ** 2).sum(axis=1)  # squared distance of the means
    variance = np.zeros(len(i))
    for side in (a, b):
        variance += squares[side, a, a] + squares[side, b, b] - 2 * squares[side, a, b]
    freedom = size[a] + size[b] - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.maximum(variance, 0.0) / np.where(gap > 0, gap, np.nan) / freedom)
        unit = np.sqrt(gap) * np.where(spread > 0, spread, np.nan)
    place_i, place_j = (on[i, b] - on[i, a]) / unit, (on[j, b] - on[j, a]) / unit

    def mean_of_side(spot: np.ndarray, place: np.ndarray) -> np.ndarray:
        _, first = np.unique(np.stack([segment, spot]), axis=1, return_index=True)
        count = np.bincount(segment[first], minlength=n_segments)
        return np.bincount(segment[first], weights=place[first], minlength=n_segments) / count

    return place_j - place_i, mean_of_side(j, place_j) - mean_of_side(i, place_i)
