"""How the window lies: which docks are open and where, and the camera; as it is, and as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

from qtpy.QtCore import QPoint, QRect, QSize, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_trsmi.gui import anchors
from napari_trsmi.gui.viewer.docks import PLUGIN, SETTLE, WIDTH, docks_of, keep_on_screen, largest, open_docks_once
from napari_trsmi.gui.workspace.saved_window import Arrangement, SavedDock, SavedRows

if TYPE_CHECKING:
    from napari import Viewer


AREAS: dict[Any, Qt.DockWidgetArea] = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "top": Qt.DockWidgetArea.TopDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}
MUCH_SMALLER = 0.9  # share of the size of a window before, from which down its layout would not fit
LEAST = 200, 150  # pixels of a dock that floats


def as_it_lies(viewer: Viewer) -> Arrangement:
    """Return how the window of a viewer lies; of one without a window only the camera."""
    camera = viewer.scene.camera
    seen = {
        "center": tuple(float(at) for at in camera.center[-2:]),
        "zoom": float(camera.zoom),
    }
    window = main_window(viewer)
    if window is None:
        return Arrangement(**seen)
    docks = {name: dock for name, dock in docks_of(viewer).items() if _is_open(dock)}
    front = [name for name, dock in docks.items() if dock.isVisible() and not dock.visibleRegion().isEmpty()]
    return Arrangement(
        docks=tuple(_saved(window, docks, name) for name in docks),
        front=front[0] if front else "",
        size=(window.width(), window.height()),
        rows=None if (review := _review(window)) is None else SavedRows(**review.rows_shown),
        **seen,
    )


def arrange(viewer: Viewer, wanted: Arrangement) -> None:
    """Lay the window of a viewer as it was, as far as it has the same docks; what cannot be is left as it is."""
    window = main_window(viewer, make=True)
    if window is not None:
        if wanted.size is not None:
            keep_on_screen(window, QSize(*wanted.size).boundedTo(largest(window)))
        _lay(viewer, window, wanted.docks, _share(window, wanted.size))
        if wanted.rows is not None and (review := _review(window)) is not None:
            review.show_rows(**wanted.rows.model_dump())
        if (front := docks_of(viewer).get(wanted.front)) is not None:
            front.show()
            front.raise_()
    _look_at(ref(getattr(viewer, "__wrapped__", viewer)), wanted)
    if window is not None:  # docks that have just opened show the whole section once they have their width
        QTimer.singleShot(2 * SETTLE, partial(_look_at, ref(getattr(viewer, "__wrapped__", viewer)), wanted))


def _review(window: QMainWindow) -> Any:
    """Return the list of boundaries in a window; None where it was never open."""
    return window.findChild(QWidget, anchors.REVIEW)


def _share(window: QMainWindow, size: tuple[int, int] | None) -> float:
    """Return how large a window is beside a size, 1 at most: what was laid out in a larger one would not fit."""
    share = 1.0 if size is None else min(1.0, window.width() / size[0], window.height() / size[1])
    return share if share < MUCH_SMALLER else 1.0


def _look_at(viewer: ReferenceType[Viewer], wanted: Arrangement) -> None:
    if (there := viewer()) is not None and wanted.center is not None and wanted.zoom is not None:
        there.scene.camera.center, there.scene.camera.zoom = wanted.center, wanted.zoom


def main_window(viewer: Viewer, make: bool = False) -> QMainWindow | None:
    """Return the window that the docks of a viewer lie in; None where it has none, unless docks are to be made."""
    if not hasattr(viewer, "window"):
        return None
    if make:
        open_docks_once(viewer)
    for dock in docks_of(viewer).values():
        parent = dock.parent()
        if isinstance(parent, QMainWindow):
            return parent
    return None


def _is_open(dock: QDockWidget) -> bool:
    action = dock.toggleViewAction()  # also true of one that lies behind another
    return action is not None and action.isChecked()


def _saved(window: QMainWindow, docks: Mapping[str, QDockWidget], name: str) -> SavedDock:
    """Return where one of the open docks lies."""
    dock = docks[name]
    if dock.isFloating():
        at = dock.geometry()
        return SavedDock(name=name, floating=(at.x(), at.y(), at.width(), at.height()))
    tabs = [*window.tabifiedDockWidgets(dock), dock]
    beside = next(other for other, one in docks.items() if one in tabs)  # itself where it is the first of them
    area = next((word for word, one in AREAS.items() if one == window.dockWidgetArea(dock)), "right")
    return SavedDock(name=name, area=area, beside="" if beside == name else beside, width=dock.width())


def _lay(viewer: Viewer, window: QMainWindow, wanted: Sequence[SavedDock], share: float = 1.0) -> None:
    """Put docks where they were, as wide in a window of a `share`; those of ours that were not open are hidden."""
    if not wanted:
        return
    for one in wanted:
        if one.name not in docks_of(viewer):
            _open(viewer, one.name)
    there = docks_of(viewer)
    for name, dock in there.items():
        if name not in {one.name for one in wanted}:
            dock.hide()
    widths: dict[QDockWidget, int] = {}
    for one in wanted:
        if one.name not in there:
            continue
        dock, home = there[one.name], there.get(one.beside)
        dock.show()
        if one.floating is not None:
            dock.setFloating(True)
            dock.setGeometry(_on_screen(QRect(*one.floating), window))
            continue
        dock.setFloating(False)
        if window.dockWidgetArea(dock) != AREAS[one.area]:
            window.addDockWidget(AREAS[one.area], dock)
        if home is None:
            widths[dock] = max(round(one.width * share), min(one.width, WIDTH))
        elif home is not dock and home not in window.tabifiedDockWidgets(dock):
            window.tabifyDockWidget(home, dock)
    window.resizeDocks(list(widths), list(widths.values()), Qt.Orientation.Horizontal)


def _on_screen(wanted: QRect, window: QMainWindow) -> QRect:
    """Return a place on the screen of the window, as large as it can be: the screen before may have been another."""
    screen = window.screen()
    if screen is None:
        return wanted
    room = screen.availableGeometry()
    size = wanted.size().boundedTo(room.size()).expandedTo(QSize(*LEAST))
    x = max(room.left(), min(wanted.x(), room.right() - size.width()))
    y = max(room.top(), min(wanted.y(), room.bottom() - size.height()))
    return QRect(QPoint(x, y), size)


def _open(viewer: Viewer, name: str) -> None:
    try:
        viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
    except (KeyError, ValueError):  # a dock that this version does not have
        return
