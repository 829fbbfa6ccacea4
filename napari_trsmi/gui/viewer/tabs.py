"""The tabs of docks that share a place: close together, and those for which there is no room in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QMenu, QTabBar, QToolButton

if TYPE_CHECKING:
    from qtpy.QtWidgets import QMainWindow

PLAIN = "QTabBar { background: transparent; border: none }"  # napari colours what the tabs leave like one more tab
CLOSE = f"{PLAIN} QTabBar::tab {{ padding: 3px 2px; }}"  # napari's own is 3px 6px
MORE = "More"


class _CloseTabs(QObject):
    """Styles the tab bars that a window makes when docks are put onto each other, now and later."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._rests: list[_Rest] = []  # Python forgets what only a bar holds, of which it keeps nothing itself
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
            child.setElideMode(Qt.TextElideMode.ElideNone)  # two tabs that read "T…" say nothing
            child.setUsesScrollButtons(True)
            self._rests = [*filter(isalive, self._rests), _Rest(child)]


class _Rest(QObject):
    """Shows of a bar the tabs that fit whole, the one in front among them, and the rest behind a button.

    Arrows would cut the first tab that is seen and hide the others without their names.
    """

    def __init__(self, bar: QTabBar) -> None:
        super().__init__(bar)
        self._seen: tuple[object, ...] = ()
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.timeout.connect(self._fit)
        self.button = QToolButton(bar)
        self.button.setObjectName("trsmi-more-docks")
        self.button.setStyleSheet("QToolButton { padding: 0px 2px } QToolButton::menu-indicator { image: none }")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.button)
        self.button.setMenu(self.menu)
        self.button.hide()
        bar.installEventFilter(self)

    @property
    def _bar(self) -> QTabBar:
        bar = self.parent()
        assert isinstance(bar, QTabBar)
        return bar

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        drawn = event is not None and event.type() in (QEvent.Type.Paint, QEvent.Type.Resize)
        if drawn and not self._due.isActive() and self._state() != self._seen:
            self._due.start(0)  # not while the bar is being laid out
        return False

    def _state(self) -> tuple[object, ...]:
        bar = self._bar
        texts = tuple(bar.tabText(at) for at in range(bar.count()))
        return bar.size(), texts, bar.currentIndex(), tuple(bar.isTabVisible(at) for at in range(bar.count()))

    def _fit(self) -> None:
        bar, button = self._bar, self.button
        self._show(set(range(bar.count())))
        widths = [bar.tabRect(at).width() for at in range(bar.count())]
        first, last, room = bar.currentIndex(), bar.count(), bar.width()
        shown = set(range(last))
        if sum(widths) > room and first >= 0:
            button.setText(f"{MORE} ▾")
            room -= button.sizeHint().width() + widths[first]
            shown = {first}
            for at in range(last):
                if at != first and (room := room - widths[at]) >= 0:
                    shown.add(at)
                elif at != first:
                    break
        self._show(shown)
        bar.setElideMode(bar.elideMode())  # lays out anew, without what was scrolled before
        self._list([at for at in range(last) if at not in shown])
        self._seen = self._state()

    def _show(self, shown: set[int]) -> None:
        bar = self._bar
        for at in range(bar.count()):
            if bar.isTabVisible(at) != (at in shown):  # else Qt forgets that it has to lay out the others
                bar.setTabVisible(at, at in shown)

    def _list(self, hidden: list[int]) -> None:
        bar, button = self._bar, self.button
        self.menu.clear()
        for at in hidden:
            action = self.menu.addAction(bar.tabText(at))
            assert action is not None
            action.triggered.connect(lambda _=False, at=at: bar.setCurrentIndex(at))
        names = ", ".join(bar.tabText(at) for at in hidden)
        button.setToolTip(f"More docks: {names}")
        button.setAccessibleName(f"More docks: {names}")
        button.setVisible(bool(hidden))
        width = button.sizeHint().width()
        button.setGeometry(bar.width() - width, 0, width, bar.height())


def close_tabs(window: QMainWindow) -> None:
    """Set the tabs of docks in a window close together."""
    if window.findChild(_CloseTabs) is None:
        _CloseTabs(window)
