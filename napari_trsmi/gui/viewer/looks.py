"""How the spots of a section are drawn: as discs or squares, how large, and as pixels where there are many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from napari_trsmi.gui.session.layout import Layout
from napari_trsmi.gui.viewer import raster

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.layout import Lie
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.gui.viewer.raster import Raster

MEET = 0.75  # of the distance between spots: so far each reaches on a raster, which fills square and hexagonal grids
ALIKE = 0.05  # share by which spots of several sections may differ in size and still be drawn as equal


@dataclass(frozen=True, eq=False)
class Look:
    """How the spots of a section are drawn.

    Attributes
    ----------
    diameter
        Diameter of a disc or side of a square, in the unit of the coordinates; the median where sections differ.
    square
        True where the spots are the bins of a square grid.
    raster
        Pixels of the spots, None where there are few enough for points.
    sizes
        (N,) diameter of each spot where the sections of a study differ, else None.
    """

    diameter: float
    square: bool
    raster: Raster | None
    sizes: np.ndarray | None = None


_LOOKS: WeakKeyDictionary[OpenSection, Look] = WeakKeyDictionary()  # of sections as they were opened
_LAID: WeakKeyDictionary[OpenSection, tuple[Layout, Look]] = WeakKeyDictionary()


def look(section: OpenSection) -> Look:
    """Return how the spots of `section` are drawn; worked out once for each layout."""
    if section not in _LOOKS:
        _LOOKS[section] = _look(section.dataset)
    plain = _LOOKS[section]
    if plain.raster is None or section.layout == Layout():
        return plain
    if section not in _LAID or _LAID[section][0] != section.layout:
        if section.dataset.parts:
            pixels = raster.make_raster(section.at, _reach(section.dataset))
        else:
            pixels = plain.raster.turned(section.lies[0])
        _LAID[section] = section.layout, replace(plain, raster=pixels)
    return _LAID[section][1]


def moved(section: OpenSection, before: OpenSection, lie: Lie) -> bool:
    """Let a section, whose spots are those of `before` put elsewhere, be drawn as that one was, there.

    The distance between spots, and which of them is the nearest, are the same. False where they cannot be drawn alike:
    they have another size, or cells with outlines lose these.
    """
    plain, same = _LOOKS.get(before), section.dataset.spot_diameter == before.dataset.spot_diameter
    if plain is None or not same or before.dataset.outlines is not None:
        return False
    _LOOKS[section] = replace(plain, raster=None if plain.raster is None else plain.raster.turned(lie))
    return True


def draw_cells(section: OpenSection, cells: Raster) -> None:
    """Draw the spots of `section` from now on as cells with outlines; the raster is of the section as it was opened."""
    _LOOKS[section] = replace(look(section), raster=cells)
    _LAID.pop(section, None)


def _look(dataset: Dataset) -> Look:
    if dataset.parts:
        return _look_of_study(dataset)
    diameter, distance, grid = _measured(dataset)
    pixels = None
    exact = grid is not None and raster.fits(dataset.coords, grid)  # a pixel a bin: the same picture, drawn faster
    if dataset.n_spots > (raster.GRID_ABOVE if exact else raster.RASTER_ABOVE):
        pixels = raster.make_raster(dataset.coords, max(diameter / 2, MEET * distance), grid)
    return Look(diameter, grid is not None, pixels)


def _look_of_study(dataset: Dataset) -> Look:
    """Return one look for all sections; squares only where all are grids."""
    found = [_measured(part) for part in dataset.parts]
    each = np.array([place.scale * diameter for place, (diameter, _, _) in zip(dataset.places, found, strict=True)])
    sizes = each[dataset.section]
    middle = float(np.median(sizes))
    pixels = None
    if dataset.n_spots > raster.RASTER_ABOVE:
        pixels = raster.make_raster(dataset.coords, _reach(dataset))
    same = bool(np.ptp(each) <= ALIKE * middle)
    return Look(middle, all(grid is not None for _, _, grid in found), pixels, None if same else sizes)


def _reach(study: Dataset) -> float:
    """Return how far a spot of a study reaches on a raster, in the unit of the study."""
    found = (_measured(part) for part in study.parts)
    reaches = (max(diameter / 2, MEET * distance) for diameter, distance, _ in found)
    return max(place.scale * reach for place, reach in zip(study.places, reaches, strict=True))


def _measured(dataset: Dataset) -> tuple[float, float, tuple[float, float] | None]:
    """Return diameter of spots, distance between them, and the steps of their square grid or None."""
    from napari_trsmi.data.libraries import spacing
    from napari_trsmi.figure import square_grid

    grid = square_grid(dataset.coords)
    if grid is not None and (dataset.spot_diameter is None or dataset.spot_diameter > 0.9 * min(grid)):
        return max(grid), max(grid), grid
    distance = spacing(dataset.coords)
    return float(dataset.spot_diameter or distance), distance, None
