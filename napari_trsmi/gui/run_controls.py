"""Pause, Finish and keep, Cancel, and how far it is: of the run in progress, wherever it was started."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QProgressBar, QWidget

from napari_trsmi.gui.buttons import text_button
from napari_trsmi.gui.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.gui.session import Session
    from napari_trsmi.records import Step


CANCEL = "End training and go back to the result before; a section that waits leaves the line"


class RunControls(QObject):
    """Three buttons and a bar for a dock to lay out; they follow the session.

    Attributes
    ----------
    pause, finish, cancel
        The buttons; `pause` becomes Resume.
    progress
        The bar.

    Parameters
    ----------
    parent
        The widget that they are in.
    left
        Returns what the bar says after the epoch, such as ``", 2 min left"``.
    """

    def __init__(self, session: Session, parent: QWidget, left: Callable[[], str] = lambda: "") -> None:
        super().__init__(parent)
        self.session, self._left = session, left
        self.pause = text_button("Pause", "Stop after this epoch; nothing is lost", self._on_pause)
        self.finish = text_button("Finish and keep", "End training now and keep what there is", session.finish)
        self.cancel = text_button(
            "Cancel",
            CANCEL,
            session.cancel,
        )
        self.progress = QProgressBar()
        listen(self, (session.run_changed, self._on_run), (session.stepped, self._on_step))
        self._on_run(session.state)

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        """The three, from left to right."""
        return self.pause, self.finish, self.cancel

    def set_colors(self, accent: str) -> None:
        """Take the colour of the theme."""
        self.progress.setStyleSheet(f"QProgressBar::chunk {{ background: {accent} }}")

    def _on_pause(self) -> None:
        self.session.resume() if self.session.state == "paused" else self.session.pause()

    def _on_run(self, state: str) -> None:
        self.pause.setEnabled(state in ("running", "paused"))
        self.pause.setText("Resume" if state == "paused" else "Pause")
        self.finish.setEnabled(state in ("preparing", "running", "paused"))
        self.cancel.setEnabled(state != "idle")
        steps = self.session.run.steps if self.session.run is not None else ()
        if steps:
            self._on_step(steps[-1])  # also where it went on while another section was looked at
        elif state == "preparing":
            self.progress.setRange(0, 0)
            self.progress.setFormat("")

    def _on_step(self, step: Step, *_: Any) -> None:
        self.progress.setRange(0, step.n_epochs)
        self.progress.setValue(step.epoch)
        self.progress.setFormat(f"epoch {step.epoch} of {step.n_epochs}{self._left()}")
