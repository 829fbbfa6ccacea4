"""Open the docks of the plugin in a viewer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, WeakSet, ref

from napari_trsmi.gui.viewer.home import fit
from napari_trsmi.gui.viewer.sections import marked
from napari_trsmi.gui.viewer.sessions import session_of

if TYPE_CHECKING:
    from napari import Viewer
    from qtpy.QtCore import QSize
    from qtpy.QtWidgets import QDockWidget, QMainWindow

    from napari_trsmi.gui.viewer.canvas import Canvas

PLUGIN = "napari-trsmi"
TRAIN, COLOUR, BOUNDARIES, ASK = "Train", "Colour by", "Boundaries", "Ask"
CORRECT, TRUST, COMPARE = "Correct", "Trust", "Compare"
REGIONS, EMBEDDING = "Regions", "Embedding"
DOCKS = (TRAIN, COLOUR, BOUNDARIES, ASK, CORRECT, TRUST, COMPARE)  # from left to right, as in the menu
ON_DEMAND = (REGIONS, EMBEDDING)  # those that a person opens, right of the others
TABS = {COLOUR: "Colour"}  # where the name is too long for one of six tabs
WIDTH = 330  # pixels: enough for all tabs to be read
ROOM = 1280, 800  # pixels of a window in which docks and canvas have room; a new one of napari has less

SETTLE = 100  # milliseconds until docks have their final width

_OPENED: WeakSet[Viewer] = WeakSet()  # viewers that got their docks; what a person closes there stays closed


def open_docks(viewer: Viewer) -> None:
    """Open all docks of the beginning in one place on the right, Train in front."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    _OPENED.add(viewer)
    for name in DOCKS:
        _open_one(viewer, name)
    _show_train(viewer)


def docks_in_turn(canvas: Canvas) -> Iterator[None]:
    """Open them as `open_docks_once` does, one at each step."""
    if canvas.viewer in _OPENED:
        return
    _OPENED.add(canvas.viewer)
    for name in DOCKS:
        yield
        if canvas.there is not None:
            _open_one(canvas.viewer, name)
    yield
    if canvas.there is not None:
        _show_train(canvas.viewer)


def _open_one(viewer: Viewer, name: str) -> None:
    from napari_trsmi.gui.viewer.arrangement import arrangement_of

    there = docks_of(viewer)
    if name in there and not there[name].isHidden():
        return  # each move would have the docks come and go, and with them what they draw
    before = [dock for dock in there.values() if not dock.visibleRegion().isEmpty()]
    dock, _ = viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=name != TRAIN)
    arrangement = arrangement_of(dock.window())
    arrangement.settle(dock)
    dock.show()
    arrangement.calm()
    for one in before:  # what a person looks at stays in front
        one.raise_()


def _show_train(viewer: Viewer) -> None:
    from qtpy.QtCore import Qt, QTimer

    train, _ = viewer.window.add_plugin_dock_widget(PLUGIN, TRAIN)
    train.raise_()
    _make_room(train.window())
    train.window().resizeDocks([train], [WIDTH], Qt.Orientation.Horizontal)
    QTimer.singleShot(SETTLE, partial(_fit, ref(viewer)))


def docks_of(viewer: Viewer) -> dict[str, QDockWidget]:
    """Return the docks of this plugin that are there, shown or closed, by the name in the menu."""
    from qtpy.QtWidgets import QDockWidget

    found: dict[str, QDockWidget] = {}
    if not hasattr(viewer, "window"):
        return found
    for name, widget in viewer.window.dock_widgets.items():
        dock: Any = widget
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parent()
        if name.endswith(f" ({PLUGIN})") and dock is not None:
            found[name.removesuffix(f" ({PLUGIN})")] = dock
    return found


def open_dock(viewer: Viewer, name: str) -> None:
    """Open one dock, or bring it to the front: beside the others as a tab."""
    from napari_trsmi.gui.viewer.arrangement import arrangement_of

    viewer = getattr(viewer, "__wrapped__", viewer)
    dock, _ = viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
    arrangement_of(dock.window()).settle(dock)
    dock.show()
    dock.raise_()


def _make_room(window: QMainWindow) -> None:
    """Enlarge a small window as far as the screen allows, and keep it on the screen."""
    from qtpy.QtCore import QSize

    keep_on_screen(window, window.size().expandedTo(QSize(*ROOM).boundedTo(largest(window))))


def largest(window: QMainWindow) -> QSize:
    """Return the largest size of a window, frame not counted, that its screen has room for."""
    screen = window.screen()
    frame = window.frameGeometry().size() - window.size()
    return window.size() if screen is None else screen.availableGeometry().size() - frame


def keep_on_screen(window: QMainWindow, wanted: QSize) -> None:
    """Give a window a size, and keep it on the screen with its frame; one that fills the screen stays."""
    screen = window.screen()
    if screen is None or window.isMaximized() or window.isFullScreen():
        return
    there, outer = screen.availableGeometry(), wanted + window.frameGeometry().size() - window.size()
    window.resize(wanted)
    corner = window.pos()
    window.move(  # the screen may end before the window does
        max(there.left(), min(corner.x(), there.right() + 1 - outer.width())),
        max(there.top(), min(corner.y(), there.bottom() + 1 - outer.height())),
    )


def _fit(viewer: ReferenceType[Viewer]) -> None:
    """Show the whole section again: docks have taken a part of the canvas."""
    if (there := viewer()) is None:
        return
    session = session_of(there)
    drawn = [layer for layer, ours in marked(there) if ours["section"] is session.section]
    if session.section is not None and drawn:
        fit(there, drawn)


def open_docks_once(viewer: Viewer) -> None:
    """Open the docks with the first file: beside one that is there already, and what is closed then stays closed."""
    if viewer not in _OPENED:
        open_docks(viewer)


def viewer_in_use() -> Viewer | None:
    """Return the viewer in which a person is doing something just now, or None where a program does it.

    What a person does comes from a running event loop: a menu, a drop, a button. What a script does before
    `napari.run`, and what happens without a window, does not.
    """
    if "qtpy.QtWidgets" not in sys.modules:
        return None
    from napari import current_viewer
    from qtpy.QtCore import QThread
    from qtpy.QtWidgets import QApplication

    app = QApplication.instance()
    thread = QThread.currentThread()
    if app is None or thread is None or app.thread() != thread or thread.loopLevel() == 0:
        return None
    viewer: Viewer | None = current_viewer()
    return viewer
