"""Docks as a person meets them in a real window: long names, closed and opened by a menu, saved beside the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from long_names import named, renamed
from opened_dock import open_section
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QLabel,
    QPushButton,
    QTabBar,
)
from tabbed import go_to

from napari_trsmi.gui import anchors
from napari_trsmi.gui.viewer.docks import DOCKS, PLUGIN, SETTLE, TABS, docks_of, open_docks

LEFT = Qt.MouseButton.LeftButton
ORDER = [TABS.get(name, name) for name in DOCKS]
WIDEST = 330  # pixels


@pytest.fixture
def docks(viewer, qtbot):
    """All docks are open beside nothing, Train in front; the window is kept by nobody."""
    open_docks(viewer)
    viewer.window.resize(1280, 800)
    window = window_of(viewer)
    window.activateWindow()
    qtbot.waitExposed(window)
    qtbot.wait(2 * SETTLE)


def window_of(viewer):
    return docks_of(viewer)["Train"].window()


def menu_entry(menu, text):
    return next(one for one in menu.actions() if one.text().replace("&", "") == text)


def choose(qtbot, viewer, *path):
    """Click through the menus of the window."""
    menu = window_of(viewer).menuBar()
    for text in path:
        qtbot.mouseClick(menu, LEFT, pos=place_of(menu, text))
        qtbot.wait(100)  # until what it opens is there
        menu = QApplication.activePopupWidget()
    assert menu is None


def place_of(menu, text):
    """Where an entry of a menu is."""
    return menu.actionGeometry(menu_entry(menu, text)).center()


def tabs(viewer):
    """The tabs of our docks and the one in front."""
    window = window_of(viewer)
    (bar,) = [one for one in window.findChildren(QTabBar) if one.parent() is window and one.isVisible()]
    return [bar.tabText(k) for k in range(bar.count())], bar.tabText(bar.currentIndex())


class Painted(QObject):
    """Notes what labels and buttons of a window said whenever they were painted."""

    def __init__(self):
        super().__init__()
        self.said = {}
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and isinstance(watched, (QLabel, QAbstractButton)):
            texts = self.said.setdefault(watched, [])
            if watched.text() not in ("", *texts[-1:]):
                texts.append(watched.text())
        return False

    def end(self):
        QApplication.instance().removeEventFilter(self)
        return list(self.said.items())


def test_docks_that_were_closed_by_a_click_come_back_by_the_menu_as_tabs_in_its_order(viewer, docks, qtbot, trained):
    open_section(viewer, trained.dataset)
    assert tabs(viewer) == (ORDER, "Train")
    closed = ("Compare", "Boundaries")
    for name in closed:
        go_to(qtbot, docks_of(viewer)["Train"], TABS.get(name, name))
        close_by_click(qtbot, viewer, name)
    left = [one for one in ORDER if one not in closed]
    assert tabs(viewer)[0] == left
    for name in closed:
        choose(qtbot, viewer, "Plugins", PLUGIN, f"{name} ({PLUGIN})")
        left = [one for one in ORDER if one in (*left, name)]
        qtbot.wait(SETTLE)
        assert tabs(viewer) == (left, name)
    assert left == ORDER


def close_by_click(qtbot, viewer, name):
    """Click the cross in the title of a dock."""
    qtbot.mouseClick(docks_of(viewer)[name].findChild(QPushButton, "QTitleBarCloseButton"), LEFT)
    qtbot.wait(50)
    assert name not in tabs(viewer)[0]


def test_long_names_widen_no_dock_that_is_brought_to_the_front(viewer, docks, qtbot, trained):
    section = renamed(trained.dataset)
    result = named(replace(trained, dataset=section))
    open_section(viewer, section, result)
    window = window_of(viewer)
    window.resize(1000, 700)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == (1000, 700))
    for name in DOCKS:
        dock = docks_of(viewer)[name]
        if dock.visibleRegion().isEmpty():
            go_to(qtbot, docks_of(viewer)["Train"], TABS.get(name, name))
        qtbot.waitUntil(lambda dock=dock: not dock.visibleRegion().isEmpty())
        for _ in range(5):
            QApplication.processEvents()
        assert (name, window.width(), window.height()) == (name, 1000, 700)
        assert dock.minimumSizeHint().width() <= WIDEST, name
        assert dock.width() <= WIDEST, name


def test_no_label_says_something_else_for_a_moment_while_a_section_opens(viewer, docks, qtbot, trained):
    painted = Painted()
    open_section(viewer, trained.dataset, trained)
    qtbot.wait(400)
    for tab in ORDER[1:]:
        go_to(qtbot, docks_of(viewer)["Train"], tab)
        qtbot.wait(100)
    said = painted.end()
    assert len(said) > 30
    assert [texts for _, texts in said if len(texts) > 1] == []


def test_files_are_saved_beside_the_data_and_not_in_the_program(viewer, docks, qtbot, trained, tmp_path, monkeypatch):
    asked = []

    def ask(parent, title, start, filters=""):
        asked.append(Path(start))
        return "", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    here, elsewhere = tmp_path / "data", tmp_path / "home"
    here.mkdir()
    elsewhere.mkdir()
    monkeypatch.setattr(Path, "home", lambda: elsewhere)
    source = replace(trained.dataset, name="mine", sources=(here / "mine.h5mu",))
    open_section(viewer, source, replace(trained, dataset=source))
    button = window_of(viewer).findChild(QPushButton, anchors.SAVE)
    qtbot.waitUntil(button.isVisible)
    menu = button.menu()
    entries = [one.text() for one in menu.actions() if one.text().startswith("Save") and one.isEnabled()]
    for entry in entries:
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
        qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(menu_entry(menu, entry)).center())
        QApplication.processEvents()
    assert {path.parent for path in asked} == {here}
    assert len(asked) == len(entries)
