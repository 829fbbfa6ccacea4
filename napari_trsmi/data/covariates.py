"""What is regressed out of components: columns of obs, depth, and what runs over the section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_trsmi.config import Kind
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.errors import ConfigError
from napari_trsmi.normalised import scale_of

LOG_DEPTH, RIM, STEP = "log_depth", "rim", "step"
BUILT_IN = (LOG_DEPTH, RIM, STEP)
_MOST = 0.1  # columns per spot: more would explain what they have nothing to do with


def log_depth(modality: Modality, kind: Kind) -> np.ndarray | None:
    """Return the (N,) logarithm of the spots' totals, or None where the values of a modality have no depth.

    These are components, and what was scaled to a fixed sum, logged or centred.
    """
    values = modality.table.X
    if kind == "precomputed" or values.min() < 0 or (kind == "rna" and scale_of(values) == "logged"):
        return None
    depth = np.log1p(np.asarray(values.sum(axis=1, dtype=float)).ravel())
    return depth if np.ptp(depth) > 1e-3 else None


def columns_of(dataset: Dataset, name: str) -> np.ndarray:
    """Return the (N, k) float columns that a column of obs stands for: itself, or one per category but the first.

    Raises
    ------
    ConfigError
        There is no such column, a value is missing or infinite, all are the same, or there are too many categories.
    """
    import pandas as pd

    if name not in dataset.obs:
        there = [*BUILT_IN, *map(str, dataset.obs.columns)]
        raise ConfigError(f"Expected preprocess.covariates among {there}, found {name!r}. Choose another column.")
    column = dataset.obs[name]
    if column.isna().any():
        raise _refused(name, "a value for every spot", f"{int(column.isna().sum())} missing")
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float)[:, None]
        if not np.isfinite(values).all():
            raise _refused(name, "finite values", "infinite ones")
    else:
        codes, found = pd.factorize(column.astype(str), sort=True)
        if len(found) - 1 > _MOST * len(codes):
            raise _refused(name, f"at most {int(_MOST * len(codes)) + 1} categories", f"{len(found)}")
        values = np.eye(len(found))[codes][:, 1:]
    if not values.size or not np.ptp(values, axis=0).any():
        raise _refused(name, "values that vary between spots", "one only")
    return values


def without(values: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    """Return the (N, D) components without what a linear model of the (N, k) covariates says of them."""
    centred = covariates - covariates.mean(axis=0)
    size = np.abs(centred).max(axis=0)
    axes, weight, _ = np.linalg.svd(centred[:, size > 0] / size[size > 0], full_matrices=False)
    axes = axes[:, weight > 1e-8 * weight[0]]
    return np.asarray(values - axes @ (axes.T @ (values - values.mean(axis=0))), values.dtype)


def common_covariates(dataset: Dataset, names: tuple[str, ...]) -> list[np.ndarray]:
    """Return the columns that are the same in every modality: those of obs, and of the distance to the rim.

    Built-in names go before columns of obs that are called so.

    Raises
    ------
    ConfigError
        As for `columns_of`.
    """
    from napari_trsmi.courses import rim_basis

    own = (LOG_DEPTH, STEP)
    return [
        rim_basis(dataset.coords) if name == RIM else columns_of(dataset, name) for name in names if name not in own
    ]


def without_straight_step(
    components: Mapping[str, np.ndarray], spatial: Any, coords: np.ndarray, seed: int = 0
) -> dict[str, np.ndarray]:
    """Return {modality: (N, D) components} without the jump at the strongest straight line.

    Raises
    ------
    ConfigError
        The section has no spatial graph or is too small for a line.
    """
    from napari_trsmi.courses import strongest_step, without_step

    lines = {} if spatial is None else strongest_step(components, spatial, coords, seed)
    if not lines:
        raise ConfigError(
            "Expected a section with room for a straight step, for preprocess.covariates 'step', found none. "
            "Leave it out."
        )
    line = max(lines.values(), key=lambda one: one.strength)
    return {name: without_step(values, coords, line) for name, values in components.items()}


def _refused(name: str, expected: str, found: str) -> ConfigError:
    return ConfigError(f"Expected {expected} in obs[{name!r}] for preprocess.covariates, found {found}. Leave it out.")
