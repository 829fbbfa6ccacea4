"""Docks whose tabs do not fit: names are whole, and those that are not seen are in a list."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QTabBar, QToolButton

from napari_trsmi.gui.viewer.docks import DOCKS, ON_DEMAND, TABS, docks_of, open_dock, open_docks

NAMES = [TABS.get(name, name) for name in (*DOCKS, *ON_DEMAND)]


@pytest.fixture
def bar(viewer, qtbot):
    """The tabs of all docks, in a window as wide as small screens are."""
    open_docks(viewer)
    for name in ON_DEMAND:
        open_dock(viewer, name)
    window = next(iter(docks_of(viewer).values())).window()
    window.resize(1280, 800)
    qtbot.wait(300)
    (bar,) = (one for one in window.findChildren(QTabBar) if one.parent() is window and one.isVisible())
    return bar


def seen(bar):
    return [bar.tabText(at) for at in range(bar.count()) if bar.isTabVisible(at)]


def rest(bar):
    return bar.findChild(QToolButton, "trsmi-more-docks")


@pytest.mark.slow
def test_names_are_whole_and_the_others_are_listed(viewer, bar, qtbot):
    button = rest(bar)
    qtbot.waitUntil(button.isVisible)
    assert bar.tabText(bar.currentIndex()) in seen(bar)
    listed = [action.text() for action in button.menu().actions()]
    assert sorted(seen(bar) + listed) == sorted(NAMES)
    assert "Train" in seen(bar)
    for at in range(bar.count()):
        if bar.isTabVisible(at):
            place = bar.tabRect(at)
            assert place.left() >= 0
            assert place.right() < button.x()
            assert place.width() >= bar.fontMetrics().horizontalAdvance(bar.tabText(at))
    assert not [one for one in bar.findChildren(QToolButton) if one is not button and one.isVisible()]  # no arrows


@pytest.mark.slow
def test_one_of_the_list_comes_to_the_front_with_its_tab(viewer, bar, qtbot):
    button = rest(bar)
    qtbot.waitUntil(button.isVisible)
    action = button.menu().actions()[0]
    name = action.text()
    assert name not in seen(bar)
    action.trigger()
    qtbot.waitUntil(lambda: name in seen(bar))
    dock = next(dock for dock in docks_of(viewer).values() if dock.windowTitle() == name)
    assert not dock.visibleRegion().isEmpty()


@pytest.mark.slow
def test_with_room_there_is_no_list(viewer, bar, qtbot):
    qtbot.waitUntil(rest(bar).isVisible)
    window = bar.window()
    window.resize(1900, 900)
    window.resizeDocks([docks_of(viewer)["Train"]], [700], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: seen(bar) == NAMES)
    assert rest(bar).isHidden()
    at = NAMES.index("Ask")
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(at).center() + QPoint(0, 0))
    assert bar.currentIndex() == at


@pytest.mark.slow
def test_what_the_tabs_leave_looks_like_no_tab(viewer, bar, qtbot):
    button = rest(bar)
    qtbot.waitUntil(button.isVisible)
    end = max(bar.tabRect(at).right() for at in range(bar.count()) if bar.isTabVisible(at))
    assert button.x() - end > 4
    window = bar.window()
    left = bar.mapTo(window, QPoint(end + 3, bar.height() // 2))
    picture = window.grab().toImage()
    edge = bar.mapTo(window, QPoint(end + 3, bar.height() + 1))  # below the bar
    assert picture.pixelColor(left).name() == picture.pixelColor(edge).name()
