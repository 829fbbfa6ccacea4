"""Files that are dropped on the window: sections, a session, or annotations, which become columns of the open section.

A drop is looked at before napari sees it, and left to it unless it is for us. napari opens each file by itself, a
picture of a section too; of a CSV of barcodes, which is one like many others, it would ask which plugin shall read it.
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

from napari_trsmi.config import Config
from napari_trsmi.gui.viewer.docks import PLUGIN
from napari_trsmi.gui.words import SESSION

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session

MOST = 10_000_000  # bytes of a file that is looked into to say what it is


class _Drops(QObject):
    """Takes files of ours that are dropped on a widget, and leaves all others to whoever had them."""

    def __init__(self, session: Session, target: QWidget) -> None:
        super().__init__(target)
        self._session = ref(session)
        target.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Answer the drop, or let it through."""
        session = self._session()
        if session is None or event is None or event.type() != QEvent.Type.Drop:
            return False
        act = _answer(session, _paths(event))
        if act is None:
            return False
        event.accept()
        if watched is not None:
            QCoreApplication.sendEvent(watched, QDragLeaveEvent())  # napari marks where something is dragged
        QTimer.singleShot(0, act)  # a question must not wait inside the drop
        return True


class _Beside(QObject):
    """Takes files of ours that are dropped on a window beside its canvas, where napari takes none."""

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
        act = _answer(session, _paths(event))
        if act is None:
            return False
        event.accept()
        if event.type() == QEvent.Type.Drop:
            QTimer.singleShot(0, act)
        return True


def _paths(event: QEvent) -> list[Path]:
    """Return the files of a drag or drop; none where it has something else, or napari is asked for its plugins."""
    drop: Any = event
    data = drop.mimeData()
    if drop.modifiers() != Qt.KeyboardModifier.NoModifier or not data.hasUrls():
        return []
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def _answer(session: Session, paths: Sequence[Path]) -> Callable[[], object] | None:
    """Return what opens these files, or None where they are not for us."""
    from napari_trsmi.data.readers.text_tables import has_counts, is_text_table
    from napari_trsmi.gui.viewer.opening import open_soon
    from napari_trsmi.gui.viewer.reader import get_reader

    if not paths:
        return None
    if len(paths) == 1 and paths[0].name.lower().endswith(SESSION):
        return partial(session.canvas.viewer.open, str(paths[0]), plugin=PLUGIN)
    if get_reader([str(path) for path in paths]) is not None:
        return partial(open_soon, session, [str(path) for path in paths])
    together = any(map(is_text_table, paths)) and all(is_text_table(one) or get_reader(str(one)) for one in paths)
    first = together and session.dataset is None and any(map(has_counts, paths))  # there is nothing to annotate yet
    if not first and all(is_for_us(session, path) for path in paths):
        return partial(_bring_in, session, paths)
    if together:
        return partial(open_soon, session, [str(path) for path in paths])
    if all(path.suffix.lower() == ".json" for path in paths) and not any(map(_is_read_by_another, paths)):
        return lambda: session.failed.emit(_no_use_of(paths[0]))
    return None


def _is_read_by_another(path: Path) -> bool:
    """Return whether another plugin reads files of this name; napari's own reads all names, and none of them."""
    from npe2 import PluginManager

    readers = PluginManager.instance().iter_compatible_readers([str(path)])
    return any(one.command.split(".")[0] not in (PLUGIN, "napari") for one in readers)


def _no_use_of(path: Path) -> str:
    """Return what is wrong with a JSON file that is none of ours, and what to do."""
    import json

    expected = f"Expected polygons (GeoJSON) or a session ({SESSION}) in {path.name}, found"
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size < MOST else None
    except (OSError, ValueError, RecursionError):
        return f"{expected} no complete JSON. Export or copy the file again."
    if isinstance(found, dict) and ("config" in found or set(found) <= set(Config.model_fields)) and found:
        return f"{expected} settings of a run. Take them over in Train: Presets > Load settings."
    return f"{expected} something else. Export the objects from QuPath as GeoJSON, or open the file that it belongs to."


def _bring_in(session: Session, paths: Sequence[Path]) -> None:
    from napari_trsmi.gui.jobs.exporting import bring_in

    for path in paths:
        bring_in(session, path)


def take_drops(widget: QWidget, session: Session) -> None:
    """Look from now on at what is dropped on the window that a widget is in; once is enough."""
    window = widget.window()
    canvas = window.centralWidget() if isinstance(window, QMainWindow) else None
    for target in [] if canvas is None else [canvas, *canvas.findChildren(QWidget)]:
        if target.acceptDrops() and target.findChild(_Drops) is None:
            _Drops(session, target)
    if isinstance(window, QMainWindow) and window.findChild(_Beside) is None:
        _Beside(session, window)


def is_for_us(session: Session, path: Path) -> bool:
    """Return whether a file is one of annotations: GeoJSON, or a CSV of barcodes or selections; never raises.

    So is one that should be and is broken or empty: we say so better than napari.
    """
    from napari_trsmi.exchange.geojson import is_geojson
    from napari_trsmi.exchange.groups import is_groups
    from napari_trsmi.exchange.packed import ending_of

    ending = ending_of(path)
    if ending in (".geojson", ".json"):
        return ending == ".geojson" or is_geojson(path)
    dataset = session.dataset
    return path.suffix.lower() == ".csv" and is_groups(path, None if dataset is None else dataset.obs_names)
