"""Two labellings in matched colours, ready to be drawn: no window, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
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


def pair_of(a: Labelling, b: Labelling, comparison: Comparison, as_second: bool = False) -> Pair:
    """Return two labellings ready to be drawn; domains of `b` that match none of `a` say where they are from.

    Parameters
    ----------
    comparison
        Of `a` and `b`, in this order.
    as_second
        Take names and colours of `b` for both instead of those of `a`.
    """
    if as_second:
        turned = pair_of(b, a, replace(comparison, matched=_numbered_as_second(a, b, comparison)))
        differences = replace(turned.differences, title=_told(a, b, comparison))
        return Pair(comparison, turned.second, turned.first, differences)
    from napari_trsmi.compare import matched_colors

    colors = matched_colors(a, b, comparison)
    names = list(a.names)
    own = dict(zip(comparison.matched.tolist(), b.labels.tolist(), strict=True))
    for number in range(len(names), len(colors)):
        name = f"{b.names[own[number]]} ({b.title})" if number in own else f"{number + 1} ({b.title})"
        names.append(name if name not in names else f"{name} {number + 1}")
    first = Coloring(a.title, a.labels, colors=colors, names=tuple(names))
    found = np.where(comparison.known, comparison.different.astype(int), -1)
    return Pair(
        comparison,
        first,
        _categories(b.title, comparison.matched, first),
        Coloring(_told(a, b, comparison), found, colors=(SAME, DIFFERENT), names=("same domain", "another domain")),
    )


def _told(a: Labelling, b: Labelling, comparison: Comparison) -> str:
    return f"{a.title} and {b.title}: {comparison.share_different:.1%} differ"


def _numbered_as_second(a: Labelling, b: Labelling, comparison: Comparison) -> np.ndarray:
    """Return (N,) labels of `a`, numbered like those of `b` as far as they match."""
    number = dict(zip(comparison.matched.tolist(), b.labels.tolist(), strict=True))
    alone = [int(k) for k in np.unique(a.labels) if k >= 0 and int(k) not in number]
    number |= {k: len(b.names) + at for at, k in enumerate(alone)} | {-1: -1}
    return np.array([number[k] for k in a.labels.tolist()])


def _categories(title: str, values: np.ndarray, like: Coloring) -> Coloring:
    return Coloring(title, values, colors=like.colors, names=like.names)
