"""Training in napari's activity dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils import progress
from qtpy.QtCore import QObject

from napari_trsmi.gui.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.gui.session import Session
    from napari_trsmi.records import Step


class Activity(QObject):
    """Shows the epochs of a run as a bar of napari's, which goes when training ends in whatever way."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.bar: Any = None
        listen(self, (session.run_changed, self._on_run), (session.stepped, self._on_step))

    def _on_run(self, state: str) -> None:
        run = self.session.run
        if state == "idle":
            self.close()
        elif self.bar is None and run is not None:
            train = run.config.train
            self.bar = progress(total=train.epochs + train.extra_epochs, desc=f"Training on {run.section.dataset.name}")

    def _on_step(self, step: Step) -> None:
        if self.bar is not None:
            self.bar.update(step.epoch - self.bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
