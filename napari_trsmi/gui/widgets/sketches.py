"""Small pictures of what a dock is for, drawn in the colours of the theme."""

from __future__ import annotations

import math
from typing import Literal

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

Subject = Literal["train", "color", "boundaries", "correct", "trust", "compare", "ask", "regions", "embedding"]
SIZE = 168, 108
COLORS = "#14899d", "#ffb127", "#8962b1"  # apart also in colour-blind eyes
HIGH, LOW = "#ffd800", "#3b3f8c"
_STEP = 11.0  # pixels between spots


class Sketch(QWidget):
    """A piece of tissue in spots, with what can be done to it."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.subject = subject
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(*SIZE)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        getattr(self, f"_{self.subject}")(painter)
        painter.end()

    # What is drawn

    def _train(self, painter: QPainter) -> None:
        """Draw spots that become domains from left to right."""
        for at in _tissue():
            came = at.x() < 0.6 * SIZE[0]
            self._spot(painter, at, _color(_domain(at)) if came else self._ink(70))

    def _color(self, painter: QPainter) -> None:
        """Draw spots by how much there is of something."""
        low, high = QColor(LOW), QColor(HIGH)
        for at in _tissue():
            share = math.exp(-(((at.x() - 60) / 45) ** 2) - ((at.y() - 45) / 32) ** 2)
            mixed = (round(a + share * (b - a)) for a, b in zip(low.getRgb()[:3], high.getRgb()[:3], strict=True))
            self._spot(painter, at, QColor(*mixed))

    def _boundaries(self, painter: QPainter) -> None:
        """Draw two boundaries: one that holds, one that is broken."""
        for at in _tissue():
            self._spot(painter, at, _color(_domain(at), 110))
        for edge, style in ((_first, Qt.PenStyle.SolidLine), (_second, Qt.PenStyle.DashLine)):
            inside = [QPointF(edge(y), y) for y in range(4, SIZE[1] - 3) if _is_tissue(QPointF(edge(y), y))]
            painter.setPen(QPen(self._ink(230), 2.5, style))
            painter.drawPolyline(QPolygonF(inside))

    def _correct(self, painter: QPainter) -> None:
        """Draw a lasso around spots."""
        for at in _tissue():
            self._spot(painter, at, _color(_domain(at), 130))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._ink(230), 2.0, Qt.PenStyle.DashLine))
        painter.drawPolygon(
            QPolygonF([QPointF(x, y) for x, y in ((66, 30), (92, 22), (116, 34), (112, 62), (88, 74), (64, 58))])
        )

    def _trust(self, painter: QPainter) -> None:
        """Draw spots that are surer the fuller they are."""
        for at in _tissue():
            near = min(abs(at.x() - _first(at.y())), abs(at.x() - _second(at.y())))
            self._spot(painter, at, _color(_domain(at), 255 if near > 14 else 150 if near > 7 else 60))

    def _compare(self, painter: QPainter) -> None:
        """Draw the same tissue twice, cut in two ways."""
        for right in (False, True):
            painter.save()
            painter.translate(SIZE[0] / 2 if right else 0, 0.22 * SIZE[1])
            painter.scale(0.5, 0.56)
            for at in _tissue():
                self._spot(painter, at, _color(int(at.y() > 58) if right else min(_domain(at), 1)))
            painter.restore()

    def _ask(self, painter: QPainter) -> None:
        """Draw two groups of spots, and how much each has of something."""
        for at in _tissue():
            chosen = {0: at.y() < 60, 2: at.y() > 40}.get(_domain(at), False)
            self._spot(painter, at, _color(_domain(at)) if chosen else self._ink(50))
        for group, high, x in ((0, 22, 74), (2, 40, 92)):
            painter.setPen(QPen(self._ink(230), 1.5))
            painter.setBrush(_color(group))
            painter.drawRect(QRectF(x, 74 - high, 13, high))

    def _regions(self, painter: QPainter) -> None:
        """Draw two regions with outlines around spots."""
        for at in _tissue():
            self._spot(painter, at, self._ink(80))
        for number, corners in enumerate((((30, 34), (72, 22), (84, 56), (44, 72)), ((104, 44), (140, 36), (134, 80)))):
            painter.setPen(QPen(_color(number), 2.5))
            painter.setBrush(_color(number, 90))
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))

    def _embedding(self, painter: QPainter) -> None:
        """Draw spots by how alike they are: three clouds."""
        for number, (x, y) in enumerate(((44, 40), (88, 74), (128, 34))):
            for k in range(34):
                away, turn = 3.6 * math.sqrt(k), 2.39996 * k  # a sunflower
                at = QPointF(x + away * math.cos(turn) * 1.2, y + away * math.sin(turn))
                self._spot(painter, at, _color(number, 235))

    def _spot(self, painter: QPainter, at: QPointF, color: QColor) -> None:
        painter.setBrush(color)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QRectF(at.x() - 4.2, at.y() - 4.2, 8.4, 8.4))

    def _ink(self, strength: int) -> QColor:
        """Return the colour of text, more or less of it."""
        color = QColor(self.palette().color(QPalette.ColorRole.WindowText))
        color.setAlpha(strength)
        return color


def _tissue() -> list[QPointF]:
    """Return where the spots are: a honeycomb inside an outline."""
    rows = int(SIZE[1] / (0.87 * _STEP))
    found = []
    for row in range(rows):
        for column in range(int(SIZE[0] / _STEP)):
            at = QPointF((column + 0.75 + 0.5 * (row % 2)) * _STEP, (row + 0.7) * 0.87 * _STEP)
            if _is_tissue(at):
                found.append(at)
    return found


def _is_tissue(at: QPointF) -> bool:
    x, y = (at.x() - SIZE[0] / 2) / (0.48 * SIZE[0]), (at.y() - SIZE[1] / 2) / (0.46 * SIZE[1])
    return x * x + y * y + 0.12 * math.sin(3 * x + 2 * y) < 0.94


def _first(y: float) -> float:
    return 58 + 9 * math.sin(y / 17)


def _second(y: float) -> float:
    return 112 + 11 * math.sin(y / 21 + 1.5)


def _domain(at: QPointF) -> int:
    return int(at.x() > _first(at.y())) + int(at.x() > _second(at.y()))


def _color(number: int, strength: int = 255) -> QColor:
    color = QColor(COLORS[number])
    color.setAlpha(strength)
    return color
