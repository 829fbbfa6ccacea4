"""What differs between two groups of spots: choose them, compare, look."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QProgressBar, QVBoxLayout

from napari_trsmi.gui.ask.choices import SIDE, groups_coloring, sides_of
from napari_trsmi.gui.ask.chooser import GroupChooser
from napari_trsmi.gui.ask.job import AskJob, HeldOut
from napari_trsmi.gui.ask.lasso import AskLasso
from napari_trsmi.gui.ask.views import AnswerViews
from napari_trsmi.gui.jobs.jobs import JobPanel, run_job
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label, as_tip
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.answers import Difference
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Coloring

ASK = "Choose A and B, or drag around spots with Lasso, and press Compare."
BUSY = "Comparing two groups of spots"
FINDING = "Finding the spots of the two groups"
OTHERS = "Found for other groups than are chosen now."
COMPARING = "Comparing; the first time this takes some seconds…"


class DifferPanel(JobPanel):
    """Groups A and B, and per modality a table, a volcano plot, dots and violins."""

    job: AskJob | None

    def __init__(self, session: Session, viewer: Viewer, held_out: HeldOut) -> None:
        super().__init__(session)
        self.held_out = held_out
        self.found: Difference | None = None
        self._partition: Any = None  # of the domains that the answer is about
        self._asked = self._answered = ("", "")  # the groups of the last question and of the answer
        self.lasso = AskLasso(viewer, session, self)
        self.a, self.b = GroupChooser(session, "A"), GroupChooser(session, "B")
        self.sides = text_button(
            "Boundary sides", "Compare the two sides of the boundary that is selected", self.take_sides
        )
        self.swap = text_button("Swap", "Make A what is B, and B what is A", self._swap)
        self.show_groups = text_button("Show A, B", "Colour the tissue by the two groups", self._show_groups)
        self.fresh = QCheckBox("p from held-out counts")
        self.fresh.setChecked(True)
        self.fresh.setToolTip(
            "<qt>Half of the counts draws the domains anew, the other half is tested; the first time this takes some "
            "seconds. Off: p is too small where domains make the groups</qt>"
        )
        self.compare = text_button("Compare", "Find what differs, in the background", self.start)
        self.stop = text_button("Stop", "Give up this comparison", self._give_up)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        self.note = Label(ASK)
        self.note.setWordWrap(True)
        self.views = AnswerViews(session)
        self._lay_out()

        for chooser in (self.a, self.b):
            chooser.changed.connect(self._on_groups)
        self.a.lasso.connect(lambda on: self.lasso.draw("A" if on else ""))
        self.b.lasso.connect(lambda on: self.lasso.draw("B" if on else ""))
        self.lasso.drawing.connect(self._on_drawing)
        self.lasso.drawn.connect(self._on_drawn)
        self.views.modality_changed.connect(self._tell)
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.result_changed, self._on_result),
            (session.boundary_changed, self._refill),
            (session.annotations.changed, self._on_column),
        )
        self._on_section()

    def _lay_out(self) -> None:
        quick, act = QHBoxLayout(), QHBoxLayout()
        for button in (self.sides, self.swap, self.show_groups):
            quick.addWidget(button)
        quick.addStretch(1)
        act.addWidget(self.compare, 1)
        act.addWidget(self.stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 4, 2, 2)
        layout.setSpacing(4)
        layout.addWidget(self.a)
        layout.addWidget(self.b)
        layout.addLayout(quick)
        layout.addWidget(self.fresh)
        layout.addLayout(act)
        layout.addWidget(self.progress)
        layout.addWidget(self.note)
        layout.addWidget(self.views, 1)
        layout.addStretch(0)

    # What a person does

    def start(self) -> None:
        """Compare A and B in the background."""
        from napari_trsmi.answers import differ

        dataset, result, a, b = self.session.dataset, self.session.result, self.a.where, self.b.where
        if dataset is None or not a or not b or self.job is not None:
            return
        held_out, fresh, section = self.held_out, self.fresh.isChecked(), self.session.parts.name
        drawn = any(where.startswith(("domain:", "boundary:")) for where in (a, b))

        def ask() -> Difference:
            halves = held_out.of(result) if result is not None and fresh and drawn else None
            of = dataset if result is None else result
            return differ(of, a, b, held_out=halves is not None, halves=halves, section=section)

        self._partition = None if result is None or not drawn else result.partition
        self._asked = a, b
        self._begin_job(BUSY, AskJob(ask), self._on_answer, self._on_failed)
        self.note.setText(COMPARING)
        self._refresh()

    def _give_up(self) -> None:
        self._drop_job()
        self.note.setText(ASK)
        self._tell()

    def take_sides(self) -> None:
        """Choose the two sides of the selected boundary."""
        if (sides := sides_of(self.session)) is not None:
            for chooser, side in zip((self.a, self.b), sides, strict=True):
                chooser.refresh()
                chooser.choose(SIDE, side.where)

    def _swap(self) -> None:
        a, b = ((one.kind.currentData(), one.where) for one in (self.a, self.b))
        self.a.choose(*b)
        self.b.choose(*a)

    def _show_groups(self) -> None:
        """Colour the tissue by the groups as they are chosen now; the sides of a boundary take a while to find."""
        section, result, parts = self.session.section, self.session.result, self.session.parts
        if section is None:
            return
        work = partial(groups_coloring, self.a.where, self.b.where, section.dataset, result, parts.name)

        def done(coloring: Coloring) -> None:
            if section is self.session.section:
                self.session.color(coloring)

        run_job(self.session, FINDING, work, done, with_window=True)

    def leave(self) -> None:
        """Stop lassoing."""
        self.lasso.draw("")

    # What comes back

    def _on_answer(self, job: AskJob, found: Difference | None) -> None:
        self._end_job()
        self.found, self._answered = found, self._asked
        self.views.show_answer(found)
        self._tell()
        self._refresh()

    def _on_failed(self, job: AskJob, sentence: str) -> None:
        self._end_job()
        self.note.setText(sentence)

    def _tell(self) -> None:
        """Say what was compared, and what to know when reading it."""
        found, name = self.found, self.views.modality.currentText()
        if found is None:
            return
        table = found.tables.get(name)
        told = [f"A: {found.a.name} ({many(found.a.n_spots, 'spot')}), B: {found.b.name} ({found.b.n_spots:,})."]
        if table is not None:
            n = int((table["p_adjusted"] < 0.05).sum())
            told.append(f"{name}: {n:,} of {many(len(table), 'feature')} with an adjusted p below 0.05.")
        own = [note for note in found.notes[:-1] if ": " not in note or name in note.split(":")[0].split(" and ")]
        told += [_sentence(note.split(": ", 1)[-1]) for note in own]
        told.append("p is an aid to put features in order, no proof.")
        if (self.a.where, self.b.where) != self._answered:
            told.insert(0, OTHERS)
        self.note.setText(" ".join(told))
        self.note.setToolTip(as_tip("\n".join(found.notes)))

    # What the session says

    def _on_section(self, *_: Any) -> None:
        self._drop_job()
        self.held_out.forget()
        self._forget()
        self._refill()

    def _on_result(self, result: Any) -> None:
        """Drop what was asked, or found, about domains that are no longer there."""
        partition = None if result is None else result.partition
        if self._partition is not None and partition is not self._partition:
            self._drop_job()
            self.held_out.forget()
            self._forget()
        asked = (self.a.where, self.b.where) == self._answered
        self._refill()
        if asked:  # under other names now
            self._answered = self.a.where, self.b.where
            self._tell()

    def _forget(self) -> None:
        self.found = self._partition = None
        self.views.show_answer(None)
        self.note.setText(ASK)
        self.note.setToolTip("")

    def _refill(self, *_: Any) -> None:
        for chooser in (self.a, self.b):
            chooser.refresh()
        self._refresh()

    def _on_column(self, name: str) -> None:
        """Take in other spots of a group that is a column of one's own."""
        if any(where.startswith(f"{name}=") for where in self._answered):
            self._answered = "", ""
        self._refill()

    def _on_groups(self) -> None:
        self._refresh()
        if self.job is None and not self.lasso.group:
            self._tell()

    def _on_drawing(self, group: str) -> None:
        for chooser in (self.a, self.b):
            chooser.draw.blockSignals(True)
            chooser.draw.setChecked(chooser.group == group)
            chooser.draw.blockSignals(False)
        if group:
            self.note.setText(f"Drag around spots on the tissue: they become {group}.")
        else:
            self.note.setText(ASK)
            self._tell()

    def _on_drawn(self, column: str, group: str) -> None:
        from napari_trsmi.gui.finding.maps import obs_coloring

        chooser = self.a if group == "A" else self.b
        self._refill()
        chooser.choose(column, f"{column}={group}")
        if (dataset := self.session.dataset) is not None:
            self.session.color(obs_coloring(dataset, column))

    def _show_progress(self) -> None:
        """Nothing is known of how far it is."""

    def _refresh(self) -> None:
        busy, some = self.job is not None, bool(self.a.where and self.b.where)
        self.compare.setEnabled(some and not busy and self.a.where != self.b.where)
        self.show_groups.setEnabled(some)
        self.swap.setEnabled(some and self.b.where != "rest")
        self.sides.setEnabled(sides_of(self.session) is not None)
        self.sides.setToolTip(
            "Compare the two sides of the boundary that is selected"
            if self.sides.isEnabled()
            else "Select a boundary first: click one in the dock Boundaries or on the tissue"
        )
        drawn = any(where.startswith(("domain:", "boundary:")) for where in (self.a.where, self.b.where))
        self.fresh.setEnabled(drawn)
        self.stop.setVisible(busy)
        self.progress.setVisible(busy)
        self.views.setVisible(self.found is not None)


def _sentence(text: str) -> str:
    """Return a text with a large first letter, unless that is the letter p."""
    return text if text.startswith("p ") else text[:1].upper() + text[1:]
