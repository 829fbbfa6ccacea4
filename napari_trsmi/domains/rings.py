"""Domains of single cells: what lies around a cell, ring by ring, clustered beside the cell itself.

Cells of several types make a domain, so that a cell's own profile is not its domain's. Averaging a cell with its
neighbours, which serves spots of many cells, mixes both; here the means over its rings of neighbours stand beside it
and a mixture with one full covariance for all domains weighs them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.interrupt import check
from napari_trsmi.sampling import Columns, blocks, is_large, parts_of, rows_of, some, times, width

if TYPE_CHECKING:
    from sklearn.decomposition import PCA

HOPS = 3
N_COMPONENTS = 20
MIXTURE_SAMPLE = 20_000  # cells on which a mixture is fitted; the others join its most probable component


def ring_means(values: np.ndarray, spatial: sparse.csr_matrix, hops: int = HOPS) -> np.ndarray:
    """Return (N, d * (hops + 1)): the values of each spot, then their means over the spots 1, 2, ... hops away.

    Parameters
    ----------
    values
        (N, d) features.
    spatial
        (N, N) CSR spatial graph, symmetric, zero diagonal.
    hops
        Rings. A spot without any in a ring gets zeros there.
    """
    values, whole = np.asarray(values, float), np.arange(len(values))
    return np.hstack([values, *(_mean_of(values, ring) for ring in _rings(_unweighted(spatial), whole, hops))])


def ring_components(
    values: Columns, spatial: sparse.csr_matrix, hops: int = HOPS, seed: int = 0, device: Accelerator = CPU
) -> np.ndarray:
    """Return the first (N, c) principal components of `ring_means`.

    Of a large section they are those of some of its spots, float32, and the means over all rings are never made: the
    values are turned to the components before they are averaged; the device is asked first.
    """
    parts = parts_of(values)
    n, graph = len(parts[0]), _unweighted(spatial)
    if not is_large(n):
        return principal(ring_means(np.hstack(parts), spatial, hops), seed)
    rows, d = some(n, seed), width(values)
    around = [np.hstack([_mean_of(part, ring) for part in parts]) for ring in _rings(graph, rows, hops)]
    found = _pca(np.hstack([rows_of(parts, rows), *around]).astype(float), seed)
    turn = found.components_.T  # (d * (hops + 1), c)
    out = times(parts, turn[:d], device)
    out -= (found.mean_ @ turn).astype(np.float32)
    turned = [times(parts, turn[d * hop : d * (hop + 1)], device) for hop in range(1, hops + 1)]
    if turned and (added := device.ring_sums(graph, turned)) is not None:
        out += added
        return out
    for block in blocks(n):
        for ring, own in zip(_rings(graph, np.arange(n)[block], hops), turned, strict=True):
            out[block] += _mean_of(own, ring)
    return out


def _unweighted(spatial: sparse.csr_matrix) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(spatial.nnz, np.float32), spatial.indices, spatial.indptr), spatial.shape)


def _rings(graph: sparse.csr_matrix, rows: np.ndarray, hops: int) -> Iterator[sparse.csr_matrix]:
    """Yield (n, N) CSR ones at the spots 1, 2, ... hops away from each of (n,) rows."""
    own = (np.ones(len(rows), np.float32), rows, np.arange(len(rows) + 1))
    last = reached = sparse.csr_matrix(own, (len(rows), graph.shape[0]))
    for _ in range(hops):
        check()
        within = last @ graph
        within.data[:] = 1.0
        ring = within - within.multiply(reached)
        ring.eliminate_zeros()
        reached, last = reached + ring, ring
        yield ring


def _mean_of(values: np.ndarray, ring: sparse.csr_matrix) -> np.ndarray:
    """(n, d) mean of (N, d) values over each of (n, N) rings; 0 where it is empty."""
    size = np.asarray(ring.sum(axis=1)).ravel()
    return np.asarray((ring @ values) / np.maximum(size, 1.0)[:, None])


def principal(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the first (N, c) principal components, c <= `N_COMPONENTS`."""
    found: np.ndarray = _pca(values, seed).transform(values)
    return found


def _pca(values: np.ndarray, seed: int) -> PCA:
    from sklearn.decomposition import PCA

    n = max(1, min(N_COMPONENTS, values.shape[1], len(values) - 1))
    return PCA(n, svd_solver="covariance_eigh", random_state=seed).fit(values)


def tied_mixture(
    features: np.ndarray,
    n_domains: int,
    n_init: int,
    seed: int,
    before: np.ndarray | None = None,
    device: Accelerator = CPU,
) -> np.ndarray:
    """Return the (N, K) posterior of the likeliest of `n_init` Gaussian mixtures with one full covariance.

    Parameters
    ----------
    features
        (N, c) features.
    n_domains
        K.
    n_init
        Starts, each from a k-means of its own.
    seed
        For the starts and the sample.
    before
        (N,) int labels of K domains to start from instead, once.
    device
        Asked first where the section is large.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    sample, codes = features, None
    if before is not None and len(np.unique(before)) == n_domains:
        codes = np.unique(before, return_inverse=True)[1]
        members = sparse.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))))
        centres = members @ features / np.bincount(codes)[:, None]
    if len(features) > MIXTURE_SAMPLE:
        sample = features[np.random.default_rng(seed).choice(len(features), MIXTURE_SAMPLE, replace=False)]
    chance, best = np.random.RandomState(seed), None
    for _ in range(1 if codes is not None else n_init):  # not by `n_init`, to be interrupted between them
        check()
        mixture = GaussianMixture(
            n_domains,
            covariance_type="tied",
            max_iter=200,
            reg_covar=1e-6 * max(float(sample.var()), 1e-30),
            means_init=None if codes is None else centres,
            random_state=chance,
        )
        with warnings.catch_warnings():  # too few groups, which the caller sees, or the best that 200 steps reach
            warnings.simplefilter("ignore", ConvergenceWarning)
            mixture.fit(sample)
        if best is None or mixture.lower_bound_ > best.lower_bound_:
            best = mixture
    assert best is not None
    if is_large(len(features)):
        scaled = best.means_ @ best.precisions_cholesky_ @ best.precisions_cholesky_.T
        level = np.log(best.weights_) - 0.5 * (best.means_ * scaled).sum(axis=1)
        if (found := device.posterior((features,), scaled, level)) is not None:
            return found
        posterior = np.empty((len(features), n_domains), np.float32)
        for rows in blocks(len(features)):
            posterior[rows] = best.predict_proba(features[rows])
    else:
        posterior = best.predict_proba(features)
    return posterior


def together(posteriors: Sequence[np.ndarray]) -> np.ndarray:
    """Return the (N, K) mean of several posteriors of K domains, numbered like the one that agrees best with the rest.

    Where the mean would leave a domain without a spot, the one that agrees best.
    """
    from napari_trsmi.domains.comparison import match_labels
    from napari_trsmi.domains.consensus import consensus

    labels = [p.argmax(axis=1) for p in posteriors]
    rows = some(len(labels[0]), 0)
    chosen = int(consensus([own[rows] for own in labels]).agreement.sum(axis=1).argmax())
    mean = np.zeros_like(posteriors[chosen])
    n_domains = mean.shape[1]
    for posterior, own in zip(posteriors, labels, strict=True):
        numbers = np.arange(n_domains)
        matched = match_labels(np.append(own, numbers), np.append(labels[chosen], numbers))[len(own) :]
        order = np.empty(n_domains, int)
        order[matched] = numbers
        mean += posterior[:, order]
    mean /= len(posteriors)
    return mean if len(np.unique(mean.argmax(axis=1))) == n_domains else posteriors[chosen]


def ring_posterior(
    embedding: np.ndarray,
    spatial: sparse.csr_matrix,
    n_domains: int,
    *,
    beside: Sequence[Columns] = (),
    n_init: int = 10,
    before: np.ndarray | None = None,
    seed: int = 0,
    device: Accelerator = CPU,
) -> np.ndarray:
    """Return the (N, K) mean posterior of mixtures on rings 1 to 3 and 1 to 2 of the embedding, and 1 to 3 of others.

    Each alone depends on where it ends; what they have in common does less.

    Parameters
    ----------
    embedding
        (N, d) joint embedding.
    spatial
        (N, N) CSR spatial graph, symmetric, zero diagonal.
    n_domains
        K.
    beside
        Other features of the same spots, (N, c) each: what the network saw, what was measured.
    n_init
        Starts; each mixture has half of them.
    before, seed, device
        As for `tied_mixture`; from domains before only the widest rings of the embedding are fitted.
    """
    if before is not None and len(np.unique(before)) == n_domains:
        around = ring_components(embedding, spatial, seed=seed, device=device)
        return tied_mixture(around, n_domains, 1, seed, before, device)
    views: list[tuple[Columns, int]] = [
        (embedding, HOPS),
        (embedding, HOPS - 1),
        *((values, HOPS) for values in beside),
    ]
    return together(
        [
            tied_mixture(
                ring_components(values, spatial, hops, seed, device),
                n_domains,
                max(1, n_init // 2),
                seed,
                device=device,
            )
            for values, hops in views
        ]
    )
