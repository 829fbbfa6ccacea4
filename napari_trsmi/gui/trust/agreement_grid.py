"""How much runs agree, each with each, as a small grid of coloured cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QEvent, QRect, QSize, Qt
from qtpy.QtGui import QColor, QPainter
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

CELL, HEAD = 30, 30  # pixels: most of a cell, and of the names
READABLE = 26  # pixels of a cell that has room for its number


class AgreementGrid(QWidget):
    """ARI of every two runs; numbers are written where there is room, and in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self.values = np.zeros((0, 0))
        self.names: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._colors = pg.colormap.get("viridis")

    def set_values(self, values: np.ndarray, names: Sequence[str]) -> None:
        """Show an (R, R) matrix of agreements in [0, 1] between R runs."""
        self.values, self.names = np.asarray(values, float), tuple(names)
        self.setAccessibleName("Agreement of every two runs")
        self.updateGeometry()
        self.update()

    @property
    def cell(self) -> int:
        """Pixels of a cell."""
        return min(CELL, max(6, (self.width() - HEAD) // max(1, len(self.values))))

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(0, HEAD // 2 + self.cell * len(self.values))

    def resizeEvent(self, event: Any) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.updateGeometry()

    def text(self, row: int, column: int) -> str:
        """Return what a cell says."""
        first, second = self.names[row], self.names[column]
        return f"Seeds {first} and {second}: ARI {self.values[row, column]:.2f}"

    def paintEvent(self, event: Any) -> None:  # noqa: D102
        painter, cell = QPainter(self), self.cell
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        ink, centre = self.palette().windowText().color(), Qt.AlignmentFlag.AlignCenter
        for row, values in enumerate(self.values):
            top = HEAD // 2 + row * cell
            painter.setPen(ink)
            painter.drawText(QRect(0, top, HEAD - 4, cell), centre, self.names[row])
            painter.drawText(QRect(HEAD + row * cell, 0, cell, HEAD // 2), centre, self.names[row])
            for column, value in enumerate(values):
                box = QRect(HEAD + column * cell, top, cell - 1, cell - 1)
                color: QColor = self._colors.map(float(np.clip(value, 0, 1)), mode=pg.ColorMap.QCOLOR)
                painter.fillRect(box, color)
                if cell >= READABLE:
                    painter.setPen(QColor("black" if color.lightnessF() > 0.45 else "white"))
                    painter.drawText(box, centre, f"{value:.2f}")
        painter.end()

    def event(self, event: Any) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.ToolTip:
            row = (event.pos().y() - HEAD // 2) // self.cell
            column = (event.pos().x() - HEAD) // self.cell
            if 0 <= row < len(self.values) and 0 <= column < len(self.values):
                QToolTip.showText(event.globalPos(), self.text(row, column), self)
            return True
        return super().event(event)
