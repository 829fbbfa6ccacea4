"""Fresh measurements of the same section: counts dealt into two, components with noise taken apart or put on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.domains.labels import upper_edges
from napari_trsmi.sampling import blocks, is_large, some

if TYPE_CHECKING:
    from napari_trsmi.stages import Prepared


def noise_covariance(values: np.ndarray, spatial: sparse.csr_matrix) -> np.ndarray:
    """Return the (D, D) covariance of what a spot does not share with its neighbours: half that of their differences.

    What changes slowly over the tissue cancels between neighbours. Of single cells it holds that their types differ as
    well: which cell lies where is chance as far as domains are concerned. Of a large section some spots are looked at.

    Parameters
    ----------
    values
        (N, D) features as measured.
    spatial
        (N, N) CSR spatial graph, symmetric, zero diagonal.
    """
    if is_large(len(values)):
        rows = some(len(values), 0)
        near = spatial[rows]
        i, j = np.repeat(rows, np.diff(near.indptr)), near.indices
    else:
        i, j = upper_edges(spatial)
    if not len(i):
        return np.zeros((values.shape[1],) * 2)
    step = values[i].astype(float) - values[j].astype(float)
    covariance: np.ndarray = step.T @ step / (2 * len(i))
    return covariance


def split_measured(
    name: str, values: np.ndarray, prepared: Prepared, rng: np.random.Generator, share: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return two measurements of a modality, see `split`; what some spots lack is carried over anew in each."""
    if name not in prepared.has:
        return split(values, prepared.spatial, rng, share)
    has = prepared.has[name]
    first, second = split(values[has], prepared.spatial[has][:, has].tocsr(), rng, share)
    return _carried_anew(name, first, prepared), _carried_anew(name, second, prepared)


def noisier(
    name: str, values: np.ndarray, prepared: Prepared, rng: np.random.Generator, share: float = 1.0
) -> np.ndarray:
    """Return the first of `split_measured`."""
    if name not in prepared.has:
        return _plus(values, _noise(values, prepared.spatial, rng), share)
    has = prepared.has[name]
    own = values[has]
    noise = _noise(own, prepared.spatial[has][:, has].tocsr(), rng)
    return _carried_anew(name, _plus(own, noise, share), prepared)


def _plus(values: np.ndarray, noise: np.ndarray, share: float) -> np.ndarray:
    """(N, D) values with a share of noise, in the place of the noise."""
    noise *= share
    noise += values
    return noise


def _carried_anew(name: str, own: np.ndarray, prepared: Prepared) -> np.ndarray:
    """(N, D) measurements of a modality from the (n, D) of the spots that have it."""
    has = prepared.has[name]
    full = np.zeros((len(has), own.shape[1]), own.dtype)
    full[has] = own
    full[~has] = prepared.carry[name][~has] @ full
    return full


def split(
    values: np.ndarray, spatial: sparse.csr_matrix, rng: np.random.Generator, share: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return two measurements of the same section with independent noise, (N, D) float64, of a large one float32.

    With noise :math:`e \sim N(0, \Sigma)` in the values and fresh :math:`z \sim N(0, \Sigma)`, values + s z and
    values - z / s are independent of each other given what was there to measure: domains drawn on one can be tested on
    the other. This does to components what thinning does to counts. The covariance is `noise_covariance`.

    Parameters
    ----------
    values, spatial
        As for `noise_covariance`.
    rng
        For z.
    share
        s; at 1 both have twice the noise of the values, below 1 the first has less and the second more.

    References
    ----------
    Rasines and Young, Splitting strategies for post-selection inference, Biometrika 2023. Leiner et al., Data fission:
    splitting a single data point, Journal of the American Statistical Association 2023. Neufeld et al., Inference after
    latent variable estimation for single-cell RNA sequencing data, Biostatistics 2024 (for counts).
    """
    fresh = _noise(values, spatial, rng)
    first = _plus(values, fresh.copy(), share)
    fresh /= share
    return first, _plus(values, fresh, -1.0)


def _noise(values: np.ndarray, spatial: sparse.csr_matrix, rng: np.random.Generator) -> np.ndarray:
    """(N, D) z of `split`."""
    variance, axes = np.linalg.eigh(noise_covariance(values, spatial))
    root = np.sqrt(np.maximum(variance, 0.0))[:, None] * axes.T
    if not is_large(len(values)):
        return np.asarray(rng.standard_normal(values.shape) @ root)
    fresh = np.empty(values.shape, np.float32)
    for rows in blocks(len(fresh)):
        fresh[rows] = rng.standard_normal(fresh[rows].shape, np.float32) @ root
    return fresh


def holds_counts(values: Any, kind: str) -> bool:
    """Return whether the (N, D) values of a modality are counts: whole numbers from 0 on that are no components."""
    stored = values.data if sparse.issparse(values) else values
    return kind != "precomputed" and bool((stored >= 0).all() and (stored == np.floor(stored)).all())


def thinned(counts: Any, rng: np.random.Generator) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Return (N, D) counts in two halves that add up to them, each count in either by the toss of a coin.

    Poisson counts become two independent Poisson counts of half the depth.
    """
    whole = sparse.csr_matrix(counts)
    first = rng.binomial(whole.data.astype(np.int64), 0.5).astype(whole.dtype)
    halves = []
    for data in (first, whole.data - first):
        half = sparse.csr_matrix((data, whole.indices.copy(), whole.indptr.copy()), whole.shape)
        half.eliminate_zeros()
        halves.append(half)
    return halves[0], halves[1]
