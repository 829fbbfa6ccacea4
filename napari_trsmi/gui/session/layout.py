"""How sections lie on the canvas: their order, how each is turned and flipped. Their data stay as they are. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

KEY = "view"  # in the record of a saved result


class Turn(NamedTuple):
    """How one section is seen.

    Attributes
    ----------
    quarters
        Quarter turns clockwise, 0 to 3.
    flipped
        True where left and right were exchanged before it was turned.
    """

    quarters: int = 0
    flipped: bool = False

    def turned(self) -> Turn:
        """Return this and a quarter turn clockwise."""
        return Turn((self.quarters + 1) % 4, self.flipped)

    def mirrored(self) -> Turn:
        """Return this with left and right, as they are seen, exchanged."""
        return Turn(-self.quarters % 4, not self.flipped)

    @property
    def matrix(self) -> np.ndarray:
        """(2, 2) int that takes (x, y) as they are to (x, y) as they are seen; y runs down."""
        quarter = np.array([[0, -1], [1, 0]])
        flip = np.diag([-1 if self.flipped else 1, 1])
        found: np.ndarray = np.linalg.matrix_power(quarter, self.quarters) @ flip
        return found


class Lie(NamedTuple):
    """Where the places (x, y) of a section are drawn: at ``matrix @ (x, y) + shift``."""

    matrix: np.ndarray
    shift: np.ndarray

    def of(self, places: np.ndarray) -> np.ndarray:
        """Return the (n, 2) places (x, y) on the canvas of places in the coordinates of the dataset."""
        return _turned(places, self.matrix) + self.shift

    def back(self, places: np.ndarray) -> np.ndarray:
        """Return the (n, 2) places (x, y) in the coordinates of the dataset of places on the canvas."""
        return _turned(places - self.shift, self.matrix.T)


@dataclass(frozen=True)
class Layout:
    """The order of the sections of a study, from the left, and how each is turned; empty as they were opened.

    Attributes
    ----------
    order
        Numbers of the sections; empty for the order in which they were opened.
    turns
        {number: how it is turned} of those that are, in pairs.
    """

    order: tuple[int, ...] = ()
    turns: tuple[tuple[int, Turn], ...] = ()

    def order_of(self, n: int) -> tuple[int, ...]:
        """Return the numbers of `n` sections in their order."""
        return self.order if sorted(self.order) == list(range(n)) else tuple(range(n))

    def turn(self, number: int) -> Turn:
        """Return how a section is turned; that of a single one has the number 0."""
        return dict(self.turns).get(number, Turn())

    def with_turn(self, number: int, turn: Turn) -> Layout:
        """Return the layout with a section turned so."""
        turns = {**dict(self.turns), number: turn}
        return replace(self, turns=tuple(sorted((key, one) for key, one in turns.items() if one != Turn())))

    def moved(self, number: int, place: int, n: int) -> Layout:
        """Return the layout with one of `n` sections at a place in the order, 0 for the first."""
        order = [one for one in self.order_of(n) if one != number]
        order.insert(min(max(place, 0), n - 1), number)
        return replace(self, order=() if order == list(range(n)) else tuple(order))

    def with_more(self, n: int) -> Layout:
        """Return the layout where there are `n` sections, the new ones last."""
        return replace(self, order=(*self.order, *range(len(self.order), n))) if self.order else self

    @property
    def plain(self) -> dict[str, Any]:
        """The layout as it is written; empty where sections lie as they were opened."""
        turns = {str(number): [turn.quarters, int(turn.flipped)] for number, turn in self.turns}
        return {key: value for key, value in (("order", list(self.order)), ("turns", turns)) if value}

    @classmethod
    def read(cls, found: Mapping[str, Any], dataset: Dataset) -> Layout:
        """Return a layout that was written; what does not fit the sections is passed over."""
        n = max(len(dataset.parts), 1)
        order = tuple(found.get("order", ()))
        turns = {int(key): Turn(int(q) % 4, bool(flipped)) for key, (q, flipped) in found.get("turns", {}).items()}
        known = tuple(sorted((number, turn) for number, turn in turns.items() if 0 <= number < n and turn != Turn()))
        return cls(order if sorted(order) == list(range(n)) != list(order) else (), known)


def lies_of(dataset: Dataset, layout: Layout) -> list[Lie]:
    """Return where each section is drawn: a turned one about its middle, those of a study in their order in rows."""
    from napari_trsmi.data.study import in_rows

    rows, still = dataset.sections, Lie(np.eye(2, dtype=int), np.zeros(2))
    if layout == Layout():
        return [still] * len(rows)
    matrices = [layout.turn(number).matrix for number in range(len(rows))]
    boxes = [np.array([dataset.coords[own].min(axis=0), dataset.coords[own].max(axis=0)]) for own in rows]
    if not dataset.parts:
        middle = boxes[0].mean(axis=0)
        return [Lie(matrices[0], middle - matrices[0] @ middle)]
    order = layout.order_of(len(rows))
    seen = [box @ matrix.T for box, matrix in zip(boxes, matrices, strict=True)]
    corners = in_rows([np.ptp(seen[number], axis=0) for number in order])
    found = [still] * len(rows)
    for number, corner in zip(order, corners, strict=True):
        found[number] = Lie(matrices[number], np.array(corner) - seen[number].min(axis=0))
    return found


class Lying:
    """A section or study that has a layout."""

    dataset: Dataset
    layout: Layout
    _lying: tuple[Layout, list[Lie], np.ndarray] | None = None

    @property
    def lies(self) -> list[Lie]:
        """Where each section is drawn; one for a single section."""
        return self._lie()[1]

    @property
    def at(self) -> np.ndarray:
        """(N, 2) float places (x, y) of the spots on the canvas, in the unit of the coordinates; these stay."""
        return self._lie()[2]

    def _lie(self) -> tuple[Layout, list[Lie], np.ndarray]:
        """Return the layout and what follows from it, worked out once."""
        if self._lying is None or self._lying[0] != self.layout:
            lies, at = lies_of(self.dataset, self.layout), self.dataset.coords
            if self.layout != Layout():
                at = np.empty(at.shape)
                for lie, rows in zip(lies, self.dataset.sections, strict=True):
                    at[rows] = lie.of(self.dataset.coords[rows])
            self._lying = self.layout, lies, at
        return self._lying


def _turned(places: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return (n, 2) places times a matrix of a `Turn`, column by column: as a product a million take .2 s."""
    found: np.ndarray = places[:, np.abs(matrix).argmax(axis=1)] * matrix.sum(axis=1)
    return found


def with_layout(result: Result, layout: Layout) -> Result:
    """Return a result whose record says how its sections lie, to be saved."""
    record = {key: value for key, value in result.provenance.items() if key != KEY}
    return replace(result, provenance=record | ({KEY: layout.plain} if layout.plain else {}))


def turned_pixels(pixels: Any, matrix: np.ndarray) -> Any:
    """Return an image (H, W, ...), or an array of Dask, turned by the matrix of a `Turn`: a view, nothing is copied."""
    if matrix[0, 0] == 0:
        pixels = pixels.transpose(1, 0, *range(2, pixels.ndim))
    return pixels[:: int(matrix[1].sum()), :: int(matrix[0].sum())]
