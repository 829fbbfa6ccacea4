"""Sections that measured different things: each has its own place for a domain, near the one that all share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from napari_trsmi.constraints import RowConstraint
from napari_trsmi.domains.field import constrained, softmax, sureness
from napari_trsmi.domains.mixture import TOLERANCE, Mixture
from napari_trsmi.interrupt import check

STEPS = 20  # of the field, at most


def unlike(section: np.ndarray | None, has: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Return (N,) int `section` of each spot where one lacks a modality, None where all have the same.

    `has` is {modality: (N,) bool} spots that have it, of those modalities that some spots lack.
    """
    if section is None or all(np.bincount(section, there).all() for there in has.values()):
        return None
    return section


def fitted_by_section(
    features: np.ndarray,
    mixture: Mixture,
    neighbours: sparse.csr_matrix,
    section: np.ndarray,
    *,
    constraints: Sequence[RowConstraint] = (),
    pull: float = 0.0,
) -> Mixture:
    r"""Return the mixture after one step in which means, variances and shares are those of each section.

    Where a section lacks a modality, what stands for it was carried over from others, so that its domains lie a little
    elsewhere and are narrower. The mean of domain k in section s is
    :math:`(n_{sk} m_{sk} + \kappa \mu_k) / (n_{sk} + \kappa)`: the mean :math:`m_{sk}` of its :math:`n_{sk}` spots is
    drawn to that of all sections, :math:`\mu_k`, by :math:`\kappa = \sigma^2 / \tau^2`, for each component the variance
    within domains over that of their means between sections (empirical Bayes). So sections that agree share their
    means, and those that do not keep their own. It is one step from domains that are common to all: with more, a domain
    of one section could wander off to be another.

    References
    ----------
    Efron and Morris, Data analysis using Stein's estimator and its generalizations, Journal of the American
    Statistical Association 70, 1975.

    Parameters
    ----------
    features
        (N, c) features that the mixture was fitted to.
    mixture
        Fitted to all sections.
    neighbours
        (N, N) CSR row-stochastic mean over neighbours.
    section
        (N,) int section of each spot, 0..S-1.
    constraints, pull
        As in `mixture.fit_mixture`.

    Returns
    -------
    A mixture in which every component owns a spot: the one before where a step would empty one.
    """
    q = mixture.posterior
    n, k = q.shape
    parts = [np.flatnonzero(section == number) for number in range(int(section.max()) + 1)]
    owned = np.array([q[rows].sum(axis=0) for rows in parts])  # (S, K)
    sums = np.array([q[rows].T @ features[rows] for rows in parts])  # (S, K, c)
    share = owned.sum(axis=0) / n
    common = sums.sum(axis=0) / owned.sum(axis=0)[:, None]
    own = sums / np.maximum(owned, 1e-9)[:, :, None]
    within = np.maximum((features**2).mean(axis=0) - share @ common**2, 1e-12)
    between = (owned[:, :, None] * (own - common) ** 2).sum(axis=(0, 1)) / n
    drawn = within / np.maximum(between, 1e-12 * within)  # spots
    fit = np.empty_like(q)
    for rows, count, total in zip(parts, owned, sums, strict=True):
        check()
        x = features[rows]
        means = (total + drawn * common) / (count[:, None] + drawn)
        square = (x**2).mean(axis=0) - (2 * means * total - count[:, None] * means**2).sum(axis=0) / len(rows)
        variance = np.maximum(square, 1e-9 * within)
        own_share = (count + k * share) / (len(rows) + k)
        fit[rows] = -0.5 * ((means**2 / variance).sum(axis=1) - 2.0 * (x / variance) @ means.T) + np.log(own_share)
    for _ in range(STEPS if mixture.strength else 1):
        check()
        field = fit + mixture.strength * (neighbours @ q) if mixture.strength else fit
        if constraints and pull:
            field = constrained(field, q, constraints, pull * sureness(fit))
        before, q = q, softmax(field)
        if np.abs(q - before).max() < TOLERANCE:
            break
    found = Mixture(q, mixture.strength)
    return found if len(np.unique(found.labels)) == k else mixture
