"""From counts to components: one dense (N, D_m) float32 array per modality."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.coherence import carried, coherent_components_and_chance, denoise
from napari_trsmi.config import Kind, Preprocess, Study
from napari_trsmi.data.dataset import MOST_COMPONENTS, Dataset, Modality
from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.interrupt import check
from napari_trsmi.normalised import scale_of

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)

LEAST_WEIGHT = 0.01  # of a modality: what is 0 everywhere has no neighbours and no scale
MOST_DENSE = 2_000  # features of a sparse table that may be made dense


@dataclass(frozen=True)
class Components:
    """Components of every modality.

    Attributes
    ----------
    values
        {modality: (N, D_m) float32} centred, with root mean square 1 over the spots that have them; where a modality
        carries less than another, less by as much. Rows of spots without the modality are 0.
    carried
        {modality: from 0 to 1} see `coherence.carried`; empty where coherence is not looked at.
    measured
        {modality: (N,) bool} spots that have it, of those modalities that some spots lack.
    notes
        Sentences a person should read.
    """

    values: dict[str, np.ndarray]
    carried: dict[str, float]
    measured: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def measured_features(
    dataset: Dataset, settings: Preprocess, spatial: sparse.csr_matrix | None = None, seed: int = 0
) -> dict[str, np.ndarray]:
    """Return the values of `measured_components`."""
    return measured_components(dataset, settings, spatial, seed).values


def measured_components(
    dataset: Dataset,
    settings: Preprocess,
    spatial: sparse.csr_matrix | None = None,
    seed: int = 0,
    study: Study | None = None,
) -> Components:
    """Return features, how much each modality carries about the tissue, and which spots have it.

    Nothing is averaged between spots here: each row is what was measured at its spot.

    Parameters
    ----------
    dataset
        The section or study.
    settings
        Which modalities to use and how.
    spatial
        (N, N) CSR spatial graph; without it `settings.coherent` does nothing.
    seed
        For the randomised decompositions and the shuffled coordinates of the coherence test.
    study
        What to do about several sections.

    Raises
    ------
    ConfigError
        A modality is named that the dataset does not have, or a covariate that cannot be used.
    DataError
        A modality has no feature that varies, or is called protein or precomputed and is too wide to be either.
    """
    from napari_trsmi.data.joint import joint_components

    chosen = settings.modalities or tuple(dataset.modalities)
    for name in (*chosen, *settings.kinds):
        if name not in dataset.modalities:
            raise ConfigError(f"Expected modalities among {sorted(dataset.modalities)}, found {name!r}.")
    kinds = {name: settings.kinds.get(name, dataset.modalities[name].kind) for name in chosen}
    measured = _measured_at({name: dataset.modalities[name] for name in chosen}, kinds)
    if measured or dataset.parts:
        out, notes = joint_components(dataset, kinds, measured, settings, study or Study(), spatial, seed)
    else:
        out, notes = {}, []
        for name in chosen:
            check()
            out[name] = components(dataset.modalities[name], kinds[name], settings, seed)
    if settings.covariates:
        out = _regressed(out, dataset, kinds, settings.covariates, spatial, seed, measured)
    carries: dict[str, float] = {}
    for name, values in out.items():
        check()
        has = measured.get(name)
        own, graph = values, spatial
        if has is not None:
            own, graph = values[has], None if spatial is None else spatial[has][:, has].tocsr()
        if graph is not None and settings.coherent:
            own, carries[name] = _weighted(own, graph, seed)
        out[name] = _filled(_unit_mean_square(own), has)
        logger.info("%s (%s): %d components", name, kinds[name], out[name].shape[1])
    most = max(carries.values(), default=1.0)
    for name, share in carries.items():
        if share < most:  # only what carries less than another is changed, and by not a bit otherwise
            out[name] *= np.float32(max(share / most, LEAST_WEIGHT))
    return Components(out, carries, measured, tuple(notes))


def _measured_at(modalities: dict[str, Modality], kinds: dict[str, Kind]) -> dict[str, np.ndarray]:
    """Return {modality: (N,) bool} of those that some spots lack: not measured, or counted nothing, beside another."""
    has = {}
    for name, modality in modalities.items():
        has[name] = np.ones(modality.table.n_obs, bool) if modality.measured is None else modality.measured.copy()
        if kinds[name] in ("rna", "chromatin", "protein") and len(modalities) > 1:
            absolute = abs(modality.table.X)
            has[name] &= np.asarray(absolute.sum(axis=1)).ravel() > 0
    anything = np.logical_or.reduce(list(has.values()))
    # A spot that has nothing at all stays with its zeros: there is nothing to carry anything over by.
    return {name: mask | ~anything for name, mask in has.items() if not (mask | ~anything).all() and mask.any()}


def _filled(values: np.ndarray, has: np.ndarray | None) -> np.ndarray:
    """Return the rows of the spots that have a modality among rows of zeros."""
    if has is None:
        return values
    out = np.zeros((len(has), values.shape[1]), values.dtype)
    out[has] = values
    return out


def denoised_features(
    measured: dict[str, np.ndarray],
    spatial: sparse.csr_matrix,
    seed: int = 0,
    has: dict[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Return the features with each component averaged over the tissue as far as its own noise asks for.

    See `coherence.denoise`. Centred, float32, each modality with the root mean square that it has in `measured`. Of a
    modality that some spots lack, {modality: (N,) bool} in `has`, only the others are averaged.
    """
    out = {}
    for name, values in measured.items():
        own, graph, rows = values, spatial, (has or {}).get(name)
        if rows is not None:
            own, graph = values[rows], spatial[rows][:, rows].tocsr()
        smoothed, reach = denoise(own, graph, seed)
        logger.info("%s: averaged over %s hops", name, np.array2string(reach, precision=1))
        found = _unit_mean_square(smoothed - smoothed.mean(axis=0))
        size = float(np.sqrt(np.mean(own**2)))
        if size < 1 - 1e-3:  # weighted down
            found *= np.float32(size)
        out[name] = _filled(found, rows)
    return out


def components(modality: Modality, kind: str, settings: Preprocess, seed: int = 0) -> np.ndarray:
    """Return the (N, D) float32 centred components of one modality: PCA, LSI, or the columns as they are.

    More than `MOST_COMPONENTS` columns read as precomputed are normalised features, no components, and reduced by PCA.
    """
    table = modality.table
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
    values = values - values.mean(axis=0)
    spread = values.std(axis=0)
    values = values[:, spread > 1e-6 * max(float(spread.max(initial=0.0)), 1e-30)]
    if values.shape[1] == 0:
        raise DataError(
            f"Expected features that vary between spots in modality {modality.name!r}, found only constant ones. "
            "Leave the modality out."
        )
    return values.astype(np.float32)


def weighted_components(values: np.ndarray, spatial: sparse.csr_matrix, seed: int = 0) -> np.ndarray:
    """Return the (N, d) float32 coherent components of `values`, each weighted by w / sqrt(1 - w).

    The weight is the component's signal w over its noise sqrt(1 - w): a loss on these features spends itself on what
    neighbours share. See `coherence.coherent_components` for w.
    """
    return _weighted(values, spatial, seed)[0]


def _weighted(values: np.ndarray, spatial: sparse.csr_matrix, seed: int) -> tuple[np.ndarray, float]:
    components, w, chance = coherent_components_and_chance(values, spatial, seed)
    return (components * (w / np.sqrt(1.0 - w))).astype(np.float32), carried(w, chance)


def _regressed(
    found: dict[str, np.ndarray],
    dataset: Dataset,
    kinds: dict[str, Kind],
    names: tuple[str, ...],
    spatial: sparse.csr_matrix | None,
    seed: int,
    measured: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Return the components of every modality without what the covariates explain of them."""
    from napari_trsmi.data.covariates import (
        LOG_DEPTH,
        RIM,
        STEP,
        common_covariates,
        log_depth,
        without,
        without_straight_step,
    )

    if dataset.parts and (alone := {STEP, RIM} & set(names)):
        raise ConfigError(
            f"Expected preprocess.covariates that several sections share, found {sorted(alone)[0]!r}, which is of one. "
            "Leave it out, or train the section by itself."
        )
    common = common_covariates(dataset, names)
    if STEP in names:
        found = without_straight_step(found, spatial, dataset.coords, seed)
    depths = {name: log_depth(dataset.modalities[name], kinds[name]) for name in found if LOG_DEPTH in names}
    if depths and all(depth is None for depth in depths.values()):
        raise ConfigError(
            "Expected a modality with totals that vary between spots for preprocess.covariates 'log_depth', found "
            "none. Leave it out."
        )
    out = {}
    for name, values in found.items():
        own = [*common, *(depth[:, None] for depth in (depths.get(name),) if depth is not None)]
        has = measured.get(name, slice(None))
        left = values.copy() if own else values
        if own:
            left[has] = without(values[has], np.hstack(own)[has])
        varies = left.std(axis=0) > 1e-4 * values.std(axis=0).max()
        if not varies.any():
            raise ConfigError(
                f"Expected preprocess.covariates that leave something of modality {name!r}, found that they explain "
                "all of it. Leave one out."
            )
        out[name] = left[:, varies]
    return out


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
    import scanpy as sc

    counts = _counts(table, settings.min_spots)
    n_top = settings.n_top_genes
    if (scale := scale_of(table.X)) != "counts":
        logged = counts if scale == "logged" else _scaled(counts, settings.target_sum).log1p()
        return _most_variable(logged, n_top)
    if counts.shape[1] > n_top:
        import anndata as ad

        genes = ad.AnnData(counts)
        if section is not None:
            genes.obs["section"] = section.astype(str)
        chosen = sc.pp.highly_variable_genes(
            genes,
            flavor="seurat_v3",
            n_top_genes=n_top,
            inplace=False,
            span=0.3,
            batch_key=None if section is None else "section",
        )["highly_variable"].to_numpy()
    else:
        chosen = np.ones(counts.shape[1], bool)
    if not by_total:
        return counts[:, chosen].log1p()
    total = np.asarray(counts.sum(axis=1)).ravel()
    scale = sparse.diags(settings.target_sum / np.maximum(total, 1.0))
    return (scale @ counts[:, chosen]).tocsr().log1p()


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
    counts = _dense(_counts(table, 1))  # antibody panels are narrow
    logged = np.log1p(counts)
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
    from sklearn.decomposition import TruncatedSVD

    counts = _counts(table, settings.min_spots)
    total = np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1.0)
    seen = np.maximum(np.asarray(counts.sum(axis=0)).ravel(), 1.0)
    weighted = (sparse.diags(1e4 / total) @ counts @ sparse.diags(counts.shape[0] / seen)).tocsr().log1p()
    varies = _varies(weighted)
    if varies.sum() < 2:
        return _dense(weighted[:, varies])
    n = min(settings.n_components + 1, min(counts.shape) - 1)
    lsi = TruncatedSVD(n, algorithm="arpack", random_state=seed).fit_transform(weighted)
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


def _unit_mean_square(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / np.sqrt(np.mean(values**2)), np.float32)


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
