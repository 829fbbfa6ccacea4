"""What one pass of the network sees: a section, or a tile of one with the tissue around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_trsmi.model.alignment import Carry
from napari_trsmi.model.edges import FeatureGraph, TileEdges
from napari_trsmi.model.graph_data import SharedGraphs
from napari_trsmi.model.sparse import Pattern, normalize


@dataclass(frozen=True)
class View:
    """Features and graphs of n spots.

    Attributes
    ----------
    features
        {modality: (n, D_m)}.
    pattern
        Union of the edges of all graphs, and the diagonal.
    spatial
        (E,) normalised values of A_S, loops included.
    diagonal
        (E,) float32, 1 on the diagonal and 0 elsewhere.
    edges
        {modality: its feature edges}.
    has
        {modality: (n,) bool} of those that some spots lack.
    carries
        {modality: how it is carried over to the spots that lack it}.
    core
        How many of the spots, the first ones, the loss is about; the others are the tissue around them. None for all.
    rows
        (n,) int64 which spots of the section these are, the core first; None for all.
    """

    features: Mapping[str, Tensor]
    pattern: Pattern
    spatial: Tensor
    diagonal: Tensor
    edges: Mapping[str, FeatureGraph] | Mapping[str, TileEdges]
    has: Mapping[str, Tensor] = field(default_factory=dict)
    carries: Mapping[str, Carry] = field(default_factory=dict)
    core: int | None = None
    rows: np.ndarray | None = None

    def looped(self, values: Tensor, self_loop: float) -> Tensor:
        r"""Return (E,) `values` with a loop of `self_loop` times the mean degree at every spot, normalised.

        .. math:: \hat A = D^{-1/2} (A + l \bar d\, I) D^{-1/2}

        Around a tile edges are missing, so the mean is over its core.
        """
        total = values.sum() if self.core is None else self.pattern.row_sum(values)[: self.core].sum()
        loop = self_loop * total / (self.core or self.pattern.n)
        return normalize(self.pattern, values + loop * self.diagonal)


def whole(
    features: dict[str, Tensor],
    graphs: SharedGraphs,
    self_loop: float,
    carry: Mapping[str, sparse.csr_matrix] | None = None,
    has: Mapping[str, np.ndarray] | None = None,
) -> View:
    """Return the view of a section or a study as a whole; `carry` and `has` as in `training.train`."""
    device = graphs.spatial.device
    masks = {m: torch.from_numpy(mask).to(device) for m, mask in (has or {}).items()}
    carries = {m: Carry(one, m, dict(has or {}), tuple(features), device) for m, one in (carry or {}).items()}
    bare = View(features, graphs.pattern, graphs.spatial, graphs.diagonal, graphs.features, masks, carries)
    return replace(bare, spatial=bare.looped(graphs.spatial, self_loop))
