"""What a window needs on this machine, and napari's event loop around what is shown in it."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari import Viewer

_PACKAGES = ("napari", "qtpy", "superqt", "magicgui", "psygnal", "pyqtgraph")
_BINDINGS = ("PyQt6", "PySide6", "PyQt5", "PySide2")


def missing() -> str:
    """Return why no window can be opened, and the way out, in one sentence; nothing where one can."""
    lacking = [name for name in _PACKAGES if find_spec(name) is None]
    if not any(find_spec(name) for name in _BINDINGS):
        lacking.append("Qt binding")
    if lacking:
        return (
            f"Expected the packages of the window, found no {', '.join(lacking)}. Install them with: "
            'pip install "napari-trsmi[all]", or "napari-trsmi[pyside]" for the window alone.'
        )
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in displays):
        return (
            "Expected a display to open a window on, found none. Use a desktop, ssh -X, or the commands that need no "
            "window, such as trsmi fit."
        )
    return ""


def new_viewer() -> Viewer:
    """Return a viewer in a new window."""
    if sys.platform == "win32":
        import torch  # noqa: F401  before Qt: the other way round its libraries do not load

    import napari

    viewer: Viewer = napari.Viewer()
    return viewer


def wait() -> None:
    """Return when all windows are closed."""
    import napari

    napari.run()
