"""Pens for plots."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QPen


def line_pen(plot: pg.PlotWidget, color: Any, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """Return a pen that draws as wide a line on every screen, also once the window is moved to another one.

    pyqtgraph counts widths in pixels of the screen: at a scale of 2 its lines would be half as wide as all else.

    Parameters
    ----------
    plot
        What is drawn on: its screen counts.
    width
        In pixels of the window.
    """
    if plot.findChild(_Lines) is None:
        _Lines(plot)
    return pg.mkPen(color, width=width * plot.devicePixelRatioF(), style=style)


class _Lines(QObject):
    """Makes the lines of a plot as wide on the screen that its window was moved to as on the one before."""

    def __init__(self, plot: pg.PlotWidget) -> None:
        super().__init__(plot)
        self._ratio = plot.devicePixelRatioF()
        plot.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if (
            event is None
            or event.type() != QEvent.Type.DevicePixelRatioChange
            or not isinstance(watched, pg.PlotWidget)
        ):
            return False
        before, self._ratio = self._ratio, watched.devicePixelRatioF()
        for line in watched.getPlotItem().items:
            pen = line.pen if isinstance(line, pg.InfiniteLine) else getattr(line, "opts", {}).get("pen")
            if isinstance(pen, QPen) and not isinstance(line, pg.ScatterPlotItem):
                again = QPen(pen)
                again.setWidthF(pen.widthF() * self._ratio / before)
                line.setPen(again)
        return False
