"""What a window of napari gets once, with the first dock: keys, menu, the line of the mouse, drops, safe graphics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_trsmi.gui.jobs.jobs import JobPanel
from napari_trsmi.gui.viewer.dock_problem import DockProblem
from napari_trsmi.gui.viewer.docks import PLUGIN
from napari_trsmi.gui.viewer.dropping import take_drops
from napari_trsmi.gui.viewer.gl_context import CanvasContext
from napari_trsmi.gui.viewer.hover import hover_of
from napari_trsmi.gui.viewer.keys import keys_of
from napari_trsmi.gui.viewer.theme import hint_style
from napari_trsmi.gui.viewer.undo_menu import UndoMenu
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.session import Session

HIDDEN = "{0} is hidden, and goes on: what it finds is there when you open it again (Plugins > {0})."


def equip(dock: QWidget, viewer: Viewer, session: Session) -> None:
    """Give a dock its line for what goes wrong, and with it its window what that needs; after `dock` has its layout."""
    DockProblem(viewer, session, dock)
    Furnishing(dock, session)


class Furnishing(QObject):
    """Furnishes the main window that a dock is shown in, whichever is the first there; and makes its hints legible."""

    _name = ""  # of the dock that it is in, as napari knows it

    def __init__(self, dock: QWidget, session: Session) -> None:
        super().__init__(dock)
        self._session = session
        self._dock = dock
        dock.installEventFilter(self)
        viewer = session.canvas.viewer
        dock.setStyleSheet(hint_style(viewer.theme))
        listen(self, (viewer.events.theme, self._on_theme))

    def _on_theme(self, event: Any) -> None:
        self._dock.setStyleSheet(hint_style(event.value))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Furnish the window before the dock hears that it is shown."""
        session: Session | None = getattr(self, "_session", None)  # PySide6 has let go of it while Qt takes this apart
        if session is not None and event is not None and event.type() == QEvent.Type.Show:
            viewer = session.canvas.there
            if viewer is not None and isinstance(watched, QWidget):
                furnish(watched, viewer, session)
        if session is not None and event is not None and event.type() == QEvent.Type.ParentChange:
            around: Any = self._dock.parent()
            if isinstance(around, QDockWidget):
                self._name = getattr(around, "name", "")
            QTimer.singleShot(0, self._part)
        return False

    def _part(self) -> None:
        """Let Qt delete what napari has taken out of its dock for good: under PySide6 nothing else would.

        A dock in which something is at work, or waits to be kept, is hidden instead: its answer would go with it.
        """
        if not isalive(self) or self._dock.parent() is not None:
            return
        viewer = self._session.canvas.there
        if viewer is None or not self._name or not any(map(_is_at_work, self._dock.findChildren(JobPanel))):
            self._dock.deleteLater()
            return
        viewer.window.add_dock_widget(self._dock, name=self._name, tabify=True).hide()
        self._session.told.emit(HIDDEN.format(self._name.removesuffix(f" ({PLUGIN})")))


def _is_at_work(panel: JobPanel) -> bool:
    return panel.job is not None or bool(panel.at_stake)


def furnish(widget: QWidget, viewer: Viewer, session: Session) -> None:
    """Furnish the main window that `widget` is in, once, where it is in one."""
    keys = keys_of(widget, viewer, session)
    if keys is None:
        return
    window = keys.parent()
    assert isinstance(window, QMainWindow)
    if window.findChild(UndoMenu) is None:
        UndoMenu(window, session, keys)
        CanvasContext(window, viewer)
    hover_of(window, viewer, session)
    take_drops(widget, session)
