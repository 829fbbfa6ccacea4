"""What the colours of boundaries mean."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QLinearGradient, QPainter
from qtpy.QtWidgets import QWidget

from napari_trsmi.gui.boundary_layers import RAMP


class RampKey(QWidget):
    """The colours of boundaries, from weak to strong."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(90, 20)
        self.setToolTip("Magenta boundaries are weak, dark ones strong, white ones unknown")
        self.setAccessibleName("Magenta is weak, dark is strong")

    def paintEvent(self, event: Any) -> None:  # noqa: D102
        painter = QPainter(self)
        gradient = QLinearGradient(0, 0, self.width(), 0)
        for at, rgb in enumerate(RAMP):
            gradient.setColorAt(at / (len(RAMP) - 1), QColor.fromRgbF(*rgb))
        painter.fillRect(self.rect(), gradient)
        inside = self.rect().adjusted(5, 0, -5, 0)
        painter.setPen(QColor("black"))
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "weak")
        painter.setPen(QColor("white"))
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "strong")
