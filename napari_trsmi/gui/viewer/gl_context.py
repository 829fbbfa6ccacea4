"""The graphics of a layer that is removed go where they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.compat import isalive
from qtpy.QtCore import QObject
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QMainWindow

from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer


class CanvasContext(QObject):
    """Makes the OpenGL context of the canvas the current one before a layer is removed.

    napari 0.9.2 deletes buffers and shaders of a layer at once, in whichever context is current. After the window was
    drawn that is the one of Qt, and where Mesa computes OpenGL, the next draw of the canvas then ends the program.
    """

    def __init__(self, window: QMainWindow, viewer: Viewer) -> None:
        super().__init__(window)
        self._canvas = window.findChild(QOpenGLWidget)
        listen(self, (viewer.layers.events.removing, self._enter))

    def _enter(self, _: object = None) -> None:
        if self._canvas is not None and isalive(self._canvas):
            self._canvas.makeCurrent()
