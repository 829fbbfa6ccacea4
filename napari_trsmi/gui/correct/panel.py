"""Say what you know about spots, and train on with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_trsmi.gui.controls.undo_button import UndoButton
from napari_trsmi.gui.correct.constraint_list import ConstraintList
from napari_trsmi.gui.correct.history import history_of
from napari_trsmi.gui.correct.lasso import Lasso
from napari_trsmi.gui.correct.lasso_bar import LassoBar
from napari_trsmi.gui.correct.run import CorrectRun
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.gui.legend.chip_list import SWATCH, swatch
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.named import NameBox
from napari_trsmi.gui.widgets.plain import Label, Marked
from napari_trsmi.teach import contradiction, rows_of, words

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.config import Constraint
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session

PREVIEW = "A preview or another run is shown. Corrections are made on the result."


class CorrectPanel(QWidget):
    """Choose spots, say something about them, see the list of it, train on."""

    def __init__(self, session: Session, viewer: Viewer) -> None:
        super().__init__()
        self.session = session
        self.lasso = Lasso(viewer, session, self)
        self.history = history_of(session)
        self.bar = LassoBar(session, self.lasso)
        self.list = ConstraintList()
        self.run = CorrectRun(session, self.history)
        self.buttons: dict[str, QPushButton] = {}
        self._partition: Any = None  # of the result that is shown
        self._front = False
        self._lay_out()
        self.list.chosen.connect(self._on_chosen)
        self.list.unwanted.connect(self.take_back)
        self.lasso.changed.connect(self._on_lasso)
        self.lasso.drawing.connect(self._on_drawing)
        listen(
            self,
            (self.history.changed, self._on_history),
            (session.result_changed, self._on_result),
            (session.shown_changed, self._update),
            (session.run_changed, self._update),
        )
        self._on_result(session.result)
        self._on_history()

    def _lay_out(self) -> None:
        self.domains = NameBox("The domain that A is to belong to")
        self.domains.setIconSize(QSize(SWATCH, SWATCH))
        self.domains.setAccessibleName("Domain")
        self.domains.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.preview = QWidget()
        row = QHBoxLayout(self.preview)
        row.setContentsMargins(0, 0, 0, 0)
        about = Label(PREVIEW)
        about.setWordWrap(True)
        row.addWidget(about, 1)
        row.addWidget(self._button("Show result", "Go back to the kept result", self.session.show_result))
        said = QGridLayout()
        said.setSpacing(4)
        said.addWidget(
            self._button(
                "One domain", "The spots of A, and of B where there are some, are one domain", self.say_together
            ),
            0,
            0,
        )
        said.addWidget(self._button("Keep apart", "A is of another domain than B", self.say_apart), 0, 1)
        said.addWidget(self._button("Give A to", "A belongs to the domain beside", self.say_belong), 1, 0)
        said.addWidget(self.domains, 1, 1)
        said.setColumnStretch(0, 1)
        said.setColumnStretch(1, 1)
        changes = QHBoxLayout()
        changes.setSpacing(4)
        changes.addWidget(self._button("Take back", "No longer say what is selected (Delete)", self.take_back))
        self.undo, self.redo = UndoButton(self.session, "undo"), UndoButton(self.session, "redo")
        for button in (self.undo, self.redo):
            button.setMinimumWidth(40)
            changes.addWidget(button)
        self.nothing = Label("Nothing yet. Choose spots, then say what they are.")
        self.nothing.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.doubt, self.teaches = Label(), Label()
        self.doubt.setWordWrap(True)
        self.teaches.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(_title("1  Choose spots"))
        layout.addWidget(self.preview)
        layout.addWidget(self.bar)
        layout.addSpacing(4)
        layout.addWidget(_title("2  Say what you know"))
        layout.addLayout(said)
        layout.addWidget(self.teaches)
        layout.addWidget(self.nothing, 1)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.doubt)
        layout.addLayout(changes)
        layout.addSpacing(4)
        layout.addWidget(_title("3  Train on"))
        layout.addWidget(self.run)

    def _button(self, text: str, tip: str, do: Callable[[], Any]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setMinimumWidth(40)
        button.clicked.connect(lambda: do())
        self.buttons[text] = button
        return button

    # What a person says

    def say_together(self) -> None:
        """Say that A, and B where there are some, are one domain."""
        from napari_trsmi.teach import together

        self._say(("A", "B"), lambda result: together(result, np.flatnonzero(self.lasso.sides)))

    def say_apart(self) -> None:
        """Say that A and B are different domains."""
        from napari_trsmi.teach import apart

        self._say(("A", "B"), lambda result: apart(result, self.lasso.rows("A"), self.lasso.rows("B")))

    def say_belong(self) -> None:
        """Say that A belongs to the chosen domain."""
        from napari_trsmi.teach import belong

        domain = self.domains.currentIndex()
        self._say(("A",), lambda result: belong(result, self.lasso.rows("A"), domain))

    def _say(self, groups: tuple[str, ...], make: Callable[[Result], Constraint]) -> None:
        result = self.session.result
        if result is None or not self.bar.able:
            return
        with Attempt(self.session, "Saying"):
            constraint = make(result)
            self.history.add(constraint, words(constraint, result))
            self.lasso.use(*groups)

    def take_back(self) -> None:
        """No longer say what is selected in the list."""
        constraint, result = self.list.constraint, self.session.result
        if constraint is not None and result is not None and self.session.run is None:
            self.history.take_back(constraint, f"taking back: {words(constraint, result)}")

    def come(self, front: bool) -> None:
        """Show on the tissue what was chosen while the dock is in front; what was chosen stays so when it is left."""
        self._front = front
        self._update()

    def leave(self) -> None:
        """Take from the canvas what was drawn there."""
        self.lasso.leave()

    # What others say

    def _on_result(self, result: Result | None) -> None:
        partition = None if result is None else result.partition
        if partition is not self._partition:  # what was chosen looked at other domains
            self._partition = partition
            self.lasso.clear()
        chosen = self.domains.currentData()
        self.domains.clear()
        for name, color in () if result is None else zip(result.names, result.palette, strict=True):
            self.domains.addItem(swatch(color), name, color)
        self.domains.setCurrentIndex(max(self.domains.findData(chosen), 0))  # a domain keeps its colour, not its number
        self._update()

    def _on_history(self) -> None:
        self.list.clearSelection()
        self.list.rows.set_history(self.history, self.session.result)
        result = self.session.result
        self.doubt.setText("" if result is None else contradiction(result, self.history.constraints))
        self.doubt.setVisible(bool(self.doubt.text()))
        self._update()

    def _on_lasso(self) -> None:
        self.list.clearSelection()
        self._update()

    def _on_drawing(self, group: str) -> None:
        if group:  # what is lassoed is to be seen, and not the constraint that was selected
            self.list.clearSelection()

    def _on_chosen(self, constraint: Constraint | None) -> None:
        result = self.session.result
        sides = None
        if constraint is not None and result is not None:
            self.lasso.draw("")
            sides = np.zeros(len(result.labels), np.int8)
            sides[rows_of(result, constraint.spots)] = 1
            sides[rows_of(result, constraint.others)] = 2
        self.lasso.mark(sides)
        self._update()

    def _update(self, *_: Any) -> None:
        able, a, b = self.bar.able, self.lasso.rows("A"), self.lasso.rows("B")
        self.lasso.sleep(not (able and self._front))
        free = self.session.run is None
        self.teaches.setText(self._of_sections())
        self.teaches.setVisible(bool(self.teaches.text()))
        self.preview.setVisible(free and self.session.result is not None and not able)
        enabled = {
            "One domain": able and len(a) + len(b) > 1,
            "Keep apart": able and len(a) > 0 and len(b) > 0,
            "Give A to": able and len(a) > 0 and self.domains.count() > 0,
            "Take back": free and self.list.constraint is not None,
        }
        for text, on in enabled.items():
            self.buttons[text].setEnabled(on)
        self.nothing.setVisible(not self.history.constraints)
        self.list.setVisible(bool(self.history.constraints))

    def _of_sections(self) -> str:
        """Return whom it teaches what is said of the chosen spots; nothing for a single section."""
        dataset = self.session.dataset
        if dataset is None or dataset.section is None or len(self.lasso.sides) != dataset.n_spots:
            return ""
        names = dataset.section_names
        there = np.unique(dataset.section[self.lasso.sides > 0])
        of = " and ".join(names[number] for number in there)
        what = f"these spots of {of}" if of else "spots of one section"
        return f"What you say of {what} teaches all {len(names)} sections."


def _title(text: str) -> QLabel:
    return Marked(f"<b>{text}</b>")
