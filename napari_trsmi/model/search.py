"""Exact search for nearest rows on a GPU, in blocks."""

from __future__ import annotations

import numpy as np
import torch

from napari_trsmi.interrupt import check

AT_ONCE = 200_000_000  # distances of a block: 0.8 GB


def nearest_on(rows: np.ndarray, k: int, device: torch.device) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, k) indices and Euclidean distances of the `k` other rows nearest to each of (n, d) `rows`."""
    x = torch.as_tensor(np.ascontiguousarray(rows, np.float32)).to(device)
    square, n = x.square().sum(1), len(x)
    index, distance = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    step = max(1, AT_ONCE // n)
    for start in range(0, n, step):
        check()
        block = slice(start, min(start + step, n))
        apart = torch.addmm(square[None] + square[block, None], x[block], x.T, alpha=-2.0)
        apart[:, block].fill_diagonal_(torch.inf)
        found, at = apart.topk(k, largest=False)
        index[block], distance[block] = at.cpu().numpy(), found.clamp_min(0.0).sqrt().cpu().numpy()
    return index, distance
