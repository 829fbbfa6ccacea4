"""Something by number of domains: a curve, its range, and a click to take a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_trsmi.gui.widgets.pens import line_pen

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOR = ("#0072b2", "#56b4e9")  # on light and on dark


class CurvePlot(QWidget):
    """One point per number of domains; one number is marked.

    Signals
    -------
    chosen(int)
        A person took a number of domains.

    Parameters
    ----------
    name
        What is drawn, for those who cannot see it.
    tip
        What it means, and what a click does.
    mark
        What the marked number is, such as ``"suggested"``.
    height
        Pixels.
    """

    chosen = Signal(int)

    def __init__(self, name: str, tip: str, mark: str, height: int) -> None:
        super().__init__()
        self.numbers = np.zeros(0, int)
        self.at = 0  # where the keyboard is
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.plot = pg.PlotWidget()
        self.plot.setFixedHeight(height)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setToolTip(f"<qt>{tip}</qt>")
        item = self.plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.setContentsMargins(0, 6, 4, 0)
        item.setLabel("bottom", "number of domains")
        item.getAxis("left").setWidth(34)
        self._low, self._high = pg.PlotDataItem(), pg.PlotDataItem()
        self._band = pg.FillBetweenItem(self._low, self._high)
        self._line = pg.PlotDataItem(symbol="o", symbolSize=6)
        self._bold = pg.PlotDataItem(pen=None, symbol="o", symbolSize=11)
        self._here = pg.PlotDataItem(symbol="o", symbolSize=12, symbolBrush=None)
        self._mark = pg.InfiniteLine(angle=90, label=mark, labelOpts={"position": 0.25})
        for one in (self._band, self._low, self._high, self._line, self._bold, self._here):
            item.addItem(one)
        item.addItem(self._mark, ignoreBounds=True)
        item.scene().sigMouseClicked.connect(self._on_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        self._paint()

    def set_curve(
        self,
        numbers: Sequence[int],
        values: Sequence[float],
        marked: int | None,
        bounds: tuple[Sequence[float], Sequence[float]] | None = None,
        good: Sequence[int] | None = None,
    ) -> None:
        """Show a value for each number of domains.

        Parameters
        ----------
        marked
            The number that is marked, None for none.
        bounds
            Lowest and highest value of each, where there is a range.
        good
            Numbers to draw boldly.
        """
        self.numbers, shown = np.array(numbers, int), np.array(values, float)
        low, high = (shown, shown) if bounds is None else (np.array(one, float) for one in bounds)
        self._low.setData(self.numbers, low)
        self._high.setData(self.numbers, high)
        self._line.setData(self.numbers, shown)
        bold = np.isin(self.numbers, [] if good is None else good)
        self._bold.setData(self.numbers[bold], shown[bold])
        self._mark.setVisible(marked is not None)
        if marked is not None:
            self._mark.setValue(marked)
        self.at = int(np.argmin(np.abs(self.numbers - (marked or 0)))) if len(self.numbers) else 0
        self.plot.setYRange(min([0.5, *low]), 1.0, padding=0.05)
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
        _, values = self._line.getData()
        self._here.setData(self.numbers[here], [] if values is None else values[here])

    def _paint(self) -> None:
        """Take the colours of the window."""
        palette = self.palette()
        ink, paper = palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Window)
        color = pg.mkColor(COLOR[paper.lightness() < 128])
        faint = pg.mkColor(color.red(), color.green(), color.blue(), 70)
        self.plot.setBackground(paper)
        self._line.setPen(line_pen(self.plot, color, 2))
        self._line.setSymbolBrush(color)
        self._bold.setSymbolBrush(color)
        self._bold.setSymbolPen(None)
        self._line.setSymbolPen(None)
        self._here.setSymbolPen(pg.mkPen(ink, width=2))
        self._band.setBrush(faint)
        for edge in (self._low, self._high):
            edge.setPen(pg.mkPen(None))
        self._mark.setPen(line_pen(self.plot, ink, style=Qt.PenStyle.DotLine))
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
