"""The dock in which a person names regions of the tissue, whether or not there are domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent

from napari_trsmi.gui.regions.panel import RegionsPanel
from napari_trsmi.gui.viewer.furnish import equip
from napari_trsmi.gui.viewer.guide import Guide
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.frame import Framed
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.words import NO_SECTION

if TYPE_CHECKING:
    from napari import Viewer


class RegionsDock(Framed):
    """The panel over a section; before there is one, what to do next."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.viewer = napari_viewer
        self.session = session_of(napari_viewer)
        self.panel = RegionsPanel(self.session, napari_viewer)
        self.frame(self.panel, 6, Guide(self.session, "regions"))
        equip(self, napari_viewer, self.session)
        self.front_changed.connect(self.panel.come)
        listen(self, (self.session.section_changed, self._refresh))
        self._refresh()

    def event(self, event: QEvent | None) -> bool:
        """Clear the canvas when napari takes the widget out of its dock: nobody could do it afterwards."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.panel.leave()
        return super().event(event)

    def _refresh(self, *_: Any) -> None:
        self.show_page(NO_SECTION if self.session.section is None else "")
