"""Learned weights of feature edges: one for each edge of a section, or a few for all edges of its tiles."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus


@dataclass(frozen=True)
class FeatureGraph:
    """One modality's feature graph on the shared pattern of a section.

    Attributes
    ----------
    both
        (n, 2) int32 entries of the pattern that each undirected edge has, one for either direction.
    weight
        (n,) float32 weight of each undirected edge at the start.
    """

    both: Tensor
    weight: Tensor


@dataclass(frozen=True)
class TileEdges:
    r"""One modality's feature edges on the pattern of a tile.

    Attributes
    ----------
    weight
        (E,) float32 weight at the start, zero where there is no feature edge.
    distance
        (E,) float32 :math:`\log(1 + d)` of the distance d of its ends in units of that of neighbours.
    """

    weight: Tensor
    distance: Tensor


class EdgeWeights(nn.Module):
    """One non-negative weight per undirected feature edge; starts at the fixed graph, symmetric by construction."""

    def __init__(self, weight: Tensor, learn: bool) -> None:
        super().__init__()
        start = weight.clamp_min(1e-6)
        self.raw = nn.Parameter(start + torch.log(-torch.expm1(-start)), requires_grad=learn)  # inverse of softplus

    def forward(self, graph: FeatureGraph, n_edges: int) -> Tensor:
        """Return the (E,) weights on the pattern of the section."""
        placed: Tensor = _Placed.apply(softplus(self.raw), graph.both, n_edges)
        return placed


class EdgeFunction(nn.Module):
    r"""The weight of a feature edge by how alike and how far apart its ends are; starts at the fixed graph.

    .. math:: w_{ij} = w_{0,ij}^{\,p}\, (1 + d_{ij})^{-c},\quad p = 1,\ c = 0 \text{ at the start}

    Edges of a tile are seen a few times at most: a weight each would learn nothing.
    """

    def __init__(self, learn: bool) -> None:
        super().__init__()
        self.raw = nn.Parameter(torch.tensor([1.0, 0.0]), requires_grad=learn)

    def forward(self, graph: TileEdges, n_edges: int, raw: Tensor | None = None) -> Tensor:
        """Return the (E,) weights on the pattern of the tile, under `raw` (2,) instead of its own where given."""
        power, fall = self.raw if raw is None else raw
        there = graph.weight > 0
        log = torch.log(torch.where(there, graph.weight, torch.ones_like(graph.weight)))
        return torch.exp(power * log - fall * graph.distance) * there


class _Placed(torch.autograd.Function):
    """Weights of undirected edges at both of their entries; the gradient is a sum of two, the same in any order."""

    @staticmethod
    def forward(ctx, weight: Tensor, both: Tensor, n_edges: int) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.both = both
        out = weight.new_zeros(n_edges)
        for side in both.unbind(1):
            out[side] = weight
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):  # type: ignore[no-untyped-def]
        first, second = ctx.both.unbind(1)
        return grad.index_select(0, first) + grad.index_select(0, second), None, None
