"""Walks over the tissue on a device: numpy in, numpy out, the numbers of `coherence` and `rings` but for rounding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_trsmi.interrupt import check
from napari_trsmi.model.arrays import blocks, columns, matrix, on
from napari_trsmi.model.search import nearest_on

CANDIDATES = 20_000_000  # spots that could be in a ring, looked at together: 80 MB, and as much to sort them


def products(
    device: torch.device, parts: Sequence[np.ndarray], level: np.ndarray, mean: sparse.csr_matrix, order: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three sums over spots of `coherence.coherent_directions`, each (c, c) float64."""
    x, walk = columns(device, parts), matrix(device, mean)
    centre = on(device, level, torch.float64)
    has = on(device, np.diff(mean.indptr) > 0, torch.float64)[:, None]  # without neighbours the mean of these is 0
    gram, lag, shuffled = torch.zeros(3, len(level), len(level), dtype=torch.float64, device=device)
    for out in (lag, shuffled):
        near = walk @ x
        for rows in blocks(len(x)):
            own = x[rows] - centre
            out += own.T @ (near[rows] - has[rows] * centre)
            if out is lag:
                gram += own.T @ own
        x = x[on(device, order, torch.int64)]
    return gram.cpu().numpy(), lag.cpu().numpy(), shuffled.cpu().numpy()


def moments(
    device: torch.device, x: np.ndarray, probes: np.ndarray, mean: sparse.csr_matrix, weight: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the (2 * steps + 1, d) moments and (steps + 1,) traces of `coherence.denoise`."""
    d, walk, heavy = x.shape[1], matrix(device, mean, torch.float64), on(device, weight, torch.float64)
    sign = on(device, probes, torch.float64)
    power = torch.cat([on(device, x, torch.float64), sign], dim=1)
    found, traces = [(power[:, :d].square() * heavy).mean(dim=0)], [(sign * power[:, d:]).mean()]
    for _ in range(steps):
        check()
        before, power = power[:, :d], walk @ power
        found += [(before * power[:, :d] * heavy).mean(dim=0), (power[:, :d].square() * heavy).mean(dim=0)]
        traces.append((sign * power[:, d:]).mean())
    return torch.stack(found).cpu().numpy(), torch.stack(traces).cpu().numpy()


def walked(device: torch.device, x: np.ndarray, mean: sparse.csr_matrix, weights: np.ndarray) -> np.ndarray:
    """Return (N, d) float32 columns, each under the Chebyshev series with its (T + 1, d) weights."""
    before, walk, share = on(device, x), matrix(device, mean), on(device, weights)
    power, smoothed = walk @ before, before * share[0]
    for t in range(1, len(share)):
        check()
        smoothed += power * share[t]
        if t + 1 < len(share):
            before, power = power, 2 * (walk @ power) - before
    return smoothed.cpu().numpy()


def averaged(device: torch.device, values: np.ndarray, mean: sparse.csr_matrix, hops: int) -> np.ndarray:
    """Return (N, d) values multiplied by `mean` so many times, float64 where they are."""
    dtype = torch.float64 if values.dtype == np.float64 else torch.float32
    x, walk = on(device, values, dtype), matrix(device, mean, dtype)
    for _ in range(hops):
        check()
        x = walk @ x
    return x.cpu().numpy()


def sharpened(device: torch.device, values: np.ndarray, k: int, hops: int) -> np.ndarray:
    """Return (n, d) float32 values averaged over each row and those like it, as `domains.clustering` has it.

    Alike are the `k` nearest rows and those that have a row among theirs. All pairs are looked at: for pieces of a
    section.
    """
    n, x = len(values), on(device, values)
    near = on(device, nearest_on(values, k, device)[0], torch.int32).sort(dim=1)[0].flatten()
    crow = torch.arange(0, n * k + 1, k, dtype=torch.int32, device=device)
    alike = torch.sparse_csr_tensor(crow, near, torch.ones_like(near, dtype=x.dtype), (n, n)).to_dense()
    alike = torch.maximum(alike, alike.T).fill_diagonal_(1.0)
    alike /= alike.sum(dim=1, keepdim=True)
    for _ in range(hops):
        check()
        x = alike @ x
    return x.cpu().numpy()


def ring_sums(device: torch.device, graph: sparse.csr_matrix, turned: Sequence[np.ndarray]) -> np.ndarray:
    """Return the (N, c) float32 sum over h of the means of ``turned[h - 1]`` over the spots h hops away.

    Parameters
    ----------
    device
        Where.
    graph
        (N, N) CSR spatial graph, symmetric, zero diagonal; only where its entries are counts.
    turned
        (N, c) values for each ring.
    """
    near, values = neighbour_table(device, graph), [on(device, own) for own in turned]
    n, degree = near.shape[0] - 1, near.shape[1]
    out = np.empty((n, turned[0].shape[1]), np.float32)
    for rows in blocks(n, max(1, CANDIDATES // (max(degree, 1) ** 2 * len(turned)))):
        ring = torch.arange(rows.start, rows.stop, dtype=torch.int32, device=device)[:, None]
        reached, total = ring, torch.zeros(len(ring), out.shape[1], device=device)
        for own in values:
            ring = _new(near[ring.long()].flatten(1), reached, n)
            total += _mean_of(own, ring, n)
            reached = torch.cat([reached, ring], dim=1)
        out[rows] = total.cpu().numpy()
    return out


def neighbour_table(device: torch.device, graph: sparse.csr_matrix) -> Tensor:
    """Return (N + 1, D) int32 neighbours of each spot, filled up with N; the last row is all N."""
    n, degree = graph.shape[0], np.diff(graph.indptr)
    table = np.full((n + 1, degree.max(initial=0)), n, np.int32)
    table[:n][np.arange(table.shape[1]) < degree[:, None]] = graph.indices
    return on(device, table, torch.int32)


def _new(found: Tensor, reached: Tensor, n: int) -> Tensor:
    """(r, R) int32 spots among the (r, C) found that were not reached before, each once, filled up with n."""
    number = torch.cat([2 * reached, 2 * found + 1], dim=1).sort(dim=1)[0]  # what was reached comes before its copies
    spot = number // 2
    first = torch.ones_like(spot, dtype=torch.bool)
    first[:, 1:] = spot[:, 1:] != spot[:, :-1]
    kept = first & (number % 2 == 1) & (spot < n)
    widest = int(kept.sum(dim=1).max())
    return torch.where(kept, spot, n).sort(dim=1)[0][:, :widest]


def _mean_of(values: Tensor, ring: Tensor, n: int) -> Tensor:
    """(r, c) mean of (N, c) values over each of (r, R) rings; 0 where it is empty."""
    there = ring < n
    size = there.sum(dim=1)
    crow = torch.cat([size.new_zeros(1), size.cumsum(0)]).int()
    col = ring[there]
    ones = torch.ones(len(col), dtype=values.dtype, device=values.device)
    rows = torch.sparse_csr_tensor(crow, col, ones, (len(ring), n), check_invariants=False)
    return (rows @ values) / size.clamp_min(1)[:, None]
