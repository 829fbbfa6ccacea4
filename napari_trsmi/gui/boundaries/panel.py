"""Question every boundary: a table, what matters most first; each is flown to, and kept, doubted or rejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_trsmi.gui import anchors
from napari_trsmi.gui.boundaries import layers
from napari_trsmi.gui.boundaries.filter_bar import FilterBar
from napari_trsmi.gui.boundaries.note_line import NONE_CHOSEN, NoteLine
from napari_trsmi.gui.boundaries.ramp_key import RampKey
from napari_trsmi.gui.boundaries.rows import BoundaryRows
from napari_trsmi.gui.boundaries.table import CARRIED, BoundaryModel
from napari_trsmi.gui.boundaries.view import BoundaryView
from napari_trsmi.gui.boundaries.why import WhyLine
from napari_trsmi.gui.controls.undo_button import UndoButton
from napari_trsmi.gui.session.undoing import walk
from napari_trsmi.gui.support.bar import SupportBar
from napari_trsmi.gui.viewer.flight import Flight
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.named import NameBox
from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.reviews import renumbered

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.edits import Verdict
    from napari_trsmi.gui.boundaries.canvas import BoundaryCanvas
    from napari_trsmi.gui.session.session import Session

BUTTONS: tuple[tuple[str, Verdict, str, str], ...] = (
    ("Keep", "keep", "K", "The boundary is there"),
    ("Doubt", "doubt", "D", "Not sure that it is there"),
    ("Reject", "reject", "R", "There is no boundary here"),
    ("Clear", "", "U", "Take the verdict back"),
)
NO_BOUNDARIES = "There are no boundaries: this result has one domain, or was kept without."


class BoundaryPanel(QWidget):
    """The boundaries of the result and their review, which is kept in the result."""

    def __init__(self, session: Session, canvas: BoundaryCanvas) -> None:
        super().__init__()
        self.session, self.canvas = session, canvas
        self.flight = Flight(canvas.viewer, self)
        self.model = BoundaryModel(self)
        self.rows = BoundaryRows(self.model, self)
        self.table = BoundaryView(self.model, self.rows)
        self._known: Result | None = None  # the result in the table
        self.table.setObjectName(anchors.BOUNDARIES)
        self.setObjectName(anchors.REVIEW)
        self._judged: int | None = None  # the boundary that was marked last, until a person goes to another one
        self._build()
        self.table.chosen.connect(self._on_chosen)
        self.table.clicked.connect(self._on_clicked)
        self.table.marked.connect(self.mark)
        self.table.note_wanted.connect(self.write_note)
        self.table.next_wanted.connect(self.go_on)
        self.table.undo.connect(lambda: walk(session, "undo"))
        self.table.ordered.connect(self.filters.show_order)
        self.filters.changed.connect(self._filter)
        self.filters.ordered.connect(self.table.order)
        self.model.noted.connect(self._on_noted)
        self.note.written.connect(self._on_noted)
        self.note.left.connect(self.table.setFocus)
        listen(
            self,
            (session.leaving, self._keep_note),
            (session.replacing, self._keep_note),
            (session.result_changed, self._on_result),
            (session.boundary_changed, self._on_boundary),
            (session.parts.chosen_changed, self._filter),
        )
        self._on_result(session.result)

    @property
    def keys(self) -> Mapping[Qt.Key, Callable[[], Any]]:
        """What keys do wherever the focus is."""
        key = Qt.Key
        return {
            key.Key_K: lambda: self.mark("keep"),
            key.Key_D: lambda: self.mark("doubt"),
            key.Key_R: lambda: self.mark("reject"),
            key.Key_U: lambda: self.mark(""),
            key.Key_N: self.write_note,
            key.Key_J: self.go_on,
            key.Key_Down: lambda: self.table.step(1),
            key.Key_Up: lambda: self.table.step(-1),
        }

    @property
    def rows_shown(self) -> dict[str, Any]:
        """Which boundaries the table shows and in which order, for a session file: see `workspace.saved_window`."""
        order, column, descending = self.table.sorting
        bar = self.filters
        chosen = {"wanted": bar.wanted.currentData(), "shortest": bar.shortest.value(), "pair": bar.pair.currentData()}
        return {"order": order, "column": column, "descending": descending, **chosen}

    def show_rows(self, order: str, column: str, descending: bool, **wanted: Any) -> None:
        """Show those boundaries again."""
        self.table.sort_as(order, column, descending)
        self.filters.show_only(**wanted)

    def _build(self) -> None:
        self.measure = NameBox("What colours the boundaries on the canvas")
        self.measure.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.measure.activated.connect(lambda: self.canvas.color_by(self.measure.currentData()))
        self.filters = FilterBar(self.measure, RampKey(self.canvas))
        self.wanted, self.shortest = self.filters.wanted, self.filters.shortest

        self.progress, self.line = QProgressBar(), Label()
        self.progress.setFixedHeight(8)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Boundaries reviewed")
        self.line.setWordWrap(True)
        self.note = NoteLine()
        self.buttons: dict[str, QPushButton] = {}
        verdicts, others = QHBoxLayout(), QHBoxLayout()
        for text, verdict, key, help in BUTTONS:
            self._button(verdicts, text, f"{help} ({key})").clicked.connect(lambda _=False, v=verdict: self.mark(v))
        tip = "Go to the one without a verdict that matters most: little support times great length (J)"
        self._button(others, "Next", tip).clicked.connect(self.go_on)
        self.undo = UndoButton(self.session, "undo")
        self.undo.setMinimumWidth(40)
        others.addWidget(self.undo)
        self._button(others, "Whole section", "Show the whole section again").clicked.connect(self.fly_back)
        which = self._button(others, "Columns", "Choose the columns of the table")
        which.clicked.connect(lambda: self.table.columns_menu().exec(which.mapToGlobal(which.rect().bottomLeft())))

        layout = QVBoxLayout(self)
        layout.addWidget(self.filters)
        layout.addWidget(SupportBar(self.session, offers=True))
        layout.addWidget(self.table, 1)
        layout.addWidget(WhyLine(self.session))
        layout.addWidget(self.progress)
        layout.addWidget(self.line)
        layout.addLayout(verdicts)
        layout.addWidget(self.note)
        layout.addLayout(others)

    def _button(self, row: QHBoxLayout, text: str, help: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(help)
        button.setMinimumWidth(40)
        self.buttons[text] = button
        row.addWidget(button)
        return button

    # The review

    def mark(self, verdict: Verdict) -> None:
        """Judge the selected boundary and go to the next without a verdict; a note, and U, is on the one judged."""
        segment = self.table.segment
        if not (verdict or segment is None or self.model.verdict(segment) or self._judged is None):
            segment = self._judged
        if segment is None:
            return self._say_that_none_is_chosen()
        after = self._next_in_table(segment) if verdict else segment
        self._review(segment, verdict, self.model.note(segment))
        self.table.choose(segment if after is None else after)
        self._judged = segment
        self._show_note()

    def write_note(self) -> None:
        """Write a note on the boundary just judged, else on the selected one."""
        if not self.note.begin():
            self._say_that_none_is_chosen()

    def _say_that_none_is_chosen(self) -> None:
        self.canvas.viewer.status = NONE_CHOSEN

    def go_on(self) -> None:
        """Go to the boundary without a verdict that matters most after the selected one; to those shown first."""
        order = sorted(range(self.model.n_rows), key=lambda segment: (-self.model.weight(segment), segment))
        selected = self.table.segment
        at = order.index(selected) + 1 if selected is not None else 0
        left = [segment for segment in order[at:] + order[:at] if not self.model.verdict(segment)]
        here, shown = [segment for segment in left if self._is_here(segment)], set(self.rows.segments())
        to = next((segment for segment in here if segment in shown), here[0] if here else None)
        if to is not None and to != selected:
            self._reveal(to)

    def _is_here(self, segment: int) -> bool:
        """Return whether a boundary is in the section of a study that was chosen, if one was."""
        return not self.rows.section or self.model.section(segment) == self.rows.section

    def _reveal(self, segment: int) -> None:
        """Select a boundary in the table, which shows all of them where it left this one out."""
        if not self.rows.position(segment).isValid():
            self.filters.show_all()
        self.table.choose(segment)

    def _keep_note(self, _: object) -> None:
        """Keep a note that is half written, for the boundary it is about, before there are others."""
        self.note.keep()

    def _on_noted(self, segment: int, note: str) -> None:
        if segment < self.model.n_rows:  # else its section was closed while somebody wrote
            self._review(segment, self.model.verdict(segment), note)

    def _review(self, segment: int, verdict: Verdict, note: str) -> None:
        from napari_trsmi.edits import review

        result = self.session.result
        if result is None or self._said(segment) == (verdict, note, ""):
            return
        self.session.set_result(review(result, segment, verdict, note))

    def _next_in_table(self, segment: int) -> int | None:
        """Return the next boundary without a verdict below `segment` in the table, or from its top."""
        order = self.rows.segments()
        at = order.index(segment) if segment in order else -1
        left = [s for s in order[at + 1 :] + order[: max(at, 0)] if not self.model.verdict(s)]
        return left[0] if left else None

    def _show_note(self) -> None:
        """Let the line write about the boundary just judged, else the selected one, which can be given a verdict."""
        for text, *_ in BUTTONS:
            self.buttons[text].setEnabled(self.table.segment is not None)
        segment = self.table.segment if self._judged is None else self._judged
        if segment is None or segment >= self.model.n_rows:
            self.note.show_note(None, "None chosen", "")
            return
        pair = self.model.text(segment, "domains")
        just = "just judged: " if segment == self._judged and segment != self.table.segment else ""
        origin = self.model.carried_from(segment)
        carried = f" ({CARRIED} {origin})" if origin else ""
        self.note.show_note(segment, f"{just}{pair}{carried}", self.model.note(segment))

    # What the session and the table say

    def _on_result(self, result: Result | None) -> None:
        known, self._known = self._known, result
        edges = None if result is None else result.boundary_edges
        same = edges is not None and known is not None and edges is known.boundary_edges  # a review, a name
        moved, chosen = {} if same else renumbered(known, result), self.table.segment
        looked_at, below, aside = self.table.place
        before = [] if not same else [self._said(segment) for segment in range(self.model.n_rows)]
        self.model.set_result(result, same=same)
        self.filters.set_pairs(result)
        if not same:
            self._judged = None if self._judged is None else moved.get(self._judged)
            self._filter()
            self._fill_measures(result)
        if chosen in moved:
            self.canvas.select(moved[chosen])
            self.table.choose(moved[chosen])
        if moved:
            self.table.go_back(None if looked_at is None else moved.get(looked_at), below, aside)
        if same and self.session.deeds.moving:  # show what was undone
            other = [segment for segment, said in enumerate(before) if said != self._said(segment)]
            if len(other) == 1:
                self._reveal(other[0])
        self._show_note()
        self._say_progress()

    def _said(self, segment: int) -> tuple[str, str, str]:
        return self.model.verdict(segment), self.model.note(segment), self.model.carried_from(segment)

    def _fill_measures(self, result: Result | None) -> None:
        table = None if result is None else result.boundaries
        self.measure.clear()
        for name in () if table is None else layers.measures(table):
            self.measure.addItem(layers.measure_title(name), name)
        self.measure.setCurrentIndex(max(self.measure.findData(self.canvas.measure), 0))
        microns = None if result is None else result.dataset.microns_per_unit
        self.shortest.setSuffix(" px" if microns is None else " µm")
        if self.session.section is not None:
            spot = look(self.session.section).diameter * (microns or 1.0)
            self.shortest.setDecimals(0 if spot >= 1 else 2)
            self.shortest.setSingleStep(round(spot) if spot >= 1 else max(spot, 0.01))

    def _filter(self, *_: object) -> None:
        section = self._section
        self.rows.want(self.wanted.currentData(), self.shortest.value(), section, self.filters.pair.currentData())
        self._say_progress()

    def _say_progress(self) -> None:
        n, left_out = self.model.rowCount(), self.model.rowCount() - self.rows.rowCount()
        line = self.model.progress() + (f" ({left_out} not shown)" if left_out else "")
        self.progress.setRange(0, max(n, 1))
        self.progress.setValue(self.model.n_reviewed)
        self.progress.setVisible(n > 0)
        of = f" · section {self._section} only" if self._section else ""
        self.line.setText(f"{line}{of}" if n else NO_BOUNDARIES)
        self.buttons["Next"].setEnabled(self.model.n_reviewed < n)
        self.buttons["Columns"].setEnabled(n > 0)

    @property
    def _section(self) -> str:
        parts = self.session.parts
        return "" if parts.chosen is None else parts.names[parts.chosen]

    def _on_chosen(self, segment: int | None) -> None:
        self._judged = None
        self._show_note()
        if segment == self.canvas.segment:
            return
        self.canvas.select(segment)
        self.fly()

    def _on_clicked(self, _: Any) -> None:
        self._judged = None
        self._show_note()
        self.fly()

    def _on_boundary(self, segment: int | None) -> None:
        """Follow a click on the canvas, which is where the camera is."""
        if segment is not None and segment != self.table.segment and segment < self.model.n_rows:
            self._reveal(segment)

    def fly(self) -> None:
        """Show the selected boundary."""
        if (segment := self.table.segment) is not None:
            self.canvas.uncover(segment)
            self.flight.to(*self.canvas.box(segment))

    def fly_back(self) -> None:
        """Show the whole section."""
        if self.session.dataset is not None:
            self.flight.to(*self.canvas.box())
