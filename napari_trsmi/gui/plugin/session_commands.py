"""A session to a file and back: commands, and the reader that napari asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari import Viewer

from napari_trsmi.gui.viewer.sessions import session_of


def save_session(viewer: Viewer) -> None:
    """Save what is open, how it lies and what was kept."""
    from qtpy.QtWidgets import QApplication

    from napari_trsmi.gui.workspace import files

    files.save_session(session_of(viewer), QApplication.activeWindow())


def open_session(viewer: Viewer) -> None:
    """Ask for a session file, and open all that it names."""
    from qtpy.QtWidgets import QApplication

    from napari_trsmi.gui.workspace import asking, files

    window = QApplication.activeWindow()
    if (path := asking.which(window)) is not None:
        files.open_session(viewer, path, window)


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[Any]] | None:
    """Return `read_session` for one session file, by its name alone."""
    from napari_trsmi.gui.workspace.files import is_session

    return read_session if isinstance(path, str | Path) and is_session(path) else None


def read_session(path: str | Sequence[str]) -> list[Any]:
    """Return the layers of all sections of a session file; in a running window it is opened there, and none returned.

    Raises
    ------
    DataError
        The file is no session file, or data that it names cannot be read, and no person is there to be told.
    """
    from qtpy.QtCore import QTimer

    from napari_trsmi.errors import DataError
    from napari_trsmi.gui.viewer.docks import viewer_in_use
    from napari_trsmi.gui.viewer.layers import section_layers
    from napari_trsmi.gui.workspace import files, record
    from napari_trsmi.gui.workspace.reopening import reopened

    file = Path(str(path))
    if (viewer := viewer_in_use()) is not None:
        QTimer.singleShot(0, lambda: files.open_session(viewer, file))  # once napari has done with the drop
        return [(None,)]
    layers = []
    for section, problems in (reopened(one, file.absolute().parent, {}) for one in record.read(file).sections):
        if section is None:
            raise DataError(" ".join(problems))
        layers += section_layers(section)
    return layers
