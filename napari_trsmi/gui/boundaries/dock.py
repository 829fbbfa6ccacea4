"""The dock that questions a result: its boundaries, maps, spots and markers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_trsmi.gui.boundaries.across_panel import AcrossPanel
from napari_trsmi.gui.boundaries.canvas import boundary_canvas_of
from napari_trsmi.gui.boundaries.carrier_tables import CarrierTables
from napari_trsmi.gui.boundaries.maps_panel import MapsPanel
from napari_trsmi.gui.boundaries.marker_tables import MarkerTables, best_of_each
from napari_trsmi.gui.boundaries.markers_panel import MarkersPanel
from napari_trsmi.gui.boundaries.panel import BoundaryPanel
from napari_trsmi.gui.boundaries.spot_panel import SpotPanel
from napari_trsmi.gui.viewer.furnish import equip
from napari_trsmi.gui.viewer.guide import Guide
from napari_trsmi.gui.viewer.keys import keys_of
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.viewer.tabs import CLOSE
from napari_trsmi.gui.widgets.frame import Framed, OneHigh
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Marked
from napari_trsmi.gui.words import NO_SECTION

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.data.result import Result

NO_RESULT = "Train first, or open a saved result. Then see here which boundaries to doubt."


class BoundariesDock(Framed):
    """Tabs over one result; before there is one, what to do next."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.session = session_of(napari_viewer)
        self.canvas = boundary_canvas_of(napari_viewer)
        self.markers = MarkerTables(self.session)
        self.boundaries = BoundaryPanel(self.session, self.canvas)
        self.maps = MapsPanel(self.session)
        self.spot = SpotPanel(self.session, self.canvas)
        self.carriers = CarrierTables(self.session)
        self.marker_panel = MarkersPanel(self.session, self.markers, self.carriers)

        self.across = AcrossPanel(self.session, self.carriers)
        about = QWidget()
        inside = QVBoxLayout(about)
        inside.addWidget(Marked("<b>Maps</b>"))
        inside.addWidget(self.maps)
        inside.addSpacing(8)
        inside.addWidget(Marked("<b>Spot</b>"))
        inside.addWidget(self.spot)
        inside.addStretch(1)
        self.tabs = QTabWidget()
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setStyleSheet(CLOSE)
        self.tabs.addTab(self.boundaries, "Boundaries")
        self.tabs.addTab(self.across, "Across")
        self.tabs.addTab(about, "Maps, spot")
        self.tabs.addTab(self.marker_panel, "Markers")
        OneHigh(self.tabs)

        self.frame(self.tabs, 4, Guide(self.session, "boundaries"))
        equip(self, napari_viewer, self.session)

        self.boundaries.table.chosen.connect(self._on_chosen)
        listen(
            self,
            (self.markers.changed, self._on_markers),
            (self.session.result_changed, self._on_result),
            (self.session.section_changed, self._on_section),
            (self.canvas.viewer.events.theme, self._on_theme),
        )
        self._on_result(self.session.result)
        self._on_theme()

    def showEvent(self, event: Any) -> None:
        """Answer the keys of the review wherever the focus is, as long as the dock is to be seen."""
        super().showEvent(event)
        keys = keys_of(self, self.canvas.viewer, self.session)
        if keys is not None:
            keys.bind("review", self, self.boundaries.keys, self._is_seen)

    def _is_seen(self) -> bool:
        return self.in_front and self.stack.currentWidget() is self.tabs

    def _on_theme(self, *_: Any) -> None:
        from napari.qt import get_stylesheet

        self.across.search.set_style(get_stylesheet(self.canvas.viewer.theme))

    def _on_section(self, section: object) -> None:
        self._on_result(self.session.result)

    def _on_result(self, result: Result | None) -> None:
        self.show_page(NO_SECTION if self.session.section is None else NO_RESULT if result is None else "")

    def _on_chosen(self, segment: int | None) -> None:
        if segment is not None and self.session.run is None:
            self.markers.find()

    def _on_markers(self) -> None:
        tables = self.markers.tables
        self.boundaries.model.set_markers({} if tables is None else best_of_each(tables))
