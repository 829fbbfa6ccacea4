"""Buttons of a dock, clicked as soon as they can be."""

from __future__ import annotations

from qtpy.QtCore import Qt

LEFT = Qt.MouseButton.LeftButton


def press(qtbot, button):
    """Click a button that can be clicked."""
    qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled())
    qtbot.mouseClick(button, LEFT)
