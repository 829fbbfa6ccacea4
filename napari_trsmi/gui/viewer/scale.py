"""The scale bar: there where lengths are known, for of other units it would make millipixels.

Beside layers in pixels, such as a picture that is dropped, napari would leave the unit away: they are drawn in the unit
of the section. A picture of the section lies on its spots where its shape or its size says how; any other is drawn with
one unit per pixel, which is what is seen anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

import numpy as np

from napari_trsmi.gui.session.layout import Layout
from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.sections import is_picture

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from napari_trsmi.gui.session.state import OpenSection
SAME_SHAPE = 0.01  # by which the ratios of the sides of two pictures of one section may differ
INSIDE, FILLED = 0.99, 0.2  # of the spots, at least, in a picture in their own pixels; and of its sides, between them


class Scale:
    """Shows the bar with the first section whose resolution is known, and hides it beside others; else it is left."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = ref(viewer)
        self._wanted = True  # to be shown with the next section of known resolution
        self._lent: WeakKeyDictionary[Layer, float] = WeakKeyDictionary()  # a person's, and what a pixel got

    def of(self, section: OpenSection) -> None:
        """Show or hide the bar for a section that is looked at from now on."""
        if (viewer := self._viewer()) is None:
            return
        for layer in viewer.layers:
            self.lend(layer, section)
        bar = viewer.canvas.overlays.scale_bar
        if layers.world(section.dataset)[1] == "pixel":
            self._wanted, bar.visible = self._wanted or bar.visible, False
        elif self._wanted:
            self._wanted = False
            bar.visible = bar.box = True  # the box keeps it legible on tissue

    def lend(self, layer: Layer, section: OpenSection) -> float | None:
        """Give a layer of a person that is in pixels the unit of a section, and a picture of it its size.

        Returns
        -------
            How long a pixel is in the world where the layer had another unit, 0 where that is not known; else None.
        """
        unit = layers.world(section.dataset)[1]
        lent = self._lent.get(layer)
        if layer.metadata.get("trsmi") or (lent is None and {str(one) for one in layer.units} != {"pixel"}):
            return None
        known = 0.0
        if layer.ndim == 2 and np.allclose(layer.scale, lent or 1.0) and not np.any(layer.translate):  # not placed
            known = pixel_size(section, _shape(layer)) if is_picture(layer) else 0.0
            layer.scale = (known or 1.0,) * 2
        self._lent[layer] = known or 1.0
        layer.units = (unit,) * layer.ndim
        return known if unit != "pixel" or known not in (0.0, 1.0) else None


def pixel_size(section: OpenSection, shape: tuple[int, int]) -> float:
    """Return how long a pixel of a picture (H, W) of a section is in the world; 0 where it seems to be of another.

    It has the shape of the picture that the section was opened with, at any resolution, or holds the spots in the
    pixels of their coordinates.
    """
    dataset, (height, width) = section.dataset, shape
    if dataset.parts or section.layout != Layout():
        return 0.0
    unit, image = layers.world(dataset)[0], dataset.image
    if image is not None:
        rows, columns = image.pixels.shape[:2]
        if abs(np.log(width * rows / (height * columns))) < SAME_SHAPE:
            return float(unit * rows / image.scale / height)
    inside = np.all((dataset.coords >= 0) & (dataset.coords <= (width, height)), axis=1)
    filled = np.ptp(dataset.coords, axis=0) >= FILLED * np.array([width, height])
    return float(unit) if inside.mean() >= INSIDE and filled.all() else 0.0


def size_told(size: float, section: OpenSection) -> str:
    """Return what a person is told about the size of a picture, see `Scale.lend`."""
    if not size:
        return "its resolution is not known. A pixel of it is drawn as 1 µm, and it need not lie on the spots."
    if layers.world(section.dataset)[1] == "pixel":
        return "a picture of this section. It is drawn as large as the section."
    return f"a picture of this section. A pixel of it is drawn as {size:.3g} µm."


def _shape(layer: Layer) -> tuple[int, int]:
    """Return the (H, W) of a picture at its finest."""
    data = layer.data[0] if layer.multiscale else layer.data
    return int(data.shape[0]), int(data.shape[1])
