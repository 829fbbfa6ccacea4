"""The tabs of the dock in a low window, as on a screen of high resolution."""

from __future__ import annotations

import pytest
from opened_dock import dock_alone
from qtpy.QtWidgets import QScrollArea


@pytest.fixture
def bar(qtbot, trained):
    """The scroll bar around the tabs, in a dock lower than the list of boundaries makes do with."""
    dock = dock_alone(qtbot, trained)
    dock.tabs.setCurrentIndex(0)
    around = next(one for one in dock.findChildren(QScrollArea) if one.isAncestorOf(dock.tabs))
    found = around.verticalScrollBar()
    dock.resize(340, 330)
    dock.show()
    qtbot.waitUntil(found.isVisible)
    found.dock = dock  # nothing else keeps it alive
    return found


def test_a_tab_that_fits_has_no_scroll_bar_because_of_another(bar, qtbot):
    tabs = bar.dock.tabs
    names = [tabs.tabText(at) for at in range(tabs.count())]
    tabs.setCurrentIndex(names.index("Maps, spot"))
    qtbot.waitUntil(lambda: not bar.isVisible())
    tabs.setCurrentIndex(0)
    qtbot.waitUntil(bar.isVisible)
