"""The docks of the plugin as tabs in one place, in the order of the menu, also those that are opened again."""

from __future__ import annotations

from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QChildEvent, QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication, QDockWidget, QMainWindow

from napari_trsmi.gui.viewer.docks import DOCKS, ON_DEMAND, PLUGIN, TABS, WIDTH
from napari_trsmi.gui.viewer.tabs import close_tabs


class Arrangement(QObject):
    """Watches a main window: a dock of ours that is new there becomes a tab beside the others.

    napari would put it below them. Docks that a person drags elsewhere stay there. One that was hidden comes to the
    front when it is shown: it was asked for.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._shown: list[QDockWidget] = []
        window.installEventFilter(self)
        for dock in self.docks:
            dock.installEventFilter(self)

    @property
    def _window(self) -> QMainWindow:
        window = self.parent()  # kept by nobody else: that would keep the viewer alive
        assert isinstance(window, QMainWindow)
        return window

    @property
    def docks(self) -> list[QDockWidget]:
        """The docks of the plugin in the window, in the order of the menu."""
        return sorted(filter(_is_ours, self._window.findChildren(QDockWidget)), key=_rank)

    def settle(self, dock: QDockWidget) -> None:
        """Make a dock a tab beside the others, at its place among them, as wide as they are."""
        dock.setWindowTitle(TABS.get(_name(dock), _name(dock)))  # with napari's " (napari-trsmi)" there is no room
        dock.installEventFilter(self)
        window, area = self._window, self._window.dockWidgetArea(dock)
        others = [
            one for one in self.docks if one is not dock and not one.isFloating() and window.dockWidgetArea(one) == area
        ]
        if dock.isFloating():
            return
        if not others:
            window.resizeDocks([dock], [WIDTH], Qt.Orientation.Horizontal)
            return
        home = next((one for one in others if not one.isHidden()), others[0])
        tabs, width = [home, *window.tabifiedDockWidgets(home)], home.width()  # without those that are hidden
        group = [one for one in others if one in tabs or one.isHidden()]
        after = [one for one in group if _rank(one) > _rank(dock)]
        window.tabifyDockWidget(group[0] if group[0] not in after else group[-1], dock)
        for one in after:  # each goes to the end, in this order
            window.tabifyDockWidget(dock, one)
        if not home.isHidden():
            window.resizeDocks([dock], [width], Qt.Orientation.Horizontal)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: D102
        if event is None:
            return False
        if event.type() == QEvent.Type.ChildPolished and isinstance(event, QChildEvent):
            child = event.child()
            if isinstance(child, QDockWidget) and _is_ours(child):
                self._on_new(child)
        elif event.type() == QEvent.Type.ShowToParent and isinstance(watched, QDockWidget):
            self._shown.append(watched)
            QTimer.singleShot(0, self._raise)
        return False

    def _on_new(self, dock: QDockWidget) -> None:
        if any(one in self.docks for one in self._window.tabifiedDockWidgets(dock)):
            return  # it was put there by `open_docks`, or as a person left it
        self.settle(dock)
        dock.raise_()

    def calm(self) -> None:
        """Leave in front what is: nobody asked for the docks that have just been shown."""
        self._shown.clear()

    def _raise(self) -> None:
        """Bring the dock that was shown to the front; where many were at once, nobody asked for one of them."""
        shown, self._shown = self._shown, []
        if len(shown) == 1 and isalive(shown[0]):
            shown[0].raise_()


def arrangement_of(window: Any) -> Arrangement:
    """Return what arranges the docks of a main window, made when first asked for."""
    found = next((child for child in window.children() if isinstance(child, Arrangement)), None)
    if found is None:
        close_tabs(window)
    return Arrangement(window) if found is None else found


def arrange_windows() -> None:
    """Watch all main windows there are, so that docks opened one by one from the menu are arranged too."""
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QMainWindow):
            arrangement_of(widget)


def _name(dock: QDockWidget) -> str:
    return dock.objectName().removesuffix(f" ({PLUGIN})")


def _is_ours(dock: QDockWidget) -> bool:
    return dock.objectName().endswith(f" ({PLUGIN})")


def _rank(dock: QDockWidget) -> tuple[int, str]:
    order = (*DOCKS, *ON_DEMAND)
    name = _name(dock)
    return (order.index(name) if name in order else len(order)), name
