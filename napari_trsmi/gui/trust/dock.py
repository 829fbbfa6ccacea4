"""The dock that asks whether domains are real, and which settings to believe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QTabWidget

from napari_trsmi.gui.sweep.panel import SweepPanel
from napari_trsmi.gui.trust.panel import TrustPanel
from napari_trsmi.gui.viewer.furnish import equip
from napari_trsmi.gui.viewer.guide import Guide
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.frame import Framed, OneHigh, Scrolled
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.words import NO_SECTION

if TYPE_CHECKING:
    from napari import Viewer

INNER = 190  # pixels that a tab makes do with, so that the dock itself need not scroll


class TrustDock(Framed):
    """Tabs over the open section; before there is one, what to do next."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.session = session_of(napari_viewer)
        self.trust = TrustPanel(self.session)
        self.tabs = QTabWidget()
        self.sweep = SweepPanel(self.session)
        self.tabs.addTab(Scrolled(self.trust, INNER), "Trust")
        self.tabs.addTab(Scrolled(self.sweep, INNER), "Sweep")
        OneHigh(self.tabs)

        self.frame(self.tabs, 1, Guide(self.session, "trust"))
        equip(self, napari_viewer, self.session)
        listen(self, (self.session.section_changed, self._on_section))
        self._on_section(self.session.section)

    def _on_section(self, section: Any) -> None:
        self.show_page(NO_SECTION if section is None else "")
