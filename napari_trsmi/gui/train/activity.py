"""Training in napari's activity dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils import progress
from qtpy.QtCore import QObject

from napari_trsmi.gui.listening import listen

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
        self._run: Run | None = None
        listen(self, (session.training.changed, self._on_training), (session.training.stepped, self._on_step))

    def _on_training(self) -> None:
        run = self.session.training.ahead
        if run is not self._run:
            self.close()
        if self.bar is None and run is not None:
            train, self._run = run.config.train, run
            self.bar = progress(total=train.epochs + train.extra_epochs, desc=f"Training on {run.section.dataset.name}")

    def _on_step(self, run: Run, step: Step) -> None:
        if self.bar is not None and run is self._run:
            self.bar.update(step.epoch - self.bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
        self.bar = self._run = None
