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
_TRIED = 80  # of which they are chosen
_GAP = 4  # pixels between a dot and its name, and around a dot
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
        self._told: list[tuple[int, str]] = []  # row and name of the features that may be named, first the most telling
        self._at = np.zeros((0, 2))
        self._color = "#888888"
        item.vb.sigResized.connect(self._name)
        item.scene().sigMouseClicked.connect(self._on_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)

    def set_table(self, table: pd.DataFrame | None) -> None:
        """Draw the features of a modality."""
        item = self.plot.getPlotItem()
        self._told, self._at = [], np.zeros((0, 2))
        self._ring.setData([], [])
        if table is None or not len(table):
            self._dots.setData([], [])
            self._name()
            return
        effect = np.nan_to_num(table["effect"].to_numpy(float))
        self._at = np.column_stack([effect, heights(table)])
        told = (table["p_adjusted"] < LARGEST_P).to_numpy()
        number = np.where(told, np.where(effect > 0, 1, 2), 0)
        brushes = [pg.mkBrush(color) for color in (GREY + "80", *COLORS)]
        self._dots.setData(*self._at.T, brush=[brushes[one] for one in number])
        span, top = max(np.abs(effect).max(), 1e-6) * 1.25, max(self._at[:, 1].max(), 1.0) * 1.15
        self._told = [(row, str(table["name"].iloc[row])[:16]) for row in np.flatnonzero(told)[:_TRIED].tolist()]
        item.setXRange(-span, span, padding=0)
        item.setYRange(0, top, padding=0)
        self._name()

    def _name(self, _: Any = None) -> None:
        """Write names where there is room for them: neither on dots nor on each other."""
        item = self.plot.getPlotItem()
        for name in self._names:
            item.removeItem(name)
        self._names = []
        (left, right), (low, high) = item.vb.viewRange()
        size = np.array([item.vb.width(), item.vb.height()])
        if not len(self._at) or size.min() <= 0:
            return
        dots = (self._at - (left, high)) / (right - left, low - high) * size  # pixels from the upper left corner
        taken: list[np.ndarray] = []
        for row, name in self._told:
            text = pg.TextItem(name, color=self._color)
            wide = np.array([text.boundingRect().width(), text.boundingRect().height()])
            if (corner := _room_for(wide, dots, row, taken, size)) is None:
                continue
            taken.append(np.array([corner, corner + wide]))
            text.setAnchor(tuple((dots[row] - corner) / wide))
            text.setPos(*self._at[row])
            item.addItem(text, ignoreBounds=True)
            self._names.append(text)
            if len(self._names) == _NAMED:
                return

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


def _room_for(
    wide: np.ndarray, dots: np.ndarray, row: int, taken: list[np.ndarray], size: np.ndarray
) -> np.ndarray | None:
    """Return the upper left corner of a name beside its dot, in pixels; None where there is no room.

    Parameters
    ----------
    wide, size
        Width and height of the name, and of the plot.
    dots
        (D, 2) places of all dots, `row` that of the name.
    taken
        (2, 2) upper left and lower right corner of each name there is.
    """
    dot, (width, height) = dots[row], wide
    for across, down in (
        (-width / 2, -height - _GAP),
        (_GAP, -height / 2),
        (-width - _GAP, -height / 2),
        (-width / 2, _GAP),
    ):
        corner = dot + np.array([across, down])
        end = corner + wide
        others = any((corner < other[1]).all() and (end > other[0]).all() for other in taken)
        inside = (corner >= 0).all() and (end <= size).all()
        near = ((dots > corner - _GAP + 1) & (dots < end + _GAP - 1)).all(axis=1)
        near[row] = False
        if inside and not others and not near.any():
            return np.asarray(corner)
    return None
