"""How far the two sides of a boundary differ in measurements that did not draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.stats import false_discovery_control, norm

from napari_trsmi.domains.labels import upper_edges
from napari_trsmi.evidence.splitting import split_measured
from napari_trsmi.interrupt import check

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
    known = labels >= 0
    size = np.bincount(labels[known], minlength=n_domains)
    out = np.full((2, len(pairs)), np.nan)
    if not known.any():
        return out
    member = sparse.csr_matrix((np.ones(known.sum()), (labels[known], np.flatnonzero(known))), (n_domains, len(labels)))
    inverse_size = 1.0 / np.maximum(size, 1)[:, None]
    means = (member @ drawn_on) * inverse_size
    within = drawn_on[known] - means[labels[known]]
    covariance = within.T @ within / max(len(within) - n_domains, 1)
    covariance += 1e-3 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    residual = tested_on - ((member @ tested_on) * inverse_size)[labels]
    i, j = upper_edges(spatial)
    alike = known[i] & (labels[i] == labels[j])
    i, j = i[alike], j[alike]
    for a, b in np.unique(pairs, axis=0):
        check()
        along = np.linalg.solve(covariance, means[b] - means[a])
        place, rest = tested_on @ along, residual @ along
        both = (labels == a) | (labels == b)
        spread = float(np.sqrt((rest[both] ** 2).sum() / max(both.sum() - 2, 1)))
        if not spread > 0:
            continue
        of_pair = both[i]
        shared = float((rest[i[of_pair]] * rest[j[of_pair]]).mean()) / spread**2 if of_pair.any() else 0.0
        inflated = float(inflation(shared))
        for s in np.flatnonzero((pairs == (a, b)).all(axis=1)):
            spots = near.indices[near.indptr[s] : near.indptr[s + 1]]
            side_a, side_b = spots[labels[spots] == a], spots[labels[spots] == b]
            if min(len(side_a), len(side_b)) >= LEAST:
                out[0, s] = (place[side_b].mean() - place[side_a].mean()) / spread
                out[1, s] = np.sqrt(inflated * (1 / len(side_a) + 1 / len(side_b)))
    return out


def inflation(shared: np.ndarray | float) -> np.ndarray:
    """Return by how much the variance of a mean grows where neighbours are correlated by `shared`."""
    r = np.clip(shared, 0.0, 0.9)
    grown: np.ndarray = 1.0 + 6 * r + 12 * r**2 + 18 * r**3  # rings of neighbours that a spot resembles
    return grown


def adjusted(p: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for how many were looked at; NaN stays NaN."""
    out = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    if known.any():
        out[known] = false_discovery_control(p[known])
    return out
