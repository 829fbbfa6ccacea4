"""Whether a layer to draw in is still the one that the mouse draws in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.QtCore import QObject, Signal

from napari_trsmi.gui.drawing.timing import soon
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer


def no_layer() -> None:
    """As a weak reference to what is gone."""


class InHand(QObject):
    """Tells when a person turned to another layer, as by taking the tool of another dock.

    Signals
    -------
    left()
        Another layer is active and stays so: one that is added may be for a moment only.
    """

    left = Signal()

    def __init__(self, viewer: Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = ref(viewer)
        self._layer: Callable[[], Layer | None] = no_layer
        self._later = soon(self, self._look)
        listen(self, (viewer.layers.selection.events.active, self._on_active))

    def take(self, layer: Layer) -> None:
        """Watch a layer, which is active now."""
        self._layer = ref(layer)

    def put_down(self, layer: Layer, before: Layer | None) -> None:
        """Take a layer out of the viewer; where it was active, the one before it is so again."""
        viewer = self._viewer()
        self._layer = no_layer
        if viewer is None or layer not in viewer.layers:
            return
        was_active = viewer.layers.selection.active is layer
        viewer.layers.remove(layer)
        if was_active and before is not None and before in viewer.layers:
            viewer.layers.selection.active = before

    def _on_active(self, event: Any) -> None:
        if (layer := self._layer()) is not None and event.value is not layer:
            self._later.start()

    def _look(self) -> None:
        viewer, layer = self._viewer(), self._layer()
        if viewer is not None and layer is not None and viewer.layers.selection.active is not layer:
            self.left.emit()
