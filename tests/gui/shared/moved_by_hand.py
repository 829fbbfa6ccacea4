"""A trainer that a test moves, and previews that it makes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from acted_training import step

from napari_trsmi import Result, Step


class Hand:
    """A trainer that notes what it is asked for and does nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[[], None]:
        return lambda: self.asked.append(name)


def preview(trained: Result, epoch: int, n_epochs: int = 6) -> Step:
    """Return an epoch whose domains are those of a result, moved by as many spots."""
    return step(epoch, n_epochs, np.roll(trained.labels, epoch))
