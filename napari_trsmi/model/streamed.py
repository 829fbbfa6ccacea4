"""One pass over all spots of a large section without gradients, stage by stage and block by block.

Each stage is computed for all spots before the next, so that the result is that of a pass over the whole at once, and
memory holds a few arrays of the size of the embedding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch.nn.functional import normalize

from napari_trsmi.interrupt import check
from napari_trsmi.model.diffusion import MultiScaleDiffusion, multi_scale
from napari_trsmi.model.edges import TileEdges
from napari_trsmi.model.network import TRSMI
from napari_trsmi.model.passes import Outcome
from napari_trsmi.model.schedules import cooling, value
from napari_trsmi.model.sparse import product

if TYPE_CHECKING:
    from napari_trsmi.model.tiled import Tiled

BLOCK = 50_000  # spots at a time where a stage needs more than one array of their size
COLUMNS = 16  # of a modality that are diffused at a time
STRONGEST = 10  # correspondences of a spot that are kept


class Looped:
    """A graph and the values of its diagonal, which it does not store."""

    def __init__(self, graph: Tensor, diagonal: Tensor) -> None:
        self.graph, self.diagonal = graph, diagonal[:, None]

    def __matmul__(self, x: Tensor) -> Tensor:
        return (self.graph @ x).addcmul_(self.diagonal, x)


class Blend:
    """A weighted sum of (N, N) graphs that is never formed; takes the place of a `sparse.Pattern` in products."""

    def __init__(self, graphs: list[Tensor | Looped]) -> None:
        self.graphs, self.weights = graphs, [1.0] * len(graphs)
        self.half: Tensor | None = None

    def matrix(self, weights: Tensor) -> Blend:
        """Return itself with these weights of its graphs."""
        self.weights = weights.tolist()
        return self

    def __matmul__(self, x: Tensor) -> Tensor:
        check()
        x = x if self.half is None else self.half * x
        out = (self.graphs[0] @ x).mul_(self.weights[0])
        for weight, graph in zip(self.weights[1:], self.graphs[1:], strict=True):
            out.add_(graph @ x, alpha=weight)
        return out if self.half is None else out.mul_(self.half)

    def normalise(self, n: int, device: torch.device) -> None:
        """Divide by the roots of its rows' sums, and of its columns'."""
        self.half = (self @ torch.ones(n, 1, device=device)).clamp_min(1e-12).rsqrt()


class Streamed:
    """The pass."""

    def __init__(self, network: TRSMI, section: Tiled, fraction: float) -> None:
        self.network, self.section, self.fraction = network, section, fraction
        self.config, self.device = network.config, section.device
        self.n = section.spatial.shape[0]
        self.correspondences: dict[tuple[str, str], sparse.csr_matrix] = {}

    def blocks(self) -> Iterator[slice]:
        """Yield the rows, some at a time."""
        for start in range(0, self.n, BLOCK):
            check()
            yield slice(start, min(start + BLOCK, self.n))

    @torch.no_grad()
    def outcome(self) -> Outcome:
        """Return the embedding, the shares of the modalities and the strongest correspondences."""
        network, names = self.network, self.network.names
        spatial = self.csr(self.section.spatial, self.section.spatial.data)
        learned = {m: self.learned(m) for m in names}
        weights = {m: torch.softmax(network.mix[m], 0) for m in names}
        blends = {m: Blend([spatial, learned[m]]) for m in names}
        parts = {}
        for m in names:
            values = torch.from_numpy(self.section.features[m]).to(self.device)
            encoder = network.encoders[m]
            projected = torch.empty(self.n, network.dims[m], device=self.device)
            for rows in self.blocks():
                projected[rows] = encoder.projected(values[rows])
            parts[m] = encoder.propagated(projected, blends[m], weights[m])  # (N, d_m)
            del projected
        if network.pairs:
            parts = self.aligned(parts)
        if self.config.refine.enabled:
            for m in names:
                neighbours = product(blends[m], weights[m], parts[m])
                for rows in self.blocks():
                    parts[m][rows] = network.refinements[m].beside(parts[m][rows], neighbours[rows])
                del neighbours
        cool = cooling(self.config.gate, self.fraction)
        if self.config.diffusion.enabled and cool > 0:
            beta = torch.sigmoid(network.gate) * cool
            near, alike = torch.stack([weights[m] for m in names]).unbind(1)
            mean = torch.cat([near.sum()[None], alike]) / len(names)
            joint = Blend([spatial, *learned.values()])
            joint.matrix(mean).normalise(self.n, self.device)
            for m in names:
                diffused = self.diffused(parts[m], network.diffusion, m, joint, mean)
                parts[m] = parts[m].mul_(1.0 - beta).add_(diffused.mul_(beta))
        return self.fused(parts)

    def csr(self, graph: sparse.csr_matrix, values: np.ndarray | Tensor) -> Tensor:
        """Return an (n, N) CSR graph with other (nnz,) values as a tensor."""
        crow, col, own = (torch.as_tensor(part).to(self.device) for part in (graph.indptr, graph.indices, values))
        return torch.sparse_csr_tensor(crow, col, own, graph.shape, check_invariants=False)

    def learned(self, m: str) -> Looped:
        """Return the normalised learned feature graph of a modality."""
        graph = self.section.feature_graphs[m]
        values = np.empty(graph.nnz, np.float32)
        for rows in self.blocks():
            own = slice(graph.indptr[rows.start], graph.indptr[rows.stop])
            ends = np.repeat(np.arange(rows.start, rows.stop), np.diff(graph.indptr[rows.start : rows.stop + 1]))
            distance = self.section.distance(ends, graph.indices[own])
            edges = TileEdges(torch.from_numpy(graph.data[own].astype(np.float32)), torch.from_numpy(distance))
            values[own] = self.network.edges[m](edges, 0, self.network.edges[m].raw.cpu()).numpy()
        weighted = sparse.csr_matrix((values, graph.indices, graph.indptr), graph.shape)
        degree = np.asarray(weighted.sum(axis=1)).ravel()
        loop = self.config.graph.self_loop * degree.mean()
        half = (1.0 / np.sqrt(np.maximum(degree + loop, 1e-12))).astype(np.float32)
        values *= np.repeat(half, np.diff(graph.indptr))
        values *= half[graph.indices]
        return Looped(self.csr(graph, values), torch.from_numpy((loop * half**2).astype(np.float32)).to(self.device))

    def aligned(self, parts: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the modalities mixed with their aligned counterparts, as `TRSMI` does.

        S of a block of rows is computed from the scores of its candidates. For the transposed one the columns' sums are
        those of the rows elsewhere, so that the rows come first.
        """
        network, temperature = self.network, value(self.config.align.temperature, self.fraction)
        count = {m: sum(m in pair for pair in network.pairs) for m in network.names}
        mixed = {m: torch.zeros_like(values) for m, values in parts.items()}
        for a, b in network.pairs:
            module, kept = network.alignments[a, b], []
            q, k = (normalize(parts[m] @ way) for m, way in ((a, module.query), (b, module.key)))
            total = torch.empty(self.n, device=self.device)  # log of the sum of a row's exponentials
            for rows in self.blocks():
                block = self.candidates(rows)
                score = self.sampled(block, q[rows], k) / temperature
                total[rows], s = _log_softmax(block, score)
                mixed[a][rows] += network.mixes[a, b](parts[a][rows], self.csr(block, s) @ parts[b]) / count[a]
                kept.append(_strongest(block, s))
            for rows in self.blocks():
                block = self.candidates(rows)
                columns = torch.from_numpy(block.indices).to(self.device)
                st = torch.exp(self.sampled(block, k[rows], q) / temperature - total.index_select(0, columns))
                mixed[b][rows] += network.mixes[b, a](parts[b][rows], self.csr(block, st) @ parts[a]) / count[b]
            self.correspondences[a, b] = sparse.vstack(kept, format="csr")
        return mixed

    def candidates(self, rows: slice) -> sparse.csr_matrix:
        """Return the (n, N) CSR union of the edges of some rows, in which they are themselves."""
        out = None
        for graph in (self.section.spatial, *self.section.feature_graphs.values()):
            part = graph[rows]
            there = sparse.csr_matrix((np.ones(part.nnz, np.int8), part.indices, part.indptr), part.shape)
            out = there if out is None else out + there
        assert out is not None
        return out

    def sampled(self, block: sparse.csr_matrix, a: Tensor, b: Tensor) -> Tensor:
        """Return the (e,) inner products of rows of (n, d) `a` and (N, d) `b` at the entries of a block."""
        zeros = self.csr(block, np.zeros(block.nnz, np.float32))
        return torch.sparse.sampled_addmm(zeros, a, b.t(), beta=0.0).values()

    def diffused(self, x: Tensor, diffusion: MultiScaleDiffusion, m: str, joint: Blend, mean: Tensor) -> Tensor:
        """Return the (N, d_m) diffused features of a modality, some columns at a time."""
        width, out = x.shape[1], torch.zeros_like(x)
        ways = diffusion.weights[m].view(len(diffusion.scales), width, width)
        for start in range(0, width, COLUMNS):
            own = slice(start, min(start + COLUMNS, width))
            for scale, way in zip(multi_scale(joint, mean, x[:, own], diffusion.scales), ways, strict=True):
                out.addmm_(scale, way[own])
        return out

    def fused(self, parts: dict[str, Tensor]) -> Outcome:
        """Return the outcome, block by block."""
        z = np.empty((self.n, self.network.fusion.skip.shape[1]), np.float32)
        shares = np.empty((self.n, len(parts)), np.float32)
        for rows in self.blocks():
            own = {m: values[rows] for m, values in parts.items()}
            z[rows] = self.network.fusion(torch.cat([own[m] for m in self.network.names], dim=1)).cpu().numpy()
            shares[rows] = self.network.shares(own).cpu().numpy()
        return Outcome(z, shares, self.correspondences)


def _log_softmax(block: sparse.csr_matrix, score: Tensor) -> tuple[Tensor, Tensor]:
    """(n,) log of the sum of exponentials of each row's scores, and (e,) their softmax."""
    offsets = torch.from_numpy(block.indptr).to(score.device)
    lengths = offsets.diff()
    top = torch.segment_reduce(score, "max", offsets=offsets, unsafe=True)
    weight = torch.exp(score - top.repeat_interleave(lengths))
    total = torch.segment_reduce(weight, "sum", offsets=offsets, unsafe=True)
    return top + total.log(), weight / total.repeat_interleave(lengths)


def _strongest(block: sparse.csr_matrix, s: Tensor) -> sparse.csr_matrix:
    """(n, N) CSR of the `STRONGEST` largest values of each row, columns rising."""
    values, lengths = s.cpu().numpy(), np.diff(block.indptr)
    kept = np.ones(len(values), bool)
    for width in np.unique(2 ** np.ceil(np.log2(np.maximum(lengths, 1)))).astype(int):  # rows of about one length
        rows = np.flatnonzero((lengths <= width) & (2 * lengths > width) & (lengths > STRONGEST))
        at = block.indptr[rows, None] + np.arange(width)
        there = np.arange(width) < lengths[rows, None]
        beside = np.where(there, values[np.minimum(at, len(values) - 1)], -np.inf)
        weak = np.argpartition(-beside, STRONGEST, axis=1)[:, STRONGEST:]
        lost = np.take_along_axis(at, weak, axis=1)[np.take_along_axis(there, weak, axis=1)]
        kept[lost] = False
    ends = np.concatenate([[0], np.add.reduceat(kept, block.indptr[:-1], dtype=np.int64).cumsum()])
    return sparse.csr_matrix((values[kept], block.indices[kept], ends.astype(np.int32)), shape=block.shape)
