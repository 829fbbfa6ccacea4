"""Train on: how long, and what came of it; while it runs, how to end it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_trsmi.gui.controls.run import RunControls
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.reviews import has_new_domains
from napari_trsmi.teach import EPOCHS, count

if TYPE_CHECKING:
    from napari_trsmi.gui.correct.history import ConstraintHistory
    from napari_trsmi.gui.session.session import Session

NO_STATE = "This result cannot be trained on: {}. Run it again first."
TIP = (
    "Go on from the result, with its own settings and the list above; changes in the form since then do not count. "
    "The result before stays in the list of runs."
)
CUT_SINCE = "Domains are found anew: these were merged, or cut into another number, after training."


class CorrectRun(QWidget):
    """Starts training from the kept result with the list of constraints."""

    def __init__(self, session: Session, history: ConstraintHistory) -> None:
        super().__init__()
        self.session, self.history = session, history
        self.button = QPushButton("Train on")
        self.button.clicked.connect(self.start)
        self.epochs = QSpinBox()
        self.epochs.setRange(1, 9999)
        self.epochs.setValue(EPOCHS)
        self.epochs.setSuffix(" epochs")
        self.epochs.setToolTip("How long to train on")
        self.epochs.setAccessibleName("Epochs to train on")
        self.controls = RunControls(session, self)
        self.progress, self.line = self.controls.progress, Label()
        self.line.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.button, 1)
        row.addWidget(self.epochs, 1)
        for button in self.controls.buttons:
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.line)
        layout.addLayout(row)
        layout.addWidget(self.progress)
        listen(
            self,
            (history.changed, self.refresh),
            (session.run_changed, self.refresh),
            (session.shown_changed, self.refresh),
        )
        self.refresh()

    def set_colors(self, accent: str) -> None:
        """Take the colour of the theme."""
        self.button.setStyleSheet(f"QPushButton:enabled {{ background-color: {accent}; font-weight: bold }}")
        self.controls.set_colors(accent)

    def start(self) -> None:
        """Train on."""
        self.session.carry_on(self.epochs.value(), self.history.constraints)

    def refresh(self, *_: Any) -> None:
        """Enable what can be done, and say why not."""
        session, result = self.session, self.session.result
        training = session.run is not None
        running: tuple[QWidget, ...] = (*self.controls.buttons, self.progress)
        idle: tuple[QWidget, ...] = (self.button, self.epochs)
        if training and self.button.hasFocus():
            self.setFocus()  # else Qt gives the keys to what comes next
        for widget in idle if training else running:  # first: a dock grows with all of them in a row, and stays so
            widget.hide()
        for widget in running if training else idle:
            widget.show()
        reason = ""
        if result is not None and not result.state:
            kept = "kept_preview" in result.provenance
            reason = NO_STATE.format(
                "it was kept from a preview" if kept else "it was made without the state of training"
            )
        self.button.setEnabled(result is not None and not reason)
        self.button.setToolTip(reason or TIP)
        self.epochs.setEnabled(not reason)
        self.line.setText(reason or self._plan())

    def _plan(self) -> str:
        history = self.history
        if self.session.run is not None:
            return "Training; the course is in the Train dock."
        parts = [count(history.constraints)] if history.constraints else []
        parts += [f"{len(history.new)} new"] * bool(history.new)
        parts += [f"{len(history.ended)} taken back"] * bool(history.ended)
        plan = (", ".join(parts) or "Nothing said: training just goes on") + "."
        return f"{plan} {CUT_SINCE}" if has_new_domains(self.session.result) else plan
