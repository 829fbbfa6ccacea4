"""The scale bar: there where lengths are known, for of other units it would make millipixels."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from napari_trsmi.gui.viewer import layers

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.state import OpenSection


class Scale:
    """Shows the bar with the first section whose resolution is known, and hides it beside others; else it is left."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = ref(viewer)
        self._wanted = True  # to be shown with the next section of known resolution

    def of(self, section: OpenSection) -> None:
        """Show or hide the bar for a section that is looked at from now on."""
        if (viewer := self._viewer()) is None:
            return
        bar = viewer.canvas.overlays.scale_bar
        if layers.world(section.dataset)[1] == "pixel":
            self._wanted, bar.visible = self._wanted or bar.visible, False
        elif self._wanted:
            self._wanted = False
            bar.visible = bar.box = True  # the box keeps it legible on tissue
