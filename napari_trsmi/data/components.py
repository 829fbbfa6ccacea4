"""From the values of one modality to components: PCA of what was normalised by its kind, LSI, or the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.config import Preprocess
from napari_trsmi.data.dataset import MOST_COMPONENTS, Modality
from napari_trsmi.errors import DataError
from napari_trsmi.normalised import scale_of

if TYPE_CHECKING:
    from anndata import AnnData

MOST_DENSE = 2_000  # features of a sparse table that may be made dense
MANY = 50_000  # spots, above which the rows go through in chunks; up to there results stay those of earlier versions


def components(
    modality: Modality, kind: str, settings: Preprocess, seed: int = 0, device: Accelerator = CPU
) -> np.ndarray:
    """Return the (N, D) float32 centred components of one modality: PCA, LSI, or the columns as they are.

    More than `MOST_COMPONENTS` columns read as precomputed are normalised features, no components, and reduced by PCA.
    Of more than `MANY` spots the device is asked first.
    """
    table = modality.table
    if table.n_obs > MANY and (found := _streamed(modality, kind, settings, seed, device)) is not None:
        return _varying(modality, found)
    if kind == modality.kind == "precomputed" and table.n_vars > MOST_COMPONENTS:
        values = _reduced(table.X, settings, seed)
    elif kind == "precomputed":
        values = _dense(table.X)
    elif kind == "rna":
        values = _rna(table, settings, seed)
    elif kind == "protein":
        values = _protein(table, settings, seed)
    else:
        values = _chromatin(table, settings, seed)
    return _varying(modality, values - values.mean(axis=0)).astype(np.float32)


def _streamed(modality: Modality, kind: str, settings: Preprocess, seed: int, device: Accelerator) -> np.ndarray | None:
    """(N, D) float32 centred components of many spots, made in chunks of rows; None where the columns are used."""
    from napari_trsmi.data import streamed

    values = modality.table.X
    if kind == "rna":
        return streamed.rna(sparse.csr_matrix(values), settings, device=device)
    if kind == "protein" and values.shape[1] > 2:
        _dense(values[:1])  # which refuses what is too wide
        if values.min() < 0:
            return streamed.dense(values, settings, _dense, device=device)
        seen = streamed.kept(sparse.csr_matrix(values), 1)
        return streamed.dense(values, settings, log_ratio_of, seen, device)
    if kind == "chromatin":
        weighted, n_kept = streamed.weighted_by_rarity(sparse.csr_matrix(values), settings.min_spots)
        found = _latent(weighted, n_kept, settings, seed)
        return np.asarray(found - found.mean(axis=0), np.float32)
    if kind == modality.kind == "precomputed" and values.shape[1] > MOST_COMPONENTS:
        return streamed.reduced(values, settings, device)
    return None


def _varying(modality: Modality, values: np.ndarray) -> np.ndarray:
    """Return the centred components that vary; raises `DataError` where none does."""
    spread = values.std(axis=0)
    values = values[:, spread > 1e-6 * max(float(spread.max(initial=0.0)), 1e-30)]
    if values.shape[1] == 0:
        raise DataError(
            f"Expected features that vary between spots in modality {modality.name!r}, found only constant ones. "
            "Leave the modality out."
        )
    return values


def _rna(table: AnnData, settings: Preprocess, seed: int) -> np.ndarray:
    """Filter, normalise, log, scale, PCA; the counts stay sparse throughout. Values that are logged already stay so."""
    return _pca(_unit_variance(logged_rna(table, settings)), settings.n_components, seed)


def logged_rna(
    table: AnnData, settings: Preprocess, section: np.ndarray | None = None, by_total: bool = True
) -> sparse.csr_matrix:
    """Return the (N, D) logarithms of the genes that vary most.

    They are found by `seurat_v3` in counts, in each section and merged where (N,) sections are given, and by the
    variance of the logarithms where there are no counts. Those are divided by the total of their spot, or with
    ``by_total=False`` all by the same.
    """
    counts = _counts(table, settings.min_spots)
    n_top = settings.n_top_genes
    if (scale := scale_of(table.X)) != "counts":
        logged = counts if scale == "logged" else _scaled(counts, settings.target_sum).log1p()
        return _most_variable(logged, n_top)
    many = counts.shape[1] > n_top
    chosen = _highly_variable(counts, n_top, section) if many else np.ones(counts.shape[1], bool)
    if not by_total:
        return counts[:, chosen].log1p()
    total = np.asarray(counts.sum(axis=1)).ravel()
    scale = sparse.diags(settings.target_sum / np.maximum(total, 1.0))
    return (scale @ counts[:, chosen]).tocsr().log1p()


def _highly_variable(counts: sparse.csr_matrix, n_top: int, section: np.ndarray | None) -> np.ndarray:
    """(D,) bool, the genes that vary most by ``seurat_v3``, in each of the (N,) sections where they are given."""
    import anndata as ad
    import scanpy as sc

    from napari_trsmi.data import streamed

    genes = ad.AnnData(counts)
    if section is not None:
        genes.obs["section"] = section.astype(str)
    try:
        found = sc.pp.highly_variable_genes(
            genes,
            flavor="seurat_v3",
            n_top_genes=n_top,
            inplace=False,
            span=0.3,
            batch_key=None if section is None else "section",
        )
    except ValueError:  # genes whose means hardly differ have no trend: each in as many spots, or all counts 0 and 1
        return streamed.highly_variable(counts, np.ones(counts.shape[1], bool), n_top)
    return np.asarray(found["highly_variable"].to_numpy(), bool)


def _protein(table: AnnData, settings: Preprocess, seed: int) -> np.ndarray:
    """Centred log ratio per spot, scale, PCA with all but one component."""
    ratio = log_ratio(table)
    spread = ratio.std(axis=0)
    scaled = (ratio - ratio.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    scaled = np.clip(scaled[:, spread > 0], -10, 10)
    return _pca(scaled, min(settings.n_components, scaled.shape[1] - 1), seed)


def log_ratio(table: AnnData) -> np.ndarray:
    """Return the (N, D) centred log ratios of proteins.

    Negative values, which no detector measures, were transformed already (by arcsinh or so): these stay as they are.
    """
    if table.X.min() < 0:
        return _dense(table.X)
    return log_ratio_of(_counts(table, 1))


def log_ratio_of(values: Any) -> np.ndarray:
    """Return the (n, D) centred log ratios of counts of proteins; of a single one the logs, for its ratio is 1."""
    counts = _dense(values)  # antibody panels are narrow
    logged: np.ndarray = np.log1p(counts)
    if counts.shape[1] == 1:
        return logged
    ratio: np.ndarray = np.log1p(counts / np.exp(logged.mean(axis=1, keepdims=True)))
    return ratio


def _reduced(values: Any, settings: Preprocess, seed: int) -> np.ndarray:
    """Scale the most variable of many normalised features, PCA; sparse ones stay sparse throughout."""
    if not sparse.issparse(values):
        spread = values.std(axis=0)
        chosen = np.sort(np.argsort(-spread, kind="stable")[: settings.n_top_genes])
        scaled = (values[:, chosen] - values[:, chosen].mean(axis=0)) / np.where(spread > 0, spread, 1.0)[chosen]
        return _pca(np.clip(scaled, -10, 10), settings.n_components, seed)
    values = _most_variable(sparse.csr_matrix(values, dtype=np.float32), settings.n_top_genes)
    return _pca(_unit_variance(values), settings.n_components, seed)


def _most_variable(values: sparse.csr_matrix, most: int) -> sparse.csr_matrix:
    """(N, D) CSR of at most so many features, those of the largest variance."""
    variance = np.asarray(values.multiply(values).mean(axis=0) - np.square(values.mean(axis=0))).ravel()
    return values[:, np.sort(np.argsort(-variance, kind="stable")[:most])]


def _scaled(values: sparse.csr_matrix, target_sum: float) -> sparse.csr_matrix:
    """(N, D) CSR float32 of rows that add up to `target_sum`, however small they were."""
    total = np.asarray(values.sum(axis=1, dtype=float)).ravel()
    factor = np.divide(target_sum, total, out=np.zeros_like(total), where=total > 0)
    return (sparse.diags(factor) @ values).tocsr().astype(np.float32)


def _chromatin(table: AnnData, settings: Preprocess, seed: int) -> np.ndarray:
    """TF-IDF, then LSI without its first component, which follows sequencing depth."""
    counts = _counts(table, settings.min_spots)
    total = np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1.0)
    seen = np.maximum(np.asarray(counts.sum(axis=0)).ravel(), 1.0)
    weighted = (sparse.diags(1e4 / total) @ counts @ sparse.diags(counts.shape[0] / seen)).tocsr().log1p()
    varies = _varies(weighted)
    if varies.sum() < 2:
        return _dense(weighted[:, varies])
    return _latent(weighted, counts.shape[1], settings, seed)


def _latent(weighted: sparse.csr_matrix, n_peaks: int, settings: Preprocess, seed: int) -> np.ndarray:
    """(N, D) latent semantic indices but for the first, of weighted peaks of which so many are not 0."""
    from sklearn.decomposition import TruncatedSVD

    n = min(settings.n_components + 1, min(weighted.shape[0], n_peaks) - 1)
    lsi: np.ndarray = TruncatedSVD(n, algorithm="arpack", random_state=seed).fit_transform(weighted)
    return lsi[:, 1:] if n > 1 else lsi


def _counts(table: AnnData, min_spots: int) -> sparse.csr_matrix:
    """(N, D) CSR float32 of the features seen in `min_spots` spots or more, or in any where none is."""
    counts = sparse.csr_matrix(table.X, dtype=np.float32)
    seen = np.asarray((counts > 0).sum(axis=0)).ravel()
    keep = seen >= min_spots
    return counts[:, keep if keep.sum() > 2 else seen > 0]


def _unit_variance(values: sparse.csr_matrix) -> sparse.csr_matrix:
    mean = np.asarray(values.mean(axis=0)).ravel()
    square = np.asarray(values.multiply(values).mean(axis=0)).ravel()
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    scaled = (values @ sparse.diags(inverse)).tocsr()
    # A single count of a rare gene must not rule a component: at most 10 standard deviations above the mean.
    scaled.data = np.minimum(scaled.data, (mean * inverse + 10.0)[scaled.indices])
    return scaled


def _varies(values: Any) -> np.ndarray:
    """(D,) bool, whether a column of a sparse or dense table takes more than one value."""
    values = values.astype(float)  # in float32 the variance of a constant drowns in rounding
    mean = np.asarray(values.mean(axis=0)).ravel()
    square = np.asarray((values.power(2) if sparse.issparse(values) else values**2).mean(axis=0)).ravel()
    varies: np.ndarray = square - mean**2 > 1e-6 * square
    return varies


def _pca(values: Any, n_components: int, seed: int) -> np.ndarray:
    from sklearn.decomposition import PCA

    values = values[:, _varies(values)]
    if values.shape[1] < 2:
        return _dense(values)
    n = max(1, min(n_components, min(values.shape) - 1))
    return PCA(n, svd_solver="arpack" if sparse.issparse(values) else "full", random_state=seed).fit_transform(values)


def _dense(values: Any) -> np.ndarray:
    """Dense copy of a table that is narrow by nature: an antibody panel or components.

    A kind can be overridden, so the width is checked: a genome-wide table would fill the memory.
    """
    if sparse.issparse(values) and values.shape[1] > MOST_DENSE:
        raise DataError(
            f"Expected at most {MOST_DENSE} proteins or precomputed features, found {values.shape[1]}. "
            "Set the modality's kind to 'rna' or 'chromatin'."
        )
    return np.asarray(values.todense() if sparse.issparse(values) else values, dtype=np.float32)
