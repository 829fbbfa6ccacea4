"""How often a transferred domain is right: learnt by leaving out each section of the study in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.interrupt import check
from napari_trsmi.study.gaussians import Gaussians

_SURE = 12.0  # log-odds beyond which the field tells no more
_LEAST = 20  # wrong or right spots below which nothing is learnt


@dataclass(frozen=True)
class Told:
    """What a section that was not used to fit the domains says of its spots.

    Attributes
    ----------
    labels
        (n,) most probable domain.
    signs
        (n, 3) what tells whether that is right: log-odds of it under the field; by how much it fits the spot itself
        better than any other; logarithm of the squared distance to it.
    """

    labels: np.ndarray
    signs: np.ndarray

    @classmethod
    def of(cls, domains: Gaussians, features: np.ndarray, neighbours: sparse.csr_matrix, strength: float) -> Told:
        """Return what (n, c) features say, whose spots have (n, n) means of `neighbours`."""
        q = domains.posterior(features, neighbours, strength)
        square = domains.distances(features)
        fit = np.where(np.isfinite(square), domains.log_shares - 0.5 * square, -1e12)
        labels, rows = q.argmax(axis=1), np.arange(len(q))
        chance = np.clip(q[rows, labels], 1e-12, 1.0)
        odds = np.clip(np.log(chance) - np.log(np.maximum(1.0 - chance, 1e-12)), -_SURE, _SURE)
        own, others = fit[rows, labels], fit.copy()
        others[rows, labels] = -1e12
        margin = np.arcsinh(own - others.max(axis=1))
        return cls(labels, np.column_stack([odds, margin, np.log(np.maximum(square[rows, labels], 1e-12))]))


def chance_to_fit(fits: np.ndarray) -> np.ndarray:
    """Return the (n,) chance that a spot is of any domain of the study, from the share of its spots as far out.

    Of spots that fit so little or less, that share is expected of the study's own tissue; more than that are of another
    (as in the false discovery rate of Benjamini and Hochberg).

    Examples
    --------
    >>> chance_to_fit(np.array([0.0, 0.0, 0.25, 0.5, 0.75, 1.0])).round(2).tolist()
    [0.0, 0.0, 0.5, 0.75, 0.9, 1.0]
    """
    order = np.argsort(fits, kind="stable")
    within = np.searchsorted(fits[order], fits[order], side="right") / len(fits)
    expected = np.minimum(fits[order] / within, 1.0)
    chance = np.empty(len(fits))
    chance[order] = np.minimum.accumulate(expected[::-1])[::-1]
    return chance


def learnt(
    features: np.ndarray,
    labels: np.ndarray,
    used: np.ndarray,
    section: np.ndarray,
    spatial: sparse.csr_matrix,
    strength: float,
    n_domains: int,
) -> Any | None:
    """Return a model of whether a transferred domain is right, from `Told.signs`; None where too little is known.

    Each section of the study is labelled by the domains of the others alone, and compared with its own labels.

    Parameters
    ----------
    features
        (n, c) of the study's spots.
    labels, used, section
        (n,) domain; whether a spot is used to know the domains; its section.
    spatial
        (n, n) CSR spatial graph.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from napari_trsmi.graphs import neighbour_mean

    signs, right = [], []
    for number in np.unique(section):
        check()
        own, others = section == number, used & (section != number)
        if not others.any():
            continue
        left = Gaussians.of(features[others], labels[others], n_domains)
        told = Told.of(left, features[own], neighbour_mean(spatial[own][:, own].tocsr()), strength)
        signs.append(told.signs)
        right.append(told.labels == labels[own])
    if not signs or min((found := np.concatenate(right)).sum(), (~found).sum()) < _LEAST:
        return None
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(np.concatenate(signs), found)
