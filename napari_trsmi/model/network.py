"""The whole network, from features to joint embedding, reconstruction and correspondences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from napari_trsmi.config import Config
from napari_trsmi.model.alignment import Alignment, Mix, context, search_candidates
from napari_trsmi.model.diffusion import LocalRefinement, MultiScaleDiffusion
from napari_trsmi.model.edges import EdgeWeights
from napari_trsmi.model.encoder import RPREncoder
from napari_trsmi.model.fusion import MLPFusion
from napari_trsmi.model.graph_data import SharedGraphs
from napari_trsmi.model.named import Named
from napari_trsmi.model.schedules import cooling, value
from napari_trsmi.model.sparse import Pattern, normalize, product
from napari_trsmi.model.start import Start, start_of
from napari_trsmi.model.view import View, whole

KEPT_EDGES = 2_000_000  # of which all that the gradient needs stays in memory: 0.1 GB per modality


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


class TRSMI(nn.Module):
    r"""Encoder, alignment, local refinement, multi-scale diffusion, gate, fusion and decoders for M >= 1 modalities.

    .. math:: F^m \to Z^m \to \tilde Z^m \to Z^m_{loc} \to (1 - \beta) Z^m_{loc} + \beta Z^m_g
              \to Z \to \hat F^m = A_S Z W_d^m

    Every part starts near the identity, so that the embedding before training is as good as the input.

    Parameters
    ----------
    start
        The weights to start with.
    edges
        {modality: the weights of its feature edges}, `edges.EdgeWeights` or `edges.EdgeFunction`.
    config
        The settings.
    whole
        What a pass sees that is given no view.
    """

    def __init__(self, start: Start, edges: Mapping[str, nn.Module], config: Config, whole: View | None = None) -> None:
        super().__init__()
        self.config, self.whole, self.names = config, whole, tuple(start.widths)
        self.dims = {m: dim for m, (_, dim) in start.widths.items()}
        self.edges = Named(edges)
        total = config.graph.w_spatial + config.graph.w_feature
        mix = torch.tensor([config.graph.w_spatial / total, config.graph.w_feature / total]).clamp_min(1e-6)
        self.mix = Named({m: nn.Parameter(mix.log().clone(), requires_grad=config.graph.learn_mix) for m in self.names})
        self.encoders = Named({m: RPREncoder(*widths, config.encoder) for m, widths in start.widths.items()})
        self.pairs = tuple(start.directions)
        self.alignments = Named({pair: Alignment(*directions) for pair, directions in start.directions.items()})
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
        self.fusion = MLPFusion(start.basis, config.fusion)
        self.decoders = Named({m: nn.Parameter(weight) for m, weight in start.decoders.items()})

    def seen(self, view: View | None) -> View:
        """Return the view that a pass is about."""
        found = view or self.whole
        assert found is not None
        return found

    def feature_values(self, view: View | None = None, raw: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
        """Return {modality: (E,)} values of the normalised learned feature graphs A_F, under other weights if given."""
        view, out = self.seen(view), {}
        for m, graph in view.edges.items():
            given = () if raw is None else (raw[m],)
            values = self.edges[m](graph, view.pattern.n_edges, *given)
            out[m] = view.looped(values, self.config.graph.self_loop)
        return out

    def graph_values(self, view: View) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        r"""Return {modality: (E,)} learned feature graphs and fused graphs.

        .. math:: \hat A^m = w_S^m \hat A_S + w_F^m \hat A_F^m,\quad (w_S^m, w_F^m) = \mathrm{softmax}
        """
        learned, fused = self.feature_values(view), {}
        for m in self.names:
            w = torch.softmax(self.mix[m], 0)
            fused[m] = w[0] * view.spatial + w[1] * learned[m]
        return learned, fused

    def kept_graph_values(self, view: View) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return `graph_values`; of many edges they are made again for the gradient.

        A dozen numbers per edge and modality would else stay in memory.
        """
        if view.pattern.n_edges <= KEPT_EDGES:
            return self.graph_values(view)
        from torch.utils.checkpoint import checkpoint  # imports torch's compiler when it is called

        made: tuple[dict[str, Tensor], dict[str, Tensor]] = checkpoint(self.graph_values, view, use_reentrant=False)
        return made

    def forward(
        self, fraction: float, warm: bool = False, keep_stages: bool = False, view: View | None = None
    ) -> Output:
        """Return one pass.

        Parameters
        ----------
        fraction
            Share of epochs done, in [0, 1]; sets the gate and the temperatures.
        warm
            Detach the other modality in every cross term.
        keep_stages
            Also return the output of every stage.
        view
            What the pass is about, where not the whole.
        """
        view, config = self.seen(view), self.config
        pattern, spatial = view.pattern, view.spatial
        learned, fused = self.kept_graph_values(view)
        stages: dict[str, Tensor] = {}

        def note(stage: str, parts: dict[str, Tensor]) -> None:
            if keep_stages:
                stages[stage] = torch.cat([parts[m] for m in self.names], dim=1)

        temperature = value(config.align.temperature, fraction)
        parts = {m: self.encoders[m].projected(view.features[m]) for m in self.names}
        note("input", dict(view.features))
        # Before the propagation: what is carried over is averaged over the tissue as what was measured is.
        parts |= {m: carry(parts, m, temperature) for m, carry in view.carries.items()}
        parts = {m: self.encoders[m].propagated(parts[m], pattern, fused[m]) for m in self.names}
        note("encoder", parts)

        correspondences: dict[tuple[str, str], Tensor] = {}
        if self.pairs:
            parts = self._align(parts, temperature, warm, correspondences, view)
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
        view: View,
    ) -> dict[str, Tensor]:
        """Mix each modality with its aligned counterparts, averaged over the other modalities."""
        mixed: dict[str, list[Tensor]] = {m: [] for m in self.names}
        for a, b in self.pairs:
            module = self.alignments[a, b]
            candidates = self.candidate_pattern(a, b, parts, view)
            za, zb = parts[a], parts[b]
            s = module(za, zb.detach() if warm else zb, candidates, temperature)
            # While warming up, each modality's update sees the other one as a constant, S included.
            st = module(za.detach(), zb, candidates, temperature) if warm else s
            mixed[a].append(self.mixes[a, b](za, context(s, candidates, zb.detach() if warm else zb, False)))
            mixed[b].append(self.mixes[b, a](zb, context(st, candidates, za.detach() if warm else za, True)))
            correspondences[a, b] = s
        return {m: torch.stack(options).mean(0) for m, options in mixed.items()}

    def candidate_pattern(self, a: str, b: str, parts: dict[str, Tensor], view: View) -> Pattern:
        """Return the candidates of a pair, searched when first needed; `forget_candidates` has them searched again."""
        if view is not self.whole:
            return view.pattern
        if (a, b) not in self.candidates:
            self.candidates[a, b] = search_candidates(
                parts[a], parts[b], self.alignments[a, b], self.config.align, view.pattern, self.config.seed
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


def whole_network(
    features: dict[str, Tensor],
    graphs: SharedGraphs,
    config: Config,
    carry: Mapping[str, sparse.csr_matrix] | None = None,
    has: Mapping[str, np.ndarray] | None = None,
) -> TRSMI:
    """Return the network of a section or a study that is trained as a whole.

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
    view = whole(features, graphs, config.graph.self_loop, carry, has)
    averaged = {m: product(view.pattern, view.spatial, x) for m, x in features.items()}
    edges = {m: EdgeWeights(graph.weight, config.graph.learn_edges) for m, graph in graphs.features.items()}
    return TRSMI(start_of(features, averaged, view.has, config), edges, config, view)
