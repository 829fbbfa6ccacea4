"""Sums, log weights and fields of a mixture on a device: numpy in, numpy out, the numbers of `domains.blockwise`.

As there, what is as long as the section is float32 and sums are float64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_trsmi.interrupt import check
from napari_trsmi.model.arrays import blocks, columns, matrix, on


def sums(device: torch.device, weights: np.ndarray, parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the (K, c) sums of columns over domains and the (c,) sums of their squares.

    Parameters
    ----------
    device
        Where.
    weights
        (N,) int domain of each spot, negative where it has none; or (N, K) posterior.
    parts
        (N, c).
    """
    k = int(weights.max(initial=-1)) + 1 if weights.ndim == 1 else weights.shape[1]
    numbers = torch.arange(k, device=device)
    width = sum(part.shape[1] for part in parts)
    total = torch.zeros(k, width, dtype=torch.float64, device=device)
    square = torch.zeros(width, dtype=torch.float64, device=device)
    for rows in blocks(len(weights)):
        x = columns(device, parts, rows).double()
        own = on(device, weights[rows], torch.float64)
        own = (own[:, None] == numbers).double() if weights.ndim == 1 else own
        total += own.T @ x
        square += x.square().sum(dim=0)
    return total.cpu().numpy(), square.cpu().numpy()


def log_weights(
    device: torch.device, parts: Sequence[np.ndarray], scaled: np.ndarray, level: np.ndarray, as_shares: bool = False
) -> np.ndarray:
    """Return (N, K) float32 ``x @ scaled.T + level`` less the largest of each row, or the softmax of each row."""
    axes, height = on(device, scaled, torch.float64), on(device, level, torch.float64)
    out = np.empty((len(parts[0]), len(level)), np.float32)
    for rows in blocks(len(out)):
        fit = columns(device, parts, rows).double() @ axes.T + height
        fit = torch.softmax(fit, dim=1) if as_shares else fit - fit.amax(dim=1, keepdim=True)
        out[rows] = fit.float().cpu().numpy()
    return out


def settled(
    device: torch.device,
    fit: np.ndarray,
    q: np.ndarray,
    neighbours: sparse.csr_matrix,
    strength: float,
    steps: int,
    enough: float,
    features: np.ndarray | None = None,
    sweeps: int = 1,
) -> np.ndarray:
    """Return the (N, K) posterior after at most so many steps of a field, and where given of what features say.

    Parameters
    ----------
    device
        Where.
    fit, q
        (N, K) log weights and posterior.
    neighbours, strength
        (N, N) CSR mean over neighbours, and how strong the field is.
    steps, sweeps
        At most so many steps of so many sweeps of the field.
    enough
        Mean over spots of the largest change in a step, below which nothing goes on.
    features
        (N, c) from which the log weights are made anew in every step but the first; None leaves them as they are.
    """
    weight, now, walk = on(device, fit), on(device, q), matrix(device, neighbours)
    x = None if features is None else on(device, features)
    for step in range(steps):
        if x is not None and step:
            weight = _refitted(now, x)
        moved = 0.0
        for _ in range(sweeps):
            check()
            before, now = now, torch.softmax((walk @ now) * strength + weight if strength else weight, dim=1)
            moved += float((now - before).abs().amax(dim=1).mean(dtype=torch.float64))
        if moved < enough:
            break
    return now.cpu().numpy()


def _refitted(q: Tensor, x: Tensor) -> Tensor:
    """(N, K) float32 log weights under the Gaussians of a posterior, as `blockwise.gaussians` has them."""
    n, total = len(x), q.sum(dim=0, dtype=torch.float64) + 1e-9
    added: Tensor | float = 0.0
    square = torch.zeros(x.shape[1], dtype=torch.float64, device=x.device)
    for rows in blocks(n):
        own = x[rows].double()
        added = added + q[rows].double().T @ own
        square = square + own.square().mean(dim=0) * (len(own) / n)
    means: Tensor = added / total[:, None]
    variance = torch.maximum(square - (total / n) @ means.square(), 1e-9 * square.clamp_min(1e-12))
    scaled = means / variance
    level = (total / n).clamp_min(1e-9).log() - 0.5 * (means * scaled).sum(dim=1)
    out = torch.empty_like(q)
    for rows in blocks(n):
        fit = x[rows].double() @ scaled.T + level
        out[rows] = (fit - fit.amax(dim=1, keepdim=True)).float()
    return out
