"""Keeps the layers of a viewer in step with its session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from napari_trsmi.gui import layers

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session import Session
    from napari_trsmi.gui.state import OpenSection, Shown


class Canvas:
    """Draws what the session shows; adopts sections whose layers are put into the viewer."""

    def __init__(self, viewer: Viewer, session: Session) -> None:
        self._viewer, self.session = ref(viewer), session  # the session must not keep its viewer alive
        viewer.layers.events.inserted.connect(self._on_inserted)
        session.shown_changed.connect(self._on_shown)
        for layer in list(viewer.layers):
            self._adopt(layer)

    @property
    def viewer(self) -> Viewer:
        """The viewer."""
        viewer = self._viewer()
        assert viewer is not None
        return viewer

    def layer(self, role: str, section: OpenSection | None = None) -> Any | None:
        """Return the layer of the active section that plays a role, or None."""
        section = self.session.section if section is None else section
        for layer in self.viewer.layers:
            ours = layer.metadata.get("trsmi")
            if ours and ours["section"] is section and ours["role"] == role:
                return layer
        return None

    def _on_inserted(self, event: Any) -> None:
        self._adopt(event.value)

    def _adopt(self, layer: Any) -> None:
        ours = layer.metadata.get("trsmi")
        if ours and ours["section"] is not self.session.section:
            self.viewer.canvas.overlays.scale_bar.visible = True
            self.session.activate(ours["section"])

    def _on_shown(self, shown: Shown | None) -> None:
        layer = self.layer("domains")
        if shown is None or self.session.section is None:
            return
        data = layers.domains_layer(self.session.section, shown)
        if layer is None:
            self.viewer.add_layer(_made(data))
        else:
            layer.face_color = data[1]["face_color"]


def _made(data: layers.LayerData) -> Any:
    from napari.layers import Layer

    return Layer.create(*data)
