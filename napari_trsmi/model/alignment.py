"""Temperature-controlled soft correspondences between modalities over a sparse set of candidates."""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn.functional import normalize

from napari_trsmi.config import Align
from napari_trsmi.errors import ConfigError
from napari_trsmi.model.encoder import truncated_identity
from napari_trsmi.model.sparse import Pattern, product, row_softmax, scores
from napari_trsmi.neighbours import nearest

DENSE_LIMIT = 5_000  # spots; the dense softmax stores N^2 numbers


def canonical_directions(a: Tensor, b: Tensor, dim: int, both: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return (D_a, dim) and (D_b, dim) starting weights under which queries and keys of one spot correspond.

    They are the canonical directions of the two modalities, scaled by the root of the canonical correlation, so that
    the first correspondences already mean something. Ridge 1e-3 keeps near-constant columns harmless. Missing
    columns, where a modality has fewer than `dim`, are zero. Only the (N,) bool spots `both` count, which have both;
    where there are none, all do.
    """
    device = a.device
    if both is not None and both.any():
        a, b = a[both], b[both]
    a, b = ((x - x.mean(0)).cpu().double() for x in (a, b))  # not every device has float64

    def whitening(x: Tensor) -> Tensor:
        variance, axes = torch.linalg.eigh(x.T @ x / len(x))
        return axes / (variance + 1e-3 * variance[-1]).sqrt()

    wa, wb = whitening(a), whitening(b)
    u, s, vt = torch.linalg.svd(wa.T @ (a.T @ b / len(a)) @ wb, full_matrices=False)
    out = []
    for w, x in ((wa @ u, a), (wb @ vt.T, b)):
        kept = (w * s.sqrt())[:, :dim].float().to(device)
        out.append(torch.cat([kept, kept.new_zeros(x.shape[1], dim - kept.shape[1])], dim=1))
    return out[0], out[1]


class Alignment(nn.Module):
    r"""Soft correspondences of one pair of modalities.

    .. math:: S = \mathrm{softmax}_{j \in C(i)}\left(\langle q_i, k_j\rangle / \tau\right), \quad
              q = \mathrm{norm}(Z^a W_q),\ k = \mathrm{norm}(Z^b W_k)

    over the candidates C(i) of spot i. The second modality is aligned by the transpose of the same S.

    Shapes
    ------
    za (N, d_a), zb (N, d_b) -> S values (E,) on the candidates' pattern; rows sum to 1
    """

    def __init__(self, query: Tensor, key: Tensor) -> None:
        super().__init__()
        self.query = nn.Parameter(query)
        self.key = nn.Parameter(key)

    def forward(self, za: Tensor, zb: Tensor, candidates: Pattern, temperature: float) -> Tensor:
        """Return the (E,) values of S on `candidates`."""
        q, k = normalize(za @ self.query), normalize(zb @ self.key)
        return row_softmax(candidates, scores(candidates, q, k) / temperature)


class Carry:
    r"""A modality's encoding at spots that lack it: the softmax average over their candidates.

    .. math:: z^m_i \leftarrow \sum_{j \in C(i)} S_{ij} z^m_j, \quad
              S = \mathrm{softmax}_{j \in C(i)}\left(\frac{1}{\tau\, |A_{ij}|}
              \sum_{a \in A_{ij}} \langle \mathrm{norm}(z^a_i), \mathrm{norm}(z^a_j)\rangle\right)

    over the modalities A that both have; spots that share none, at the end of a chain of sections, weigh as they did at
    the start. S is the identity at spots that have the modality.

    Parameters
    ----------
    weights
        (N, N) CSR; candidates of spots that lack it and their weights at the start, see `carrying.carriers`.
    name
        The modality.
    has
        {modality: (N,) bool} of all modalities that some spots lack.
    names
        All modalities.
    """

    def __init__(
        self,
        weights: sparse.csr_matrix,
        name: str,
        has: dict[str, np.ndarray],
        names: tuple[str, ...],
        device: torch.device,
    ) -> None:
        n = weights.shape[0]
        entries = weights.tocoo()
        ends = torch.from_numpy(np.stack([entries.row, entries.col]).astype(np.int64))
        loops = torch.arange(n).repeat(2, 1)
        self.pattern = Pattern(torch.cat([ends, ends.flip(0), loops], dim=1), n)
        allowed = torch.full((self.pattern.n_edges,), -1e9)
        own = torch.from_numpy(np.flatnonzero(has[name])).repeat(2, 1)
        allowed[self.pattern.positions(own)] = 0.0
        start = torch.log(torch.from_numpy(entries.data.astype(np.float32)).clamp_min(1e-12))
        row, col = self.pattern.row.numpy(), self.pattern.col.numpy()
        self.both = {
            other: torch.from_numpy((has[other][row] & has[other][col]) if other in has else np.ones(len(row), bool))
            for other in names
            if other != name
        }
        shared = torch.stack([mask.float() for mask in self.both.values()]).sum(0)
        at = self.pattern.positions(ends)
        allowed[at] = torch.where(shared[at] > 0, torch.zeros_like(start), start)
        self.allowed, self.shared = allowed.to(device), shared.clamp_min(1.0).to(device)
        self.both = {other: mask.float().to(device) for other, mask in self.both.items()}
        self.pattern = self.pattern.to(device)

    def __call__(self, parts: dict[str, Tensor], name: str, temperature: float) -> Tensor:
        """Return the (N, d_m) encoding of modality `name` with what spots lack carried over."""
        alike = torch.zeros_like(self.allowed)
        for other, mask in self.both.items():
            unit = normalize(parts[other])
            alike = alike + mask * scores(self.pattern, unit, unit)
        s = row_softmax(self.pattern, alike / (self.shared * temperature) + self.allowed)
        return product(self.pattern, s, parts[name], symmetric=False)


class Mix(nn.Module):
    r"""What a modality takes over from its aligned counterpart.

    .. math:: \tilde Z^a = [Z^a \,\Vert\, S Z^b]\, W,\quad \tilde Z^b = [Z^b \,\Vert\, S^T Z^a]\, W'

    W starts as [I; 0]: alignment may only add what training asks for. With more than two modalities the pairs of one
    modality are averaged.
    """

    def __init__(self, dim: int, context_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(truncated_identity(dim + context_dim, dim))

    def forward(self, z: Tensor, context: Tensor) -> Tensor:
        """Return the (N, d) mixture of (N, d) `z` and (N, d') `context`."""
        return torch.cat([z, context], dim=1) @ self.weight


def context(values: Tensor, candidates: Pattern, zb: Tensor, transposed: bool) -> Tensor:
    """Return S Z^b, or S^T Z^b where `transposed`: (N, d_b)."""
    return product(
        candidates, values.index_select(0, candidates.transpose) if transposed else values, zb, symmetric=False
    )


def search_candidates(za: Tensor, zb: Tensor, module: Alignment, settings: Align, graph: Pattern, seed: int) -> Pattern:
    """Return the candidate pattern of a pair: the shared graph, the nearest keys of each query, or all pairs.

    Raises
    ------
    ConfigError
        ``"dense"`` on more than 5,000 spots.
    """
    n, device = graph.n, za.device
    if settings.candidates == "graph":
        return graph
    if settings.candidates == "dense":
        if n > DENSE_LIMIT:
            raise ConfigError(
                f"align.candidates='dense' stores every pair of spots and is meant for at most {DENSE_LIMIT} spots, "
                f"found {n}. Use 'graph' or 'ann'."
            )
        spots = torch.arange(n)
        return Pattern(torch.stack([spots.repeat_interleave(n), spots.repeat(n)]), n).to(device)
    with torch.no_grad():
        q = normalize(za @ module.query).cpu().numpy()
        k = normalize(zb @ module.key).cpu().numpy()
    n_neighbours = min(settings.k_candidates, n)
    found = nearest(k, n_neighbours, q, seed=seed).index
    rows = np.repeat(np.arange(n), n_neighbours)
    ends = np.stack([np.r_[rows, found.ravel(), np.arange(n)], np.r_[found.ravel(), rows, np.arange(n)]])
    return Pattern(torch.as_tensor(ends, dtype=torch.int64), n).to(device)
