"""The sums, log weights and fields of a mixture, block by block, for sections too large for a second copy of anything.

What is as long as the section has one column per domain and is float32; sums are float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.constraints import RowConstraint
from napari_trsmi.domains.field import constrained, softmax, sureness
from napari_trsmi.sampling import Columns, blocks, parts_of, rows_of, width

MOVED = 1e-4  # mean over spots of the largest change of a posterior below which a field has settled


@dataclass(frozen=True)
class Gaussians:
    """Domains under shared variances.

    Attributes
    ----------
    means
        (K, c).
    variance
        (c,).
    shares
        (K,) of all spots.
    """

    means: np.ndarray
    variance: np.ndarray
    shares: np.ndarray


def domain_sums(weights: np.ndarray, values: Columns, device: Accelerator = CPU) -> tuple[np.ndarray, np.ndarray]:
    """Return the (K, c) sums of (N, c) columns over domains, and the (c,) sums of their squares.

    Parameters
    ----------
    weights
        (N,) int domain of each spot, negative where it has none; or (N, K) posterior.
    values
        (N, c).
    device
        Asked first.
    """
    parts = parts_of(values)
    if (found := device.sums(weights, parts)) is not None:
        return found
    hard = weights.ndim == 1
    k = int(weights.max(initial=-1)) + 1 if hard else weights.shape[1]
    sums, square = np.zeros((k, width(values))), np.zeros(width(values))
    for rows in blocks(len(weights)):
        x = rows_of(parts, rows).astype(float)
        own = _indicator(weights[rows], k) if hard else weights[rows].astype(float)
        sums += own.T @ x
        square += (x**2).sum(axis=0)
    return sums, square


def gaussians(weights: np.ndarray, values: Columns, device: Accelerator = CPU) -> Gaussians:
    """Return means, shared variances and shares of domains, `weights` as for `domain_sums`."""
    sums, square = domain_sums(weights, values, device)
    if weights.ndim == 1:
        total = np.bincount(weights, minlength=len(sums)).astype(float)
    else:
        total = weights.sum(axis=0, dtype=float)
    return _of_sums(total + 1e-9, sums, square / len(weights), len(weights))


def _of_sums(total: np.ndarray, sums: np.ndarray, square: np.ndarray, n: int) -> Gaussians:
    means = sums / total[:, None]
    variance = np.maximum(square - (total / n) @ means**2, 1e-9 * np.maximum(square, 1e-12))
    return Gaussians(means, variance, total / n)


def log_weights(values: Columns, found: Gaussians, device: Accelerator = CPU) -> np.ndarray:
    """Return the (N, K) float32 logarithm of share times density, up to a number for each spot."""
    parts = parts_of(values)
    scaled = found.means / found.variance  # (K, c)
    level = np.log(np.maximum(found.shares, 1e-9)) - 0.5 * (found.means * scaled).sum(axis=1)
    if (made := device.log_weights(parts, scaled, level)) is not None:
        return made
    out = np.empty((len(parts[0]), len(level)), np.float32)
    for rows in blocks(len(out)):
        fit = rows_of(parts, rows) @ scaled.T + level
        out[rows] = fit - fit.max(axis=1, keepdims=True)
    return out


def measured_log_weights(labels: np.ndarray, n_domains: int, values: Columns, missing: Columns) -> np.ndarray:
    """Return the (N, K) float32 log weights of domains from what was measured, as `mixture.posterior_of` says."""
    parts, lacks = parts_of(values), missing if isinstance(missing, tuple) else (missing,)
    sums, count, square = (np.zeros((n_domains, width(values))) for _ in range(3))
    for rows in blocks(len(labels)):
        has = ~np.hstack([one[rows] for one in lacks])
        x = np.where(has, rows_of(parts, rows), 0.0).astype(float)
        own = _indicator(labels[rows], n_domains)
        sums += own.T @ x
        count += own.T @ has.astype(float)
        square += (x**2).sum(axis=0)
    there = np.maximum(count.sum(axis=0), 1)
    means = np.where(count > 0, sums / np.maximum(count, 1e-9), sums.sum(axis=0) / there)
    overall = square[0] / there
    variance = np.maximum(overall - (count * means**2).sum(axis=0) / there, 1e-9 * np.maximum(overall, 1e-12))
    prior = np.log(np.maximum(np.bincount(labels, minlength=n_domains) / len(labels), 1e-9))
    out = np.empty((len(labels), n_domains), np.float32)
    for rows in blocks(len(labels)):
        has = ~np.hstack([one[rows] for one in lacks])
        x = np.where(has, rows_of(parts, rows), 0.0).astype(float)
        fit = (x / variance) @ means.T - 0.5 * has @ (means**2 / variance).T + prior
        out[rows] = fit - fit.max(axis=1, keepdims=True)
    return out


def softmax_of(log_weight: np.ndarray) -> np.ndarray:
    """Return the (N, K) float32 posterior of (N, K) log weights."""
    out = np.empty(log_weight.shape, np.float32)
    for rows in blocks(len(out)):
        softmax(log_weight[rows], out[rows])
    return out


def swept(fit: np.ndarray, q: np.ndarray, neighbours: sparse.csr_matrix, strength: float) -> tuple[np.ndarray, float]:
    """Return the (N, K) posterior after one sweep of the field, and how far it moved: see `MOVED`."""
    out, moved = np.empty_like(q), 0.0
    for rows in blocks(len(q)):
        field = neighbours[rows] @ q
        field *= np.float32(strength)
        field += fit[rows]
        softmax(field, out[rows])
        moved += float(np.abs(out[rows] - q[rows]).max(axis=1).sum())
    return out, moved / max(len(q), 1)


def coupled(
    features: np.ndarray,
    fit: np.ndarray,
    q: np.ndarray,
    neighbours: sparse.csr_matrix,
    strength: float,
    refit: bool,
    constraints: Sequence[RowConstraint],
    pull: float,
    iterations: int,
    device: Accelerator = CPU,
) -> np.ndarray:
    """(N, K) float32 posterior after steps of parameters and field over all spots, until it has settled.

    The device is asked first, unless a person said something of the spots.
    """
    if not (constraints and pull):
        own = features if refit else None
        sweeps = 2 if strength else 1
        if (found := device.settled(fit, q, neighbours, strength, iterations, MOVED, own, sweeps)) is not None:
            return found
    for step in range(iterations):
        if refit and step:
            fit = log_weights(features, gaussians(q, features))
        moved = 0.0
        for _ in range(2 if strength else 1):
            drawn_fit = constrained(fit, q, constraints, pull * sureness(fit)) if constraints and pull else fit
            q, far = swept(drawn_fit, q, neighbours, strength)
            moved += far
        if moved < MOVED:
            break
    return q


def settled(
    fit: np.ndarray,
    q: np.ndarray,
    neighbours: sparse.csr_matrix,
    strength: float,
    sweeps: int,
    device: Accelerator = CPU,
) -> np.ndarray:
    """Return the (N, K) posterior under a field with log weights given, after at most so many sweeps."""
    if (found := device.settled(fit, q, neighbours, strength, sweeps, MOVED)) is not None:
        return found
    for _ in range(sweeps):
        q, moved = swept(fit, q, neighbours, strength)
        if moved < MOVED:
            break
    return q


def _indicator(codes: np.ndarray, k: int) -> sparse.csr_matrix:
    (rows,) = np.nonzero(codes >= 0)
    return sparse.csr_matrix((np.ones(len(rows)), (rows, codes[rows])), (len(codes), k))
