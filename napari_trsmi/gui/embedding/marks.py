"""What the Embedding dock draws on the tissue: the spot that is pointed at, the chosen ones, and a lasso."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_trsmi.gui.drawing.freehand import draw_freehand, lay_flat
from napari_trsmi.gui.drawing.in_hand import InHand
from napari_trsmi.gui.drawing.shapes import LASSO as DRAWING
from napari_trsmi.gui.embedding.dots import inside
from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.sections import lock, marked
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection

POINTED, CHOSEN, LASSO = "pointed at", "chosen in the embedding", "embedding lasso"  # roles
ROLES = (POINTED, CHOSEN, LASSO)
YELLOW = (1.0, 0.9, 0.0, 1.0)
OUTLINE = 2  # pixels of a raster
DONE = ("added", "changed")  # what napari says when it is done with a shape


class TissueMarks(QObject):
    """Layers of the active section that follow the embedding, and a lasso that chooses there.

    Signals
    -------
    lassoed(ndarray)
        (N,) bool, the spots within a lasso that was just drawn on the tissue.
    drawing(bool)
        A lasso is being drawn there.
    pointed(int)
        The spot under the mouse, -1 for none.
    """

    lassoed = Signal(object)
    drawing = Signal(bool)
    pointed = Signal(int)

    def __init__(self, viewer: Viewer, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        viewer = getattr(viewer, "__wrapped__", viewer)  # docks get a proxy that nothing else keeps alive
        self._viewer, self.session = ref(viewer), session
        self._under = -1
        self._before: Any = None  # weak reference to the layer that was active before the lasso
        self._in_hand = InHand(viewer, self)
        self._in_hand.left.connect(self._put_down)
        self._end = QTimer(self)  # napari tells of a shape before it is done with it
        self._end.setSingleShot(True)
        self._end.setInterval(0)
        self._end.timeout.connect(self._take_lasso)
        self._sweep_later = QTimer(self)
        self._sweep_later.setSingleShot(True)
        self._sweep_later.setInterval(0)
        self._sweep_later.timeout.connect(self._sweep)
        listen(self, (session.section_changed, self._on_section), (session.canvas.left, self._on_left))

    def watch(self, watching: bool) -> None:
        """Tell what is under the mouse from now on, or no more."""
        viewer = self._viewer()
        if viewer is None:
            return
        callbacks = viewer.mouse_move_callbacks
        if watching and self._on_move not in callbacks:
            callbacks.append(self._on_move)
        elif not watching and self._on_move in callbacks:
            callbacks.remove(self._on_move)

    def point_at(self, row: int) -> None:
        """Put a ring around a spot; -1 for none."""
        section, layer = self.session.section, self.session.canvas.layer(POINTED)
        if row < 0 or section is None:
            if layer is not None:
                layer.visible = False
            return
        if layer is None:
            data, settings, kind = layers.ring_layer(section, row)
            settings |= _named(section, POINTED) | {"border_color": np.array([(0, 0, 0, 1), YELLOW])}
            self._add((data, settings, kind))
        else:
            layer.data, layer.visible = layers.ring_data(section, row), True

    def choose(self, chosen: np.ndarray | None) -> None:
        """Mark the chosen spots (N,) bool; None for none."""
        section, layer = self.session.section, self.session.canvas.layer(CHOSEN)
        if chosen is None or section is None or not chosen.any():
            if layer is not None:
                layer.visible = False
            return
        data, settings, kind = chosen_layer(section, chosen)
        if layer is None or look(section).raster is None:
            viewer = self._viewer()
            if layer is not None and viewer is not None:
                viewer.layers.remove(layer)
            made = self._add((data, settings, kind))
            if kind == "labels":
                made.contour = OUTLINE
        else:
            layer.data, layer.visible = data, True
            layer.scale, layer.translate = settings["scale"], settings["translate"]

    def draw(self, drawing: bool) -> None:
        """Lasso on the tissue with the next drag, or end it."""
        viewer, section = self._viewer(), self.session.section
        if viewer is None or section is None:
            return
        layer = self.session.canvas.layer(LASSO)
        if not drawing:
            if layer is not None:
                self._in_hand.put_down(layer, None if self._before is None else self._before())
            self.drawing.emit(False)
            return
        if layer is not None:
            return
        lay_flat(viewer)
        active = viewer.layers.selection.active
        self._before = None if active is None else ref(active)
        unit, _ = layers.world(section.dataset)
        settings = {"edge_color": "yellow", "face_color": [1, 0.9, 0, 0.15], "edge_width": 0.2 * look(section).diameter}
        settings |= {"scale": (unit, unit), "ndim": 2} | _named(section, LASSO)
        made = self._add(([], settings, "shapes"))
        made.events.data.connect(self._on_shape)
        viewer.layers.selection.active = made
        self._in_hand.take(made)
        draw_freehand(viewer, made)
        made.mode = DRAWING
        self.drawing.emit(True)

    def _put_down(self) -> None:
        self.draw(False)

    def leave(self) -> None:
        """Take all layers out of the viewer, and watch no more."""
        self.watch(False)
        viewer = self._viewer()
        for role in ROLES:
            if viewer is not None and (layer := self.session.canvas.layer(role)) is not None:
                viewer.layers.remove(layer)

    def _add(self, data: layers.LayerData) -> Any:
        layer = self.session.canvas.add(data)
        if data[2] != "shapes":
            lock(layer)
        return layer

    def _on_shape(self, event: Any) -> None:
        if str(event.action) in DONE:
            self._end.start()

    def _take_lasso(self) -> None:
        section, layer = self.session.section, self.session.canvas.layer(LASSO)
        if section is None or layer is None or not layer.nshapes:
            return
        found = np.zeros(section.dataset.n_spots, bool)
        for corners in layer.data:
            found |= inside(section.at, np.asarray(corners)[:, ::-1])
        if section.seen is not None:
            found &= section.seen
        self.draw(False)
        self.lassoed.emit(found)

    def _on_move(self, viewer: Viewer, event: Any) -> None:
        under = self.session.canvas.pointing.spot_at(event.position)
        self._point(-1 if under is None else under)

    def _on_left(self) -> None:
        self._point(-1)

    def _point(self, row: int) -> None:
        if row != self._under:
            self._under = row
            self.pointed.emit(row)

    def _on_section(self, _: Any) -> None:
        self._under = -1
        self.drawing.emit(False)
        self._sweep_later.start()

    def _sweep(self) -> None:
        """Remove what was drawn on other sections."""
        viewer = self._viewer()
        for layer, ours in marked(viewer):
            if viewer is not None and ours["role"] in ROLES and ours["section"] is not self.session.section:
                viewer.layers.remove(layer)


def chosen_layer(section: OpenSection, chosen: np.ndarray) -> layers.LayerData:
    """Return rings around the chosen spots (N,) bool; around their pixels where the spots are a raster."""
    from napari.utils.colormaps import DirectLabelColormap

    unit, _ = layers.world(section.dataset)
    drawn = look(section)
    if (pixels := drawn.raster) is not None:
        colors = {None: np.zeros(4), 0: np.zeros(4), 1: np.array(YELLOW)}
        settings = {
            "colormap": DirectLabelColormap(color_dict=colors),
            "multiscale": bool(pixels.coarser),
            "scale": (pixels.step[0] * unit, pixels.step[1] * unit),
            "translate": (pixels.origin[0] * unit, pixels.origin[1] * unit),
            "opacity": 1.0,
            **_named(section, CHOSEN),
        }
        return pixels.image(chosen.astype(np.uint8)), settings, "labels"
    sizes = np.broadcast_to(drawn.diameter if drawn.sizes is None else drawn.sizes, len(chosen))[chosen]
    settings = {
        "size": sizes,
        "face_color": np.array(layers.CLEAR),
        "border_color": np.array(YELLOW),
        "border_width": 0.2,
        "symbol": "square" if drawn.square else "disc",
        "scale": (unit, unit),
        **_named(section, CHOSEN),
    }
    return section.at[chosen][:, ::-1], settings, "points"


def _named(section: OpenSection, role: str) -> dict[str, Any]:
    _, unit = layers.world(section.dataset)
    name = f"{section.dataset.name} {role}"
    return {"name": name, "metadata": layers.mark(section, role), "units": (unit, unit)}
