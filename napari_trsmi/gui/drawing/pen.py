"""A pen for spots: lasso them, paint over them, or click a domain; and a mark around those that have a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import QObject, Signal

from napari_trsmi.gui.drawing import marks, shapes
from napari_trsmi.gui.drawing.freehand import draw_freehand, lay_flat
from napari_trsmi.gui.drawing.timing import soon
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.sections import insert, lock, marked
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.session import Session

PEN, MARKS = "pen", "regions"  # roles
TOOLS = {"lasso": shapes.LASSO, "brush": shapes.PATH, "domain": "pan_zoom"}
FILL = "30"  # opacity of what is lassoed, in hex


class Pen(QObject):
    """Gives the spots that a person points at in the active section; what was drawn is gone once they are known.

    Signals
    -------
    drawn(np.ndarray)
        Rows of the spots in a shape that was finished, or of a domain that was clicked.
    changed(str)
        The tool in hand, "" for none.
    """

    drawn = Signal(object)
    changed = Signal(str)

    def __init__(self, viewer: Viewer, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        viewer = getattr(viewer, "__wrapped__", viewer)  # docks get a proxy that nothing else keeps alive
        self._viewer, self.session = ref(viewer), session
        self.tool = ""
        self.width = 3.0  # of the brush, in spots
        self.color = "#ffffff"
        self._layer: Any = None  # the one to draw in
        self._setting = False
        self._active: Any = None  # weak reference to the layer that was active before
        self._later, self._leftover = soon(self, self._read), soon(self, self._sweep)
        self._turned = soon(self, self._on_turned)
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.spot_changed, self._on_spot),
            (viewer.layers.events.removed, self._on_removed),
            (viewer.layers.selection.events.active, self._on_active),
        )

    # What a person does

    def take(self, tool: str) -> None:
        """Draw with one of `TOOLS` from now on; "" ends it."""
        viewer, section = self._viewer(), self.session.section
        if viewer is None or (section is None and tool) or tool == self.tool:
            return
        self._setting = True
        before, self.tool = self.tool, tool
        self._claim_clicks()
        if not before:
            active = viewer.layers.selection.active
            self._active = None if active is None or active is self._layer else ref(active)
        if tool:
            lay_flat(viewer)
        if tool in ("lasso", "brush"):
            if self._layer is None:
                self._add_layer()
            self._dress()
            self._layer.visible = True
            viewer.layers.selection.active = self._layer
            self._layer.mode = TOOLS[tool]
        else:
            self._put_down(viewer)
        self._setting = False
        if isalive(self):  # a dock without a window may have gone with the garbage while the layer was made
            self.changed.emit(tool)

    def set_color(self, color: str) -> None:
        """Draw in a colour."""
        self.color = color
        self._dress()

    def set_width(self, spots: float) -> None:
        """Paint with a brush as wide as so many spots."""
        self.width = spots
        self._dress()

    def mark(self, groups: np.ndarray | None, colors: Sequence[str] = ()) -> None:
        """Mark spots (N,) int 1..K in K colours, 0 for none; None takes the marks from view."""
        from napari.layers import Layer

        viewer, section = self._viewer(), self.session.section
        if viewer is None or section is None:
            return
        layer = self.session.canvas.layer(MARKS)
        if groups is None or not groups.any():
            if layer is not None:
                layer.visible = False
            return
        data, settings, kind = marks.marks_layer(section, groups, colors, MARKS, "regions")
        if layer is None:
            setting, self._setting = self._setting, True
            layer = Layer.create(data, settings, kind)
            lock(layer)
            if kind == "labels":
                layer.contour = marks.OUTLINE
            place = len(viewer.layers) if self._layer not in viewer.layers else viewer.layers.index(self._layer)
            insert(viewer, place, layer)
            self._setting = setting
            return
        layer.data, layer.visible = data, True
        if kind == "labels":
            layer.colormap = settings["colormap"]
            layer.scale, layer.translate = settings["scale"], settings["translate"]
        else:  # new points take the settings of the last ones
            layer.size, layer.border_width = settings["size"], settings["border_width"]
            layer.face_color, layer.border_color = settings["face_color"], settings["border_color"]

    def leave(self) -> None:
        """Take the layers out of the viewer."""
        self.take("")
        viewer = self._viewer()
        for role in (PEN, MARKS):
            if viewer is not None and (layer := self.session.canvas.layer(role)) is not None:
                viewer.layers.remove(layer)
        self._layer = None

    # The layer

    def _add_layer(self) -> None:
        from napari.layers import Layer

        viewer, section = self._viewer(), self.session.section
        assert viewer is not None
        assert section is not None
        settings = {**marks.shared(section, PEN, "pen"), "ndim": 2, "opacity": 1.0}
        self._layer = layer = Layer.create([], settings, "shapes")
        layer.events.data.connect(self._on_data)
        layer.events.mode.connect(self._on_mode)
        draw_freehand(viewer, layer)
        viewer.layers.append(layer)

    def _dress(self) -> None:
        """Give what is drawn next its colour and width."""
        if self._layer is None or self.session.section is None:
            return
        layer, diameter = self._layer, look(self.session.section).diameter
        brush = self.tool == "brush"
        layer.current_edge_width = self.width * diameter if brush else 0.4 * diameter
        layer.current_edge_color = self.color + ("80" if brush else "")
        layer.current_face_color = self.color + FILL

    def _put_down(self, viewer: Viewer) -> None:
        """Take the layer out of the viewer, and go back to the one before."""
        if (layer := self._layer) is None:
            return
        self._read()
        was_active = viewer.layers.selection.active is layer
        self._layer = None
        if layer in viewer.layers:
            viewer.layers.remove(layer)
        active = None if self._active is None else self._active()
        if was_active and active is not None and active in viewer.layers:
            viewer.layers.selection.active = active

    def _read(self) -> None:
        """Find the spots in what was drawn, and remove it."""
        layer, section = self._layer, self.session.section
        if layer is None or section is None or not layer.nshapes:
            return
        at, rows = section.at[:, ::-1], []
        reach = self.width * look(section).diameter / 2
        for kind, vertices in zip(layer.shape_type, layer.data, strict=True):
            path = kind in ("path", "line")
            rows.append(
                shapes.beside(at, vertices, reach) if path else shapes.inside(at, shapes.outline(kind, vertices))
            )
        setting, self._setting = self._setting, True
        mode, layer.mode = layer.mode, "pan_zoom"
        layer.selected_data = set(range(layer.nshapes))
        layer.remove_selected()
        layer.mode, self._setting = mode, setting
        self._give(np.unique(np.concatenate(rows)))

    def _give(self, rows: np.ndarray) -> None:
        section = self.session.section
        if section is not None and section.seen is not None:
            rows = rows[section.seen[rows]]
        if len(rows):
            self.drawn.emit(rows)

    # What the viewer and the session say

    def _on_data(self, event: Any) -> None:
        if str(event.action) in shapes.DONE and not self._setting:
            self._later.start()

    def _on_mode(self, event: Any) -> None:
        if not self._setting and self.tool in ("lasso", "brush") and str(self._layer.mode) in shapes.IDLE:
            self._turned.start()  # napari may be going through its layers, as when it turns to 3D

    def _on_active(self, event: Any) -> None:
        if not self._setting and self.tool in ("lasso", "brush") and event.value is not self._layer:
            self._turned.start()

    def _on_turned(self) -> None:
        """Put the tool down if another one, or another layer, stays: one that is added is active for a moment only."""
        viewer, layer = self._viewer(), self._layer
        if viewer is None or layer is None or self.tool not in ("lasso", "brush"):
            return
        if viewer.layers.selection.active is not layer or str(layer.mode) in shapes.IDLE:
            self.take("")

    def _claim_clicks(self) -> None:
        claims = self.session.canvas.pointing.claims
        if self._claim in claims:
            claims.remove(self._claim)
        if self.tool == "domain":
            claims.insert(0, self._claim)  # before the boundaries: their strokes lie between domains

    def _claim(self, position: tuple[float, ...]) -> bool:
        """Take a click on a domain, also one between its spots."""
        self._on_spot(self.session.canvas.pointing.spot_at(position, between=True))
        return True

    def _on_spot(self, spot: int | None) -> None:
        shown = self.session.shown
        if self.tool == "domain" and spot is not None and shown is not None:
            self.session.select_spot(None)  # so that the same one can be clicked again
            self._give(np.flatnonzero(shown.labels == shown.labels[spot]))

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer and self._layer is not None:
            self._layer = None
            self.take("")

    def _on_section(self, section: Any) -> None:
        self._layer = None
        if self.tool:
            self.tool = ""
            self._claim_clicks()
            self.changed.emit("")
        self._leftover.start()

    def _sweep(self) -> None:
        """Remove what was drawn on other sections."""
        viewer = self._viewer()
        for layer, ours in marked(viewer):
            if viewer is not None and ours["role"] in (PEN, MARKS) and ours["section"] is not self.session.section:
                viewer.layers.remove(layer)
