"""Docks in a real window: tabs in the order of the menu, also those that are closed and opened again."""

from __future__ import annotations

import pytest
from opened_dock import open_section
from qtpy.compat import isalive
from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QApplication, QDockWidget, QPushButton, QTabBar

from napari_trsmi.gui.regions.dock import RegionsDock
from napari_trsmi.gui.viewer.arrangement import arrangement_of
from napari_trsmi.gui.viewer.docks import DOCKS, ON_DEMAND, PLUGIN, SETTLE, TABS, WIDTH, open_dock, open_docks
from napari_trsmi.gui.viewer.sessions import session_of

ORDER = [TABS.get(name, name) for name in DOCKS]


@pytest.fixture
def docks(viewer, qtbot):
    """All docks are open; the window is not given away, because that would keep it alive."""
    open_docks(viewer)
    qtbot.wait(200)


def window_of(viewer):
    return next(iter(viewer.window.dock_widgets.values())).window()


def dock(viewer, name):
    found, _ = viewer.window.add_plugin_dock_widget(PLUGIN, name)
    return found


def tabs(viewer):
    """Return the tabs of our docks and the one in front."""
    window = window_of(viewer)
    (bar,) = [one for one in window.findChildren(QTabBar) if one.parent() is window and one.isVisible()]
    return [bar.tabText(k) for k in range(bar.count())], bar.tabText(bar.currentIndex())


def click_title(qtbot, found, name):
    """Click a button in the title of a dock: close or hide."""
    button = found.findChild(QPushButton, f"QTitleBar{name}Button")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.wait(50)


def test_all_docks_open_in_the_order_of_the_menu(viewer, docks):
    from npe2 import PluginManager

    assert tabs(viewer) == (ORDER, "Train")
    widgets = PluginManager.instance().get_manifest(PLUGIN).contributions.widgets
    assert [one.display_name for one in widgets] == [*DOCKS, *ON_DEMAND]


@pytest.mark.parametrize(
    "name", ["Train", *(pytest.param(name, marks=pytest.mark.slow) for name in ("Boundaries", "Compare"))]
)
def test_a_dock_that_was_closed_comes_back_as_a_tab_in_its_place(viewer, docks, qtbot, name):
    found, width = dock(viewer, name), dock(viewer, "Train").width()
    found.raise_()
    qtbot.wait(50)
    click_title(qtbot, found, "Close")
    assert TABS.get(name, name) not in tabs(viewer)[0]
    again = dock(viewer, name)
    qtbot.waitUntil(lambda: tabs(viewer) == (ORDER, TABS.get(name, name)), timeout=2_000)
    assert again.width() == pytest.approx(width, abs=2)


@pytest.mark.slow
def test_a_dock_that_was_hidden_comes_to_the_front_at_its_place(viewer, docks, qtbot):
    trust = dock(viewer, "Trust")
    trust.raise_()
    qtbot.wait(50)
    click_title(qtbot, trust, "Hide")
    compare = dock(viewer, "Compare")
    click_title(qtbot, compare, "Close")
    dock(viewer, "Compare")
    qtbot.waitUntil(lambda: tabs(viewer) == ([one for one in ORDER if one != "Trust"], "Compare"), timeout=2_000)
    trust.show()
    qtbot.waitUntil(lambda: tabs(viewer) == (ORDER, "Trust"), timeout=2_000)


def test_a_dock_that_is_gone_before_it_could_come_to_the_front_is_nobodys_error(viewer, docks, qtbot):
    arrangement, trust = arrangement_of(window_of(viewer)), dock(viewer, "Trust")
    qtbot.wait(50)
    arrangement._shown = [trust]
    viewer.window.remove_dock_widget(trust)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isalive(trust)
    arrangement._raise()


@pytest.mark.slow
def test_docks_opened_one_by_one_are_tabs_too(viewer, qtbot):
    for name in ("Compare", "Train", "Boundaries"):
        dock(viewer, name)
        qtbot.wait(50)
    qtbot.waitUntil(lambda: tabs(viewer) == (["Train", "Boundaries", "Compare"], "Boundaries"), timeout=2_000)
    assert session_of(viewer) is not None


@pytest.mark.slow
def test_a_dock_that_a_person_put_elsewhere_stays_there(viewer, docks, qtbot):
    trust, compare = dock(viewer, "Trust"), dock(viewer, "Compare")
    window_of(viewer).addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, trust)
    click_title(qtbot, compare, "Close")
    dock(viewer, "Compare")
    qtbot.wait(100)
    assert window_of(viewer).dockWidgetArea(trust) == Qt.DockWidgetArea.LeftDockWidgetArea
    assert tabs(viewer)[0] == [one for one in ORDER if one != "Trust"]


@pytest.mark.slow
def test_all_docks_can_be_opened_again_at_once(viewer, docks, qtbot):
    for name in ("Train", "Compare", "Boundaries"):
        click_title(qtbot, dock(viewer, name), "Close")
    click_title(qtbot, dock(viewer, "Trust"), "Hide")
    open_docks(viewer)
    qtbot.wait(200)
    assert tabs(viewer) == (ORDER, "Train")
    ours = [one for one in window_of(viewer).findChildren(QDockWidget) if one.objectName().endswith(f"({PLUGIN})")]
    assert len(ours) == len(DOCKS)


@pytest.mark.slow
def test_showing_all_docks_moves_none_that_is_there(viewer, qtbot):
    open_docks(viewer)
    open_dock(viewer, "Regions")
    (regions,) = window_of(viewer).findChildren(RegionsDock)
    qtbot.waitUntil(lambda: regions.in_front)
    fronts = []
    regions.front_changed.connect(fronts.append)
    open_docks(viewer)
    qtbot.waitUntil(lambda: fronts == [False])  # Train is in front
    qtbot.wait(50)
    assert fronts == [False]


@pytest.mark.slow
def test_the_first_dock_is_as_wide_as_it_will_be_beside_others(viewer, qtbot, trained):
    viewer.window.resize(1280, 800)
    viewer.window.add_plugin_dock_widget(PLUGIN, "Colour by")
    found = dock(viewer, "Colour by")
    qtbot.waitUntil(lambda: found.width() == WIDTH)
    open_section(viewer, trained.dataset)
    open_docks(viewer)
    found.raise_()
    qtbot.wait(3 * SETTLE)
    assert found.width() == WIDTH
