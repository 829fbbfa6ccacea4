"""Files that are dropped on the window: sections, a session, or annotations, which become columns of the open section.

A drop is looked at before napari sees it, and left to it unless it is for us. napari opens each file by itself: two
modalities of one section would become two sections, and the window would wait. Of a CSV of barcodes, which is one like
many others, it would ask which plugin shall read it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QDragLeaveEvent
from qtpy.QtWidgets import QMainWindow, QWidget

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
        drop: Any = event
        data = drop.mimeData()
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
        if not paths or drop.modifiers() != Qt.KeyboardModifier.NoModifier:  # with a key, napari offers plugins
            return False
        act = _answer(session, paths)
        if act is None:
            return False
        event.accept()
        if watched is not None:
            QCoreApplication.sendEvent(watched, QDragLeaveEvent())  # napari marks where something is dragged
        QTimer.singleShot(0, act)  # a question must not wait inside the drop
        return True


def _answer(session: Session, paths: Sequence[Path]) -> Callable[[], object] | None:
    """Return what opens these files, or None where they are not for us."""
    from napari_trsmi.gui.exporting import bring_in
    from napari_trsmi.gui.viewer.opening import open_soon
    from napari_trsmi.gui.viewer.reader import get_reader
    from napari_trsmi.gui.workspace import files

    if len(paths) == 1 and files.is_session(paths[0]):
        return partial(files.open_session, session.canvas.viewer, paths[0])
    if get_reader([str(path) for path in paths]) is not None:
        return partial(open_soon, session, [str(path) for path in paths])
    if not all(is_for_us(session, path) for path in paths):
        return None

    def bring_all() -> None:
        for path in paths:
            bring_in(session, path)

    return bring_all


def take_drops(widget: QWidget, session: Session) -> None:
    """Look from now on at what is dropped on the canvas of the window that a widget is in; once is enough."""
    window = widget.window()
    canvas = window.centralWidget() if isinstance(window, QMainWindow) else None
    for target in [] if canvas is None else [canvas, *canvas.findChildren(QWidget)]:
        if target.acceptDrops() and target.findChild(_Drops) is None:
            _Drops(session, target)


def is_for_us(session: Session, path: Path) -> bool:
    """Return whether a file is one of annotations: GeoJSON, or a CSV of barcodes or selections; never raises.

    So is one that should be and is broken or empty: we say so better than napari.
    """
    from napari_trsmi.exchange.geojson import is_geojson
    from napari_trsmi.exchange.groups import is_groups

    ending = path.suffix.lower()
    if ending in (".geojson", ".json"):
        return ending == ".geojson" or is_geojson(path)
    dataset = session.dataset
    return ending == ".csv" and is_groups(path, None if dataset is None else dataset.obs_names)
