"""The whole network, from features to joint embedding, reconstruction and correspondences."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.utils.checkpoint import checkpoint

from napari_trsmi.config import Config
from napari_trsmi.model.alignment import Alignment, Carry, Mix, canonical_directions, context, search_candidates
from napari_trsmi.model.diffusion import LocalRefinement, MultiScaleDiffusion
from napari_trsmi.model.encoder import RPREncoder, truncated_identity
from napari_trsmi.model.fusion import MLPFusion, principal_basis, ridge
from napari_trsmi.model.graph_data import SharedGraphs
from napari_trsmi.model.named import Named
from napari_trsmi.model.schedules import cooling, value
from napari_trsmi.model.sparse import Pattern, normalize, product


@dataclass
class Output:
    """One forward pass; all tensors, nothing of it leaves the room.

    Attributes
    ----------
    z
        (N, d) joint embedding.
    decoded
        {modality: (N, D_m)} reconstructions.
    graphs
        {modality: (E,)} normalised learned feature graphs.
    correspondences
        {(a, b): (E',)} values of S on ``TRSMI.candidates[a, b]``.
    beta, temperature
        Gate and alignment temperature of this pass.
    stages
        {stage: (N, width)}, filled when asked for.
    parts
        {modality: (N, d_m)} what goes into the fusion.
    """

    z: Tensor
    decoded: dict[str, Tensor]
    graphs: dict[str, Tensor]
    correspondences: dict[tuple[str, str], Tensor]
    beta: Tensor
    temperature: float
    stages: dict[str, Tensor] = field(default_factory=dict)
    parts: dict[str, Tensor] = field(default_factory=dict)


class FeatureEdges(nn.Module):
    """One non-negative weight per undirected feature edge; starts at the fixed graph, symmetric by construction."""

    def __init__(self, weight: Tensor, learn: bool) -> None:
        super().__init__()
        start = weight.clamp_min(1e-6)
        self.raw = nn.Parameter(start + torch.log(-torch.expm1(-start)), requires_grad=learn)  # inverse of softplus

    def forward(self) -> Tensor:
        """Return the (n / 2,) weights."""
        return softplus(self.raw)


class TRSMI(nn.Module):
    r"""Encoder, alignment, local refinement, multi-scale diffusion, gate, fusion and decoders for M >= 1 modalities.

    .. math:: F^m \to Z^m \to \tilde Z^m \to Z^m_{loc} \to (1 - \beta) Z^m_{loc} + \beta Z^m_g
              \to Z \to \hat F^m = A_S Z W_d^m

    Every part starts near the identity, so that the embedding before training is as good as the input.

    Parameters
    ----------
    features
        {modality: (N, D_m)}.
    graphs
        The shared graphs.
    config
        The settings.
    carry, has
        {modality: (N, N) CSR} and {modality: (N,) bool} of those that some spots lack, see `alignment.Carry`.
    """

    def __init__(
        self,
        features: dict[str, Tensor],
        graphs: SharedGraphs,
        config: Config,
        carry: dict[str, sparse.csr_matrix] | None = None,
        has: dict[str, np.ndarray] | None = None,
    ) -> None:
        super().__init__()
        self.features, self.graphs, self.config = features, graphs, config
        self.names = tuple(features)
        device = graphs.spatial.device
        self.has = {m: torch.from_numpy(mask).to(device) for m, mask in (has or {}).items()}
        self.carries = {m: Carry(one, m, has or {}, self.names, device) for m, one in (carry or {}).items()}
        self.dims = {m: config.encoder.dim or x.shape[1] for m, x in features.items()}
        n_modalities = len(self.names)

        self.edges = Named({m: FeatureEdges(g.weight, config.graph.learn_edges) for m, g in graphs.features.items()})
        total = config.graph.w_spatial + config.graph.w_feature
        mix = torch.tensor([config.graph.w_spatial / total, config.graph.w_feature / total]).clamp_min(1e-6)
        self.mix = Named({m: nn.Parameter(mix.log().clone(), requires_grad=config.graph.learn_mix) for m in self.names})
        self.encoders = Named({m: RPREncoder(x.shape[1], self.dims[m], config.encoder) for m, x in features.items()})
        # What the encoders give before any propagation, at the start.
        start = {m: x @ truncated_identity(x.shape[1], self.dims[m]).to(x) for m, x in features.items()}
        self.pairs = tuple(
            (a, b) for i, a in enumerate(self.names) for b in self.names[i + 1 :] if config.align.enabled
        )
        self.alignments = Named(
            {
                (a, b): Alignment(*canonical_directions(start[a], start[b], config.align.dim, self.both(a, b)))
                for a, b in self.pairs
            }
        )
        self.mixes = Named(
            {
                (a, b): Mix(self.dims[a], self.dims[b])
                for a in self.names
                for b in self.names
                if a != b and config.align.enabled
            }
        )
        if config.refine.enabled:
            self.refinements = Named({m: LocalRefinement(self.dims[m], config.refine.gate) for m in self.names})
        if config.diffusion.enabled:
            self.diffusion = MultiScaleDiffusion(self.dims, config.diffusion)
            self.gate = nn.Parameter(torch.tensor(float(config.gate.start)))
        self.candidates: dict[tuple[str, str], Pattern] = {}

        with torch.no_grad():
            stacked = torch.cat(list(start.values()), dim=1)
            dim = config.encoder.dim if n_modalities > 1 else None
            self.fusion = MLPFusion(principal_basis(stacked, dim), config.fusion)
            self.spatial = self.looped(graphs.spatial, config.graph.self_loop)  # (E,) normalised A_S
            smooth = product(graphs.pattern, self.spatial, stacked @ self.fusion.skip)
            self.decoders = Named(
                {
                    m: nn.Parameter(
                        ridge(smooth[self.has[m]], features[m][self.has[m]])
                        if m in self.has
                        else ridge(smooth, features[m])
                    )
                    for m in self.names
                }
            )

    def both(self, a: str, b: str) -> Tensor | None:
        """Return the (N,) bool spots that have two modalities; None for all."""
        masks = [self.has[m] for m in (a, b) if m in self.has]
        return torch.stack(masks).all(0) if masks else None

    def looped(self, values: Tensor, self_loop: float) -> Tensor:
        r"""Return (E,) `values` with a loop of `self_loop` times the mean degree at every spot, normalised.

        .. math:: \hat A = D^{-1/2} (A + l \bar d\, I) D^{-1/2}
        """
        loop = self_loop * values.sum() / self.graphs.pattern.n
        return normalize(
            self.graphs.pattern, values.index_add(0, self.graphs.diagonal, loop.expand(self.graphs.pattern.n))
        )

    def feature_values(self) -> dict[str, Tensor]:
        """Return {modality: (E,)} values of the normalised learned feature graphs A_F."""
        out = {}
        for m, graph in self.graphs.features.items():
            weights = self.edges[m]().index_select(0, graph.pair)
            values = weights.new_zeros(self.graphs.pattern.n_edges).index_add(0, graph.positions, weights)
            out[m] = self.looped(values, self.config.graph.self_loop)
        return out

    def graph_values(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        r"""Return {modality: (E,)} learned feature graphs and fused graphs.

        .. math:: \hat A^m = w_S^m \hat A_S + w_F^m \hat A_F^m,\quad (w_S^m, w_F^m) = \mathrm{softmax}
        """
        learned, fused = self.feature_values(), {}
        for m in self.names:
            w = torch.softmax(self.mix[m], 0)
            fused[m] = w[0] * self.spatial + w[1] * learned[m]
        return learned, fused

    def forward(self, fraction: float, warm: bool = False, keep_stages: bool = False) -> Output:
        """Return one pass.

        Parameters
        ----------
        fraction
            Share of epochs done, in [0, 1]; sets the gate and the temperatures.
        warm
            Detach the other modality in every cross term.
        keep_stages
            Also return the output of every stage.
        """
        config, pattern = self.config, self.graphs.pattern
        spatial = self.spatial
        # Made again for the gradient: a dozen numbers per edge and modality would else stay in memory.
        learned, fused = checkpoint(self.graph_values, use_reentrant=False)
        stages: dict[str, Tensor] = {}

        def note(stage: str, parts: dict[str, Tensor]) -> None:
            if keep_stages:
                stages[stage] = torch.cat([parts[m] for m in self.names], dim=1)

        temperature = value(config.align.temperature, fraction)
        parts = {m: self.encoders[m].projected(self.features[m]) for m in self.names}
        note("input", self.features)
        # Before the propagation: what is carried over is averaged over the tissue as what was measured is.
        parts |= {m: carry(parts, m, temperature) for m, carry in self.carries.items()}
        parts = {m: self.encoders[m].propagated(parts[m], pattern, fused[m]) for m in self.names}
        note("encoder", parts)

        correspondences: dict[tuple[str, str], Tensor] = {}
        if self.pairs:
            parts = self._align(parts, temperature, warm, correspondences)
            note("alignment", parts)

        if config.refine.enabled:
            parts = {m: self.refinements[m](parts[m], pattern, fused[m]) for m in self.names}
            note("local", parts)

        beta = torch.zeros((), device=spatial.device)
        cool = cooling(config.gate, fraction)
        # A gate that has cooled to zero lets nothing of the diffusion through: a third of an epoch for nothing.
        if config.diffusion.enabled and (cool > 0 or keep_stages):
            beta = torch.sigmoid(self.gate) * cool
            # A constant to the gradient: through 8 products per epoch, the edge weights' gradient would cost more time
            # and memory than all else together. They learn from the encoder and the refinement.
            shared = normalize(pattern, torch.stack(list(fused.values())).mean(0).detach())
            diffused = self.diffusion(parts, pattern, shared)
            note("global", diffused)
            parts = {m: (1.0 - beta) * parts[m] + beta * diffused[m] for m in self.names}

        z = self.fusion(torch.cat([parts[m] for m in self.names], dim=1))
        note("fusion", {m: z if m == self.names[0] else z[:, :0] for m in self.names})
        smooth = product(pattern, spatial, z)
        decoded = {m: smooth @ self.decoders[m] for m in self.names}
        return Output(z, decoded, learned, correspondences, beta, temperature, stages, parts)

    def _align(
        self,
        parts: dict[str, Tensor],
        temperature: float,
        warm: bool,
        correspondences: dict[tuple[str, str], Tensor],
    ) -> dict[str, Tensor]:
        """Mix each modality with its aligned counterparts, averaged over the other modalities."""
        mixed: dict[str, list[Tensor]] = {m: [] for m in self.names}
        for a, b in self.pairs:
            module = self.alignments[a, b]
            candidates = self.candidate_pattern(a, b, parts)
            za, zb = parts[a], parts[b]
            s = module(za, zb.detach() if warm else zb, candidates, temperature)
            # While warming up, each modality's update sees the other one as a constant, S included.
            st = module(za.detach(), zb, candidates, temperature) if warm else s
            mixed[a].append(self.mixes[a, b](za, context(s, candidates, zb.detach() if warm else zb, False)))
            mixed[b].append(self.mixes[b, a](zb, context(st, candidates, za.detach() if warm else za, True)))
            correspondences[a, b] = s
        return {m: torch.stack(options).mean(0) for m, options in mixed.items()}

    def candidate_pattern(self, a: str, b: str, parts: dict[str, Tensor]) -> Pattern:
        """Return the candidates of a pair, searched when first needed; `forget_candidates` has them searched again."""
        if (a, b) not in self.candidates:
            self.candidates[a, b] = search_candidates(
                parts[a],
                parts[b],
                self.alignments[a, b],
                self.config.align,
                self.graphs.pattern,
                self.config.seed,
            )
        return self.candidates[a, b]

    def forget_candidates(self) -> None:
        """Have approximate candidates searched again on the next pass."""
        if self.config.align.candidates == "ann":
            self.candidates.clear()

    def shares(self, parts: dict[str, Tensor]) -> Tensor:
        """Return the (N, M) share of each modality in the squared norm of what a spot's embedding is fused from."""
        start, norms = 0, []
        for m in self.names:
            stop = start + self.dims[m]
            norms.append((parts[m] @ self.fusion.skip[start:stop]).square().sum(1))
            start = stop
        power = torch.stack(norms, dim=1).clamp_min(1e-12)
        return power / power.sum(1, keepdim=True)
