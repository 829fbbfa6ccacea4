"""Training in napari's activity dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils import progress
from qtpy.QtCore import QObject, QTimer

from napari_trsmi.gui.listening import listen
from napari_trsmi.gui.run_controls import MILLISECONDS, in_words

if TYPE_CHECKING:
    from napari_trsmi.gui.session import Session
    from napari_trsmi.records import Step


class Activity(QObject):
    """Shows the epochs of a run as a bar of napari's, which goes when training ends in whatever way."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.bar: Any = None
        self._said = ""
        self._clock = QTimer(self)
        self._clock.setInterval(MILLISECONDS)
        self._clock.timeout.connect(self._show_doing)
        listen(self, (session.run_changed, self._on_run), (session.stepped, self._on_step))

    def _on_run(self, state: str) -> None:
        run = self.session.run
        if state == "idle":
            self.close()
        elif self.bar is None and run is not None:
            train = run.config.train
            self.bar = progress(total=train.epochs + train.extra_epochs, desc=f"Training on {run.section.dataset.name}")
            self._clock.start()

    def _on_step(self, step: Step) -> None:
        if self.bar is not None:
            self.bar.update(step.epoch - self.bar.n)

    def _show_doing(self) -> None:
        """Say what goes on before, between and after the epochs; napari's bar has no words of its own for it."""
        run = self.session.run
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
            self.bar = None
