"""The equations of the whole network on N x N matrices, to compare with."""

from __future__ import annotations

import torch
from small import dense
from torch.nn.functional import gelu, normalize, softplus

from napari_trsmi.model.network import TRSMI
from napari_trsmi.model.schedules import cooling


def renormalized(a: torch.Tensor) -> torch.Tensor:
    half = a.sum(1).clamp_min(1e-12).rsqrt()
    return half[:, None] * a * half[None]


def dense_forward(
    net: TRSMI, parameters: dict[str, torch.Tensor], fraction: float, temperature: float
) -> tuple[torch.Tensor, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Embedding, reconstructions and learned graphs from the parameters of a network alone."""
    p, config_, n = parameters, net.config, net.whole.pattern.n
    pattern, place = net.whole.pattern, net.edges.places

    def looped(a):
        return renormalized(a + config_.graph.self_loop * a.sum() / n * torch.eye(n, device=a.device))

    spatial = dense(pattern, net.whole.spatial)
    allowed = dense(pattern, torch.ones(pattern.n_edges, device=spatial.device)) > 0
    fused, learned, z = {}, {}, {}
    for m in net.names:
        weights, placed = softplus(p[f"edges.{place[m]}.raw"]), torch.zeros(n, n, device=spatial.device)
        for at in net.whole.edges[m].both.unbind(1):
            placed = placed.index_put((pattern.row[at], pattern.col[at]), weights)
        learned[m] = looped(placed)
        w = p[f"mix.{place[m]}"].softmax(0)
        fused[m] = w[0] * spatial + w[1] * learned[m]
        h = net.whole.features[m] @ p[f"encoders.{place[m]}.weight"]
        z[m] = fused[m] @ (h + p[f"encoders.{place[m]}.gate"] * h @ p[f"encoders.{place[m]}.delta"])
    mixed: dict[str, list[torch.Tensor]] = {m: [] for m in net.names}
    for i, a in enumerate(net.names):
        for b in net.names[i + 1 :]:
            pair = net.alignments.places[a, b]
            q = normalize(z[a] @ p[f"alignments.{pair}.query"])
            k = normalize(z[b] @ p[f"alignments.{pair}.key"])
            s = torch.where(allowed, q @ k.T / temperature, -torch.inf).softmax(1)
            mixed[a].append(torch.cat([z[a], s @ z[b]], 1) @ p[f"mixes.{net.mixes.places[a, b]}.weight"])
            mixed[b].append(torch.cat([z[b], s.T @ z[a]], 1) @ p[f"mixes.{net.mixes.places[b, a]}.weight"])
    z = {m: torch.stack(mixed[m]).mean(0) for m in net.names}
    local = {}
    for m in net.names:
        neighbours = torch.cat([z[m], fused[m] @ z[m]], 1) @ p[f"refinements.{place[m]}.graph"]
        local[m] = z[m] @ p[f"refinements.{place[m]}.base"] + p[f"refinements.{place[m]}.gate"].clamp(0, 1) * neighbours
    shared = renormalized(torch.stack([fused[m] for m in net.names]).mean(0).detach())
    beta = torch.sigmoid(p["gate"]) * cooling(config_.gate, fraction)
    parts = []
    for m in net.names:
        scales = []
        for steps, teleport in config_.diffusion.scales:
            h = local[m]
            for _ in range(steps):
                h = (1 - teleport) * shared @ h + teleport * local[m]
            scales.append(h)
        parts.append((1 - beta) * local[m] + beta * torch.cat(scales, 1) @ p[f"diffusion.weights.{place[m]}"])
    x = torch.cat(parts, 1)
    mlp = gelu(x @ p["fusion.first.weight"].T + p["fusion.first.bias"])
    joint = x @ p["fusion.skip"] + mlp @ p["fusion.last.weight"].T + p["fusion.last.bias"]
    return joint, {m: spatial @ joint @ p[f"decoders.{place[m]}"] for m in net.names}, learned
