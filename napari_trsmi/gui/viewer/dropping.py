"""Files of annotations that are dropped on the window: they become columns of the section that is open.

A table of barcodes is a CSV like many others. Were it one of our files for napari, it would ask at every CSV which
plugin shall read it; so a drop is looked at before napari sees it, and left to it unless it is for us.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.QtCore import QEvent, QObject
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
        data: Any = event.mimeData()  # type: ignore[attr-defined]
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
        if not paths or not all(is_for_us(session, path) for path in paths):
            return False
        from napari_trsmi.gui.exporting import bring_in

        event.accept()
        for path in paths:
            bring_in(session, path)
        return True


def take_drops(widget: QWidget, session: Session) -> None:
    """Look from now on at what is dropped on the canvas of the window that a widget is in; once is enough."""
    window = widget.window()
    canvas = window.centralWidget() if isinstance(window, QMainWindow) else None
    for target in [] if canvas is None else [canvas, *canvas.findChildren(QWidget)]:
        if target.acceptDrops() and target.findChild(_Drops) is None:
            _Drops(session, target)


def is_for_us(session: Session, path: Path) -> bool:
    """Return whether a file has annotations: GeoJSON, or a CSV of barcodes or selections; never raises."""
    from napari_trsmi.exchange.geojson import is_geojson
    from napari_trsmi.exchange.groups import is_groups

    ending = path.suffix.lower()
    if ending in (".geojson", ".json"):
        return is_geojson(path)
    dataset = session.dataset
    return ending == ".csv" and is_groups(path, None if dataset is None else dataset.obs_names)
