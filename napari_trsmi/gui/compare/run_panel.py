"""The results that were kept, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.gui.compare.add_menu import AddMenu
from napari_trsmi.gui.compare.run_table import RunModel, RunView
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.gui.jobs.recut import recut_of
from napari_trsmi.gui.viewer.layers import DOMAINS
from napari_trsmi.gui.widgets.arrowless import take_arrows_off
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.gui.widgets.whole_number import BoundLine, WholeNumber
from napari_trsmi.teach import EPOCHS

if TYPE_CHECKING:
    from napari_trsmi.gui.session.runs import Entry
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection

PLACES = (
    (0, 3),
    (3, 3),
    (6, 3),
    (9, 3),
    (0, 3),
    (3, 5),
    (8, 4),
)  # column and span of the buttons, four in the first row

ADD = "Add…"
TRAIN_ON = f"Show it, and train on from where it is for {EPOCHS} epochs"
STATELESS = "This run cannot be trained on: it is a kept preview, or was made without the state of its training"


class RunPanel(QWidget):
    """The runs of the active section: show one, name it, pin it, delete it, cut it into other domains."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._recut = recut_of(session)
        self.model = RunModel(self)
        self.table = RunView(self.model)
        self.table.setMinimumHeight(96)
        self.buttons: dict[str, QPushButton] = {}
        self.n_domains = _number(1, "K", "Number of domains; same: as many as the run has")
        self.domain_scale = _number(
            0, "Scale", "How far the embedding is averaged over the tissue before, in hops; same: as in the run"
        )
        self._lay_out()
        self.model.renamed.connect(self.rename)
        self.table.wanted.connect(lambda what: self._do(what))
        self.table.chosen.connect(self._update)
        listen(
            self,
            (session.runs_changed, self._refresh),
            (session.section_changed, self._on_section),
            (self._recut.changed, self._update),
            (session.run_changed, self._update),
            *([(session.canvas.removed.changed, self._update)] if session.canvas is not None else []),
        )
        self._refresh()

    def _lay_out(self) -> None:
        grid, again = QGridLayout(), QHBoxLayout()
        grid.setSpacing(4)
        for at, (text, tip, do) in enumerate(
            (
                ("Show", "Make the selected run the result (Enter)", self.show_run),
                ("Rename", "Give it another name (F2)", self.table.rename),
                ("Pin", "Keep it on top, and from being deleted (P)", self.pin),
                ("Delete", "Forget it; its memory is freed (Delete)", self.delete),
                ("Train on", TRAIN_ON, self.train_on),
                ("Settings to form", "Start the next run from its settings", self.to_form),
                (ADD, "Add a result that was saved before, or the domains of another section", None),
            )
        ):
            column, span = PLACES[at]
            grid.addWidget(self._button(text, tip, do), at // 4, column, 1, span)
        self.buttons[ADD].setMenu(AddMenu(self.session, self))
        for text, box in (("K", self.n_domains), ("Scale", self.domain_scale)):
            label = Label(text)
            label.setToolTip(box.toolTip())
            label.setBuddy(box)
            again.addWidget(label)
            again.addWidget(box, 1)
        again.addWidget(self._button("Cluster again", "Other domains from the same embedding; no training", self.recut))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.table, 1)
        layout.addLayout(grid)
        layout.addLayout(again)
        layout.addWidget(BoundLine(K=self.n_domains, Scale=self.domain_scale))

    def _button(self, text: str, tip: str, do: Callable[[], Any] | None) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setMinimumWidth(40)
        if do is not None:
            button.clicked.connect(lambda: do())
        self.buttons[text] = button
        return button

    # What a person does

    def show_run(self) -> None:
        """Make the selected run the result; where it is, draw its domains again."""
        entry = self.table.entry
        if entry is None or self.session.run is not None:
            return
        if entry is self.model.shown:
            self.session.show_result()
        else:
            self.session.set_result(entry.result, entry.path)

    def rename(self, entry: Entry, name: str) -> None:
        """Call a run something else."""
        self._change(lambda runs: runs.rename(entry, name))

    def pin(self) -> None:
        """Pin the selected run, or unpin it."""
        if (entry := self.table.entry) is not None:
            entry.pinned = not entry.pinned
            self.session.runs_changed.emit()

    def delete(self) -> None:
        """Forget the selected run."""
        if (entry := self.table.entry) is not None:
            self._change(lambda runs: runs.remove(entry, self.session.result))

    def train_on(self) -> None:
        """Show the selected run and train on from it, with the constraints it has."""
        if self.table.entry is not None and self.session.run is None:
            self.show_run()
            self.session.carry_on(EPOCHS)

    def to_form(self) -> None:
        """Take the settings of the selected run for the next one."""
        if (entry := self.table.entry) is not None:
            self.session.set_config(entry.result.config)
            self.session.told.emit(f"The form has the settings of {entry.name}.")

    def recut(self) -> None:
        """Cut the embedding of the selected run into other domains, in a thread; they become the result."""
        if (entry := self.table.entry) is None:
            return
        boxes = {"n_domains": (self.n_domains, 1), "domain_scale": (self.domain_scale, 0)}
        given = {name: box.value() for name, (box, least) in boxes.items() if box.value() >= least}
        self._recut.cut(self.session, entry, **given)

    def _do(self, what: str) -> None:
        {"show": self.show_run, "pin": self.pin, "delete": self.delete}[what]()

    def _change(self, change: Callable[[Any], None]) -> None:
        if self.session.section is None:
            return
        with Attempt(self.session, "Changing"):
            change(self.session.section.runs)
            self.session.runs_changed.emit()

    # What the session says

    def _on_section(self, section: OpenSection | None) -> None:
        self._refresh()

    def _refresh(self) -> None:
        section = self.session.section
        self.model.set_runs(None if section is None else section.runs, self.session.result)

    @property
    def _is_drawn(self) -> bool:
        """False where a person removed the layer of the domains."""
        return self.session.canvas is None or self.session.canvas.layer(DOMAINS) is not None

    def _update(self, *_: Any) -> None:
        if not isalive(self):  # a job that was under way when the dock was closed
            return
        entry, training = self.table.entry, self.session.run is not None
        shown = entry is not None and entry is self.model.shown
        able = {
            "Show": entry is not None and not training and not (shown and self._is_drawn),
            "Train on": entry is not None and not training and bool(entry.result.state),
            "Delete": entry is not None and not shown and not entry.pinned,
            "Cluster again": entry is not None and not training and not self._recut.busy,
            ADD: self.session.section is not None and not training,
        }
        for text, button in self.buttons.items():
            button.setEnabled(able.get(text, entry is not None))
        stateless = entry is not None and not entry.result.state
        self.buttons["Train on"].setToolTip(STATELESS if stateless else TRAIN_ON)
        self.buttons["Pin"].setText("Unpin" if entry is not None and entry.pinned else "Pin")


def _number(lowest: int, name: str, tip: str) -> WholeNumber:
    box = WholeNumber(lowest - 1, 200 if lowest else 32, "same", tip)
    box.setValue(lowest - 1)
    box.setKeyboardTracking(True)  # a button beside it may be clicked before the field is left
    take_arrows_off(box, 40)  # two of them in a narrow dock
    box.setAccessibleName(name)
    return box
