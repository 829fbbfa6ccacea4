"""Pens for plots."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtGui import QPen
from qtpy.QtWidgets import QWidget


def line_pen(plot: QWidget, color: Any, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """Return a pen that draws as wide a line on every screen.

    pyqtgraph counts widths in pixels of the screen: at a scale of 2 its lines would be half as wide as all else.

    Parameters
    ----------
    plot
        What is drawn on: its screen counts.
    width
        In pixels of the window.
    """
    return pg.mkPen(color, width=width * plot.devicePixelRatioF(), style=style)
