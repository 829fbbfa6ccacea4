"""The dock that a widget is in, and a click on the tab of another one."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QDockWidget, QTabBar


def docked(widget):
    while not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget


def go_to(qtbot, dock, title):
    """Click a tab beside a dock."""
    for bar in docked(dock).parentWidget().findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
        for at in range(bar.count()):
            if bar.isVisible() and bar.tabText(at).startswith(title):
                qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(at).center())
                QApplication.processEvents()
                return
    raise AssertionError(title)
