"""Choose spots on the canvas: two groups, A and B, each of what was lassoed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_trsmi.gui.correct import lasso_layers as layers
from napari_trsmi.gui.correct.lasso_layers import CHOSEN, GROUPS, LASSO
from napari_trsmi.gui.drawing import shapes as drawn
from napari_trsmi.gui.drawing.freehand import draw_freehand, lay_flat
from napari_trsmi.gui.drawing.marks import OUTLINE
from napari_trsmi.gui.drawing.shapes import DONE, IDLE
from napari_trsmi.gui.drawing.timing import soon
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.sections import insert, lock, marked
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.session import Session


class Lasso(QObject):
    """The spots that a person chose in the active section, and the layers in which they did.

    Lassos add up; where A and B overlap, the later one wins. A lasso after its group was used begins anew.

    Signals
    -------
    changed()
        Other spots are chosen.
    drawing(str)
        Which group is being lassoed, "" for none.
    """

    changed = Signal()
    drawing = Signal(str)

    def __init__(self, viewer: Viewer, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        viewer = getattr(viewer, "__wrapped__", viewer)  # docks get a proxy that nothing else keeps alive
        self._viewer, self.session = ref(viewer), session
        self.group = ""
        self.sides = self._base = np.zeros(0, np.int8)  # (N,) 1 for A, 2 for B
        self._layer: Any = None  # the one to lasso in
        self._marked: np.ndarray | None = None  # spots to mark in place of those that were chosen
        self._asleep = self._setting = False
        self._used: set[str] = set()
        self._n_shapes = 0
        self._active: Any = None  # weak reference to the layer that was active before
        # napari tells of a shape before it is done with it, and of a section among layers that it is just removing
        self._later, self._leftover = soon(self, self._read), soon(self, self._sweep)
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.parts.laid, self._on_laid),
            (viewer.layers.events.removed, self._on_removed),
            (viewer.layers.selection.events.active, self._on_active),
        )
        self._on_section(session.section)

    # What there is

    def rows(self, group: str) -> np.ndarray:
        """Return the rows of the spots in group A or B."""
        return np.flatnonzero(self.sides == GROUPS.index(group) + 1)

    # What a person does

    def draw(self, group: str) -> None:
        """Lasso A or B from now on; "" ends it."""
        viewer, section = self._viewer(), self.session.section
        if viewer is None or section is None or group == self.group or (group and self._asleep):
            return
        before, self.group = self.group, group
        self._setting = True
        if group:
            lay_flat(viewer)
            if not before and (active := viewer.layers.selection.active) is not self._layer:
                self._active = None if active is None else ref(active)
            if self._layer is None:
                self._add_layer()
            layer = self._layer
            layer.selected_data = set()  # else the shapes that are selected change sides
            layer.feature_defaults = {"group": group}
            layer.current_edge_color = layers.COLORS[group]
            layer.current_face_color = layers.COLORS[group] + layers.FILL
            layer.visible = True
            viewer.layers.selection.active = layer
            layer.mode = drawn.LASSO
        elif self._layer is not None:
            self._layer.mode = "pan_zoom"
            active = None if self._active is None else self._active()
            if viewer.layers.selection.active is self._layer and active is not None and active in viewer.layers:
                viewer.layers.selection.active = active
        self._setting = False
        self.drawing.emit(group)

    def take(self, a: np.ndarray, b: np.ndarray) -> None:
        """Choose spots by their rows, in place of all that was chosen before."""
        base = np.zeros_like(self.sides)
        base[a], base[b] = 1, 2
        self._forget_shapes()
        self._base = base
        self._read()

    def clear(self) -> None:
        """Choose nothing."""
        self.take(np.zeros(0, int), np.zeros(0, int))

    def use(self, *groups: str) -> None:
        """Something was said about these groups: the next lasso of one begins anew."""
        self._used |= set(groups)

    def mark(self, sides: np.ndarray | None) -> None:
        """Mark these spots (N,) in place of the chosen ones; None goes back to those."""
        self._marked = sides
        if self._layer is not None:
            self._layer.visible = sides is None and not self._asleep
            self._layer.editable = not self._asleep
        self._draw_marks()

    def sleep(self, asleep: bool) -> None:
        """Take everything from view, as while a preview is shown, or show it again."""
        if asleep == self._asleep:
            return
        if asleep:
            self.draw("")
        self._asleep = asleep
        self.mark(self._marked)

    def leave(self) -> None:
        """Take the layers out of the viewer."""
        self.draw("")
        viewer = self._viewer()
        for role in (LASSO, CHOSEN):
            if viewer is not None and (layer := self._find(role)) is not None:
                viewer.layers.remove(layer)
        self._layer = None

    # The layers

    def _find(self, role: str) -> Any:
        return self.session.canvas.layer(role)

    def _add_layer(self) -> None:
        from napari.layers import Layer

        viewer, section = self._viewer(), self.session.section
        assert viewer is not None
        assert section is not None
        self._layer = layer = Layer.create(*layers.lasso_layer(section))
        self._n_shapes = 0
        layer.events.data.connect(self._on_data)
        layer.events.mode.connect(self._on_mode)
        draw_freehand(viewer, layer)
        viewer.layers.append(layer)

    def _forget_shapes(self) -> None:
        if self._layer is not None and self._layer.nshapes:
            self._remove(range(self._layer.nshapes))
        self._n_shapes = 0
        self._used.clear()

    def _remove(self, shapes: Iterable[int]) -> None:
        """Remove shapes by number; napari must not be in the middle of drawing one."""
        layer, setting, self._setting = self._layer, self._setting, True
        mode, layer.mode = layer.mode, "pan_zoom"
        layer.selected_data = set(shapes) & set(range(layer.nshapes))
        layer.remove_selected()
        layer.mode, self._setting = mode, setting

    def _shapes(self) -> list[tuple[str, np.ndarray, str]]:
        layer = self._layer
        if layer is None:
            return []
        return list(zip(layer.shape_type, layer.data, map(str, layer.features["group"]), strict=True))

    def _read(self) -> None:
        """Find the spots inside of the shapes."""
        section = self.session.section
        if section is None or len(self._base) != section.dataset.n_spots:
            return
        shapes = self._shapes()
        if len(shapes) > self._n_shapes and (group := shapes[-1][2]) in self._used:
            self._used.discard(group)
            self._base = np.where(self._base == GROUPS.index(group) + 1, 0, self._base).astype(np.int8)
            self._remove(k for k, shape in enumerate(shapes[:-1]) if shape[2] == group)
            shapes = self._shapes()
        self._n_shapes = len(shapes)
        sides = layers.sides_of(section, shapes, self._base)
        if not np.array_equal(sides, self.sides):
            self.sides = sides
            self._marked = None
            self._draw_marks()
            self.changed.emit()

    def _draw_marks(self) -> None:
        from napari.layers import Layer

        viewer, section = self._viewer(), self.session.section
        if viewer is None or section is None:
            return
        sides = self.sides if self._marked is None else self._marked
        layer, wanted = self._find(CHOSEN), bool(sides.any()) and not self._asleep
        if not wanted:
            if layer is not None:
                layer.visible = False
            return
        if layer is None:
            layer = Layer.create(*layers.chosen_layer(section, sides))
            lock(layer)
            setting, self._setting = self._setting, True
            if look(section).raster is not None:
                layer.contour = OUTLINE
            place = len(viewer.layers) if self._layer not in viewer.layers else viewer.layers.index(self._layer)
            insert(viewer, place, layer)
            self._setting = setting
            return
        data, settings, _ = layers.chosen_layer(section, sides)
        layer.data, layer.visible = data, True
        if look(section).raster is not None:
            layer.scale, layer.translate = settings["scale"], settings["translate"]
        else:  # new points take the settings of the last ones
            layer.size, layer.border_width = settings["size"], settings["border_width"]
            layer.face_color, layer.border_color = settings["face_color"], settings["border_color"]

    # What the viewer and the session say

    def _on_data(self, event: Any) -> None:
        if str(event.action) in DONE:
            self._later.start()

    def _on_mode(self, event: Any) -> None:
        if not self._setting and self.group and str(self._layer.mode) in IDLE:
            self.draw("")

    def _on_active(self, event: Any) -> None:
        if not self._setting and self.group and event.value is not self._layer:
            self.draw("")

    def _on_removed(self, event: Any) -> None:
        if event.value is not self._layer or self._layer is None:
            return
        self._layer, self._n_shapes = None, 0
        if self.group:
            self.group = ""
            self.drawing.emit("")
        self._later.start()

    def _on_section(self, section: Any) -> None:
        n = 0 if section is None else section.dataset.n_spots
        self.sides = self._base = np.zeros(n, np.int8)
        self._marked, self._layer, self._n_shapes = None, None, 0
        self._used.clear()
        if self.group:
            self.group = ""
            self.drawing.emit("")
        self._leftover.start()
        self.changed.emit()

    def _on_laid(self, _: Any) -> None:
        """Keep the chosen spots; what was drawn around them is not where they are any more."""
        used = set(self._used)
        self._base = self.sides.copy()
        self._forget_shapes()
        self._used = used
        self._draw_marks()

    def _sweep(self) -> None:
        """Remove what was drawn on other sections."""
        viewer = self._viewer()
        if viewer is None:
            return
        for layer, ours in marked(viewer):
            if ours["role"] in (LASSO, CHOSEN) and ours["section"] is not self.session.section:
                viewer.layers.remove(layer)
