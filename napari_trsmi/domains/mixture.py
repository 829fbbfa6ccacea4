"""Gaussian mixture with a shared diagonal covariance, fitted together with a Potts field over the spatial graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import log_softmax, softmax

from napari_trsmi.constraints import RowConstraint
from napari_trsmi.interrupt import check

MAX_ITERATIONS = 200
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Mixture:
    """A fitted mixture.

    Attributes
    ----------
    posterior
        (N, K) float64, rows sum to 1.
    strength
        Strength of the field that was used.
    """

    posterior: np.ndarray
    strength: float

    @property
    def labels(self) -> np.ndarray:
        """(N,) int most probable component."""
        return self.posterior.argmax(axis=1)


def fit_mixture(
    features: np.ndarray,
    start: np.ndarray,
    neighbours: sparse.csr_matrix,
    *,
    strength: float | None = None,
    refit: bool = True,
    constraints: Sequence[RowConstraint] = (),
    pull: float = 0.0,
    iterations: int = MAX_ITERATIONS,
) -> Mixture:
    r"""Return the mixture and Potts field fitted by mean-field expectation maximisation.

    The posterior of spot i is :math:`q_{ik} \propto \pi_k\, N(x_i; \mu_k, \Sigma) \exp(s \sum_j P_{ij} q_{jk})` with
    the diagonal covariance shared by all domains and P the mean over the neighbours. The mixture is first fitted
    without the field; unless it is given, the strength s is then read off by how well neighbours' labels predict a
    spot's label (`field_strength`), and the fit goes on with the field from there. Starting the field before the
    mixture has settled lets it wash small domains away. A field that would empty a domain is halved. What a person said
    is a field as well: a spot is drawn to the component that the spots it belongs with prefer, and pushed off the one
    that those prefer that it is apart from.

    References
    ----------
    Potts, Some generalized order-disorder transformations, Mathematical Proceedings of the Cambridge Philosophical
    Society 48, 1952.

    Parameters
    ----------
    features
        (N, c) features.
    start
        (N,) int labels 0..K-1, each used.
    neighbours
        (N, N) CSR row-stochastic mean over neighbours.
    strength
        s; None estimates it, 0 fits without a field.
    refit
        Move means, variances and shares. Without it they stay those of `start`.
    constraints, pull
        Constraints on the rows, and the strength of their field in units of how sure a typical spot is: the median lead
        of the best component's log weight over the median of all.
    iterations
        At most so many steps, with the field and without.

    Returns
    -------
    A mixture in which every one of the K components owns a spot.
    """
    k = int(start.max()) + 1
    certain = np.eye(k)[start]
    free = _run(features, 0.95 * certain + 0.05 / k, neighbours, 0.0, refit, constraints, pull, iterations)
    if not _complete(free):
        free = _run(features, certain, neighbours, 0.0, False, constraints, pull, iterations)
        free = free if _complete(free) else certain
    if strength is None:
        strength = field_strength(free.argmax(axis=1), k, neighbours)
    while strength > 0.05:
        coupled = _run(features, free, neighbours, strength, refit, constraints, pull, iterations)
        if _complete(coupled):
            return Mixture(coupled, float(strength))
        strength /= 2
    return Mixture(free, 0.0)


def posterior_of(
    evidence: np.ndarray,
    labels: np.ndarray,
    n_domains: int,
    neighbours: sparse.csr_matrix,
    strength: float,
    missing: np.ndarray | None = None,
) -> np.ndarray:
    r"""Return the (N, K) posterior of given domains under features measured spot by spot.

    Features that were averaged between spots make every posterior look certain: their errors are no longer independent.
    Here each domain's mean and the shared variances come from the measured features, and a spot's evidence is its own
    measurement together with a Potts field over its neighbours' posteriors (mean field, parameters fixed). Where that
    speaks for another domain than the label, the label's posterior is below one half.

    Parameters
    ----------
    evidence
        (N, c) features, none averaged between spots.
    labels
        (N,) int in 0..n_domains-1, each used.
    neighbours
        (N, N) CSR row-stochastic mean over neighbours.
    strength
        Strength of the field.
    missing
        (N, c) bool, which of the evidence was not measured: it counts neither for a spot nor for a domain's mean. A
        domain in which no spot has a feature measured takes the mean of all for it.
    """
    x, q = np.asarray(evidence, float), np.eye(n_domains)[labels]
    if missing is None:
        return _run(x, q, neighbours, strength, False)
    fit = _fit_of_measured(x, q, ~missing)
    for _ in range(MAX_ITERATIONS):
        check()
        before, q = q, softmax(fit + strength * (neighbours @ q), axis=1)
        if np.abs(q - before).max() < TOLERANCE:
            break
    return q


def _fit_of_measured(x: np.ndarray, q: np.ndarray, has: np.ndarray) -> np.ndarray:
    """(N, K) log weights of domains under shared variances, from what was measured of (N, c) features."""
    x = np.where(has, x, 0.0)
    count = q.T @ has  # (K, c)
    overall = x.sum(axis=0) / np.maximum(has.sum(axis=0), 1)
    means = np.where(count > 0, (q.T @ x) / np.maximum(count, 1e-9), overall)
    square = (x**2).sum(axis=0) / np.maximum(has.sum(axis=0), 1)
    between = (count * means**2).sum(axis=0) / np.maximum(has.sum(axis=0), 1)
    variance = np.maximum(square - between, 1e-9 * np.maximum(square, 1e-12))
    fit: np.ndarray = (x / variance) @ means.T - 0.5 * has @ (means**2 / variance).T
    return fit + np.log(np.maximum(q.mean(axis=0), 1e-9))


def drawn(posterior: np.ndarray, constraints: Sequence[RowConstraint], pull: float) -> np.ndarray:
    """Return the (N, K) posterior under the field of what a person said, see `fit_mixture`.

    Parameters
    ----------
    posterior
        (N, K) rows that sum to 1.
    constraints, pull
        As for `fit_mixture`.
    """
    fit, q = np.log(np.maximum(posterior, 1e-6)), posterior
    for _ in range(20):
        before, q = q, softmax(_constrained(fit, q, constraints, pull * _sureness(fit)), axis=1)
        if np.abs(q - before).max() < TOLERANCE:
            break
    return q


def field_strength(labels: np.ndarray, n_domains: int, neighbours: sparse.csr_matrix) -> float:
    r"""Return the strength s that best predicts each label from its neighbours' labels, in [0, 30].

    Maximum pseudo-likelihood of :math:`p(l_i = k) \propto \pi_k \exp(s f_{ik})`, where :math:`f_{ik}` is the share of
    spot i's neighbours with label k. Labels must come from a fit without a field, else the field feeds itself.

    References
    ----------
    Besag, Statistical analysis of non-lattice data, The Statistician 24, 1975.

    Parameters
    ----------
    labels
        (N,) int in 0..K-1.
    n_domains
        K.
    neighbours
        (N, N) CSR row-stochastic mean over neighbours.
    """
    from scipy.optimize import minimize_scalar

    onehot = np.eye(n_domains)[labels]
    shares = neighbours @ onehot  # (N, K)
    prior = np.log(np.maximum(onehot.mean(axis=0), 1e-9))
    spots = np.arange(len(labels))

    def loss(s: float) -> float:
        return -float(log_softmax(s * shares + prior, axis=1)[spots, labels].mean())

    return float(minimize_scalar(loss, bounds=(0.0, 30.0), method="bounded", options={"xatol": 0.05}).x)


def _run(
    x: np.ndarray,
    q: np.ndarray,
    neighbours: sparse.csr_matrix,
    strength: float,
    refit: bool,
    constraints: Sequence[RowConstraint] = (),
    pull: float = 0.0,
    iterations: int = MAX_ITERATIONS,
) -> np.ndarray:
    """Alternate parameters and posterior until no posterior moves by more than `TOLERANCE`."""
    fit = None
    square = (x**2).mean(axis=0)
    for _ in range(iterations):
        check()
        if refit or fit is None:
            total = q.sum(axis=0) + 1e-9
            means = (q.T @ x) / total[:, None]  # (K, c)
            variance = np.maximum(square - (total / len(x)) @ means**2, 1e-9 * np.maximum(square, 1e-12))
            fit = -0.5 * ((means**2 / variance).sum(axis=1) - 2.0 * (x / variance) @ means.T) + np.log(total / len(x))
        before = q
        for _ in range(2 if strength else 1):
            field = fit + strength * (neighbours @ q) if strength else fit
            if constraints and pull:
                field = _constrained(field, q, constraints, pull * _sureness(fit))
            q = softmax(field, axis=1)
        if np.abs(q - before).max() < TOLERANCE:
            break
    return q


def _sureness(fit: np.ndarray) -> float:
    """Return the median over spots of the lead of the largest of (N, K) log weights over a typical other one."""
    return float(np.median(fit.max(axis=1) - np.median(fit, axis=1)))


def _constrained(field: np.ndarray, q: np.ndarray, constraints: Sequence[RowConstraint], pull: float) -> np.ndarray:
    """Return the (N, K) log weights with the field of what a person said."""
    field = field.copy()
    for constraint in constraints:
        if constraint.kind == "apart":
            field[constraint.spots, q[constraint.others].mean(axis=0).argmax()] -= pull
            field[constraint.others, q[constraint.spots].mean(axis=0).argmax()] -= pull
        else:
            field[constraint.spots, q[constraint.guide].mean(axis=0).argmax()] += pull
    return field


def _complete(q: np.ndarray) -> bool:
    return len(np.unique(q.argmax(axis=1))) == q.shape[1]
