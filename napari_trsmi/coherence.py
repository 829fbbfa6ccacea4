"""Spatial coherence: which directions of a feature space neighbouring spots share, and how far to average each.

Both questions are answered without labels. numpy and scipy only; every step is O(E d). In sections too large to be
worked on at once (`sampling`) directions come from all spots, block by block, and reaches from pieces of the tissue.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev
from scipy import linalg, sparse

from napari_trsmi import sampling
from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.graphs import neighbour_mean
from napari_trsmi.interrupt import check
from napari_trsmi.sampling import Columns, blocks, is_large, parts_of, patches, rows_of, times

MAX_STEPS = 60  # products of the random-walk operator; at the smallest teleport 5 % of the walk is left
TELEPORTS = np.geomspace(0.05, 0.95, 60)
_TOGETHER = 16  # columns of a large section that are averaged at a time


def coherent_components(
    values: Columns,
    spatial: sparse.csr_matrix,
    seed: int = 0,
    most: int | None = None,
    device: Accelerator = CPU,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the spatially coherent components of `values`, at unit variance, and their coherence.

    The components are the generalised eigenvectors of :math:`(F^T P F, F^T F)`, where P averages over a spot's
    neighbours and leaves the spot itself out; an eigenvalue w is the component's spatial autocorrelation. Where noise
    is independent between spots, w estimates the share of a component's variance that neighbours have in common.
    Components no more coherent than the best one found with shuffled coordinates are left out, but the two most
    coherent always stay.

    Parameters
    ----------
    values
        (N, D) features, of a large section in several arrays side by side if need be; they are centred here.
    spatial
        (N, N) CSR spatial graph, zero diagonal.
    seed
        For the shuffle.
    most
        Components; all where not given.
    device
        Asked first where the section is large.

    Returns
    -------
    components
        (N, d) float64, of a large section float32, d <= D, most coherent first.
    coherence
        (d,) w, clipped to [0.01, 0.99].
    """
    components, coherence, _ = coherent_components_and_chance(values, spatial, seed, most, device)
    return components, coherence


def carried(coherence: np.ndarray, chance: float) -> float:
    """Return how much components carry about the tissue, from 0 to 1.

    It is the excess of the most coherent one over chance, in units of chance (where that is above a third, of half the
    room above it): 1 where it is twice as coherent as the best component of shuffled spots, 0 where it is not more so.

    Parameters
    ----------
    coherence
        (d,) as `coherent_components` returns it.
    chance
        The coherence of the best component of shuffled spots.
    """
    chance = min(max(chance, 0.01), 0.98)
    return float(np.clip((coherence.max() - chance) / min(chance, (1 - chance) / 2), 0.0, 1.0))


def coherent_components_and_chance(
    values: Columns,
    spatial: sparse.csr_matrix,
    seed: int = 0,
    most: int | None = None,
    device: Accelerator = CPU,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return components and coherence as `coherent_components` does, and the best coherence of shuffled spots."""
    if is_large(spatial.shape[0]):
        return _coherent_in_blocks(parts_of(values), spatial, seed, most, device)
    values = np.hstack(values) if isinstance(values, tuple) else values
    whitened = _whiten(np.asarray(values, float) - np.mean(values, axis=0, dtype=float))
    mean = neighbour_mean(spatial).astype(float)
    coherence, rotation = _autocorrelation(whitened, mean)
    order = np.random.default_rng(seed).permutation(len(whitened))
    chance = _autocorrelation(whitened[order], mean)[0].max()
    keep = max(int((coherence > max(chance, 0.0)).sum()), min(2, whitened.shape[1]))
    return (whitened @ rotation[:, :keep])[:, :most], np.clip(coherence[:keep], 0.01, 0.99)[:most], float(chance)


def _coherent_in_blocks(
    parts: tuple[np.ndarray, ...], spatial: sparse.csr_matrix, seed: int, most: int | None, device: Accelerator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Components (float32), coherence and chance, without a second copy of the columns."""
    level, turn, coherence, chance = coherent_directions(parts, spatial, seed, device=device)
    components = times(parts, turn[:, :most], device)
    components -= (level @ turn[:, :most]).astype(np.float32)
    return components, coherence[:most], chance


def coherent_directions(
    values: Columns,
    spatial: sparse.csr_matrix,
    seed: int = 0,
    spots: np.ndarray | None = None,
    device: Accelerator = CPU,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return what turns values to their coherent components, found from products of all spots, block by block.

    Parameters
    ----------
    values, spatial, seed
        As for `coherent_components`.
    spots
        (n,) int rows to find them from, roughly; all where not given.
    device
        Asked first where all are.

    Returns
    -------
    level
        (D,) mean of the values.
    turn
        (D, d), so that ``(values - level) @ turn`` are the components.
    coherence, chance
        As from `coherent_components_and_chance`.
    """
    parts = parts_of(values)
    n = len(parts[0])
    mean = neighbour_mean(spatial)
    level = np.concatenate([part.mean(axis=0, dtype=float) for part in parts])
    order = np.random.default_rng(seed).permutation(n)
    used = n if spots is None else len(spots)
    found = device.products(parts, level, mean, order) if spots is None else None
    gram, lag, shuffled = found or _products(parts, level, mean, order, spots)
    turn = _whitening(gram / used)
    coherence, rotation = _eigen(turn.T @ lag @ turn / used)
    chance = float(_eigen(turn.T @ shuffled @ turn / used)[0].max())
    keep = max(int((coherence > max(chance, 0.0)).sum()), min(2, turn.shape[1]))
    turn = turn @ rotation[:, :keep]
    # Which way an axis of the whitening points hangs on rounding, and with it where training begins.
    turn *= np.sign(turn[np.abs(turn).argmax(axis=0), np.arange(keep)])
    return level, turn, np.clip(coherence[:keep], 0.01, 0.99), chance


def _products(
    parts: tuple[np.ndarray, ...],
    level: np.ndarray,
    mean: sparse.csr_matrix,
    order: np.ndarray,
    spots: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(D, D) sums over spots of centred columns times themselves, the means around, and those of shuffled spots."""
    gram, lag, shuffled = np.zeros((3, len(level), len(level)))
    for block in blocks(len(order) if spots is None else len(spots)):
        rows = block if spots is None else spots[block]
        near = mean[rows]
        around = level * (np.diff(near.indptr) > 0)[:, None]  # without neighbours the mean of these is 0
        elsewhere = sparse.csr_matrix((near.data, order[near.indices], near.indptr), near.shape)
        own, other = rows_of(parts, rows) - level, rows_of(parts, order[rows]) - level
        gram += own.T @ own
        lag += own.T @ (np.hstack([near @ part for part in parts]) - around)
        shuffled += other.T @ (np.hstack([elsewhere @ part for part in parts]) - around)
    return gram, lag, shuffled


def denoise(
    values: np.ndarray, spatial: sparse.csr_matrix, seed: int = 0, device: Accelerator = CPU
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return `values` with each column averaged over the tissue as far as its own noise asks for.

    A column x becomes :math:`S_a x = a \sum_{t<T} (1-a)^t P^t x + (1-a)^T P^T x`, a random walk over the spatial graph
    that returns with teleport probability a. The teleport that minimises generalised cross-validation,
    :math:`\|x - S_a x\|^2 / (1 - \mathrm{tr} S_a / N)^2`, is taken for each column: a noisy column is averaged far, a
    clean one with sharp steps hardly at all.

    P is self-adjoint in the inner product weighted by degree, so that every norm above follows from the moments
    :math:`x^T D P^t x`: T products give the criterion for any number of teleports.

    Parameters
    ----------
    values
        (N, d) features.
    spatial
        (N, N) CSR spatial graph, zero diagonal.
    seed
        For the 16 probe vectors that estimate the trace.
    device
        Asked first where the section is large.

    Returns
    -------
    smoothed
        (N, d) float64; float32 of a large section, where the teleports are those of pieces of it.
    reach
        (d,) mean length of the walk, (1 - a) / a, in hops.
    """
    if is_large(len(values)):
        rows = patches(spatial, seed, sampling.SAMPLE // 2)
        chosen = _teleports(np.asarray(values[rows], float), spatial[rows][:, rows].tocsr(), seed, device)
        mean = neighbour_mean(spatial)
        smoothed = np.empty(values.shape, np.float32)
        order = np.argsort(-chosen, kind="stable")  # columns that are averaged about as far go together
        for start in range(0, len(order), _TOGETHER):
            own = order[start : start + _TOGETHER]
            smoothed[:, own] = _walked_far(np.asarray(values[:, own], np.float32, order="C"), mean, chosen[own], device)
    else:
        x = np.asarray(values, float)
        chosen = _teleports(x, spatial, seed)
        smoothed = _walked(x, neighbour_mean(spatial).astype(float), chosen)
    return smoothed, (1 - chosen) / chosen


def _teleports(x: np.ndarray, spatial: sparse.csr_matrix, seed: int, device: Accelerator = CPU) -> np.ndarray:
    """(d,) teleport probability of each column that minimises generalised cross-validation, see `denoise`."""
    n, d = x.shape
    mean = neighbour_mean(spatial).astype(float)
    degree = np.maximum(np.asarray(spatial.sum(axis=1)).ravel(), 1e-12)
    probes = np.random.default_rng(seed).choice([-1.0, 1.0], (n, 16))
    weight = (degree / degree.mean())[:, None]
    found = device.moments(x, probes, mean, weight, MAX_STEPS)
    moments, traces = found or _moments(x, probes, mean, weight)
    best, chosen = np.full(d, np.inf), np.full(d, TELEPORTS[-1])
    lag = np.arange(MAX_STEPS + 1)
    for teleport in TELEPORTS:
        c = _walk_weights(teleport)
        square = np.convolve(c, c)  # coefficients of S_a^2 in powers of P
        residual = moments[0] - 2 * c @ moments[lag] + square @ moments
        criterion = residual / (1.0 - c @ traces) ** 2
        better = (criterion < best) & (residual > 1e-12 * moments[0])  # what rounding leaves of a constant says nothing
        best[better], chosen[better] = criterion[better], teleport
    return chosen


def _moments(
    x: np.ndarray, probes: np.ndarray, mean: sparse.csr_matrix, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(2 T + 1, d) moments x^T D P^t x / N and (T + 1,) traces tr P^t / N."""
    power, other, product = np.array(x, order="C"), probes, np.empty(x.shape)
    moments, traces = np.empty((2 * MAX_STEPS + 1, x.shape[1])), np.empty(MAX_STEPS + 1)

    def moment(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        np.multiply(left, right, out=product)
        np.multiply(product, weight, out=product)
        return np.asarray(product.mean(axis=0))

    for t in range(MAX_STEPS + 1):
        check()
        if t:
            before, power, other = power, mean @ power, mean @ other
            moments[2 * t - 1] = moment(before, power)
        moments[2 * t] = moment(power, power)
        traces[t] = (probes * other).mean()
    return moments, traces


def _walked(x: np.ndarray, mean: sparse.csr_matrix, teleports: np.ndarray) -> np.ndarray:
    """(N, d) columns of x, each averaged by a walk with its (d,) teleport."""
    weights = np.stack([_walk_weights(a) for a in teleports], axis=1)  # (T + 1, d)
    smoothed, power = x * weights[0], x
    last = int(np.flatnonzero(weights.max(axis=1) > 1e-4).max(initial=0))
    for t in range(1, last + 1):
        check()
        power = mean @ power
        smoothed += power * weights[t]
    return np.asarray(smoothed / weights[: last + 1].sum(axis=0))


def _walked_far(x: np.ndarray, mean: sparse.csr_matrix, teleports: np.ndarray, device: Accelerator = CPU) -> np.ndarray:
    """Return what `_walked` does, float32 and to about 1e-4, from a third of the products where walks are long.

    The polynomial in P is written in Chebyshev's, whose coefficients fall faster; the spectrum of P lies in [-1, 1].
    """
    weights = np.stack([chebyshev.poly2cheb(_walk_weights(a)) for a in teleports], axis=1)  # (T + 1, d)
    last = int(np.flatnonzero(weights.max(axis=1) > 1e-4).max(initial=0))
    weights = (weights / weights[: last + 1].sum(axis=0)).astype(np.float32)  # constants stay what they are
    if (found := device.walked(x, mean, weights[: last + 1])) is not None:
        return found
    before, power = x, mean @ x
    smoothed = x * weights[0]
    for t in range(1, last + 1):
        check()
        smoothed += power * weights[t]
        if t < last:
            further = mean @ power
            further *= 2
            further -= before
            before, power = power, further
    return smoothed


def _walk_weights(teleport: float) -> np.ndarray:
    """(T + 1,) weights of P^0 ... P^T in S_a; they sum to 1."""
    weights = teleport * (1 - teleport) ** np.arange(MAX_STEPS + 1)
    weights[-1] = (1 - teleport) ** MAX_STEPS
    return weights


def _whiten(rows: np.ndarray) -> np.ndarray:
    return rows @ _whitening(rows.T @ rows / len(rows))


def _whitening(covariance: np.ndarray) -> np.ndarray:
    variance, axes = linalg.eigh(covariance)
    keep = variance > 1e-8 * variance[-1]
    return np.asarray(axes[:, keep] / np.sqrt(variance[keep]))


def _autocorrelation(whitened: np.ndarray, mean: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (falling) and eigenvectors of the spatial lag of whitened rows; signs are fixed."""
    return _eigen(whitened.T @ (mean @ whitened) / len(whitened))


def _eigen(lag: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    w, axes = linalg.eigh((lag + lag.T) / 2)
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(w))])
    return w[::-1], axes[:, ::-1]
