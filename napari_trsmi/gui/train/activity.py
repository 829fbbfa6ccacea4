"""Training in napari's activity dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils import progress
from qtpy.QtCore import QObject, QTimer

from napari_trsmi.gui.listening import listen
from napari_trsmi.gui.run_controls import MILLISECONDS, in_words

if TYPE_CHECKING:
    from napari_trsmi.gui.session import Session
    from napari_trsmi.gui.state import Run
    from napari_trsmi.records import Step


class Activity(QObject):
    """Shows the epochs of the run that trains, on whichever section, as a bar of napari's, until it ends."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.bar: Any = None
        self._said = ""
        self._clock = QTimer(self)
        self._clock.setInterval(MILLISECONDS)
        self._clock.timeout.connect(self._show_doing)
        self._run: Run | None = None
        listen(self, (session.training.changed, self._on_training), (session.training.stepped, self._on_step))

    def _on_training(self) -> None:
        run = self.session.training.ahead
        if run is not self._run:
            self.close()
        if self.bar is None and run is not None:
            train, self._run = run.config.train, run
            self.bar = progress(total=train.epochs + train.extra_epochs, desc=f"Training on {run.section.dataset.name}")
            self._clock.start()

    def _on_step(self, run: Run, step: Step) -> None:
        if self.bar is not None and run is self._run:
            self.bar.update(step.epoch - self.bar.n)

    def _show_doing(self) -> None:
        """Say what goes on before, between and after the epochs; napari's bar has no words of its own for it."""
        run = self._run
        if self.bar is None or run is None:
            return
        what = "Training" if run.doing is None else in_words(run.doing)
        if (text := f"{what} on {run.section.dataset.name}") != self._said:
            self._said = text
            self.bar.set_description(text)

    def close(self) -> None:
        """Take the bar away."""
        self._clock.stop()
        self._said = ""
        if self.bar is not None:
            self.bar.close()
        self.bar = self._run = None
