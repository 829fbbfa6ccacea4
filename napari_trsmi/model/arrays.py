"""Arrays of numpy and scipy on a device, and what is multiplied there block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_trsmi.interrupt import check

ROWS = 1 << 17  # spots that are worked on at a time, where float64 copies of them are made


def blocks(n: int, size: int | None = None) -> Iterator[slice]:
    """Yield the rows of one block after the other; between two of them work can be interrupted."""
    size = size or ROWS
    for start in range(0, n, size):
        check()
        yield slice(start, min(start + size, n))


def on(device: torch.device, values: np.ndarray, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return an array as a tensor on a device."""
    return torch.from_numpy(np.ascontiguousarray(values)).to(device).to(dtype)


def columns(device: torch.device, parts: Sequence[np.ndarray], rows: slice = slice(None)) -> Tensor:
    """Return the (n, c) float32 columns of some rows, which may lie in several arrays."""
    return torch.cat([on(device, part[rows]) for part in parts], dim=1)


def matrix(device: torch.device, graph: sparse.csr_matrix, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return a CSR matrix on a device."""
    crow, col = (on(device, ends, torch.int32) for ends in (graph.indptr, graph.indices))
    return torch.sparse_csr_tensor(crow, col, on(device, graph.data, dtype), graph.shape, check_invariants=False)


def times(device: torch.device, parts: Sequence[np.ndarray], turn: np.ndarray) -> np.ndarray:
    """Return what `sampling.times` does."""
    out, turned = np.empty((len(parts[0]), turn.shape[1]), np.float32), on(device, turn)
    for rows in blocks(len(out)):
        out[rows] = (columns(device, parts, rows) @ turned).cpu().numpy()
    return out


def gram(device: torch.device, made: Iterable[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the (D,) sums and (D, D) products of the columns of (n, D) blocks, as `data.streamed.principal` does."""
    total: Any = 0.0
    product: Any = 0.0
    for block in made:
        own = _dense(device, block)
        product = product + (own.T @ own).double()
        total = total + own.sum(dim=0, dtype=torch.float64)
    return total.cpu().numpy(), product.cpu().numpy()


def projected(
    device: torch.device, made: Iterable[Any], loadings: np.ndarray, shift: np.ndarray, n_rows: int
) -> np.ndarray:
    """Return (N, d) float32 ``block @ loadings - shift`` of (n, D) blocks that are N rows together."""
    axes, level, at = on(device, loadings), on(device, shift), 0
    out = np.empty((n_rows, loadings.shape[1]), np.float32)
    for block in made:
        out[at : at + block.shape[0]] = (_dense(device, block) @ axes - level).cpu().numpy()
        at += block.shape[0]
    return out


def _dense(device: torch.device, block: Any) -> Tensor:
    if not sparse.issparse(block):
        return on(device, block)
    block.sum_duplicates()  # which a GPU would add up in any order
    return matrix(device, block).to_dense()
