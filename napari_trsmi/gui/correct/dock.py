"""The dock in which a person corrects a result: say what you know about spots, and train on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent

from napari_trsmi.gui.correct.panel import CorrectPanel
from napari_trsmi.gui.viewer.furnish import equip
from napari_trsmi.gui.viewer.guide import Guide
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.viewer.theme import warning_color
from napari_trsmi.gui.widgets.frame import Framed
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer

NO_SECTION = "Open a section and train first: drop a file on the window, or File > Open Sample > napari-trsmi."
NO_RESULT = "Train first, or open a saved result. Then say here what you know better."


class CorrectDock(Framed):
    """The panel over a result; before there is one, what to do next."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.viewer = napari_viewer
        self.session = session_of(napari_viewer)
        self.panel = CorrectPanel(self.session, napari_viewer)
        self.frame(self.panel, 6, Guide(self.session, "correct"))
        equip(self, napari_viewer, self.session)
        listen(
            self,
            (self.session.section_changed, self._refresh),
            (self.session.result_changed, self._refresh),
            (napari_viewer.events.theme, self._on_theme),
        )
        self.front_changed.connect(self.panel.come)
        self._refresh()
        self._on_theme()

    def event(self, event: QEvent | None) -> bool:
        """Clear the canvas when napari takes the widget out of its dock: nobody could do it afterwards."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.panel.leave()
        return super().event(event)

    def _refresh(self, *_: Any) -> None:
        self.show_page(NO_SECTION if self.session.section is None else NO_RESULT if self.session.result is None else "")

    def _on_theme(self, *_: Any) -> None:
        from napari.utils.theme import get_theme

        self.panel.run.set_colors(get_theme(self.viewer.theme).current.as_hex())
        self.panel.doubt.setStyleSheet(f"color: {warning_color(self.viewer.theme)}")
