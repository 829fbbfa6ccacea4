"""Who trains and who waits: the runs of all sections of one viewer, of which one trains at a time.

A run belongs to its section and goes on whatever else is looked at meanwhile. Nothing here needs a window.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_trsmi.gui.session.state import Run, RunState, Trainer
from napari_trsmi.gui.session.undoing import carry_reviews, replace_result, settings_deed
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari_trsmi.config import Config, Constraint
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.records import Step

StartTrainer = Callable[["Session", "Run"], Trainer]
AT_WORK = ("preparing", "running", "finishing")  # states in which a run keeps the others waiting


class Training:
    """The runs of a session in the order in which they were asked for.

    A run that is asked for while another one trains waits, and begins when that has ended or was cancelled. A paused
    run does not train, but keeps its place: nothing begins by itself then, only what a person starts.

    Signals
    -------
    changed()
        A run of any section began, moved in the line, paused or ended.
    stepped(Run, Step)
        An epoch of the run of any section.

    Attributes
    ----------
    line
        All that have not ended, those that were asked for first before the others.
    start_trainer
        Starts the thread of a run.
    """

    changed = Signal()
    stepped = Signal(object, object)

    def __init__(self, session: Session, start_trainer: StartTrainer) -> None:
        self.session, self.start_trainer = session, start_trainer
        self.line: list[Run] = []
        self._reports: deque[Callable[[], None]] = deque()
        self._reporting = False

    @property
    def current(self) -> Run | None:
        """The run that trains; None where nothing does."""
        return next((run for run in self.line if run.state in AT_WORK), None)

    @property
    def ahead(self) -> Run | None:
        """The run that those who wait are waiting for: the one that trains, else one that is paused."""
        return self.current or next((run for run in self.line if run.state == "paused"), None)

    @property
    def waiting(self) -> list[Run]:
        """Runs that wait, first to last."""
        return [run for run in self.line if run.state == "waiting"]

    # What a person does

    def begin(self, run: Run) -> None:
        """Train, or wait until what trains now has ended."""
        run.section.run = run.section.last_run = run
        run.place = self.session.busy.place
        self.line.append(run)
        if self.current is None:
            self._go(run)
        else:
            self._enter(run, "waiting")

    def pause(self, run: Run) -> None:
        """Pause after the current epoch."""
        if run.trainer is not None and run.state == "running":
            run.trainer.pause()
            self._enter(run, "paused")

    def resume(self, run: Run) -> None:
        """Go on after a pause, at once or as soon as what trains now has ended."""
        if run.trainer is not None and run.state == "paused":
            if self.current is None:
                self._go(run)
            else:
                self._enter(run, "waiting")

    def finish(self, run: Run) -> None:
        """End training now and keep what there is."""
        if run.trainer is not None and run.state in ("preparing", "running", "paused", "waiting"):
            run.trainer.finish()
            self._enter(run, "finishing")

    def cancel(self, run: Run) -> None:
        """End a run with nothing, or take it out of the line."""
        if run not in self.line:
            return
        held = run.state != "waiting"
        self._leave(run)
        run.section.last_run = None
        if run.trainer is not None:
            run.trainer.cancel()
        self._ended(run)
        if self._is_seen(run):
            self.session.show_result()
        if held:
            self._next()

    def cancel_all(self) -> None:
        """End all runs with nothing, those that wait first."""
        for run in reversed(self.line.copy()):
            self.cancel(run)

    def close(self, section: OpenSection) -> None:
        """End the run of a section that is gone, and say so."""
        if (run := section.run) is not None:
            what = "Training on {} was cancelled" if run.trainer is not None else "{} no longer waits for training"
            self.cancel(run)
            self.session.told.emit(f"{what.format(section.dataset.name)}: its layers were removed.")

    # What the thread reports; reports of a run that has ended are dropped.

    def on_step(self, run: Run, step: Step) -> None:
        """Take in an epoch."""
        self._in_order(lambda: self._take_step(run, step))

    def on_returned(self, run: Run, result: Result | None) -> None:
        """Take in the result: it becomes that of the section that was trained on."""
        self._in_order(lambda: self._take_result(run, result))

    def on_failed(self, run: Run, sentence: str) -> None:
        """Say what went wrong; the result before stays."""
        self._in_order(lambda: self._take_failure(run, sentence))

    def _in_order(self, take: Callable[[], None]) -> None:
        """Take in a report once all that came before it are: napari's progress bar lets the next one in meanwhile."""
        self._reports.append(take)
        if self._reporting:
            return
        self._reporting = True
        try:
            while self._reports:
                self._reports.popleft()()
        finally:
            self._reporting = False
            if self._reports:  # one that failed does not hold up the others
                self._in_order(self._reports.popleft())

    def _take_step(self, run: Run, step: Step) -> None:
        if run not in self.line:
            return
        session, follows = self.session, self._follows(run)
        run.steps.append(step)
        if run.state == "preparing":
            self._enter(run, "running")
            if run.section.conversions:  # told once, and before any time is spent
                session.told.emit("\n".join(["When the result is saved:", *run.section.conversions]))
                run.section.conversions = ()
        self.stepped.emit(run, step)
        if self._is_seen(run):
            session.stepped.emit(step)
            if follows:
                session.show_step(step)
        if run in self.line and run.at_end and run.state == "running":  # nothing to pause or to finish any more
            self._enter(run, "finishing")

    def _follows(self, run: Run) -> bool:
        """Return False where a person went back to an earlier preview of the run."""
        latest, shown = run.previews[-1:], self.session.shown
        return shown is None or shown.epoch is None or not latest or shown.epoch >= latest[0].epoch

    def _take_result(self, run: Run, result: Result | None) -> None:
        if run not in self.line or result is None:
            return
        self._leave(run)
        result, went_on = run.dressed(result), run.before is not None
        run.before = None  # what a person deletes leaves memory
        try:
            self._give(run.section, result, settings=went_on)
            carry_reviews(self.session, run.section)
        finally:  # whatever those who listen make of it, the run is over
            try:
                self._ended(run)
            finally:
                self._next()

    def _give(self, section: OpenSection, result: Result, *, settings: bool) -> None:
        """Let a section, which may not be the active one, have the result of its run; its settings too where asked."""
        session = self.session
        with session.deeds.together("training on" if settings else "training", section):
            if section is session.section:
                if settings:
                    session.set_config(result.config)
                return session.replace_result(result)
            if session.wishes is not None:
                session.wishes.took(section, result)
            if settings and section.config is not None:
                session.deeds.add(settings_deed(session, section.config, result.config))
            section.config = result.config if settings else section.config
            replace_result(session, section, result)
        n = result.partition.n_domains
        session.told.emit(f"{many(n, 'domain')} in {section.dataset.name}: training is done.")
        return None

    def _take_failure(self, run: Run, sentence: str) -> None:
        if run not in self.line:
            return
        self._leave(run)
        run.before = None
        self._ended(run)
        if self._is_seen(run):
            self.session.show_result()
        else:
            sentence = f"Training on {run.section.dataset.name} ended. {sentence}"
        with self.session.busy.at(run.place):
            self.session.failed.emit(sentence)
        self._next()

    # The line

    def _is_seen(self, run: Run) -> bool:
        return run.section is self.session.section

    def _go(self, run: Run) -> None:
        """Let a run train, from the beginning or from where it was paused."""
        if run.trainer is not None:
            run.trainer.resume()
            self._enter(run, "finishing" if run.at_end else "running")
            return
        try:
            self._enter(run, "preparing")
        finally:  # whatever those who listen make of it, else the run would never end
            run.trainer = self.start_trainer(self.session, run)

    def _next(self) -> None:
        """Let the first one that waits train, where nothing else does."""
        if self.current is None and self.waiting:
            self._go(self.waiting[0])

    def _leave(self, run: Run) -> None:
        self.line.remove(run)
        run.section.run = None

    def _ended(self, run: Run) -> None:
        self._enter(run, "idle")

    def _enter(self, run: Run, state: RunState) -> None:
        if state == run.state:
            return
        run.state = state
        if self._is_seen(run):
            self.session.run_changed.emit(state)
        self.changed.emit()


def continuing(section: OpenSection, settings: Config, epochs: int, constraints: Sequence[Constraint] | None) -> Run:
    """Return the run that goes on from the result that a section has, on the device of some settings.

    Raises
    ------
    TrsmiError
        As `teach.continued` does.
    """
    from napari_trsmi.teach import continued

    result = section.result
    assert result is not None
    config = continued(result, epochs, constraints)
    train = config.train.model_copy(update={"preview_every": settings.train.preview_every})
    config = config.model_copy(update={"device": settings.device, "threads": settings.threads, "train": train})
    earlier = tuple(replace(step, labels=None, embedding=None) for step in result.history)
    known = dict(zip(result.palette, result.names, strict=True))
    return Run(section, config, before=result, earlier=earlier, known=known)
