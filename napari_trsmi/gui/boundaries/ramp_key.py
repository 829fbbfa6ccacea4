"""What the colours of boundaries mean."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QLinearGradient, QPainter
from qtpy.QtWidgets import QWidget

from napari_trsmi.gui.boundaries.canvas import BoundaryCanvas
from napari_trsmi.gui.boundaries.layers import ON_LIGHT
from napari_trsmi.gui.widgets.listening import listen


class RampKey(QWidget):
    """The colours of boundaries, from weak to strong."""

    def __init__(self, canvas: BoundaryCanvas) -> None:
        super().__init__()
        self.canvas = canvas
        self.setMinimumSize(90, 20)
        listen(self, (canvas.ramp_changed, self._on_ramp))
        self._on_ramp(canvas.ramp)

    def _on_ramp(self, ramp: Any) -> None:
        strong = "dark" if ramp is ON_LIGHT else "white"
        self.setToolTip(f"Magenta boundaries are weak, {strong} ones strong, grey ones unknown")
        self.setAccessibleName(f"Magenta is weak, {strong} is strong")
        self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: D102
        painter, ramp = QPainter(self), self.canvas.ramp
        gradient = QLinearGradient(0, 0, self.width(), 0)
        for at, rgb in enumerate(ramp):
            gradient.setColorAt(at / (len(ramp) - 1), QColor.fromRgbF(*rgb))
        painter.fillRect(self.rect(), gradient)
        inside = self.rect().adjusted(5, 0, -5, 0)
        painter.setPen(QColor("white" if ramp is ON_LIGHT else "black"))
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "weak")
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "strong")
