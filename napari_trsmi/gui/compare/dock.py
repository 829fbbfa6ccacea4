"""The dock that says why one run is better than another: the runs, and two of them beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_trsmi.gui.compare.panel import ComparePanel
from napari_trsmi.gui.compare.run_panel import RunPanel
from napari_trsmi.gui.viewer.furnish import equip
from napari_trsmi.gui.viewer.guide import Guide
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.frame import Framed
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Marked
from napari_trsmi.gui.words import NO_SECTION

if TYPE_CHECKING:
    from napari import Viewer

NO_RUN = "Every result you keep is listed here. Train first, or open a saved result."


class CompareDock(Framed):
    """Runs of the active section; before there is one, what to do next."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.session = session_of(napari_viewer)
        self.runs, self.comparison = RunPanel(self.session), ComparePanel(self.session)
        self.page = QWidget()
        inside = QVBoxLayout(self.page)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(Marked("<b>Runs</b>"))
        inside.addWidget(self.runs, 1)
        inside.addSpacing(6)
        inside.addWidget(Marked("<b>Compare</b>"))
        inside.addWidget(self.comparison)

        self.frame(self.page, 6, Guide(self.session, "compare"))
        equip(self, napari_viewer, self.session)
        listen(self, (self.session.section_changed, self._refresh), (self.session.runs_changed, self._refresh))
        self._refresh()

    def event(self, event: QEvent | None) -> bool:
        """Leave the comparison when napari takes the widget out of its dock: nobody could leave it afterwards."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.comparison.view.leave()
        return super().event(event)

    def _refresh(self, *_: Any) -> None:
        section = self.session.section
        self.show_page(NO_SECTION if section is None else "" if len(section.runs) else NO_RUN)
