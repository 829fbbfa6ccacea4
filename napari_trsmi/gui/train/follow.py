"""While a section trains, its domains are seen as they form, also where something else coloured the spots before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_trsmi.gui.finding.maps import result_maps
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown

TIP = "Show the domains as they form. What coloured the spots before comes back when training ends, or with this off."


class Follow(QCheckBox):
    """A switch that is seen while the open section trains.

    A person who colours the spots meanwhile wants to see that: the switch goes off, and is as it was for the next run.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Follow training", parent)
        self.session = session
        self._wanted = True
        self._before: Coloring | None = None  # what coloured the spots before previews did
        self._of: OpenSection | None = None  # whose spots these were
        self._is_map = False  # whether that was a map of the result
        self._awaited = ""  # a map that the new result does not have yet: support is found after training
        self._acting = False
        self.setToolTip(TIP)
        self.setChecked(True)
        self.clicked.connect(self._on_clicked)
        listen(
            self,
            (session.run_changed, self._on_run),
            (session.section_changed, self._on_section),
            (session.shown_changed, self._on_shown),
            (session.coloring_changed, self._on_coloring),
            (session.result_changed, self._on_result),
        )
        self._on_run(session.state)

    @property
    def _trains(self) -> bool:
        """Whether the open section trains."""
        run = self.session.run
        return run is not None and run.section is self.session.section

    # What a person does

    def _on_clicked(self, on: bool) -> None:
        self._wanted = on
        self._follow() if on else self._go_back()

    # What the session says

    def _on_run(self, state: str) -> None:
        if state == "idle":
            self._go_back()
        elif state == "preparing":
            with QSignalBlocker(self):
                self.setChecked(self._wanted)
        self.setVisible(self._trains)

    def _on_section(self, _: Any) -> None:
        self._before, self._of, self._awaited = None, None, ""
        self.setVisible(self._trains)

    def _on_shown(self, shown: Shown | None) -> None:
        if shown is not None and shown.epoch:
            self._follow()

    def _on_coloring(self, coloring: Coloring | None) -> None:
        if self._acting:
            return
        self._before, self._of, self._awaited = None, None, ""
        previewed = self._trains and self.session.run is not None and bool(self.session.run.previews)
        if coloring is not None and previewed and self.isChecked():
            with QSignalBlocker(self):
                self.setChecked(False)

    def _on_result(self, result: Result | None) -> None:
        if not self._awaited or result is None or self._trains or self.session.coloring is not None:
            return
        if (found := result_maps(result).get(self._awaited)) is not None:
            self._awaited = ""
            self._color(found)

    # What follows

    def _follow(self) -> None:
        """Take off what colours the spots, once there is a preview below it."""
        session, shown = self.session, self.session.shown
        seen = shown is not None and bool(shown.epoch)
        if not (self.isChecked() and self._trains and seen) or session.coloring is None:
            return
        self._before, self._of = session.coloring, session.section
        self._is_map = session.result is not None and self._before.title in result_maps(session.result)
        self._color(None)

    def _go_back(self) -> None:
        """Colour the spots as before, by the map of the new result where it was one of the old."""
        before, of, self._before, self._of = self._before, self._of, None, None
        if before is None or self.session.coloring is not None or of is not self.session.section:
            return  # another section may be there by now: events are handled while previews are drawn
        if self._is_map:
            result, title = self.session.result, before.title
            before = None if result is None else result_maps(result).get(title)
            self._awaited = title if before is None else ""
        if before is not None:
            self._color(before)

    def _color(self, coloring: Coloring | None) -> None:
        self._acting = True
        try:
            self.session.color(coloring)
        finally:
            self._acting = False
