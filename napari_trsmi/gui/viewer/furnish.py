"""What a window of napari gets once, with the first dock: keys, menu, the line of the mouse, drops, safe graphics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QMainWindow, QWidget

from napari_trsmi.gui.viewer.dropping import take_drops
from napari_trsmi.gui.viewer.gl_context import CanvasContext
from napari_trsmi.gui.viewer.hover import hover_of
from napari_trsmi.gui.viewer.keys import WindowKeys, keys_of
from napari_trsmi.gui.viewer.undo_menu import UndoMenu

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session import Session


def furnish(widget: QWidget, viewer: Viewer, session: Session) -> WindowKeys | None:
    """Furnish the main window that `widget` is in, once, and return its keys; None where it is in none."""
    viewer = getattr(viewer, "__wrapped__", viewer)  # docks get a proxy that nothing else keeps alive
    keys = keys_of(widget, viewer, session)
    if keys is None:
        return None
    window = keys.parent()
    assert isinstance(window, QMainWindow)
    if window.findChild(UndoMenu) is None:
        UndoMenu(window, session, keys)
        CanvasContext(window, viewer)
    hover_of(window, viewer, session)
    take_drops(widget, session)
    return keys
