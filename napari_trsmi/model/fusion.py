"""Fusion of the modalities and the graph decoders."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_trsmi.config import Fusion

ACTIVATIONS = {"gelu": nn.GELU, "relu": nn.ReLU, "elu": nn.ELU, "tanh": nn.Tanh}


class MLPFusion(nn.Module):
    r"""The modalities' encodings side by side, and what a small network adds to them.

    .. math:: Z = X P + \mathrm{MLP}(X),\quad X = [Z^1 \,\Vert\, \ldots \,\Vert\, Z^M]

    The MLP's last layer starts at zero. P starts as the given basis: the identity where the widths agree (the
    modalities side by side), else the leading principal axes of X.

    Shapes
    ------
    stacked (N, sum of d_m) -> (N, d)
    """

    def __init__(self, basis: Tensor, settings: Fusion) -> None:
        super().__init__()
        width, dim = basis.shape
        hidden = settings.hidden or dim
        self.skip = nn.Parameter(basis.clone())
        self.enabled = settings.enabled
        if not self.enabled:
            return
        self.first = nn.Linear(width, hidden)
        self.activation = ACTIVATIONS[settings.activation]()
        self.last = nn.Linear(hidden, dim)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, stacked: Tensor) -> Tensor:
        """Return the (N, d) joint embedding."""
        z = stacked @ self.skip
        return z + self.last(self.activation(self.first(stacked))) if self.enabled else z


def principal_basis(stacked: Tensor, dim: int | None) -> Tensor:
    """Return the (width, d) starting basis of the fusion: the identity, or the `dim` leading principal axes."""
    width = stacked.shape[1]
    if dim is None or dim >= width:
        return torch.eye(width, dim or width, device=stacked.device)
    centred = stacked - stacked.mean(0)
    return torch.linalg.eigh(centred.T @ centred)[1].flip(1)[:, :dim].contiguous()


def ridge(x: Tensor, y: Tensor, strength: float = 1e-3) -> Tensor:
    r"""Return the (d, D) weights that predict (N, D) `y` from (N, d) `x`; the decoders start there.

    .. math:: W = (X^T X + \epsilon\, \overline{\mathrm{diag}}(X^T X)\, I)^{-1} X^T Y
    """
    gram = x.T @ x
    return torch.linalg.solve(gram + strength * gram.diagonal().mean() * torch.eye(len(gram), device=x.device), x.T @ y)
