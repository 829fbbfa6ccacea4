"""One try: where it lies, what was changed in it, and what a reader owes to the person who opens it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


class NotMade(Exception):
    """The change could not be made, such as values that no library writes; another one is drawn."""


@dataclass
class Case:
    """An input that was changed.

    Attributes
    ----------
    paths
        What is opened together.
    changes
        What was done to it, in words.
    values
        Whether features that are opened must hold the values of the original, spot by spot.
    coords
        The same for coordinates, up to shift, scale and turn.
    opens
        ``"section"`` by `read`, ``"result"`` by `read_result` and what follows, ``"words"`` on the command line.
    words
        The command line, where that is what is tried.
    """

    paths: Sequence[Path] = ()
    changes: list[str] = field(default_factory=list)
    values: bool = True
    coords: bool = True
    opens: str = "section"
    words: Sequence[str] = ()


Maker = Callable[[np.random.Generator, Path, Path], Case]
"""Makes a case from random numbers and the folder of the originals in an empty folder."""


def chosen(rng: np.random.Generator, things: Sequence) -> object:
    """Return one of `things`, which may be of any kind."""
    return things[int(rng.integers(len(things)))]
