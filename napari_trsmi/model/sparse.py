"""Sparse products with learned weights: every graph is a vector of values on one symmetric pattern.

Cost O(E d) in time; nothing but one value per edge is kept for the gradient. On a CPU the CSR product is an order of
magnitude faster than gathering neighbours, and `sampled_addmm` gives the gradient of the edge weights without forming
the N x N outer product.
"""

from __future__ import annotations

import warnings
from typing import Any, Protocol

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

# torch says once per process that CSR tensors are in beta.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch.sparse_csr_tensor(torch.tensor([0, 1]), torch.tensor([0]), torch.tensor([1.0]))


class Graph(Protocol):
    """What makes a matrix of values: a `Pattern`, or for products without a gradient anything else."""

    def matrix(self, values: Tensor) -> Any:
        """Return an (N, N) matrix that can be multiplied with a dense one."""


class Pattern:
    """Symmetric sparsity pattern of an (N, N) matrix in CSR order, shared by all graphs of a run.

    Parameters
    ----------
    edge_index
        (2, E) int64; both directions of every edge, duplicates allowed.
    n
        Number of spots N.

    Attributes
    ----------
    row, col
        (E,) int32 ends of each entry, sorted by row, then column. The CSR kernels would convert int64 at every product.
    crow
        (N + 1,) int32 row pointers.
    transpose
        (E,) int32; entry ``transpose[e]`` is the mirror image of entry ``e``.
    """

    def __init__(self, edge_index: Tensor, n: int) -> None:
        keys = torch.unique(edge_index[0] * n + edge_index[1])
        row, col = keys // n, keys % n
        counts = torch.bincount(row, minlength=n)
        self._take(row, col, torch.cat([counts.new_zeros(1), counts.cumsum(0)]), n)

    @classmethod
    def of(cls, graph: sparse.csr_matrix) -> Pattern:
        """Return the pattern of an (N, N) CSR matrix with sorted columns; in linear time."""
        made = cls.__new__(cls)
        n = graph.shape[0]
        row = np.repeat(np.arange(n, dtype=np.int32), np.diff(graph.indptr))
        made._take(torch.from_numpy(row), torch.from_numpy(graph.indices), torch.from_numpy(graph.indptr), n)
        return made

    def _take(self, row: Tensor, col: Tensor, crow: Tensor, n: int) -> None:
        self.n, self.row, self.col, self.crow = n, row.int(), col.int(), crow.int()
        entries = np.arange(len(col), dtype=np.int32)
        number = sparse.csr_matrix((entries, self.col.numpy(), self.crow.numpy()), shape=(n, n))
        mirrored = number.T.tocsr()  # entries in the order of the transposed matrix
        same = np.array_equal(mirrored.indptr, number.indptr) and np.array_equal(mirrored.indices, number.indices)
        if not same:
            raise ValueError("Expected both directions of every edge, found a pattern that is not symmetric.")
        self.transpose = torch.from_numpy(mirrored.data)

    @property
    def n_edges(self) -> int:
        """Number of stored entries E."""
        return len(self.col)

    def to(self, device: torch.device) -> Pattern:
        """Move to `device` in place and return self."""
        for name in ("row", "col", "crow", "transpose"):
            setattr(self, name, getattr(self, name).to(device))
        return self

    def positions(self, edge_index: Tensor) -> Tensor:
        """Return (n,) int32 positions of the entries (row, col) = `edge_index`; all must be in the pattern."""
        keys = self.row.long() * self.n + self.col
        return torch.searchsorted(keys, edge_index[0] * self.n + edge_index[1], out_int32=True)

    def matrix(self, values: Tensor) -> Tensor:
        """Return the (N, N) torch CSR matrix with these (E,) `values`."""
        return torch.sparse_csr_tensor(self.crow, self.col, values, (self.n, self.n), check_invariants=False)

    def to_scipy(self, values: Tensor) -> sparse.csr_matrix:
        """Return the (N, N) scipy CSR matrix with these (E,) `values`."""
        data, col, crow = (t.detach().cpu().numpy() for t in (values, self.col, self.crow))
        return sparse.csr_matrix((data, col, crow), shape=(self.n, self.n))

    def per_entry(self, values: Tensor, column: bool = False) -> Tensor:
        """Return (E,) the value of each entry's row, or of its column, from (N,) `values`; differentiable."""
        found: Tensor = _PerEntry.apply(values, self, column)
        return found

    def row_sum(self, values: Tensor) -> Tensor:
        """Return the (N,) sums of the (E,) `values` over each row; differentiable."""
        found: Tensor = _RowSum.apply(values, self)
        return found


# Sums over segments and not `index_add`: that adds in any order on a GPU, so that no run would repeat another.


class _PerEntry(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values: Tensor, pattern: Pattern, column: bool) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.pattern, ctx.column = pattern, column
        return values.index_select(0, pattern.col if column else pattern.row)

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[no-untyped-def]
        by_row = grad.index_select(0, ctx.pattern.transpose) if ctx.column else grad
        return _row_sum(ctx.pattern, by_row), None, None


class _RowSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values: Tensor, pattern: Pattern) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.pattern = pattern
        return _row_sum(pattern, values)

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[no-untyped-def]
        return grad.index_select(0, ctx.pattern.row), None


def _row_sum(pattern: Pattern, values: Tensor) -> Tensor:
    return torch.segment_reduce(values.contiguous(), "sum", offsets=pattern.crow, unsafe=True)


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values: Tensor, x: Tensor, pattern: Pattern, symmetric: bool) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.pattern, ctx.symmetric = pattern, symmetric
        ctx.save_for_backward(values, x if values.requires_grad else None)
        return pattern.matrix(values.detach()) @ x

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[no-untyped-def]
        values, x = ctx.saved_tensors
        pattern, grad = ctx.pattern, grad.contiguous()
        grad_values = _sampled(pattern, grad, x) if ctx.needs_input_grad[0] else None
        grad_x = None
        if ctx.needs_input_grad[1]:
            transposed = values if ctx.symmetric else values.index_select(0, pattern.transpose)
            grad_x = pattern.matrix(transposed) @ grad
        return grad_values, grad_x, None, None


class _Scores(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q: Tensor, k: Tensor, pattern: Pattern) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.pattern = pattern
        ctx.save_for_backward(q, k)
        return _sampled(pattern, q, k)

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[no-untyped-def]
        q, k = ctx.saved_tensors
        pattern = ctx.pattern
        grad_q = pattern.matrix(grad) @ k if ctx.needs_input_grad[0] else None
        grad_k = pattern.matrix(grad.index_select(0, pattern.transpose)) @ q if ctx.needs_input_grad[1] else None
        return grad_q, grad_k, None


def _sampled(pattern: Pattern, a: Tensor, b: Tensor) -> Tensor:
    """(E,) inner products of rows a[row] and b[col]."""
    found = pattern.matrix(a.new_zeros(pattern.n_edges))
    if a.is_cpu:  # in place, and by the rows of b, which the kernel wants: no copies
        return torch.sparse.sampled_addmm(found, a.contiguous(), b.contiguous().t(), beta=0.0, out=found).values()
    return torch.sparse.sampled_addmm(found, a.contiguous(), b.t().contiguous(), beta=0.0).values()


def product(pattern: Graph, values: Tensor, x: Tensor, symmetric: bool = True) -> Tensor:
    """Return A x for the matrix A with `values` (E,) on `pattern` and `x` (N, d); differentiable in both.

    All graphs here are symmetric in their values, which saves the gradient a permutation; correspondences are not.
    """
    return _Product.apply(values, x, pattern, symmetric)


def scores(pattern: Pattern, q: Tensor, k: Tensor) -> Tensor:
    """Return the (E,) inner products <q_i, k_j> of (N, d) rows at the entries (i, j) of `pattern`; differentiable."""
    return _Scores.apply(q, k, pattern)


def row_softmax(pattern: Pattern, values: Tensor) -> Tensor:
    """Return the softmax of the (E,) `values` over each row of `pattern`."""
    top = torch.segment_reduce(values.detach(), "max", offsets=pattern.crow, unsafe=True)
    weight = torch.exp(values - pattern.per_entry(top))
    return weight / pattern.per_entry(pattern.row_sum(weight))


def normalize(pattern: Pattern, values: Tensor) -> Tensor:
    r"""Return the (E,) values of the graph normalised on both sides; rows without weight stay zero.

    .. math:: \hat A = D^{-1/2} A D^{-1/2},\quad D_{ii} = \sum_j A_{ij}

    as in a graph convolution; self-loops are on the diagonal of A already, see `network.TRSMI.looped`.

    References
    ----------
    Kipf and Welling, Semi-supervised classification with graph convolutional networks, ICLR 2017.
    """
    half = pattern.row_sum(values).clamp_min(1e-12).rsqrt()
    return pattern.per_entry(half) * values * pattern.per_entry(half, column=True)
