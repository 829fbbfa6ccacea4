"""Domains within domains: cuts of one result from coarse to fine, each with one domain of the one before in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from napari_trsmi.errors import ConfigError

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.stages import Prepared

SMALLEST = 10  # spots of a domain that came from a split


@dataclass(frozen=True)
class DomainTree:
    """Nested cuts of one section.

    Attributes
    ----------
    labels
        (N,) int domain of each spot in the finest cut, 0..K-1.
    merges
        K - 1 pairs (a, b), a < b, finest first: each joins the domains that are then called a and b, and calls them a.
    support
        (K - 1,) support of the split that each merge undoes, in [0, 1]: of the boundary between the two, the share of
        the other cuts that draw it; NaN where they do not touch or nothing is known.
    """

    labels: np.ndarray
    merges: tuple[tuple[int, int], ...]
    support: np.ndarray

    def cut(self, n_domains: int) -> np.ndarray:
        """Return (N,) int labels of the cut into `n_domains`, 0..n_domains-1 by falling size.

        Raises
        ------
        ConfigError
            The tree has no such cut.
        """
        if not 1 <= n_domains <= len(self.merges) + 1:
            raise ConfigError(
                f"Expected 1 to {len(self.merges) + 1} domains in the tree, found {n_domains}. Change it."
            )
        into = np.arange(len(self.merges) + 1)
        for a, b in self.merges[: len(self.merges) + 1 - n_domains]:
            into[into == b] = a
        codes = np.unique(into[self.labels], return_inverse=True)[1]
        rank = np.argsort(np.argsort(-np.bincount(codes), kind="stable"))
        found: np.ndarray = rank[codes]
        return found


def find_tree(result: Result, prepared: Prepared | None = None, most: int | None = None) -> DomainTree:
    """Return the nested cuts of a result, in which it is one, without training.

    Coarser ones join two domains, finer ones split one, see `joined` and `halved`; features are those that the result
    was cut from.

    Parameters
    ----------
    result
        Domains with embedding; with `Result.cuts` the splits have a support.
    prepared
        What `stages.prepare` returns for its dataset and settings; made here where not given.
    most
        Domains of the finest cut; twice as many as the result has where not given.
    """
    from napari_trsmi.domains.clustering import in_context
    from napari_trsmi.domains.features import domain_features
    from napari_trsmi.stages import as_cut, prepare

    prepared = prepared or prepare(result.dataset, result.config)
    config = as_cut(result.config, result.partition)
    settings = in_context(config.cluster, result.coords, result.dataset.section)
    features = domain_features(result.embedding, prepared.spatial, settings, result.config.seed, prepared.device)
    n_domains = result.partition.n_domains
    fine, splits = halved(result.labels, features, prepared.spatial, most or 2 * n_domains, result.config.seed)
    merges = (*reversed(splits), *joined(result.labels, features))
    return DomainTree(fine, merges, _support(fine, merges, prepared.spatial, result.cuts))


def joined(labels: np.ndarray, features: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of domains that join, one after the other, until there is one; each is called a after it.

    At each step those two join whose union costs least: Ward's rise of the sum of squares within domains, in features
    whose variance within the domains is one in every direction.

    Parameters
    ----------
    labels
        (N,) int in 0..K-1, each used.
    features
        (N, c) what was clustered.

    References
    ----------
    Ward, Hierarchical grouping to optimize an objective function, Journal of the American Statistical Association 1963.
    """
    sizes = np.bincount(labels).astype(float)
    member = sparse.csr_matrix((np.ones(len(labels)), (labels, np.arange(len(labels)))))
    white = _whitened(features, labels)
    means = (member @ white) / sizes[:, None]
    alive, merges = list(range(len(sizes))), []
    while len(alive) > 1:
        pairs = list(combinations(alive, 2))
        cost = [_ward(sizes[a], sizes[b], means[a] - means[b]) for a, b in pairs]
        a, b = pairs[int(np.argmin(cost))]
        means[a] = (sizes[a] * means[a] + sizes[b] * means[b]) / (sizes[a] + sizes[b])
        sizes[a] += sizes[b]
        alive.remove(b)
        merges.append((a, b))
    return merges


def halved(
    labels: np.ndarray, features: np.ndarray, spatial: sparse.csr_matrix, most: int, seed: int = 0
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Return (N,) labels of up to `most` domains and the splits that led there: pairs (split domain, new domain).

    At each step that domain is split whose two halves, a mixture of two under a Potts field, differ most by Ward's
    criterion. The features are taken as they are: scaled by what varies within a domain, what would split it is hidden.
    Domains of fewer than `SMALLEST` spots stay whole.

    Parameters
    ----------
    labels, features
        As for `joined`.
    spatial
        (N, N) CSR spatial graph.
    most
        Domains at the end.
    seed
        For k-means.
    """
    labels, splits = labels.copy(), []
    found = {k: _halves(np.flatnonzero(labels == k), features, spatial, seed) for k in range(labels.max() + 1)}
    while len(found) < most:
        best = max(found, key=lambda k: found[k][0])
        gain, second = found[best]
        if not gain > 0:
            break
        new = len(found)
        labels[second] = new
        splits.append((best, new))
        for k in (best, new):
            found[k] = _halves(np.flatnonzero(labels == k), features, spatial, seed)
    return labels, splits


def _halves(rows: np.ndarray, features: np.ndarray, spatial: sparse.csr_matrix, seed: int) -> tuple[float, np.ndarray]:
    """Gain of splitting the spots `rows`, 0 where they stay whole, and the spots of the smaller half."""
    from napari_trsmi.domains.mixture import fit_mixture
    from napari_trsmi.domains.starts import kmeans
    from napari_trsmi.graphs import neighbour_mean

    if len(rows) < 2 * SMALLEST or not np.ptp(features[rows], axis=0).any():
        return 0.0, rows[:0]
    own = features[rows]
    start = kmeans(own, 2, 2, seed)
    if len(np.unique(start)) < 2:
        return 0.0, rows[:0]
    half = fit_mixture(own, start, neighbour_mean(spatial[rows][:, rows])).labels
    n_first, n_second = np.bincount(half, minlength=2)
    if min(n_first, n_second) < SMALLEST:
        return 0.0, rows[:0]
    gain = _ward(n_first, n_second, own[half == 0].mean(axis=0) - own[half == 1].mean(axis=0))
    return gain, rows[half == int(n_second <= n_first)]


def _whitened(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(N, c) features whose covariance within the domains is the identity."""
    member = sparse.csr_matrix((np.ones(len(labels)), (labels, np.arange(len(labels)))))
    within = features - ((member @ features) / np.bincount(labels)[:, None])[labels]
    variance, axes = np.linalg.eigh(within.T @ within / len(within))
    white: np.ndarray = features @ (axes / np.sqrt(np.maximum(variance, 1e-6 * max(float(variance.max()), 1e-30))))
    return white


def _ward(n_a: float, n_b: float, step: np.ndarray) -> float:
    return float(n_a * n_b / (n_a + n_b) * (step**2).sum())


def _support(
    fine: np.ndarray, merges: Sequence[tuple[int, int]], spatial: sparse.csr_matrix, cuts: np.ndarray | None
) -> np.ndarray:
    """(K - 1,) support of the split that each merge undoes."""
    if cuts is None or not cuts.shape[1]:
        return np.full(len(merges), np.nan)
    coo, drawn, now, found = spatial.tocoo(), _drawn(cuts, spatial), fine.copy(), []
    for a, b in merges:
        edge = (now[coo.row] == a) & (now[coo.col] == b)
        there = edge.any()
        found.append(float(np.maximum(drawn[coo.row[edge]], drawn[coo.col[edge]]).mean()) if there else float("nan"))
        now[now == b] = a
    return np.array(found)


def _drawn(cuts: np.ndarray, spatial: sparse.csr_matrix) -> np.ndarray:
    """(N,) share of the cuts that draw a boundary at each spot."""
    coo = spatial.tocoo()
    share = np.zeros(len(cuts))
    for cut in cuts.T:
        at = np.zeros(len(cuts), bool)
        at[coo.row[cut[coo.row] != cut[coo.col]]] = True
        share += at
    return share / cuts.shape[1]
