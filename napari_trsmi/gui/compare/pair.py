"""Two labellings in matched colours, ready to be drawn: no window, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.gui.session.state import Coloring

if TYPE_CHECKING:
    from napari_trsmi.compare import Comparison, Labelling

SAME, DIFFERENT = "#c3c7cd", "#e6007e"


@dataclass(frozen=True, eq=False)
class Pair:
    """Two labellings of the spots of one section.

    Attributes
    ----------
    comparison
        How they agree.
    first, second
        The spots coloured by one and by the other; the same domain has the same colour.
    differences
        The spots coloured by whether the two agree.
    """

    comparison: Comparison
    first: Coloring
    second: Coloring
    differences: Coloring

    def swiped(self, across: np.ndarray, share: float) -> Coloring:
        """Return the spots coloured by the first to the left of a line, by the second to the right of it.

        Parameters
        ----------
        across
            (N,) x of the spots.
        share
            Where the line is, from 0 at the left end of the section to 1 at its right end.
        """
        low, high = float(across.min()), float(across.max())
        left = across <= low + share * (high - low) if share > 0 else np.zeros(len(across), bool)
        values = np.where(left, self.first.values, self.second.values)
        return _categories(f"{self.first.title} | {self.second.title}", values, self.first)


def pair_of(a: Labelling, b: Labelling, comparison: Comparison) -> Pair:
    """Return two labellings ready to be drawn; domains of `b` that match none of `a` say where they are from."""
    from napari_trsmi.compare import matched_colors

    colors = matched_colors(a, b, comparison)
    names = list(a.names)
    own = dict(zip(comparison.matched.tolist(), b.labels.tolist(), strict=True))
    for number in range(len(names), len(colors)):
        name = f"{b.names[own[number]]} ({b.title})" if number in own else f"{number + 1} ({b.title})"
        names.append(name if name not in names else f"{name} {number + 1}")
    first = Coloring(a.title, a.labels, colors=colors, names=tuple(names))
    found = np.where(comparison.known, comparison.different.astype(int), -1)
    told = f"{a.title} and {b.title}: {comparison.share_different:.1%} differ"
    return Pair(
        comparison,
        first,
        _categories(b.title, comparison.matched, first),
        Coloring(told, found, colors=(SAME, DIFFERENT), names=("same domain", "another domain")),
    )


def _categories(title: str, values: np.ndarray, like: Coloring) -> Coloring:
    return Coloring(title, values, colors=like.colors, names=like.names)
