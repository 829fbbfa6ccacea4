"""How the window lies: which docks are open and where, and the camera; as it is, and as it was."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

from qtpy.QtCore import QByteArray, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_trsmi.gui.viewer.docks import PLUGIN, SETTLE, open_docks_once
from napari_trsmi.gui.workspace.record import Arrangement

if TYPE_CHECKING:
    from napari import Viewer


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
    docks = docks_of(viewer)
    front = [name for name, dock in docks.items() if dock.isVisible() and not dock.visibleRegion().isEmpty()]
    return Arrangement(
        docks=tuple(name for name, dock in docks.items() if _is_open(dock)),
        front=front[0] if front else "",
        window=base64.b64encode(window.saveState().data()).decode(),
        size=(window.width(), window.height()),
        **seen,
    )


def arrange(viewer: Viewer, wanted: Arrangement) -> None:
    """Lay the window of a viewer as it was, as far as it has the same docks; what cannot be is left as it is."""
    window = main_window(viewer, make=True)
    if window is not None:
        there = docks_of(viewer)
        for name in wanted.docks:
            if name not in there:
                _open(viewer, name)
        if wanted.size is not None and not (window.isMaximized() or window.isFullScreen()):
            screen = window.screen()
            most = wanted.size if screen is None else (screen.availableSize().width(), screen.availableSize().height())
            window.resize(*(min(size, largest) for size, largest in zip(wanted.size, most, strict=True)))
        _restore(window, wanted.window)
        if (front := docks_of(viewer).get(wanted.front)) is not None:
            front.show()
            front.raise_()
    _look_at(ref(getattr(viewer, "__wrapped__", viewer)), wanted)
    if window is not None:  # docks that have just opened show the whole section once they have their width
        QTimer.singleShot(2 * SETTLE, partial(_look_at, ref(getattr(viewer, "__wrapped__", viewer)), wanted))


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


def docks_of(viewer: Viewer) -> dict[str, QDockWidget]:
    """Return the docks of this plugin that are there, shown or closed, by the name in the menu."""
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


def _is_open(dock: QDockWidget) -> bool:
    action = dock.toggleViewAction()  # also true of one that lies behind another
    return action is not None and action.isChecked()


def _open(viewer: Viewer, name: str) -> None:
    try:
        viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
    except (KeyError, ValueError):  # a dock that this version does not have
        return


def _restore(window: QMainWindow, state: str) -> None:
    """Let Qt put docks where they were; it refuses what it did not write."""
    try:
        raw = base64.b64decode(state, validate=True)
    except (binascii.Error, ValueError):
        return
    if raw:
        window.restoreState(QByteArray(raw))
