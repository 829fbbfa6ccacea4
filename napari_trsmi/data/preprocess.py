"""From counts to components: one dense (N, D_m) float32 array per modality."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.coherence import carried, coherent_components_and_chance, denoise
from napari_trsmi.config import Kind, Preprocess, Study
from napari_trsmi.data.components import components
from napari_trsmi.data.dataset import Dataset, measured_at
from napari_trsmi.errors import ConfigError
from napari_trsmi.interrupt import check

if TYPE_CHECKING:
    pass

logger = logging.getLogger(__name__)

LEAST_WEIGHT = 0.01  # of a modality: what is 0 everywhere has no neighbours and no scale


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
    device: Accelerator = CPU,
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
    device
        Asked first where there are many spots.

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
            raise ConfigError(
                f"Expected modalities among {sorted(dataset.modalities)}, found {name!r}. Use these names."
            )
    kinds = {name: settings.kinds.get(name, dataset.modalities[name].kind) for name in chosen}
    measured = measured_at({name: dataset.modalities[name] for name in chosen}, kinds)
    if measured or dataset.parts:
        out, notes = joint_components(dataset, kinds, measured, settings, study or Study(), spatial, seed, device)
    else:
        out, notes = {}, []
        for name in chosen:
            check()
            out[name] = components(dataset.modalities[name], kinds[name], settings, seed, device)
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
            own, carries[name] = _weighted(own, graph, seed, device)
        out[name] = _filled(_unit_mean_square(own), has)
        logger.info("%s (%s): %d components", name, kinds[name], out[name].shape[1])
    most = max(carries.values(), default=1.0)
    for name, share in carries.items():
        if share < most:  # only what carries less than another is changed, and by not a bit otherwise
            out[name] *= np.float32(max(share / most, LEAST_WEIGHT))
    return Components(out, carries, measured, tuple(notes))


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
    device: Accelerator = CPU,
) -> dict[str, np.ndarray]:
    """Return the features with each component averaged over the tissue as far as its own noise asks for.

    See `coherence.denoise`. Centred, float32, each modality with the root mean square that it has in `measured`. Of a
    modality that some spots lack, {modality: (N,) bool} in `has`, only the others are averaged. The device is asked
    first.
    """
    out = {}
    for name, values in measured.items():
        own, graph, rows = values, spatial, (has or {}).get(name)
        if rows is not None:
            own, graph = values[rows], spatial[rows][:, rows].tocsr()
        smoothed, reach = denoise(own, graph, seed, device)
        logger.info("%s: averaged over %s hops", name, np.array2string(reach, precision=1))
        found = _unit_mean_square(smoothed - smoothed.mean(axis=0))
        size = float(np.sqrt(np.mean(own**2)))
        if size < 1 - 1e-3:  # weighted down
            found *= np.float32(size)
        out[name] = _filled(found, rows)
    return out


def weighted_components(
    values: np.ndarray, spatial: sparse.csr_matrix, seed: int = 0, device: Accelerator = CPU
) -> np.ndarray:
    """Return the (N, d) float32 coherent components of `values`, each weighted by w / sqrt(1 - w).

    The weight is the component's signal w over its noise sqrt(1 - w): a loss on these features spends itself on what
    neighbours share. See `coherence.coherent_components` for w.
    """
    return _weighted(values, spatial, seed, device)[0]


def _weighted(
    values: np.ndarray, spatial: sparse.csr_matrix, seed: int, device: Accelerator
) -> tuple[np.ndarray, float]:
    components, w, chance = coherent_components_and_chance(values, spatial, seed, device=device)
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


def _unit_mean_square(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / np.sqrt(np.mean(values**2)), np.float32)
