"""Training in napari's activity dock."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari.utils import progress
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

from napari_trsmi.gui.controls.run import MILLISECONDS, in_words
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Run
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
            follow_calmly(self.bar)
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


def follow_calmly(bar: Any) -> None:
    """Let the widgets of a bar of napari's only show what it says.

    Their own way handles all other events at each change, in the midst of what is told to the rest of the window: a run
    may end there, and what was being told then goes to widgets that are gone.
    """
    for emitter, show in ((bar.events.value, _show_value), (bar.events.description, _show_text)):
        for callback in emitter.callbacks:
            widget = callback[0]() if isinstance(callback, tuple) else None  # a weak reference and a name
            if hasattr(widget, "qt_progress_bar"):
                emitter.disconnect(callback)
                emitter.connect(partial(show, ref(widget)))


def _show_value(widget: Callable[[], Any], event: Any) -> None:
    if (there := widget()) is not None and isalive(there):
        there.qt_progress_bar.setValue(event.value)


def _show_text(widget: Callable[[], Any], event: Any) -> None:
    if (there := widget()) is not None and isalive(there):
        there.description_label.setText(f"{event.value.removesuffix(': ')}: ")
