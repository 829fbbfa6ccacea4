"""Values that change over a run, as functions of the share of epochs done. No torch here: forms draw these curves."""

from __future__ import annotations

import math

from napari_trsmi.config import Gate
from napari_trsmi.settings import Schedule, Shape


def progress(shape: Shape, fraction: float) -> float:
    """Return how much of the way from start to end is gone, in [0, 1] and never falling with `fraction`.

    Parameters
    ----------
    shape
        ``"constant"`` stays at the start; ``"step"`` jumps half-way; ``"exponential"`` starts fast and slows down.
    fraction
        Share of epochs done, in [0, 1].

    Examples
    --------
    >>> [round(progress("cosine", f), 2) for f in (0.0, 0.5, 1.0)]
    [0.0, 0.5, 1.0]
    """
    f = min(max(fraction, 0.0), 1.0)
    if shape == "cosine":
        return 0.5 * (1.0 - math.cos(math.pi * f))
    if shape == "linear":
        return f
    if shape == "exponential":
        return (1.0 - math.exp(-5.0 * f)) / (1.0 - math.exp(-5.0))
    if shape == "step":
        return float(f >= 0.5)
    return 0.0


def value(schedule: Schedule, fraction: float) -> float:
    """Return the scheduled value after the given share of epochs."""
    return schedule.start + (schedule.end - schedule.start) * progress(schedule.shape, fraction)


def cooling(gate: Gate, fraction: float) -> float:
    r"""Return cool(t) in [0, 1], from 1 at the start to `gate.cool_end`; never rises.

    It closes the gate between diffused and local features, whose logit b is learned:

    .. math:: Z^* = (1 - \beta(t))\, Z_{loc} + \beta(t)\, Z_g,\quad \beta(t) = \sigma(b)\, \mathrm{cool}(t)
    """
    return 1.0 + (gate.cool_end - 1.0) * progress(gate.shape, fraction)
