"""What changes over a section without a boundary of domains: gradients, a batch line, the depth, the rim."""

from __future__ import annotations

import numpy as np

from napari_trsmi.data.simulate.settings import SimulationSettings
from napari_trsmi.data.simulate.tissue import Spots, Tissue, turned


def courses(settings: SimulationSettings, tissue: Tissue, spots: Spots, section: int) -> dict[str, np.ndarray]:
    """Return where the N spots of a section lie on each course that the settings ask for.

    Returns
    -------
    dict
        ``gradient``, ``depth_gradient``, ``rim``: (N,) float from 0 (where it begins) to 1; ``technical``: (N,) int, 0
        on one side of the batch line and 1 on the other; ``depth_factor``: (N,) float with mean 1. Courses that are off
        are not in it.
    """
    rng = np.random.default_rng([settings.seed, 20, section])
    turn, place, fall = rng.uniform((0, 0.35, 0), (2 * np.pi, 0.65, 2 * np.pi))
    level = tissue.level(spots.points) / tissue.edge
    found: dict[str, np.ndarray] = {}
    if settings.gradient:
        along = {"x": spots.points[:, 0], "y": spots.points[:, 1], "rim": level}[settings.gradient_along]
        found["gradient"] = _from_0_to_1(along)
    if settings.batch_line:
        across = turned(spots.points, turn)[0]
        found["technical"] = (across > np.quantile(across, place)).astype(int)
    factor = np.ones(len(level))
    if settings.depth_gradient:
        found["depth_gradient"] = _from_0_to_1(turned(spots.points, fall)[0])
        factor *= np.exp(-settings.depth_gradient * found["depth_gradient"])
    if settings.rim:
        found["rim"] = np.exp((level - 1) * tissue.edge / (settings.rim_width * spots.spacing))
        factor *= 1 - settings.rim * found["rim"]
    if settings.depth_gradient or settings.rim:
        found["depth_factor"] = factor / factor.mean()
    return found


def gradient_effects(
    settings: SimulationSettings, free: np.ndarray, n_features: int, rng: np.random.Generator
) -> np.ndarray:
    """(D,) log units by which features change along the gradient: only of those in `free`, half up and half down."""
    effects = np.zeros(n_features)
    chosen = rng.permutation(free)[: max(1, round(settings.gradient_share * n_features))]
    effects[chosen] = settings.gradient * np.where(np.arange(len(chosen)) % 2, -1.0, 1.0)
    return effects


def line_effects(settings: SimulationSettings, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(D,) log units by which features change over the batch line; the depth of `shares`, which sum to 1, stays."""
    effects = settings.batch_line * rng.standard_normal(len(shares))
    return np.asarray(effects - np.log(shares @ np.exp(effects)))


def _from_0_to_1(values: np.ndarray) -> np.ndarray:
    return np.asarray((values - values.min()) / np.ptp(values))
