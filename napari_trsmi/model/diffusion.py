"""Local refinement and multi-scale APPNP diffusion."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_trsmi.config import Diffusion
from napari_trsmi.model.named import Named
from napari_trsmi.model.sparse import Graph, product


class LocalRefinement(nn.Module):
    r"""Conservative local update.

    .. math:: Z_{loc} = Z_{base} + \alpha\, Z_{graph},\quad Z_{base} = \tilde Z W_b,\quad
              Z_{graph} = [\tilde Z \,\Vert\, \hat A \tilde Z] W_g

    :math:`W_b` starts as the identity and :math:`W_g` as [-I; I]: the branch starts as a small step towards the
    neighbours' mean. The gate is clamped to [0, 1].

    Shapes
    ------
    z (N, d), values (E,) -> (N, d)
    """

    def __init__(self, dim: int, gate: float) -> None:
        super().__init__()
        self.base = nn.Parameter(torch.eye(dim))
        self.graph = nn.Parameter(torch.cat([-torch.eye(dim), torch.eye(dim)]))
        self.gate = nn.Parameter(torch.tensor(float(gate)))

    def forward(self, z: Tensor, pattern: Graph, values: Tensor) -> Tensor:
        """Return the (N, d) refined encoding."""
        return self.beside(z, product(pattern, values, z))

    def beside(self, z: Tensor, neighbours: Tensor) -> Tensor:
        """Return the (n, d) refined encoding of some spots from their own and their `neighbours`' mean, both (n, d)."""
        return z @ self.base + self.gate.clamp(0.0, 1.0) * (torch.cat([z, neighbours], dim=1) @ self.graph)


def appnp_weights(steps: int, teleport: float) -> list[float]:
    r"""Return :math:`c_0 \ldots c_T` with :math:`\mathrm{APPNP}(H) = \sum_j c_j \hat A^j H` after T steps.

    Unrolling the personalised propagation

    .. math:: H_{t+1} = (1 - a)\, \hat A H_t + a H,\quad H_0 = H

    gives :math:`c_j = a (1 - a)^j` for :math:`j < T` and :math:`c_T = (1 - a)^T`, a the teleport probability.

    References
    ----------
    Gasteiger, Bojchevski and Günnemann, Predict then propagate: graph neural networks meet personalized PageRank, ICLR
    2019.

    Examples
    --------
    >>> appnp_weights(2, 0.5)
    [0.5, 0.25, 0.25]
    """
    return [teleport * (1 - teleport) ** j for j in range(steps)] + [(1 - teleport) ** steps]


def multi_scale(pattern: Graph, values: Tensor, h: Tensor, scales: tuple[tuple[int, float], ...]) -> list[Tensor]:
    """Return one (N, d) APPNP propagation of `h` per (steps, teleport); all share one chain of products."""
    weights = [appnp_weights(*scale) for scale in scales]
    out: list[Tensor] = [h * w[0] for w in weights]
    power = h
    for j in range(1, max(len(w) for w in weights)):
        power = product(pattern, values, power)
        out = [z + w[j] * power if j < len(w) else z for z, w in zip(out, weights, strict=True)]
    return out


class MultiScaleDiffusion(nn.Module):
    r"""Diffused features of every modality, over several scales.

    .. math:: Z_g = [\mathrm{APPNP}_1(H) \,\Vert\, \ldots \,\Vert\, \mathrm{APPNP}_s(H)]\, W

    W starts as the mean over the scales. Each scale is a number of steps and a teleport probability, see
    `appnp_weights`.

    Shapes
    ------
    parts {modality: (N, d_m)}, values (E,) -> {modality: (N, d_m)}
    """

    def __init__(self, dims: dict[str, int], settings: Diffusion) -> None:
        super().__init__()
        self.scales, self.dims = settings.scales, dims
        n = len(self.scales)
        self.weights = Named({m: nn.Parameter(torch.eye(d).repeat(n, 1) / n) for m, d in dims.items()})

    def forward(self, parts: dict[str, Tensor], pattern: Graph, values: Tensor) -> dict[str, Tensor]:
        """Return the diffused features; the modalities go through the chain side by side."""
        stacked = torch.cat(list(parts.values()), dim=1)
        widths = [self.dims[m] for m in parts]
        scales = [scale.split(widths, dim=1) for scale in multi_scale(pattern, values, stacked, self.scales)]
        return {m: torch.cat([s[i] for s in scales], dim=1) @ self.weights[m] for i, m in enumerate(parts)}
