"""The weights that the network starts with: those under which it gives back what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_trsmi.config import Config
from napari_trsmi.model.alignment import canonical_directions
from napari_trsmi.model.encoder import truncated_identity
from napari_trsmi.model.fusion import principal_basis, ridge


@dataclass(frozen=True)
class Start:
    """Starting weights.

    Attributes
    ----------
    widths
        {modality: (D_m, d_m)} of its features and its encoding.
    directions
        {(a, b): (D_a, dim) query and (D_b, dim) key weights}.
    basis
        (sum of d_m, d) of the fusion.
    decoders
        {modality: (d, D_m)}.
    """

    widths: Mapping[str, tuple[int, int]]
    directions: Mapping[tuple[str, str], tuple[Tensor, Tensor]]
    basis: Tensor
    decoders: Mapping[str, Tensor]


def start_of(
    features: Mapping[str, Tensor], averaged: Mapping[str, Tensor], has: Mapping[str, Tensor], config: Config
) -> Start:
    """Return the weights for features as these.

    Parameters
    ----------
    features
        {modality: (n, D_m)} of all spots, or of enough of them.
    averaged
        {modality: (n, D_m)} the same averaged over the spatial graph, A_S F^m.
    has
        {modality: (n,) bool} of those that some spots lack.
    """
    names = tuple(features)
    widths = {m: (x.shape[1], config.encoder.dim or x.shape[1]) for m, x in features.items()}

    def encoded(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return what the encoders give before any propagation."""
        return {m: x @ truncated_identity(*widths[m]).to(x) for m, x in values.items()}

    def measured(values: Tensor, m: str) -> Tensor:
        return values[has[m]] if m in has else values

    start = encoded(features)
    directions = {
        (a, b): canonical_directions(start[a], start[b], config.align.dim, both(has, a, b))
        for i, a in enumerate(names)
        for b in names[i + 1 :]
        if config.align.enabled
    }
    stacked = torch.cat(list(start.values()), dim=1)
    basis = principal_basis(stacked, config.encoder.dim if len(names) > 1 else None)
    smooth = torch.cat(list(encoded(averaged).values()), dim=1) @ basis
    decoders = {m: ridge(measured(smooth, m), measured(x, m)) for m, x in features.items()}
    return Start(widths, directions, basis, decoders)


def both(has: Mapping[str, Tensor], a: str, b: str) -> Tensor | None:
    """Return the (n,) bool spots that have two modalities; None for all."""
    masks = [has[m] for m in (a, b) if m in has]
    return torch.stack(masks).all(0) if masks else None
