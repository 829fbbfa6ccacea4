"""Lines of plots on screens of different scales."""

from __future__ import annotations

import pyqtgraph as pg
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

from napari_trsmi.gui.widgets.pens import line_pen


def test_lines_are_as_wide_on_the_screen_that_the_window_is_moved_to(qtbot, monkeypatch):
    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    curve, mark = pg.PlotDataItem([0, 1], [0, 1], pen=line_pen(plot, "#ff0000", 2)), pg.InfiniteLine(1)
    mark.setPen(line_pen(plot, "#00ff00"))
    for item in (curve, mark):
        plot.addItem(item)
    for ratio in (2.0, 1.5, 1.0):
        monkeypatch.setattr(pg.PlotWidget, "devicePixelRatioF", lambda self, ratio=ratio: ratio)
        QApplication.sendEvent(plot, QEvent(QEvent.Type.DevicePixelRatioChange))
        assert (curve.opts["pen"].widthF(), mark.pen.widthF()) == (2 * ratio, ratio)
        assert curve.opts["pen"].color().name() == "#ff0000"
