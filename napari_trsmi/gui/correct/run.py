"""Train on: how long, and what came of it; while it runs, how to end it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_trsmi.gui.listening import listen
from napari_trsmi.gui.plain import Label
from napari_trsmi.teach import EPOCHS, count

if TYPE_CHECKING:
    from napari_trsmi.gui.correct.history import ConstraintHistory
    from napari_trsmi.gui.session import Session
    from napari_trsmi.records import Step

NO_STATE = "This result cannot be trained on: {}. Run it again first."
TIP = (
    "Go on from the result, with its own settings and the list above; changes in the form since then do not count. "
    "The result before stays in the list of runs."
)


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
        self.pause = QPushButton("Pause")
        self.pause.setToolTip("Stop after this epoch; nothing is lost")
        self.pause.clicked.connect(self._on_pause)
        self.finish = QPushButton("Finish and keep")
        self.finish.setToolTip("End training now and keep what there is")
        self.finish.clicked.connect(session.finish)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("End training and go back to the result before")
        self.cancel.clicked.connect(session.cancel)
        self.progress, self.line = QProgressBar(), Label()
        self.line.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(4)
        for button in (self.pause, self.finish, self.cancel):
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(button.text()) + 12)
        row.addWidget(self.button, 1)
        row.addWidget(self.epochs, 1)
        for button in (self.pause, self.finish, self.cancel):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.line)
        layout.addLayout(row)
        layout.addWidget(self.progress)
        history.changed.connect(self.refresh)
        listen(
            self,
            (session.run_changed, self.refresh),
            (session.shown_changed, self.refresh),
            (session.stepped, self._on_step),
        )
        self.refresh()

    def set_colors(self, accent: str) -> None:
        """Take the colour of the theme."""
        self.button.setStyleSheet(f"QPushButton:enabled {{ background-color: {accent}; font-weight: bold }}")
        self.progress.setStyleSheet(f"QProgressBar::chunk {{ background: {accent} }}")

    def start(self) -> None:
        """Train on."""
        self.session.carry_on(self.epochs.value(), self.history.constraints)

    def _on_pause(self) -> None:
        self.session.resume() if self.session.state == "paused" else self.session.pause()

    def refresh(self, *_: Any) -> None:
        """Enable what can be done, and say why not."""
        session, result = self.session, self.session.result
        training = session.run is not None
        running: tuple[QWidget, ...] = (self.pause, self.finish, self.cancel, self.progress)
        idle: tuple[QWidget, ...] = (self.button, self.epochs)
        for widget in idle if training else running:  # first: a dock grows with all of them in a row, and stays so
            widget.hide()
        for widget in running if training else idle:
            widget.show()
        self.pause.setEnabled(session.state in ("running", "paused"))
        self.pause.setText("Resume" if session.state == "paused" else "Pause")
        self.finish.setEnabled(session.state in ("preparing", "running", "paused"))
        if session.state == "preparing":
            self.progress.setRange(0, 0)
            self.progress.setFormat("")
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
        return (", ".join(parts) or "Nothing said: training just goes on") + "."

    def _on_step(self, step: Step) -> None:
        self.progress.setRange(0, step.n_epochs)
        self.progress.setValue(step.epoch)
        self.progress.setFormat(f"epoch {step.epoch} of {step.n_epochs}")
