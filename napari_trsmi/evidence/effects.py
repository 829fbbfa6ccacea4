"""How far the two sides of a boundary differ in measurements that did not draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from napari_trsmi.domains.blockwise import domain_sums
from napari_trsmi.evidence.splitting import split_measured
from napari_trsmi.interrupt import check
from napari_trsmi.sampling import blocks

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.config import Config
    from napari_trsmi.stages import Prepared

HOPS = 3  # how far from a boundary its sides reach
LEAST = 3  # spots on each side below which nothing is tested
COLUMNS = ("effect", "effect_low", "effect_high", "p_adjusted")  # each followed by _<modality>


def boundary_effects(
    labels: np.ndarray, edges: pd.DataFrame, n_segments: int, prepared: Prepared, config: Config
) -> pd.DataFrame:
    r"""Return the effect across each boundary in each modality, tested on measurements that did not draw it.

    The measurements are split into two with independent noise (`splitting.split` with share 1). Domains are drawn anew
    on one half and matched to the labels; the spots within `HOPS` hops of a boundary that this half puts on either side
    are compared on the other half, along the direction that tells the two domains apart in the first. Then the halves
    change roles, and both answers are averaged; where one half does not draw both domains there, the other's is taken.
    Testing the domains on the data that drew them would find a difference
    wherever a line is drawn.

    Parameters
    ----------
    labels
        (N,) int in 0..K-1.
    edges
        Boundary edges with ``i``, ``j``, ``domain_a``, ``domain_b``, ``segment``, as in `Boundaries.edges`.
    n_segments
        S.
    prepared, config
        What the domains were made from and with.

    Returns
    -------
    One row per segment, for each modality m: ``effect_<m>``, mean of side b less mean of side a in standard deviations
    within the two domains; ``effect_low_<m>`` and ``effect_high_<m>``, its 95 % interval; ``p_adjusted_<m>``, one-sided
    and adjusted over all boundaries and modalities (Benjamini and Hochberg). The standard error counts spots that
    resemble their neighbours for less, and does not shrink with two halves, which are of one section. NaN where
    neither half has both domains at the boundary.

    References
    ----------
    Gao et al., Selective inference for hierarchical clustering, Journal of the American Statistical Association 2024;
    for the split see `splitting.split`.
    """
    import pandas as pd
    from scipy.stats import norm

    from napari_trsmi.domains.comparison import match_labels
    from napari_trsmi.evidence.cuts import default_way

    n_domains, spatial = int(labels.max()) + 1, prepared.spatial
    halves: tuple[dict[str, np.ndarray], dict[str, np.ndarray]] = ({}, {})
    rng = np.random.default_rng([config.seed, 7])
    for name, values in prepared.measured.items():
        halves[0][name], halves[1][name] = split_measured(name, values, prepared, rng)
    near, pairs = spots_near(edges, n_segments, spatial)
    found: dict[str, list[np.ndarray]] = {name: [] for name in prepared.measured}
    for own, other in (halves, halves[::-1]):
        check()
        drawn = default_way(own, prepared, config).cut(n_domains, spatial, config.seed)
        drawn = np.full(len(labels), -1) if drawn is None else match_labels(drawn, labels)
        for name in found:
            known = np.where(prepared.has.get(name, True), drawn, -1)
            found[name].append(_compared(own[name], other[name], known, near, pairs, spatial))
    columns, p = {}, {}
    for name, both in found.items():
        there = ~np.isnan(both)
        effect, error = np.where(there, both, 0.0).sum(axis=0) / np.where(there.any(axis=0), there.sum(axis=0), np.nan)
        columns[f"effect_{name}"] = effect
        columns[f"effect_low_{name}"] = effect + norm.ppf(0.025) * error
        columns[f"effect_high_{name}"] = effect + norm.ppf(0.975) * error
        p[name] = norm.sf(effect / error)
    of_all = adjusted(np.concatenate(list(p.values()))).reshape(len(p), -1)
    columns |= {f"p_adjusted_{name}": row for name, row in zip(p, of_all, strict=True)}
    ordered = [f"{column}_{name}" for name in found for column in COLUMNS]
    return pd.DataFrame(columns, columns=ordered)


def spots_near(
    edges: pd.DataFrame, n: int, spatial: sparse.csr_matrix, hops: int = HOPS
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Return (S, N) bool CSR of the spots within `hops` hops of each boundary, and its (S, 2) domains."""
    i, j, segment = (edges[name].to_numpy(int) for name in ("i", "j", "segment"))
    ends = np.concatenate([i, j])
    reached = sparse.csr_matrix(
        (np.ones(len(ends), np.float32), (np.tile(segment, 2), ends)), shape=(n, spatial.shape[0])
    )
    graph = spatial + sparse.identity(spatial.shape[0], dtype=spatial.dtype, format="csr")
    for _ in range(hops - 1):
        reached = reached @ graph
        reached.data[:] = 1.0
    pairs = edges.groupby("segment", sort=True)[["domain_a", "domain_b"]].first().to_numpy(int)
    return (reached > 0).tocsr(), pairs.reshape(-1, 2)


def _compared(
    drawn_on: np.ndarray,
    tested_on: np.ndarray,
    labels: np.ndarray,
    near: sparse.csr_matrix,
    pairs: np.ndarray,
    spatial: sparse.csr_matrix,
) -> np.ndarray:
    """Return (2, S) effects and standard errors of boundaries between the domains `pairs` of `labels`."""
    n_domains = int(max(labels.max(), pairs.max(initial=0))) + 1
    size = np.bincount(labels[labels >= 0], minlength=n_domains)
    out = np.full((2, len(pairs)), np.nan)
    if not size.any():
        return out
    inverse_size = 1.0 / np.maximum(size, 1)[:, None]
    means, tested_means = (
        _padded(domain_sums(labels, values)[0], n_domains) * inverse_size for values in (drawn_on, tested_on)
    )
    within = _within(drawn_on, means, labels).sum(axis=0)
    covariance = within / max(int(size.sum()) - n_domains, 1)
    covariance += 1e-3 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    rest = _within(tested_on, tested_means, labels)
    shared, n_edges = _shared(tested_on, tested_means, labels, spatial)
    kinds, of_kind = np.unique(pairs, axis=0, return_inverse=True)
    along = np.zeros((len(kinds), len(covariance)))
    spread, inflated = np.full(len(kinds), np.nan), np.ones(len(kinds))
    for number, (a, b) in enumerate(kinds):
        check()
        w = along[number] = np.linalg.solve(covariance, means[b] - means[a])
        variance = float(w @ (rest[a] + rest[b]) @ w) / max(size[a] + size[b] - 2, 1)
        if variance > 0:
            spread[number] = np.sqrt(variance)
            inflated[number] = inflation(
                float(w @ (shared[a] + shared[b]) @ w) / max(n_edges[a] + n_edges[b], 1) / variance
            )
    segment = np.repeat(np.arange(len(pairs)), np.diff(near.indptr))
    at = of_kind.ravel()[segment]
    place = np.empty(len(segment))
    for rows in blocks(len(segment)):
        place[rows] = (tested_on[near.indices[rows]] * along[at[rows]]).sum(axis=1)
    domain = labels[near.indices]
    with np.errstate(divide="ignore", invalid="ignore"):
        middle, count = np.empty((2, len(pairs))), np.empty((2, len(pairs)))
        for side in (0, 1):
            own = domain == kinds[at, side]
            count[side] = np.bincount(segment[own], minlength=len(pairs))
            middle[side] = np.bincount(segment[own], weights=place[own], minlength=len(pairs)) / count[side]
        tested = (count >= LEAST).all(axis=0) & np.isfinite(spread[of_kind.ravel()])
        effect = (middle[1] - middle[0]) / spread[of_kind.ravel()]
        error = np.sqrt(inflated[of_kind.ravel()] * (1 / count).sum(axis=0))
    out[0, tested], out[1, tested] = effect[tested], error[tested]
    return out


def _padded(sums: np.ndarray, n: int) -> np.ndarray:
    """(n, D) sums of domains, 0 of those after the last that has a spot."""
    return np.pad(sums, ((0, n - len(sums)), (0, 0)))


def _within(values: np.ndarray, means: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(K, D, D) products of what the (N, D) values of each domain differ from its mean by, summed over its spots."""
    out = np.zeros((len(means), values.shape[1], values.shape[1]))
    for rows in blocks(len(labels)):
        own = labels[rows]
        for k in np.unique(own[own >= 0]):
            rest = values[rows][own == k] - means[k]
            out[k] += rest.T @ rest
    return out


def _shared(
    values: np.ndarray, means: np.ndarray, labels: np.ndarray, spatial: sparse.csr_matrix
) -> tuple[np.ndarray, np.ndarray]:
    """(K, D, D) products of the rests of two neighbours of one domain, summed over such edges, and the (K,) edges."""
    out, count = np.zeros((len(means), values.shape[1], values.shape[1])), np.zeros(len(means), int)
    for rows in blocks(len(labels)):
        near, own = spatial[rows], labels[rows]
        first = np.repeat(np.arange(len(own)), np.diff(near.indptr))
        alike = (own[first] >= 0) & (own[first] == labels[near.indices])
        first, second = first[alike], near.indices[alike]
        edges = sparse.csr_matrix((np.ones(len(first), values.dtype), (first, second)), near.shape)
        others, degree = edges @ values, np.bincount(first, minlength=len(own))
        for k in np.unique(own[first]):
            chosen = own == k
            out[k] += (values[rows][chosen] - means[k]).T @ (others[chosen] - degree[chosen][:, None] * means[k])
            count[k] += degree[chosen].sum()
    return (out + out.transpose(0, 2, 1)) / 2, count


def inflation(shared: np.ndarray | float) -> np.ndarray:
    """Return by how much the variance of a mean grows where neighbours are correlated by `shared`."""
    r = np.clip(shared, 0.0, 0.9)
    grown: np.ndarray = 1.0 + 6 * r + 12 * r**2 + 18 * r**3  # rings of neighbours that a spot resembles
    return grown


def adjusted(p: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for how many were looked at; NaN stays NaN."""
    from scipy.stats import false_discovery_control

    out = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    if known.any():
        out[known] = false_discovery_control(p[known])
    return out
