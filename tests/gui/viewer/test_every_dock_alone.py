"""Any one dock, opened alone: its window gets what docks share, and its empty page takes the room it needs itself."""

from __future__ import annotations

from importlib import import_module

import pytest
from napari.components import ViewerModel
from npe2 import PluginManifest
from opened_dock import open_section
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_trsmi.gui.viewer.dropping import _Beside, _Drops
from napari_trsmi.gui.viewer.hover import Hover
from napari_trsmi.gui.viewer.keys import WindowKeys
from napari_trsmi.gui.viewer.undo_menu import UndoMenu
from napari_trsmi.gui.widgets.frame import Framed, Scrolled

LOW = 330, 250  # pixels of a dock below others in a low window

CONTRIBUTED = PluginManifest.from_distribution("napari-trsmi").contributions
PYTHON_NAMES = {command.id: command.python_name for command in CONTRIBUTED.commands}
DOCKS = {widget.display_name: str(PYTHON_NAMES[widget.command]) for widget in CONTRIBUTED.widgets}


def made(name, viewer):
    module, kind = DOCKS[name].split(":")
    return getattr(import_module(module), kind)(viewer)


@pytest.fixture
def window(qtbot):
    """A window like that of napari: its canvas takes drops."""
    window, canvas = QMainWindow(), QWidget()
    canvas.setAcceptDrops(True)
    window.setCentralWidget(canvas)
    qtbot.addWidget(window)
    return window


@pytest.mark.parametrize("name", DOCKS)
def test_any_dock_brings_keys_menu_drops_and_the_line_of_the_mouse(qtbot, window, name):
    viewer = ViewerModel()
    around = QDockWidget()
    around.setWidget(made(name, viewer))
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, around)
    window.show()
    for kind in (WindowKeys, UndoMenu, Hover, _Beside):
        assert len(window.findChildren(kind)) == 1, kind
    assert len(window.centralWidget().findChildren(_Drops)) == 1
    around.hide()
    around.show()
    assert len(window.findChildren(WindowKeys)) == 1


@pytest.mark.parametrize("name", ["Boundaries", "Compare", "Ask", "Correct", "Trust", "Regions", "Embedding"])
def test_an_empty_page_does_not_scroll_because_of_the_page_that_is_hidden(qtbot, trained, name):
    viewer = ViewerModel()
    dock = made(name, viewer)
    assert isinstance(dock, Framed)
    qtbot.addWidget(dock)
    dock.resize(*LOW)
    dock.show()
    scrolled = dock.findChild(Scrolled)
    assert not dock.empty.isHidden()
    qtbot.waitUntil(lambda: scrolled.verticalScrollBar().maximum() == 0, timeout=1000)
    wide = scrolled.minimumSizeHint().width()
    open_section(viewer, trained.dataset, trained)
    assert dock.empty.isHidden()
    page = dock.stack.currentWidget()
    assert dock.stack.minimumSizeHint().height() >= page.minimumSizeHint().height()
    assert scrolled.minimumSizeHint().width() == pytest.approx(wide, abs=20)  # that of the scroll bar
