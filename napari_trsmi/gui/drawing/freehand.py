"""Drawing with the mouse button held down: every place the mouse was at counts, however fast it went.

napari looks at the mouse at most every few milliseconds and takes no place at which the button is let go; Qt leaves out
moves that nobody had time for. What is drawn fast would be cut short, and what is drawn while the window is busy lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, ref

import numpy as np
from qtpy.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from napari_trsmi.gui.drawing.shapes import LASSO, PATH
from napari_trsmi.gui.workspace.arranging import main_window

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Shapes

FINE = 0.5  # pixels that a line may be away from the places that it leaves out
LEFT = Qt.MouseButton.LeftButton
_WAITS = (QEvent.Type.Wheel, QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
_IN_HAND: WeakSet[Any] = WeakSet()  # what every move is for


def every_move(tool: Any, wanted: bool) -> None:
    """Let a tool hear of every move of the mouse from now on, or again only of as many as there is time for.

    It is wanted before the button is pressed: of a drag that began and ended while the window was busy, nothing else
    would be left than its ends.
    """
    (_IN_HAND.add if wanted else _IN_HAND.discard)(tool)
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, not _IN_HAND)


def lay_flat(viewer: Viewer) -> None:
    """Leave napari's 3D: shapes cannot be drawn there, and a tool in hand would only turn the view."""
    if viewer.dims.ndisplay != 2:
        viewer.dims.ndisplay = 2


def draw_freehand(viewer: Viewer, layer: Shapes) -> None:
    """Draw in a shapes layer with the mouse where its mode is `LASSO` or `PATH`, in place of napari's own way."""
    at = ref(viewer)

    def press(layer: Shapes, event: Any) -> None:
        there = at()
        if event.button == 1 and str(layer.mode) in (LASSO, PATH) and there is not None:
            _begin(there, layer, event)

    def take_over(_: Any = None) -> None:
        drawing = str(layer.mode) in (LASSO, PATH)
        if drawing:
            layer.mouse_drag_callbacks[:] = [press]
        every_move(layer, drawing)

    def put_down(event: Any) -> None:
        there = at()
        if event.value is layer and there is not None:
            there.layers.events.removed.disconnect(put_down)
            every_move(layer, False)

    layer.events.mode.connect(take_over)
    viewer.layers.events.removed.connect(put_down)
    take_over()


def _begin(viewer: Viewer, layer: Shapes, event: Any) -> None:
    """Draw from where the mouse was pressed."""
    window = main_window(viewer)
    central = None if window is None else window.centralWidget()
    if central is None:
        return
    canvas = central.childAt(central.mapFromGlobal(event.native.globalPosition().toPoint()))
    if canvas is None:
        return
    start = np.asarray(layer.world_to_data(event.position), float)[-2:]
    sign = [-1 if str(way) in ("up", "left") else 1 for way in viewer.scene.camera.orientation2d]
    steps = []  # in the layer's own unit for a pixel to the right, and one down
    for axis in (-1, -2):
        beside = np.array(event.position, float)
        beside[event.dims_displayed[axis]] += sign[axis] / event.camera_zoom
        steps.append(np.asarray(layer.world_to_data(beside), float)[-2:] - start)

    def end(places: np.ndarray) -> None:
        mode = str(layer.mode)
        if layer in viewer.layers and mode in (LASSO, PATH):
            _add(layer, mode == LASSO, _thinned(places), lambda at: start + (at - places[0]) @ np.array(steps))

    wide = layer.current_edge_width / float(np.linalg.norm(steps[0]))
    face = QColor.fromRgbF(*_rgba(layer.current_face_color)) if str(layer.mode) == LASSO else None
    Stroke(
        canvas, event.native.position(), QColor.fromRgbF(*_rgba(layer.current_edge_color)), max(1.0, wide), face, end
    )


def _add(layer: Shapes, closed: bool, places: np.ndarray, placed: Callable[[np.ndarray], np.ndarray]) -> None:
    """Add what was drawn (n, 2) in pixels to the layer; a lasso needs three corners, a path may be a point."""
    if closed and len(places) > 2:
        layer.add(placed(places), shape_type="polygon")
    elif not closed:
        layer.add(placed(places if len(places) > 1 else np.repeat(places, 2, axis=0)), shape_type="path")


def _thinned(places: np.ndarray) -> np.ndarray:
    """Return (n, 2) places without those that lie on the line between others."""
    import shapely

    moved = np.append(True, (np.diff(places, axis=0) != 0).any(axis=1))
    places = places[moved]
    if len(places) < 3:
        return places
    found: np.ndarray = shapely.get_coordinates(shapely.simplify(shapely.linestrings(places), FINE))
    return found


def _rgba(color: Any) -> np.ndarray:
    from matplotlib.colors import to_rgba

    return np.array(to_rgba(color if isinstance(color, str) else tuple(np.ravel(color))))


class Stroke(QWidget):
    """The line that is being drawn, over the canvas, from the press of the button until it is let go.

    Parameters
    ----------
    canvas
        What gets the moves of the mouse.
    face
        Colour within a closed line, None for an open one.
    end
        Gets the (n, 2) places x, y in pixels of the canvas.
    """

    def __init__(
        self,
        canvas: QWidget,
        start: QPointF,
        edge: QColor,
        width: float,
        face: QColor | None,
        end: Callable[[np.ndarray], None],
    ) -> None:
        super().__init__(canvas)
        self._places, self._end, self._face = [QPointF(start)], end, face
        self._pen = QPen(edge, width)
        self._pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        self._pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setStyleSheet("background-color: transparent")
        self.setGeometry(canvas.rect())
        canvas.installEventFilter(self)
        self.show()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take the moves of the mouse; the canvas hears of the end only."""
        kind = None if event is None else event.type()
        if isinstance(event, QMouseEvent) and kind == QEvent.Type.MouseMove:
            if event.buttons() & LEFT:
                self._places.append(QPointF(event.position()))
                self.update()
                return True
            self._leave()  # it was let go where nobody heard of it
        elif isinstance(event, QMouseEvent) and kind == QEvent.Type.MouseButtonRelease and event.button() == LEFT:
            self._places.append(QPointF(event.position()))
            self._leave()
        return kind in _WAITS

    def _leave(self) -> None:
        canvas = self.parentWidget()
        if canvas is not None:
            canvas.removeEventFilter(self)
        self.hide()
        self.deleteLater()
        self._end(np.array([(place.x(), place.y()) for place in self._places]))

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = QPolygonF(self._places)
        if self._face is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._face)
            painter.drawPolygon(line)
        painter.setPen(self._pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)
        painter.end()
