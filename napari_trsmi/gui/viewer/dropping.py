"""Files that are dropped on the window: annotations become columns of the section that is open.

A table of barcodes is a CSV like many others. Were it one of our files for napari, it would ask at every CSV which
plugin shall read it; so a drop is looked at before napari sees it, and left to it unless it is for us. napari takes
drops on its canvas alone: what we can open may be dropped on a dock as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QMainWindow, QWidget

from napari_trsmi.gui.viewer.docks import PLUGIN
from napari_trsmi.gui.viewer.reader import get_reader
from napari_trsmi.gui.words import SESSION

if TYPE_CHECKING:
    from napari_trsmi.gui.session import Session


class _Drops(QObject):
    """Looks at what is dropped on a widget."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = ref(session)
        parent.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take a drop that is for us."""
        session = self._session()
        if session is None or event is None or event.type() != QEvent.Type.Drop:
            return False
        paths = _paths(event)
        if not paths or not all(is_for_us(session, path) for path in paths):
            return False
        event.accept()
        _bring_in(session, paths)
        return True


class _Beside(QObject):
    """Takes sections, sessions and annotations that are dropped on a window beside its canvas."""

    def __init__(self, session: Session, window: QMainWindow) -> None:
        super().__init__(window)
        self._session = ref(session)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take files of ours; all else, such as a layer that is dragged, is not taken here."""
        session = self._session()
        if session is None or event is None or event.type() not in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            return False
        paths = _paths(event)
        if not paths or not all(is_for_us(session, path) or _opens(path) for path in paths):
            return False
        event.accept()
        if event.type() == QEvent.Type.Drop:
            own = [path for path in paths if is_for_us(session, path)]
            _bring_in(session, own)
            if others := [str(path) for path in paths if path not in own]:
                QTimer.singleShot(0, lambda: session.canvas.viewer.open(others, plugin=PLUGIN))
        return True


def take_drops(widget: QWidget, session: Session) -> None:
    """Look from now on at what is dropped on the window that a widget is in; once is enough."""
    window = widget.window()
    canvas = window.centralWidget() if isinstance(window, QMainWindow) else None
    inside = [] if canvas is None else [canvas, *canvas.findChildren(QWidget)]
    for target in inside:
        if target.acceptDrops() and target.findChild(_Drops) is None:
            _Drops(session, target)
    if isinstance(window, QMainWindow) and window.findChild(_Beside) is None:
        _Beside(session, window)


def _paths(event: QEvent) -> list[Path]:
    """Return the files of a drag or drop; none where it has something else."""
    data: Any = event.mimeData()  # type: ignore[attr-defined]
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []


def _bring_in(session: Session, paths: Sequence[Path]) -> None:
    from napari_trsmi.gui.exporting import bring_in

    for path in paths:
        bring_in(session, path)


def _opens(path: Path) -> bool:
    """Return whether a path looks like a section or a session; never raises."""
    return path.name.lower().endswith(SESSION) or get_reader(str(path)) is not None


def is_for_us(session: Session, path: Path) -> bool:
    """Return whether a file has annotations: GeoJSON, or a CSV of barcodes or selections; never raises."""
    from napari_trsmi.exchange.geojson import is_geojson
    from napari_trsmi.exchange.groups import is_groups

    ending = path.suffix.lower()
    if ending in (".geojson", ".json"):
        return is_geojson(path)
    dataset = session.dataset
    return ending == ".csv" and is_groups(path, None if dataset is None else dataset.obs_names)
