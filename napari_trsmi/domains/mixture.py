"""Gaussian mixture with a shared diagonal covariance, fitted together with a Potts field over the spatial graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import logsumexp

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.constraints import RowConstraint
from napari_trsmi.domains import blockwise
from napari_trsmi.domains.field import constrained, field_strength, softmax, sureness
from napari_trsmi.interrupt import check
from napari_trsmi.sampling import Columns, is_large, some

MAX_ITERATIONS = 200
LARGE_ITERATIONS = 30  # of a field over a large section: where domains are there it settles in fewer
TOLERANCE = 1e-3
TOLD_STEPS = 60  # after which the likelihood of a start is told


@dataclass(frozen=True)
class Mixture:
    """A fitted mixture.

    Attributes
    ----------
    posterior
        (N, K) float64, of a large section float32; rows sum to 1.
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
    device: Accelerator = CPU,
) -> Mixture:
    r"""Return the mixture and Potts field fitted by mean-field expectation maximisation.

    The posterior of spot i is :math:`q_{ik} \propto \pi_k\, N(x_i; \mu_k, \Sigma) \exp(s \sum_j P_{ij} q_{jk})` with
    the diagonal covariance shared by all domains and P the mean over the neighbours. The mixture is first fitted
    without the field; unless it is given, the strength s is then read off by how well neighbours' labels predict a
    spot's label (`field_strength`), and the fit goes on with the field from there. Starting the field before the
    mixture has settled lets it wash small domains away. A field that would empty a domain is halved. What a person said
    is a field as well: a spot is drawn to the component that the spots it belongs with prefer, and pushed off the one
    that those prefer that it is apart from.

    Of a large section (`sampling.is_large`) the mixture without the field is fitted on some of the spots, and with the
    field on all, block by block.

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
    device
        Asked first where the section is large.

    Returns
    -------
    A mixture in which every one of the K components owns a spot.
    """
    k = int(start.max()) + 1
    if is_large(len(features)):
        return _fit_large(features, start, k, neighbours, strength, refit, constraints, pull, iterations, device)
    free = _free(features, np.eye(k)[start], neighbours, refit, constraints, pull, iterations)
    if strength is None:
        strength = field_strength(free.argmax(axis=1), k, neighbours)
    while strength > 0.05:
        coupled = _run(features, free, neighbours, strength, refit, constraints, pull, iterations)
        if _complete(coupled):
            return Mixture(coupled, float(strength))
        strength /= 2
    return Mixture(free, 0.0)


def told(features: np.ndarray, start: np.ndarray, n_domains: int) -> float:
    """Return by how much a mixture without a field, gone on to from a start, is likelier than one Gaussian.

    Parameters
    ----------
    features
        (N, c) features.
    start
        (N,) int labels in 0..n_domains-1.
    n_domains
        K.

    Returns
    -------
    Nats per spot, at most `TOLD_STEPS` steps on.
    """
    x = features - features.mean(axis=0)
    start = 0.95 * np.eye(n_domains)[start] + 0.05 / n_domains
    q = _run(x, start, sparse.csr_matrix((len(x), len(x))), 0.0, True, iterations=TOLD_STEPS)
    share = q.mean(axis=0) + 1e-12
    means = (q.T @ x) / (share * len(x))[:, None]
    total = (x**2).mean(axis=0)
    variance = np.maximum(total - share @ means**2, 1e-9 * np.maximum(total, 1e-12))
    log_weights = np.log(share) + (x / variance) @ means.T - 0.5 * (means**2 / variance).sum(axis=1)
    ratio = np.maximum(total, 1e-12) / variance
    return float(logsumexp(log_weights, axis=1).mean() - 0.5 * (total / variance - 1.0 - np.log(ratio)).sum())


def _free(
    features: np.ndarray,
    certain: np.ndarray,
    neighbours: sparse.csr_matrix,
    refit: bool,
    constraints: Sequence[RowConstraint],
    pull: float,
    iterations: int,
    device: Accelerator = CPU,
) -> np.ndarray:
    """(N, K) posterior of the mixture without a field, from the (N, K) start it is certain of.

    The device is asked first for one that is refitted and of which a person said nothing.
    """
    k = certain.shape[1]
    start = 0.95 * certain + 0.05 / k
    found = device.mixture(features, start, iterations, TOLERANCE) if refit and not constraints else None
    free = _run(features, start, neighbours, 0.0, refit, constraints, pull, iterations) if found is None else found
    if not _complete(free):
        free = _run(features, certain, neighbours, 0.0, False, constraints, pull, iterations)
        free = free if _complete(free) else certain
    return free


def _fit_large(
    features: np.ndarray,
    start: np.ndarray,
    k: int,
    neighbours: sparse.csr_matrix,
    strength: float | None,
    refit: bool,
    constraints: Sequence[RowConstraint],
    pull: float,
    iterations: int,
    device: Accelerator,
) -> Mixture:
    """Return what `fit_mixture` does for a large section."""
    if refit:
        rows = _of_each(start, k)
        x = np.asarray(features[rows], float)
        nobody = sparse.csr_matrix((len(rows), len(rows)))
        own = _free(x, np.eye(k)[start[rows]], nobody, True, (), 0.0, iterations, device)
        found = blockwise.gaussians(own, x)
    else:
        found = blockwise.gaussians(start, features, device)
    fit = blockwise.log_weights(features, found, device)
    free = blockwise.softmax_of(fit)
    if constraints and pull:
        free = blockwise.coupled(features, fit, free, neighbours, 0.0, False, constraints, pull, iterations)
    if not _complete(free):
        free = np.eye(k, dtype=np.float32)[start]
    if strength is None:
        strength = field_strength(free.argmax(axis=1), k, neighbours, some(len(free), 0))
    iterations = min(iterations, LARGE_ITERATIONS)
    while strength > 0.05:
        coupled = blockwise.coupled(
            features, fit, free, neighbours, strength, refit, constraints, pull, iterations, device
        )
        if _complete(coupled):
            return Mixture(coupled, float(strength))
        strength /= 2
    return Mixture(free, 0.0)


def _of_each(labels: np.ndarray, k: int, least: int = 200) -> np.ndarray:
    """Return some rows, with at least so many of each label as far as there are."""
    rows = some(len(labels), 0)
    few = np.flatnonzero(np.bincount(labels[rows], minlength=k) < least)
    more = [np.flatnonzero(labels == label)[:least] for label in few]
    return np.unique(np.concatenate([rows, *more]))


def posterior_of(
    evidence: Columns,
    labels: np.ndarray,
    n_domains: int,
    neighbours: sparse.csr_matrix,
    strength: float,
    missing: Columns | None = None,
    device: Accelerator = CPU,
) -> np.ndarray:
    r"""Return the (N, K) posterior of given domains under features measured spot by spot.

    Features that were averaged between spots make every posterior look certain: their errors are no longer independent.
    Here each domain's mean and the shared variances come from the measured features, and a spot's evidence is its own
    measurement together with a Potts field over its neighbours' posteriors (mean field, parameters fixed). Where that
    speaks for another domain than the label, the label's posterior is below one half.

    Parameters
    ----------
    evidence
        (N, c) features, none averaged between spots; of a large section in several arrays side by side if need be.
    labels
        (N,) int in 0..n_domains-1, each used.
    neighbours
        (N, N) CSR row-stochastic mean over neighbours.
    strength
        Strength of the field.
    missing
        (N, c) bool, which of the evidence was not measured: it counts neither for a spot nor for a domain's mean. A
        domain in which no spot has a feature measured takes the mean of all for it.
    device
        Asked first where the section is large.
    """
    if is_large(len(labels)):
        if missing is None:
            fit = blockwise.log_weights(evidence, blockwise.gaussians(labels, evidence, device), device)
        else:
            fit = blockwise.measured_log_weights(labels, n_domains, evidence, missing)
        certain = np.eye(n_domains, dtype=np.float32)[labels]
        return blockwise.settled(fit, certain, neighbours, strength, MAX_ITERATIONS, device)
    evidence = np.hstack(evidence) if isinstance(evidence, tuple) else evidence
    missing = np.hstack(missing) if isinstance(missing, tuple) else missing
    x, q = np.asarray(evidence, float), np.eye(n_domains)[labels]
    if missing is None:
        return _run(x, q, neighbours, strength, False)
    fit = _fit_of_measured(x, q, ~missing)
    for _ in range(MAX_ITERATIONS):
        check()
        before, q = q, softmax(fit + strength * (neighbours @ q))
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
        before, q = q, softmax(constrained(fit, q, constraints, pull * sureness(fit)))
        if np.abs(q - before).max() < TOLERANCE:
            break
    return q


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
                field = constrained(field, q, constraints, pull * sureness(fit))
            q = softmax(field)
        if np.abs(q - before).max() < TOLERANCE:
            break
    return q


def _complete(q: np.ndarray) -> bool:
    return len(np.unique(q.argmax(axis=1))) == q.shape[1]
