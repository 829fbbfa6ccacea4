"""The dock "Colour by" in a window, and what is typed there."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication
from typed_keys import focus, press, type_keys

from napari_trsmi.gui.color.dock import ColorDock
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer.sessions import session_of


def dock_of(viewer):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Colour by")
    assert isinstance(dock, ColorDock)
    return dock


def opened(viewer, sample):
    session = session_of(viewer)
    session.activate(OpenSection(sample))
    dock = dock_of(viewer)
    while not dock.isVisible():  # until the window has room for it
        QApplication.processEvents()
    return dock, session


def type_in(qtbot, field, text):
    """Type into a field and press Enter, wherever the keys go: to the list that opened, or to the field."""
    focus(field, qtbot)
    type_keys(text)
    assert field.list.isVisible()
    press(Qt.Key.Key_Return)
