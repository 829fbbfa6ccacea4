"""Keys as a person presses them: they go to the list that is open, else to the widget that has focus."""

from __future__ import annotations

import warnings

from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication


def focus(widget, qtbot):
    """Bring the window of a widget to the front and the keys to the widget."""
    window = widget.window()
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PySide6's; without it nothing is active on a bare screen
        QApplication.setActiveWindow(window)
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)


def type_keys(text):
    """Type a text, a key at a time, with what comes between keys."""
    for letter in text:
        QTest.keyClicks(_target(), letter)
        QApplication.processEvents()


def press(key):
    """Press a key."""
    QTest.keyClick(_target(), key)
    QApplication.processEvents()


def _target():
    return QApplication.activePopupWidget() or QApplication.focusWidget()
