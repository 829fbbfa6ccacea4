"""Near-identity projection-residual-propagation (RPR) encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_trsmi.config import Encoder
from napari_trsmi.model.sparse import Graph, product


def truncated_identity(rows: int, columns: int) -> Tensor:
    """Return the (rows, columns) matrix with ones on its diagonal."""
    return torch.eye(rows, columns)


class RPREncoder(nn.Module):
    r"""One graph layer that starts as (nearly) the identity.

    .. math:: Z = \hat A \left(F W_e + \alpha\, \Delta(F W_e)\right)

    with a zero-initialised linear :math:`\Delta` and a small learned gate :math:`\alpha`. `W_e` starts as the identity
    on the components, which come sorted by how much they matter, so that a narrower encoding keeps the best ones.

    Parameters
    ----------
    n_features, dim
        Widths D_m and d.
    settings
        Gate, and where rows are l2-normalised. Off by default: a row's norm can carry signal.

    Shapes
    ------
    features (N, D_m), values (E,) -> (N, d)
    """

    def __init__(self, n_features: int, dim: int, settings: Encoder) -> None:
        super().__init__()
        self.weight = nn.Parameter(truncated_identity(n_features, dim))
        self.delta = nn.Parameter(torch.zeros(dim, dim)) if settings.enhancement else None
        self.gate = nn.Parameter(torch.tensor(float(settings.gate)))
        self.l2_before, self.l2_after = settings.l2_before, settings.l2_after

    def forward(self, features: Tensor, pattern: Graph, values: Tensor) -> Tensor:
        """Return the (N, d) encoding of (N, D_m) `features` over the graph with (E,) `values`."""
        return self.propagated(self.projected(features), pattern, values)

    def projected(self, features: Tensor) -> Tensor:
        """Return the (N, d) encoding of (N, D_m) `features` spot by spot, before propagation."""
        h = features @ self.weight  # (N, d)
        if self.delta is not None:
            h = h + self.gate * (h @ self.delta)
        return nn.functional.normalize(h) if self.l2_before else h

    def propagated(self, h: Tensor, pattern: Graph, values: Tensor) -> Tensor:
        """Return (N, d) `h` over the graph with (E,) `values`."""
        z = product(pattern, values, h)
        return nn.functional.normalize(z) if self.l2_after else z
