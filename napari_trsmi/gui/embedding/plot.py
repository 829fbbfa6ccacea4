"""The plot of an embedding: dots that can be pointed at, clicked and lassoed; it stays fluid at a million."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from qtpy.QtWidgets import QWidget

from napari_trsmi.gui.drawing.freehand import every_move
from napari_trsmi.gui.embedding.dots import dots, inside, side_of
from napari_trsmi.gui.widgets.pens import line_pen

DIM = 0.18  # of the opacity of points that are not chosen while others are
CLICK = 4  # pixels; a mouse that moves further drags
REACH = 4  # pixels around the mouse in which a point is looked for
RING = {"size": 15, "pxMode": True, "brush": None}


class EmbeddingPlot(pg.PlotWidget):
    """Dots in colours, with a ring around the selected one and one around the one that is pointed at.

    Signals
    -------
    hovered(int), clicked(int)
        A point, -1 for none.
    lassoed(ndarray)
        (N,) bool, the points within.
    """

    hovered = Signal(int)
    clicked = Signal(int)
    lassoed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.setMinimumSize(120, 160)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setAspectLocked(False)
        for side in ("left", "bottom"):
            self.hideAxis(side)
        if (view := self.viewport()) is not None:
            view.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.places = np.zeros((0, 2), np.float32)
        self.colors = np.zeros((0, 4), np.uint8)
        self.chosen: np.ndarray | None = None
        self.pixels = np.full((1, 1), -1, np.int32)
        self.lassoing = False
        self._shuffled = np.zeros(0, np.int64)
        self._path: list[QPointF] = []
        self._pressed: QPointF | None = None
        self._hovered = -1
        self._image = pg.ImageItem(axisOrder="row-major")
        self._selected = pg.ScatterPlotItem(pen=pg.mkPen("#ffffff", width=3), **RING)
        self._pointed = pg.ScatterPlotItem(pen=pg.mkPen("#ffe600", width=2), **RING)
        self._line = pg.PlotCurveItem(pen=line_pen(self, "#ffe600", 2))
        for item in (self._image, self._line, self._selected, self._pointed):
            self.addItem(item)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._draw)
        self.plotItem.vb.sigRangeChanged.connect(self._draw_soon)

    def sizeHint(self) -> QSize:
        """Ask for no more width than a dock has."""
        return QSize(310, 360)

    # What is shown

    def set_places(self, places: np.ndarray) -> None:
        """Show other points at (N, 2) places, all of them in sight; colours and choice begin anew where N differs."""
        if self.chosen is not None and len(self.chosen) != len(places):
            self.chosen = None
        if len(places) != len(self.places):
            self.colors = np.full((len(places), 4), 160, np.uint8)
            self._shuffled = np.random.default_rng(0).permutation(len(places))  # else the last group hides the others
        self.places = places
        self.mark_selected(None)
        self.point_at(-1)
        self.show_all()
        self._draw_soon()

    def set_colors(self, colors: np.ndarray) -> None:
        """Colour the points (N, 4) uint8; what is clear is not there."""
        seen = not np.array_equal(colors[:, 3] > 0, self.colors[:, 3] > 0)
        self.colors = colors
        if seen:
            self._draw_soon()
        else:
            self._paint()

    def choose(self, chosen: np.ndarray | None) -> None:
        """Dim all points but these (N,) bool; None for no choice. It may be made before there are any points."""
        self.chosen = chosen
        self._draw_soon()

    @property
    def _lit(self) -> np.ndarray | None:
        """(N,) bool, the chosen ones of the points that are shown; None where there is no choice of them."""
        return None if self.chosen is None or len(self.chosen) != len(self.places) else self.chosen

    def mark_selected(self, row: int | None) -> None:
        """Put the ring around a point."""
        self._selected.setData(pos=self.places[[row]] if row is not None and row < len(self.places) else [])

    def point_at(self, row: int) -> None:
        """Put the other ring around a point; -1 for none."""
        self._pointed.setData(pos=self.places[[row]] if 0 <= row < len(self.places) else [])

    def show_all(self) -> None:
        """Bring all points into sight."""
        if len(self.places):
            low, high = self.places.min(axis=0), self.places.max(axis=0)
            self.setRange(QRectF(*map(float, low), *map(float, np.maximum(high - low, 1e-6))), padding=0.04)

    def set_ring_color(self, color: str) -> None:
        """Draw the ring of the selected point in the colour of the theme's text."""
        self._selected.setPen(pg.mkPen(color, width=3))

    def set_lassoing(self, lassoing: bool) -> None:
        """Let the mouse draw a lasso, or move the plot again."""
        self.lassoing = lassoing
        every_move(self, lassoing)
        self.setCursor(Qt.CursorShape.CrossCursor if lassoing else Qt.CursorShape.ArrowCursor)

    def _draw_soon(self, *_: Any) -> None:
        self._later.start()

    def _draw(self) -> None:
        """Find out which point each pixel of the screen shows."""
        box, ratio = self.plotItem.vb, self.devicePixelRatioF()
        height, width = max(1, int(ratio * box.height())), max(1, int(ratio * box.width()))
        (left, right), (bottom, top) = box.viewRange()
        order = self._shuffled[self.colors[self._shuffled, 3] > 0]
        if (lit := self._lit) is not None:
            order = np.concatenate([order[~lit[order]], order[lit[order]]])
        side = round(ratio * side_of(len(order)))
        self.pixels = dots(self.places, order, (left, right, bottom, top), (height, width), side)
        self._paint()
        self._image.setRect(QRectF(left, top, right - left, bottom - top))

    def _paint(self) -> None:
        """Colour the pixels."""
        colors = self.colors
        if (lit := self._lit) is not None:
            colors = colors.copy()
            colors[~lit, 3] = np.round(DIM * colors[~lit, 3])
        table = np.append(colors, np.zeros((1, 4), np.uint8), axis=0)
        image = np.take(table.view(np.uint32)[:, 0], self.pixels, mode="wrap")
        self._image.setImage(image.view(np.uint8).reshape(*image.shape, 4), autoLevels=False, levels=None)

    # The mouse

    def point_under(self, where: QPointF) -> int:
        """Return the point at a place of the widget, -1 for none."""
        at = self.plotItem.vb.mapFromScene(self.mapToScene(where.toPoint()))
        ratio = self.devicePixelRatioF()
        row, column, reach = int(ratio * at.y()), int(ratio * at.x()), round(ratio * REACH)
        top, left = max(0, row - reach), max(0, column - reach)
        near = self.pixels[top : row + reach + 1, left : column + reach + 1]
        rows, columns = np.nonzero(near >= 0)
        if row < -reach or column < -reach or not len(rows):
            return -1
        nearest = np.hypot(rows + top - row, columns + left - column).argmin()
        return int(near[rows[nearest], columns[nearest]])

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin a lasso, or perhaps a click."""
        assert event is not None
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()
            if self.lassoing:
                self._path = [event.position()]
                return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Draw the lasso, or say what is pointed at."""
        assert event is not None
        if self._path:
            self._path.append(event.position())
            self._line.setData(*self._in_plot(self._path).T)
            return
        super().mouseMoveEvent(event)
        pointing = not event.buttons() and not self.lassoing  # on the tissue, too, which is no time for every move
        self._hover(self.point_under(event.position()) if pointing else -1)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """End a lasso, or take a click."""
        assert event is not None
        pressed, self._pressed = self._pressed, None
        if self._path:
            path, self._path = [*self._path, event.position()], []
            self._line.setData([], [])
            self._end_lasso(path)
            return
        super().mouseReleaseEvent(event)
        if pressed is not None and (event.position() - pressed).manhattanLength() <= CLICK:
            self.clicked.emit(self.point_under(event.position()))

    def leaveEvent(self, event: QEvent | None) -> None:
        """Point at nothing."""
        super().leaveEvent(event)
        self._hover(-1)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Show all points with Home."""
        if event is not None and event.key() == Qt.Key.Key_Home:
            self.show_all()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Draw for another size."""
        super().resizeEvent(event)
        if hasattr(self, "_later"):
            self._draw_soon()

    def _end_lasso(self, path: list[QPointF]) -> None:
        found = inside(self.places, self._in_plot(path)) & (self.colors[:, 3] > 0)
        self.lassoed.emit(found)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            self.point_at(row)
            self.hovered.emit(row)

    def _in_plot(self, path: list[QPointF]) -> np.ndarray:
        """Return (k, 2) places in the plot of places in the widget."""
        box = self.plotItem.vb
        found = [box.mapSceneToView(self.mapToScene(place.toPoint())) for place in path]
        return np.array([(place.x(), place.y()) for place in found])
