"""Effect against p of every feature; a click takes the nearest one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_trsmi.answers.figures import COLORS, GREY, LARGEST_P, heights

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 8  # features with their name
_ROOM = 0.3, 0.06  # that a name takes, as a share of half the width, and of the height
_REACH = 12  # pixels around a click


class Volcano(QWidget):
    """A dot per feature: right of 0 more in A, left more in B, the higher the less by chance.

    Signals
    -------
    chosen(int)
        A person clicked a feature: its row in the table.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.plot = pg.PlotWidget(background=None)
        self.plot.setAccessibleName("Volcano plot")
        self.plot.setToolTip(
            "<qt>A dot per feature. Right: more in A; left: more in B; the higher, the less by chance. Coloured: "
            "adjusted p below 0.05. Click a dot to colour the tissue by it; the table does the same by keyboard</qt>"
        )
        item = self.plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setLabel("bottom", "difference of means")
        item.setLabel("left", "-log10 p")
        for side in ("bottom", "left"):
            item.getAxis(side).enableAutoSIPrefix(False)
        self._dots, self._ring = pg.ScatterPlotItem(pen=None, size=6), pg.ScatterPlotItem(brush=None, size=13)
        item.addItem(self._dots)
        item.addItem(self._ring)
        self._names: list[Any] = []
        self._at = np.zeros((0, 2))
        self._color = "#888888"
        item.scene().sigMouseClicked.connect(self._on_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)

    def set_table(self, table: pd.DataFrame | None) -> None:
        """Draw the features of a modality."""
        item = self.plot.getPlotItem()
        for name in self._names:
            item.removeItem(name)
        self._names, self._at = [], np.zeros((0, 2))
        self._ring.setData([], [])
        if table is None or not len(table):
            self._dots.setData([], [])
            return
        effect = np.nan_to_num(table["effect"].to_numpy(float))
        self._at = np.column_stack([effect, heights(table)])
        told = (table["p_adjusted"] < LARGEST_P).to_numpy()
        number = np.where(told, np.where(effect > 0, 1, 2), 0)
        brushes = [pg.mkBrush(color) for color in (GREY + "80", *COLORS)]
        self._dots.setData(*self._at.T, brush=[brushes[one] for one in number])
        span, top = max(np.abs(effect).max(), 1e-6) * 1.25, max(self._at[:, 1].max(), 1.0) * 1.15
        for row in _apart(self._at / (span, top), np.flatnonzero(told)):
            text = pg.TextItem(str(table["name"].iloc[row])[:16], color=self._color, anchor=(0.5, 1.1))
            text.setPos(*self._at[row])
            item.addItem(text, ignoreBounds=True)
            self._names.append(text)
        item.setXRange(-span, span, padding=0)
        item.setYRange(0, top, padding=0)

    def mark(self, row: int) -> None:
        """Ring a feature."""
        if 0 <= row < len(self._at):
            self._ring.setData([self._at[row, 0]], [self._at[row, 1]])

    def set_text_color(self, color: str) -> None:
        """Draw axes and names in the text colour of the theme."""
        self._color = color
        item = self.plot.getPlotItem()
        for side in ("bottom", "left"):
            item.getAxis(side).setPen(color)
            item.getAxis(side).setTextPen(color)
        self._ring.setPen(pg.mkPen(color, width=2))
        for name in self._names:
            name.setColor(color)

    def _on_clicked(self, event: Any) -> None:
        if not len(self._at):
            return
        box = self.plot.getPlotItem().vb
        point, pixel = box.mapSceneToView(event.scenePos()), box.viewPixelSize()
        far = np.hypot((self._at[:, 0] - point.x()) / pixel[0], (self._at[:, 1] - point.y()) / pixel[1])
        if far.min() <= _REACH:
            self.chosen.emit(int(far.argmin()))


def _apart(at: np.ndarray, rows: np.ndarray) -> list[int]:
    """Return the first of the rows whose names would not lie over each other, given their places (D, 2)."""
    found: list[int] = []
    for row in rows[: 10 * _NAMED].tolist():
        if len(found) < _NAMED and all((np.abs(at[row] - at[other]) > _ROOM).any() for other in found):
            found.append(row)
    return found
