"""Sees to it that the kept result of a session gets its support, beside the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QAbstractItemView, QApplication, QLineEdit, QWidget

from napari_trsmi.gui.jobs.jobs import MILLISECONDS, run_long
from napari_trsmi.gui.jobs.ready import ready_of
from napari_trsmi.gui.support.job import SupportJob, onto
from napari_trsmi.gui.widgets.listening import at_end

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.runs import Entry
    from napari_trsmi.gui.session.session import Session


class SupportFinder:
    """Finds the support of each result that is shown without, unless its settings say otherwise.

    Training comes first: while it goes on, on whichever section, nothing is looked for. What was begun for domains that
    are no longer the result is dropped, and begun again when they are.

    Signals
    -------
    changed()
        It began or ended, or there is something else to be found.

    Attributes
    ----------
    job
        The one under way, or None.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self.session = session
        self.job: SupportJob | None = None
        self._n_widgets = 0  # that show what is found; without any there is nobody to find it for
        session.result_changed.connect(self._look)
        session.training.changed.connect(self._look)

    def serve(self, widget: QWidget) -> None:
        """Work as long as this widget or another one is there."""
        self._n_widgets += 1
        at_end(widget, self._leave)
        self._look()

    @property
    def missing(self) -> bool:
        """Whether the kept result could have support and has none, and nothing looks for it."""
        result = self.session.result
        there = result is not None and result.cuts is None and result.partition.n_domains > 1
        return there and self.job is None and self.session.training.current is None

    def start(self) -> None:
        """Find the support of the kept result."""
        result = self.session.result
        if self.missing and result is not None:
            self.job = SupportJob(result, ready_of(self.session))
            run_long(self.session, "", self.job, self._on_done, self._on_failed)
            self.changed.emit()

    def stop(self) -> None:
        """Leave the result without support."""
        self._leave_without()
        self._drop()
        self.changed.emit()

    def _look(self, *_: Any) -> None:
        session, result, job = self.session, self.session.result, self.job
        same = job is not None and result is not None and result.partition is job.result.partition
        if job is not None and (session.training.current is not None or not same):
            self._drop()
        entry = self._entry
        if self._n_widgets and entry is not None and not entry.unsupported and entry.result.config.evidence.support:
            self.start()
        self.changed.emit()

    def _on_done(self, job: SupportJob, found: Result | None) -> None:
        current = self.session.result
        if job is not self.job or current is None:
            return
        if _is_writing():  # in a cell of a table, which another order of the boundaries would close
            QTimer.singleShot(MILLISECONDS, partial(self._on_done, job, found))
            return
        self.job = None
        if found is None:
            self._leave_without()
        else:
            self.session.refine(onto(found, current))
        self.changed.emit()

    def _on_failed(self, job: SupportJob, _: str) -> None:
        if job is self.job:
            self.job = None
            self._leave_without()
            self.changed.emit()

    def _drop(self) -> None:
        if self.job is not None:
            self.job.drop()
            self.job = None

    def _leave(self) -> None:
        self._n_widgets -= 1
        if not self._n_widgets:
            self._drop()

    @property
    def _entry(self) -> Entry | None:
        section = self.session.section
        return None if section is None else section.runs.entry_of(section.result)

    def _leave_without(self) -> None:
        if (entry := self._entry) is not None:
            entry.unsupported = True


def finder_of(session: Session) -> SupportFinder:
    """Return what finds the support of a session's results, made when first asked for."""
    if session.support is None:
        session.support = SupportFinder(session)
    finder: SupportFinder = session.support
    return finder


def _is_writing() -> bool:
    """Return whether a person is writing in a cell."""
    cell = QApplication.focusWidget()
    viewport = cell.parentWidget() if isinstance(cell, QLineEdit) else None
    return viewport is not None and isinstance(viewport.parentWidget(), QAbstractItemView)
