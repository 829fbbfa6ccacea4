"""Stability by number of domains: a curve, its range, and a click to take a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

HEIGHT = 140
COLOR = ("#0072b2", "#56b4e9")  # on light and on dark
TIP = "Mean agreement of runs from other seeds, and its range. Click a number, or use arrow keys and Enter, to take it."


class CurvePlot(QWidget):
    """One point per number of domains; the suggested one is marked.

    Signals
    -------
    chosen(int)
        A person took a number of domains.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.numbers = np.zeros(0, int)
        self.at = 0  # where the keyboard is
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Stability by number of domains")
        self.plot = pg.PlotWidget()
        self.plot.setFixedHeight(HEIGHT)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setToolTip(TIP)
        item = self.plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.setContentsMargins(0, 6, 4, 0)
        item.setLabel("bottom", "number of domains")
        item.getAxis("left").setWidth(34)
        self._low, self._high = pg.PlotDataItem(), pg.PlotDataItem()
        self._band = pg.FillBetweenItem(self._low, self._high)
        self._line = pg.PlotDataItem(symbol="o", symbolSize=7)
        self._here = pg.PlotDataItem(symbol="o", symbolSize=12, symbolBrush=None)
        self._mark = pg.InfiniteLine(angle=90, label="suggested", labelOpts={"position": 0.12})
        for one in (self._band, self._low, self._high, self._line, self._here):
            item.addItem(one)
        item.addItem(self._mark, ignoreBounds=True)
        item.scene().sigMouseClicked.connect(self._on_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        self._paint()

    def set_curve(self, rows: Sequence[dict[str, float]], suggested: int | None) -> None:
        """Show rows with ``n_domains``, ``stability``, ``low`` and ``high``."""
        values = {name: np.array([row[name] for row in rows], float) for name in ("stability", "low", "high")}
        self.numbers = np.array([row["n_domains"] for row in rows], int)
        self._low.setData(self.numbers, values["low"])
        self._high.setData(self.numbers, values["high"])
        self._line.setData(self.numbers, values["stability"])
        self._mark.setVisible(suggested is not None)
        if suggested is not None:
            self._mark.setValue(suggested)
        self.at = int(np.argmin(np.abs(self.numbers - (suggested or 0)))) if len(self.numbers) else 0
        lowest = min([0.5, *values["low"]])
        self.plot.setYRange(lowest, 1.0, padding=0.05)
        if len(self.numbers):
            self.plot.setXRange(self.numbers.min() - 0.5, self.numbers.max() + 0.5, padding=0)
            every = max(1, -(-len(self.numbers) // 12))
            self.plot.getAxis("bottom").setTicks([[(k, str(k)) for k in self.numbers.tolist()[::every]]])
        self._show_place()

    def choose_near(self, number: float) -> None:
        """Take the number of domains nearest to a place on the axis."""
        if len(self.numbers):
            self.at = int(np.argmin(np.abs(self.numbers - number)))
            self._show_place()
            self.chosen.emit(int(self.numbers[self.at]))

    def _on_clicked(self, event: Any) -> None:
        box = self.plot.getPlotItem().vb
        if box.sceneBoundingRect().contains(event.scenePos()):
            self.choose_near(box.mapSceneToView(event.scenePos()).x())

    def keyPressEvent(self, event: Any) -> None:  # noqa: D102
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key(), 0)
        if step and len(self.numbers):
            self.at = int(np.clip(self.at + step, 0, len(self.numbers) - 1))
            self._show_place()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and len(self.numbers):
            self.choose_near(float(self.numbers[self.at]))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: Any) -> None:  # noqa: D102
        super().focusInEvent(event)
        self._show_place()

    def focusOutEvent(self, event: Any) -> None:  # noqa: D102
        super().focusOutEvent(event)
        self._show_place()

    def _show_place(self) -> None:
        """Ring the point that Enter would take."""
        here = slice(self.at, self.at + 1) if self.hasFocus() else slice(0)
        _, stability = self._line.getData()
        self._here.setData(self.numbers[here], [] if stability is None else stability[here])

    def _paint(self) -> None:
        """Take the colours of the window."""
        palette = self.palette()
        ink, paper = palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Window)
        color = pg.mkColor(COLOR[paper.lightness() < 128])
        faint = pg.mkColor(color.red(), color.green(), color.blue(), 70)
        self.plot.setBackground(paper)
        self._line.setPen(pg.mkPen(color, width=2))
        self._line.setSymbolBrush(color)
        self._line.setSymbolPen(None)
        self._here.setSymbolPen(pg.mkPen(ink, width=2))
        self._band.setBrush(faint)
        for edge in (self._low, self._high):
            edge.setPen(pg.mkPen(None))
        self._mark.setPen(pg.mkPen(ink, style=Qt.PenStyle.DotLine))
        self._mark.label.setColor(ink)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(ink))
            axis.setTextPen(pg.mkPen(ink))

    def changeEvent(self, event: QEvent | None) -> None:
        """Draw again in the colours of another theme."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._paint()
