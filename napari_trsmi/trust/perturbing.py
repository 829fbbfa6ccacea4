"""The section measured once more: counts found or missed anew, fresh noise on everything else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.data.dataset import MOST_COMPONENTS, Dataset, Modality
from napari_trsmi.domains.labels import upper_edges
from napari_trsmi.errors import ConfigError
from napari_trsmi.evidence.splitting import holds_counts, split
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.interrupt import check

if TYPE_CHECKING:
    from anndata import AnnData

SHARE = 0.8
_BLOCK = 64  # columns of a wide table that are dense at a time


def perturbed(dataset: Dataset, rng: np.random.Generator, share: float = SHARE) -> Dataset:
    r"""Return what another measurement of the same section would have seen.

    Tissue, spots and places are the same; the chance of the measurement differs. Each count is kept with probability
    `share`: Poisson counts become Poisson counts of `share` times the depth. Components and intensities get fresh noise
    of :math:`\sqrt{1 / share - 1}` times their own standard deviation of noise, half of it at 0.8, which is as much as
    thinning adds to counts. Their noise is what neighbours do not share (`evidence.splitting.split`), in tables wider
    than `MOST_COMPONENTS` column by column.

    What is returned still shares most of its noise with what is given: two real measurements would differ more. So what
    does not come out again from it would not from another measurement either; what does may still fail to.

    Parameters
    ----------
    dataset
        Is left as it is, and shares all but the values with what is returned.
    rng
        For the counts that are lost, and the noise.
    share
        Between 0 and 1.

    Returns
    -------
    The same spots and features. Sparse values are sparse again: what was 0 stays 0. Values of which none was negative
    have none afterwards. A spot that had counts keeps at least one in each modality.

    Raises
    ------
    ConfigError
        `share` is not between 0 and 1.
    """
    from anndata import AnnData

    if not 0 < share < 1:
        raise ConfigError(f"Expected a share of counts between 0 and 1, found {share}. 0.8 keeps four in five.")
    spatial, modalities = None, {}
    for name, modality in dataset.modalities.items():
        check()
        table: AnnData = modality.table
        if holds_counts(table.X, modality.kind):
            values = _thinned(table.X, rng, share)
        else:
            spatial = spatial_graph(dataset.coords, None, dataset.section) if spatial is None else spatial
            values = _noisy_where_measured(modality, spatial, rng, np.sqrt(1 / share - 1))
        modalities[name] = replace(modality, table=AnnData(values, obs=table.obs, var=table.var))
    return replace(dataset, modalities=modalities)


def _thinned(counts: Any, rng: np.random.Generator, share: float) -> sparse.csr_matrix:
    """Return (N, D) counts, each kept with probability `share`."""
    before = sparse.csr_matrix(counts)
    kept = rng.binomial(before.data.astype(np.int64), share)
    after = sparse.csr_matrix((kept.astype(before.dtype), before.indices.copy(), before.indptr.copy()), before.shape)
    empty = (np.asarray(after.sum(axis=1)).ravel() == 0) & (np.asarray(before.sum(axis=1)).ravel() > 0)
    for spot in np.flatnonzero(empty):
        row = slice(before.indptr[spot], before.indptr[spot + 1])
        found = before.data[row].astype(float)
        after.data[row.start + rng.choice(len(found), p=found / found.sum())] = 1
    after.eliminate_zeros()
    return after


def _noisy_where_measured(
    modality: Modality, spatial: sparse.csr_matrix, rng: np.random.Generator, amount: float
) -> Any:
    """Return what `_noisy` does for the spots that have the modality, and nothing for the others, as before."""
    has = modality.measured
    if has is None:
        return _noisy(modality, spatial, rng, amount)
    fresh = _noisy(replace(modality, table=modality.table[has]), spatial[has][:, has].tocsr(), rng, amount)
    placed = sparse.identity(len(has), dtype=fresh.dtype, format="csr")[:, has] @ fresh
    return placed.tocsr() if sparse.issparse(fresh) else np.asarray(placed)


def _noisy(modality: Modality, spatial: sparse.csr_matrix, rng: np.random.Generator, amount: float) -> Any:
    """Return the (N, D) values with `amount` times their noise on top.

    Expression and intensities have noise in proportion: theirs is added to the logarithm, which is what is used of
    them, too.
    """
    given = modality.table.X
    values: Any = sparse.csr_matrix(given, dtype=float) if sparse.issparse(given) else np.asarray(given, float)
    positive = values.min() >= 0
    logged = positive and modality.kind != "precomputed"
    values = _each(np.log1p, values) if logged else values
    if values.shape[1] <= MOST_COMPONENTS:
        fresh = split(values.toarray() if sparse.issparse(values) else values, spatial, rng, amount)[0]
        values = _where_stored(fresh, values)
    elif sparse.issparse(values):
        noise = amount * _spread(values, spatial)[values.indices] * rng.standard_normal(values.nnz)
        values = sparse.csr_matrix((values.data + noise, values.indices.copy(), values.indptr.copy()), values.shape)
    else:
        values = values + amount * _spread(values, spatial) * rng.standard_normal(values.shape)
    values = _each(np.abs, values) if positive else values  # reflected at 0, so that no spot is left with nothing
    return (_each(np.expm1, values) if logged else values).astype(given.dtype)


def _each(function: Any, values: Any) -> Any:
    """Return a function of all values; it maps 0 to 0."""
    if not sparse.issparse(values):
        return function(values)
    return sparse.csr_matrix((function(values.data), values.indices.copy(), values.indptr.copy()), values.shape)


def _where_stored(dense: np.ndarray, like: Any) -> Any:
    """Return dense values, as a sparse matrix with the places of another where that is sparse."""
    if not sparse.issparse(like):
        return dense
    rows = np.repeat(np.arange(like.shape[0]), np.diff(like.indptr))
    return sparse.csr_matrix((dense[rows, like.indices], like.indices.copy(), like.indptr.copy()), like.shape)


def _spread(values: Any, spatial: sparse.csr_matrix) -> np.ndarray:
    """Return the (D,) standard deviation of what a spot does not share with its neighbours, column by column."""
    i, j = upper_edges(spatial)
    columns = values.tocsc() if sparse.issparse(values) else values
    variance = np.zeros(values.shape[1])
    for start in range(0, len(variance) if len(i) else 0, _BLOCK):
        check()
        block = columns[:, start : start + _BLOCK]
        block = block.toarray() if sparse.issparse(block) else block
        variance[start : start + _BLOCK] = ((block[i] - block[j]) ** 2).mean(axis=0) / 2
    return np.sqrt(variance)
