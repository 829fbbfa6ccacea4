"""Back over the previews of a run, and keep one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QSlider, QWidget

from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.jobs.worker import turn
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.records import Step


KEEP = "Make the domains of this epoch the result"
KEEP_LATER = f"{KEEP}, once training has ended"


class PreviewBar(QWidget):
    """A slider over the previews of the last run; its end is the result, or the latest epoch while training."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.slider, self.label = QSlider(Qt.Orientation.Horizontal), Label()
        self.slider.setToolTip("Domains as they were at earlier epochs; arrow keys go from one to the next")
        self.slider.setAccessibleName("Previews")
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self._on_moved)
        self.label.setMinimumWidth(self.label.fontMetrics().horizontalAdvance("epoch 0000"))
        self.keep_button = QPushButton("Keep this preview")
        self.keep_button.clicked.connect(self.keep)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.keep_button)
        listen(
            self,
            (session.section_changed, self._refresh),
            (session.run_changed, self._refresh),
            (session.shown_changed, self._refresh),
            (session.stepped, self._refresh),  # a preview that is not shown makes the slider longer
        )
        self._refresh()

    @property
    def previews(self) -> list[Step]:
        """Previews there are to go back to."""
        return [] if self.session.last_run is None else self.session.last_run.previews

    @property
    def shown(self) -> Step | None:
        """The preview on the canvas, or None where it is the result."""
        epoch = None if self.session.shown is None else self.session.shown.epoch
        return next((step for step in self.previews if step.epoch == epoch), None)

    def keep(self) -> None:
        """Make the preview that is shown the result."""
        session, run, step = self.session, self.session.last_run, self.shown
        if run is None or step is None or session.state != "idle":
            return
        history = tuple(s for s in run.course if s.epoch <= step.epoch)

        def work() -> Result:
            from napari_trsmi.previews import keep_preview

            with turn():
                result = keep_preview(
                    run.section.dataset, run.config, step, colors=run.colors, history=history, states=run.states
                )
            if run.earlier:
                result.provenance["resumed_at"] = len(run.earlier)
            return run.named(result)

        def done(result: Result) -> None:
            if session.section is run.section and session.last_run is run and session.state == "idle":
                session.set_result(result)
                return
            entry = run.section.runs.take(result)  # something else is shown by now
            session.runs_changed.emit()
            session.told.emit(f"Epoch {step.epoch} is {entry.name} in the list of runs.")

        run_job(session, f"Keeping epoch {step.epoch}…", work, done, with_window=True)

    def _can_be_kept(self, step: Step) -> bool:
        """Whether its embedding is there, or the state of training that makes it again."""
        run = self.session.last_run
        return step.embedding is not None or (run is not None and run.states.before(step.epoch) is not None)

    def _on_moved(self, value: int) -> None:
        previews = self.previews
        if value < len(previews):
            self.session.show_step(previews[value])
        else:
            self.session.show_result()

    def _refresh(self, *_: Any) -> None:
        previews, step, training = self.previews, self.shown, self.session.run is not None
        self.setVisible(bool(previews))
        end = max(len(previews) - training, 0)  # the result has a place of its own, once training has ended
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, end)
            self.slider.setValue(end if step is None else previews.index(step))
        self.label.setText("result" if step is None else f"epoch {step.epoch}")
        self.keep_button.setToolTip(KEEP_LATER if training else KEEP)
        self.keep_button.setEnabled(step is not None and not training and self._can_be_kept(step))
