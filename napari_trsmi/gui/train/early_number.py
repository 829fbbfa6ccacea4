"""What speaks for each number of domains before anything is trained: the curve of what was measured, on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_trsmi.gui.jobs.jobs import JobPanel
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.placed import set_seen
from napari_trsmi.interrupt import Interrupted, interruptible

if TYPE_CHECKING:
    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.session import Session

LOOK, STOP = "Look now", "Stop"
TIP = "Cut what was measured, as it is before any training, into 2, 3, … domains, and draw what speaks for each number."
PREPARING = "Features and graphs…"
BUSY = "Numbers of domains"


@dataclass(eq=False)
class EarlyNumberJob:
    """The curve of a section that is not trained.

    Attributes
    ----------
    told
        How far it is, in words.
    dropped
        True where nobody wants it any more.
    """

    dataset: Dataset
    config: Config
    told: str = PREPARING
    dropped: bool = False

    def work(self) -> dict[str, Any] | None:
        """Return the record of the curve, None where the job was dropped."""
        import numpy as np

        from napari_trsmi.evidence import number_curve
        from napari_trsmi.records import drain
        from napari_trsmi.stages import prepare

        try:
            with interruptible(lambda: self.dropped):
                prepared = prepare(self.dataset, self.config)
                untrained = np.hstack(list(prepared.features.values()))
                return drain(number_curve(untrained, prepared, self.config), self._hear).record()
        except Interrupted:
            return None

    def drop(self, *_: object) -> None:
        """End soon."""
        self.dropped = True

    def _hear(self, progress: Any) -> None:
        self.told = f"{BUSY}: {progress.done} of {progress.total}"


class EarlyNumber(JobPanel):
    """A button that looks and stops; training ends it, and what is known is not looked for again.

    Signals
    -------
    found(object)
        The record of the curve, empty where it is no longer that of the section and its settings.
    said(str)
        How far it is, empty while it does not look.
    """

    found = Signal(object)
    said = Signal(str)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(session)
        self.setParent(parent)
        self.button = text_button(LOOK, TIP, self._on_button)
        self._of: Any = None  # section and settings that were looked at
        self._is_known = False  # what speaks for their numbers
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        listen(
            self,
            (session.section_changed, self._on_change),
            (session.config_changed, self._on_change),
            (session.run_changed, self._on_run),
            (session.result_changed, self._refresh),
        )
        self._refresh()

    def _on_button(self) -> None:
        if self.job is not None:
            return self._drop_job()
        section = self.session.section
        if section is None:
            return None
        self._of = self._now()
        job = EarlyNumberJob(section.dataset, self.session.config)
        self._begin_job(BUSY, job, self._on_done, self._on_failed)
        return self._show_progress()

    def _now(self) -> Any:
        """Return the section and its settings, but for the number of domains, which a click on the curve sets."""
        config = self.session.config
        free = config.model_copy(update={"cluster": config.cluster.model_copy(update={"n_domains": None})})
        return self.session.section, free

    def _on_change(self, *_: Any) -> None:
        now = self._now()
        if self._of is not None and (self._of[0] is not now[0] or self._of[1] != now[1]):
            self._of, self._is_known = None, False
            self._drop_job()
            self.found.emit({})
        self._refresh()

    def _on_run(self, *_: Any) -> None:
        if self.session.run is not None:
            self._drop_job()
        self._refresh()

    def _on_done(self, _: EarlyNumberJob, record: dict[str, Any]) -> None:
        self._is_known = True
        self._end_job()
        self.found.emit(record)

    def _on_failed(self, _: EarlyNumberJob, problem: str) -> None:
        self._end_job()

    def _show_progress(self) -> None:
        self._refresh()

    def _refresh(self, *_: Any) -> None:
        session, cluster = self.session, self.session.config.cluster
        wanted = cluster.n_domains is None and cluster.method != "prototypes"
        free = session.section is not None and session.result is None and session.run is None
        set_seen(self, self.job is not None or (wanted and free and not self._is_known))
        self.button.setText(LOOK if self.job is None else STOP)
        self.said.emit("" if self.job is None else self.job.told)
