"""Question every boundary: a table, least supported first; each is flown to, and kept, doubted or rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.edits import same_segments
from napari_trsmi.gui.boundaries import layers
from napari_trsmi.gui.boundaries.ramp_key import RampKey
from napari_trsmi.gui.boundaries.table import FILTERS, BoundaryFilter, BoundaryModel
from napari_trsmi.gui.boundaries.view import BoundaryView
from napari_trsmi.gui.listening import listen
from napari_trsmi.gui.named import NameBox
from napari_trsmi.gui.plain import Label
from napari_trsmi.gui.support.bar import SupportBar
from napari_trsmi.gui.viewer.flight import Flight
from napari_trsmi.gui.viewer.looks import look

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.edits import Verdict
    from napari_trsmi.gui.boundaries.canvas import BoundaryCanvas
    from napari_trsmi.gui.session import Session

BUTTONS: tuple[tuple[str, Verdict, str, str], ...] = (
    ("Keep", "keep", "K", "The boundary is there"),
    ("Doubt", "doubt", "D", "Not sure that it is there"),
    ("Reject", "reject", "R", "There is no boundary here"),
    ("Clear", "", "U", "Take the verdict back"),
)


class BoundaryPanel(QWidget):
    """The boundaries of the result and their review, which is kept in the result."""

    def __init__(self, session: Session, canvas: BoundaryCanvas) -> None:
        super().__init__()
        self.session, self.canvas = session, canvas
        self.flight = Flight(canvas.viewer, self)
        self.model = BoundaryModel(self)
        self.rows = BoundaryFilter(self.model, self)
        self.table = BoundaryView(self.model, self.rows)
        self._known: Result | None = None  # the result in the table
        self._undo: list[tuple[int, Verdict, str]] = []
        self._build()
        self.table.chosen.connect(self._on_chosen)
        self.table.marked.connect(self.mark)
        self.table.undo.connect(self.undo)
        self.model.noted.connect(self._on_noted)
        listen(self, (session.result_changed, self._on_result), (session.parts.chosen_changed, self._filter))
        self._on_result(session.result)

    def _build(self) -> None:
        self.measure = NameBox("What colours the boundaries on the canvas")
        self.measure.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.measure.activated.connect(lambda: self.canvas.color_by(self.measure.currentData()))
        self.wanted = QComboBox()
        self.wanted.setToolTip("Which boundaries the table shows")
        self.wanted.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for key, title in FILTERS.items():
            self.wanted.addItem(title, key)
        self.shortest = QDoubleSpinBox()
        self.shortest.setAccessibleName("Shortest boundary to show")
        self.shortest.setRange(0, 1e9)
        self.shortest.setDecimals(0)
        self.shortest.setPrefix("≥ ")
        self.shortest.setStyleSheet("QDoubleSpinBox { min-width: 60px }")
        self.shortest.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)  # napari's are wide; arrow keys step
        self.shortest.setToolTip("Leave out boundaries shorter than this")
        self.wanted.currentIndexChanged.connect(self._filter)
        self.shortest.valueChanged.connect(self._filter)

        form = QGridLayout()
        for row, (text, first, second) in enumerate(
            (("Colour", self.measure, RampKey(self.canvas)), ("Show", self.wanted, self.shortest))
        ):
            label = Label(text)
            label.setBuddy(first)
            form.addWidget(label, row, 0)
            form.addWidget(first, row, 1)
            form.addWidget(second, row, 2)
        form.setColumnStretch(1, 3)
        form.setColumnStretch(2, 2)

        self.progress = Label()
        self.progress.setWordWrap(True)
        self.buttons: dict[str, QPushButton] = {}
        verdicts, others = QHBoxLayout(), QHBoxLayout()
        for text, verdict, key, help in BUTTONS:
            self._button(verdicts, text, f"{help} ({key})").clicked.connect(lambda _=False, v=verdict: self.mark(v))
        self._button(others, "Note", "Write a note (N)").clicked.connect(self.table.edit_note)
        self._button(others, "Undo", "Take the last mark back (Ctrl+Z)").clicked.connect(self.undo)
        self._button(others, "Whole section", "Show the whole section again").clicked.connect(self.fly_back)
        columns = self._button(others, "Columns", "Choose the columns of the table")
        columns.clicked.connect(
            lambda: self.table.columns_menu().exec(columns.mapToGlobal(columns.rect().bottomLeft()))
        )

        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(SupportBar(self.session, offers=True))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.progress)
        layout.addLayout(verdicts)
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
        """Give the selected boundary a verdict and go to the next one without."""
        segment = self.table.segment
        if segment is None:
            return
        after = self._next_unreviewed(segment) if verdict else segment
        self._review(segment, verdict, self.model.note(segment))
        self.table.choose(segment if after is None else after)

    def undo(self) -> None:
        """Take the last mark or note back and go to its boundary."""
        if not self._undo:
            return
        segment, verdict, note = self._undo.pop()
        self._review(segment, verdict, note, remember=False)
        self.table.choose(segment)

    def _on_noted(self, segment: int, note: str) -> None:
        self._review(segment, self.model.verdict(segment), note)

    def _review(self, segment: int, verdict: Verdict, note: str, *, remember: bool = True) -> None:
        from napari_trsmi.edits import review

        result = self.session.result
        if result is None:
            return
        before = (segment, self.model.verdict(segment), self.model.note(segment))
        if before == (segment, verdict, note):
            return
        if remember:
            self._undo.append(before)
        self.session.set_result(review(result, segment, verdict, note))

    def _next_unreviewed(self, segment: int) -> int | None:
        """Return the next boundary without a verdict below `segment` in the table, or from its top."""
        order = self.rows.segments()
        at = order.index(segment) if segment in order else -1
        left = [s for s in order[at + 1 :] + order[: max(at, 0)] if not self.model.verdict(s)]
        return left[0] if left else None

    # What the session and the table say

    def _on_result(self, result: Result | None) -> None:
        known, self._known = self._known, result
        edges = None if result is None else result.boundary_edges
        same = edges is not None and known is not None and edges is known.boundary_edges  # a review, a name
        moved, chosen = {} if same else _renumbered(known, result), self.table.segment
        self.model.set_result(result, same=same)
        if not same:
            self._filter()
        if not same:
            self._undo = [(moved[one[0]], one[1], one[2]) for one in self._undo if one[0] in moved]
            self._fill_measures(result)
        if chosen in moved:
            self.canvas.select(moved[chosen])
            self.table.choose(moved[chosen])
        self._say_progress()

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
        parts = self.session.parts
        section = "" if parts.chosen is None else parts.names[parts.chosen]
        self.rows.want(self.wanted.currentData(), self.shortest.value(), section)
        self._say_progress()

    def _say_progress(self) -> None:
        n, left_out = self.model.rowCount(), self.model.rowCount() - self.rows.rowCount()
        line = self.model.progress() + (f" ({left_out} not shown)" if left_out else "")
        self.progress.setText(
            f"{line}{self._of_section()}"
            if n
            else "There are no boundaries: this result has one domain, or was kept without."
        )
        for button in self.buttons.values():
            button.setEnabled(n > 0 or button is self.buttons["Whole section"])
        self.buttons["Undo"].setEnabled(bool(self._undo))

    def _of_section(self) -> str:
        parts = self.session.parts
        return "" if parts.chosen is None else f" · section {parts.names[parts.chosen]} only"

    def _on_chosen(self, segment: int | None) -> None:
        if segment == self.canvas.segment:
            return
        self.canvas.select(segment)
        if segment is not None:
            self.flight.to(*self.canvas.box(segment))

    def fly_back(self) -> None:
        """Show the whole section."""
        if self.session.dataset is not None:
            self.flight.to(*self.canvas.box())


def _renumbered(known: Result | None, result: Result | None) -> dict[int, int]:
    """Return the number of each boundary where support came for the same domains and ranked them anew; else nothing."""
    if known is None or result is None or known.partition is not result.partition:
        return {}
    if known.boundaries is None or result.boundaries is None:
        return {}
    return dict(enumerate(same_segments(known.boundaries, result.boundaries).tolist()))
