"""What went wrong with something that a dock asked for, at the top of that dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QBoxLayout, QWidget

from napari_trsmi.gui.controls.problem import Problem
from napari_trsmi.gui.viewer.theme import warning_color
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.session import Session


class DockProblem(Problem):
    """Above all else in a dock, in the colours of its viewer."""

    def __init__(self, viewer: Viewer, session: Session, dock: QWidget) -> None:
        super().__init__(session, dock, dock)
        layout = dock.layout()
        assert isinstance(layout, QBoxLayout)
        layout.insertWidget(0, self)
        listen(self, (viewer.events.theme, self._on_theme))
        self.set_colors(warning_color(viewer.theme))

    def _on_theme(self, event: Any) -> None:
        self.set_colors(warning_color(event.value))
