"""The tabs of docks that share a place: close together, so that all names can be read in a narrow column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QTabBar

if TYPE_CHECKING:
    from qtpy.QtWidgets import QMainWindow

CLOSE = "QTabBar::tab { padding: 3px 2px; }"  # napari's own is 3px 6px


class _CloseTabs(QObject):
    """Styles the tab bars that a window makes when docks are put onto each other, now and later."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        window.installEventFilter(self)
        for child in window.children():
            self._style(child)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.ChildPolished:
            self._style(event.child())  # type: ignore[attr-defined]
        return False

    def _style(self, child: QObject | None) -> None:
        if isinstance(child, QTabBar) and child.styleSheet() != CLOSE:
            child.setStyleSheet(CLOSE)
            child.setElideMode(Qt.TextElideMode.ElideNone)  # two tabs that read "T…" say nothing: rather arrows
            child.setUsesScrollButtons(True)


def close_tabs(window: QMainWindow) -> None:
    """Set the tabs of docks in a window close together."""
    if window.findChild(_CloseTabs) is None:
        _CloseTabs(window)
