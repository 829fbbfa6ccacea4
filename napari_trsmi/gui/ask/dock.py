"""The dock "Ask": what differs between two groups of spots, and what a domain is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_trsmi.gui.ask.describe_panel import DescribePanel
from napari_trsmi.gui.ask.differ_panel import DifferPanel
from napari_trsmi.gui.ask.job import HeldOut
from napari_trsmi.gui.viewer.furnish import equip
from napari_trsmi.gui.viewer.guide import Guide
from napari_trsmi.gui.viewer.part_box import PartBox
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.frame import Framed, OneHigh
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.words import NO_SECTION

if TYPE_CHECKING:
    from napari import Viewer


class AskDock(Framed):
    """Two pages, one question each; before there is a section, what to do next."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.viewer = napari_viewer
        self.session = session_of(napari_viewer)
        held_out = HeldOut()
        self.differ = DifferPanel(self.session, napari_viewer, held_out)
        self.describe = DescribePanel(self.session, held_out)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.differ, "What differs?")
        self.tabs.addTab(self.describe, "What is this domain?")
        OneHigh(self.tabs)
        self.page = QWidget()
        inside = QVBoxLayout(self.page)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(PartBox(self.session, "Ask in"))
        inside.addWidget(self.tabs, 1)
        self.frame(self.page, 4, Guide(self.session, "ask"))
        equip(self, napari_viewer, self.session)
        listen(
            self,
            (self.session.section_changed, self._refresh),
            (napari_viewer.events.theme, self._on_theme),
        )
        self.front_changed.connect(lambda front: None if front else self.differ.leave())  # the lasso is put down
        self._refresh()
        self._on_theme()

    def event(self, event: QEvent | None) -> bool:
        """Clear the canvas when napari takes the widget out of its dock: nobody could do it afterwards."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.differ.leave()
        return super().event(event)

    def _refresh(self, *_: Any) -> None:
        self.show_page(NO_SECTION if self.session.section is None else "")

    def _on_theme(self, *_: Any) -> None:
        from napari.utils.theme import get_theme

        self.differ.views.set_text_color(get_theme(self.viewer.theme).text.as_hex())
