"""Domains as normal distributions of one covariance, to label spots by and to see which are like none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from napari_trsmi.domains.field import softmax
from napari_trsmi.interrupt import check

_STEPS = 50


@dataclass(frozen=True)
class Gaussians:
    """Domains in a space of features.

    Attributes
    ----------
    means
        (K, c) in whitened features; NaN for a domain without spots.
    log_shares
        (K,) logarithm of the share of the spots.
    centre
        (c,) of the features.
    whitening
        (c, c): features minus `centre`, times this, have unit covariance within domains.
    """

    means: np.ndarray
    log_shares: np.ndarray
    centre: np.ndarray
    whitening: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray, labels: np.ndarray, n_domains: int) -> Gaussians:
        """Return the domains of (N, c) features by (N,) labels; their covariance is shrunk (Ledoit and Wolf)."""
        from sklearn.covariance import ledoit_wolf

        x = np.asarray(features, float)
        count = np.bincount(labels, minlength=n_domains)
        member = sparse.csr_matrix((np.ones(len(x)), (labels, np.arange(len(x)))), shape=(n_domains, len(x)))
        with np.errstate(invalid="ignore"):
            means = (member @ x) / count[:, None]
        within = x - means[labels]
        size = np.maximum(within.std(axis=0), 1e-9 * np.abs(x).max())
        covariance, _ = ledoit_wolf(within / size, assume_centered=True)
        lower = linalg.cholesky(covariance, lower=True)
        whitening = linalg.solve_triangular(lower, np.diag(1.0 / size), lower=True).T
        centre = x.mean(axis=0)
        with np.errstate(divide="ignore"):
            shares = np.log(count / len(x))
        return cls((means - centre) @ whitening, shares, centre, whitening)

    def whitened(self, features: np.ndarray) -> np.ndarray:
        """Return (n, c) features with unit covariance within domains."""
        white: np.ndarray = (np.asarray(features, float) - self.centre) @ self.whitening
        return white

    def distances(self, features: np.ndarray) -> np.ndarray:
        """Return (n, K) squared Mahalanobis distances to the domains; infinite to one without spots."""
        white = self.whitened(features)
        square = (white**2).sum(axis=1)[:, None] - 2 * white @ self.means.T + (self.means**2).sum(axis=1)
        return np.where(np.isnan(square), np.inf, np.maximum(square, 0.0))

    def posterior(self, features: np.ndarray, neighbours: sparse.csr_matrix, strength: float) -> np.ndarray:
        """Return the (n, K) posterior under a Potts field over (n, n) means of neighbours, by mean field."""
        fit = self.log_shares - 0.5 * self.distances(features)
        fit = np.where(np.isfinite(fit), fit, -1e12)
        q = softmax(fit)
        for _ in range(_STEPS if strength else 0):
            check()
            before, q = q, softmax(fit + strength * (neighbours @ q))
            if np.abs(q - before).max() < 1e-3:
                break
        return q
