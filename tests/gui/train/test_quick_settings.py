"""The two numbers above the settings are read whole, also where the page scrolls."""

from __future__ import annotations

import pytest
from opened_dock import open_section
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QScrollArea


@pytest.mark.parametrize("height", [pytest.param(800, marks=pytest.mark.slow), 480])
def test_auto_fits_between_the_arrows(viewer, qtbot, sample, height):
    open_section(viewer, sample)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    window = dock.window()
    window.resize(1000, height)
    qtbot.waitExposed(window)
    window.resizeDocks([dock.parentWidget()], [100], Qt.Orientation.Horizontal)
    bar = next(one for one in dock.findChildren(QScrollArea) if one.isAncestorOf(dock.n_domains)).verticalScrollBar()
    qtbot.waitUntil(lambda: bar.isVisible() == (height < 800))
    for box in (dock.n_domains, dock.domain_scale):
        line = box.lineEdit()
        assert line.text() == "auto"
        assert line.width() >= line.fontMetrics().horizontalAdvance("auto") + 6
    assert window.width() <= 1000
