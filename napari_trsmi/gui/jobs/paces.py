"""How fast this machine is, learned from runs: factors on the estimates, remembered over starts of the program."""

from __future__ import annotations

from math import isfinite
from statistics import median
from typing import Any

from napari_trsmi.gui.remembered import recall, store

NAME = "paces"
LATEST = 7  # runs that count, of each part of a run
LEAST, MOST = 0.005, 200.0  # times as long as estimated: beyond, a clock or a file is wrong


def paces() -> dict[str, float]:
    """Return {part of a run: how many times as long as estimated it takes here}: the median of the latest runs."""
    return {part: median(values) for part, values in _known().items()}


def learn(found: dict[str, float]) -> None:
    """Take in what a run took, see `estimate.measured`."""
    known = _known()
    for part, factor in found.items():
        if LEAST <= factor <= MOST:
            known[part] = [*known.get(part, []), round(float(factor), 4)][-LATEST:]
    store(NAME, known)


def _known() -> dict[str, list[float]]:
    """Return what was remembered, as far as it makes sense."""
    stored: Any = recall(NAME)
    known = {}
    for part, values in stored.items() if isinstance(stored, dict) else ():
        good = [float(value) for value in values if _is_factor(value)] if isinstance(values, list) else []
        if good:
            known[str(part)] = good[-LATEST:]
    return known


def _is_factor(value: Any) -> bool:
    return isinstance(value, int | float) and isfinite(value) and LEAST <= value <= MOST
