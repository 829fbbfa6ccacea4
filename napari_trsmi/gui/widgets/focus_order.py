"""Where the keys go next: past docks that lie behind others, and to nothing by chance where a button switches off."""

from __future__ import annotations

from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QApplication, QDockWidget, QWidget


class FocusOrder(QObject):
    """Follows the focus within one dock.

    Qt lays a dock behind another tab beside the screen and lets Tab walk through it unseen: here Tab goes on to what is
    seen. And where a button that has the focus is switched off, such as Run, Qt gives the focus to the next one, such
    as Cancel: here nothing has it until the button is back.
    """

    def __init__(self, dock: QWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self._off: QWidget | None = None  # had the focus when it was switched off
        self._place: QWidget | None = None  # that has it until then
        application: Any = QApplication.instance()
        application.focusChanged.connect(self._on_focus)

    def _on_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        if not isalive(self._dock):  # the focus moves once more while it goes
            return
        around = dock_around(self._dock)
        if now is not None and around is not None and around.isAncestorOf(now) and is_behind(around):
            back = before is not None and next_stop(now) is before
            if (seen := next_stop(now, back, seen=True)) is not None:
                seen.setFocus(Qt.FocusReason.BacktabFocusReason if back else Qt.FocusReason.TabFocusReason)
        elif (
            before is not None
            and isalive(before)
            and not before.isEnabled()
            and self._dock.isEnabled()
            and self._dock.isAncestorOf(before)
        ):
            self._keep(before)

    def _keep(self, button: QWidget) -> None:
        if self._off is not None and isalive(self._off):
            self._off.removeEventFilter(self)
        place: QWidget = button
        while not place.isEnabled() and place is not self._dock and (above := place.parentWidget()) is not None:
            place = above
        self._off, self._place = button, place
        button.installEventFilter(self)
        place.setFocus()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Give the focus back to what is switched on again, unless it went elsewhere."""
        button, place = self._off, self._place
        if button is None or watched is not button or event is None or event.type() != QEvent.Type.EnabledChange:
            return False
        if button.isEnabled():
            button.removeEventFilter(self)
            self._off = self._place = None
            if place is not None and isalive(place) and place.hasFocus():
                button.setFocus()
        return False


def dock_around(widget: QWidget) -> QDockWidget | None:
    """Return the dock that a widget is in."""
    around: QWidget | None = widget
    while around is not None and not isinstance(around, QDockWidget):
        around = around.parentWidget()
    return around


def is_behind(dock: QDockWidget) -> bool:
    """Return whether another tab lies before a dock."""
    return not dock.isFloating() and dock.geometry().right() < 0


def next_stop(widget: QWidget, back: bool = False, seen: bool = False) -> QWidget | None:
    """Return what Tab reaches after a widget.

    Parameters
    ----------
    back
        What it reaches with Shift.
    seen
        Leave out what is in a dock that lies behind another.
    """
    found = widget
    while True:
        after = found.previousInFocusChain() if back else found.nextInFocusChain()
        if after is None or after is widget:
            return None
        found = after
        if _is_stop(found) and not (seen and (around := dock_around(found)) is not None and is_behind(around)):
            return found


def _is_stop(widget: QWidget) -> bool:
    reached = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    return bool(reached) and widget.focusProxy() is None and widget.isEnabled() and widget.isVisible()
