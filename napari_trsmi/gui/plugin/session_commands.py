"""The first minutes and the next day: the tour, recent files, a session to a file and back."""

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


def open_recent(viewer: Viewer) -> None:
    """List the files that were open before, in the middle of the window, to open some again."""
    from qtpy.QtGui import QCursor
    from qtpy.QtWidgets import QApplication

    from napari_trsmi.gui.viewer.opening import RecentMenu, open_soon
    from napari_trsmi.gui.workspace import files

    session, window = session_of(viewer), QApplication.activeWindow()

    def open_set(paths: Sequence[str]) -> None:
        if len(paths) == 1 and files.is_session(paths[0]):
            files.open_session(session.canvas.viewer, Path(paths[0]), window)
        else:
            open_soon(session, paths)

    menu = RecentMenu(open_set)
    middle = QCursor.pos() if window is None else window.mapToGlobal(window.rect().center())
    menu.exec(middle)


def take_tour(viewer: Viewer) -> None:
    """Take the tour of six steps on the sample."""
    from napari_trsmi.gui.tour.tour import start_tour

    start_tour(viewer)


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
    from napari_trsmi.errors import DataError
    from napari_trsmi.gui.viewer.docks import viewer_in_use
    from napari_trsmi.gui.viewer.layers import section_layers
    from napari_trsmi.gui.viewer.reader import later
    from napari_trsmi.gui.workspace import files, record
    from napari_trsmi.gui.workspace.reopening import reopened

    file = Path(str(path))
    if (viewer := viewer_in_use()) is not None:
        return later(viewer, lambda session: files.open_session(session.canvas.viewer, file))
    layers = []
    for section, problems in (reopened(one, file.absolute().parent, {}) for one in record.read(file).sections):
        if section is None:
            raise DataError(" ".join(problems))
        layers += section_layers(section)
    return layers
