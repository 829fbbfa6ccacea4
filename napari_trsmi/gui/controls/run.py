"""Pause, Finish and keep, Cancel, and how far it is: of the run in progress, wherever it was started."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QWidget

from napari_trsmi.gui.widgets.bar import TellingBar
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.records import Progress, Step

MILLISECONDS = 200  # between two looks at what the thread is doing
LOADING = "Loading PyTorch"
FINISH = "End training now and keep what there is"
NOTHING_YET = f"{FINISH}; there is something to keep after the first epoch"


CANCEL = "End training and go back to the result before; a section that waits leaves the line"


class RunControls(QObject):
    """Three buttons and a bar for a dock to lay out; they follow the session.

    Attributes
    ----------
    pause, finish, cancel
        The buttons; `pause` becomes Resume.
    progress
        The bar: epochs while there are some, and what goes on before and after them.

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
        self.finish = text_button("Finish and keep", FINISH, session.finish)
        self.cancel = text_button("Cancel", CANCEL, session.cancel)
        self.progress = TellingBar("Training")
        self._clock = QTimer(self)
        self._clock.setInterval(MILLISECONDS)
        self._clock.timeout.connect(self.show_doing)
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
        self.finish.setEnabled(state in ("running", "paused"))  # before, there is nothing to keep
        self.finish.setToolTip(f"<qt>{NOTHING_YET if state in ('preparing', 'waiting') else FINISH}</qt>")
        self.cancel.setEnabled(state != "idle")
        steps = self.session.run.steps if self.session.run is not None else ()
        if steps:
            self._on_step(steps[-1])  # also where it went on while another section was looked at
        self.show_doing()
        self._clock.stop() if state == "idle" else self._clock.start()

    def _on_step(self, step: Step, *_: Any) -> None:
        left = "" if self.session.state == "paused" else self._left()
        self.progress.show_share(f"epoch {step.epoch} of {step.n_epochs}{left}", step.epoch, step.n_epochs)

    def show_doing(self) -> None:
        """Show what the thread is doing where that is no epoch."""
        run, state = self.session.run, self.session.state
        if run is None or state == "paused":
            return
        if run.doing is not None:
            self.progress.show_share(in_words(run.doing), run.doing.done, run.doing.total)
        elif state == "preparing":
            training = sys.modules.get("napari_trsmi.model.training")
            self.progress.show_share("Beginning" if hasattr(training, "train") else LOADING)


def in_words(doing: Progress) -> str:
    """Return what is being done as it stands on a bar.

    Examples
    --------
    >>> from napari_trsmi.records import Progress
    >>> in_words(Progress(2, 5, "Finding domains")), in_words(Progress(0, 0, "Writing"))
    ('Finding domains: 2 of 5', 'Writing')
    """
    return f"{doing.text}: {doing.done} of {doing.total}" if doing.total else doing.text
