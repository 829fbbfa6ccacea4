"""The scale bar: there where lengths are known, for of other units it would make millipixels.

Beside layers in pixels, such as a picture that is dropped, napari would leave the unit away: they are drawn in the unit
of the section, one of it per pixel, which is what is seen anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet, ref

from napari_trsmi.gui.viewer import layers

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from napari_trsmi.gui.state import OpenSection


class Scale:
    """Shows the bar with the first section whose resolution is known, and hides it beside others; else it is left."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = ref(viewer)
        self._wanted = True  # to be shown with the next section of known resolution
        self._lent: WeakSet[Layer] = WeakSet()  # layers of a person, in pixels by themselves

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

    def lend(self, layer: Layer, section: OpenSection) -> bool:
        """Give a layer of a person that is in pixels the unit of a section; return whether that is another one."""
        unit = layers.world(section.dataset)[1]
        if layer.metadata.get("trsmi") or not (layer in self._lent or {str(one) for one in layer.units} == {"pixel"}):
            return False
        self._lent.add(layer)
        layer.units = (unit,) * layer.ndim
        return unit != "pixel"
