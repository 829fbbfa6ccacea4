"""What one viewer works on: the open section, its result, its run, and what is shown of them.

Docks and the canvas never talk to each other: they change the session and listen to its signals. Nothing here needs a
window, so every rule of it is tested without one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_trsmi.compare import differences
from napari_trsmi.config import Config, Constraint
from napari_trsmi.errors import TrsmiError
from napari_trsmi.gui.session.annotations import Annotations
from napari_trsmi.gui.session.busy import Busy
from napari_trsmi.gui.session.deeds import Deeds
from napari_trsmi.gui.session.parts import Parts
from napari_trsmi.gui.session.state import Coloring, OpenSection, Run, RunState, Shown
from napari_trsmi.gui.session.training import StartTrainer, Training, continuing
from napari_trsmi.gui.session.undoing import carry_reviews, edited, settings_deed
from napari_trsmi.records import Checkpoints

if TYPE_CHECKING:
    from pathlib import Path

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.records import Step

logger = logging.getLogger(__name__)


class Session:
    """State of one viewer.

    Signals
    -------
    leaving(OpenSection | None)
        Another section is going to be active than this one.
    section_changed(OpenSection | None)
        Another section is active.
    replacing(Result)
        A result with other domains is going to be kept in place of the active section's.
    result_changed(Result | None)
        The kept result was replaced or edited (names, colours, merged domains, review).
    shown_changed(Shown | None)
        Other domains are on the canvas: a preview came or was scrubbed to, or the result.
    runs_changed()
        A result came into the list of runs of the active section, went, or changed.
    hidden_changed(frozenset[int])
        Domains that are not drawn.
    config_changed(Config)
        The settings for the next run.
    run_changed(RunState)
        Training on the active section began, paused, ended ..., or a section is active that trains or does not.
    stepped(Step)
        An epoch of the run of the active section.
    spot_changed(int | None)
        The spot a person clicked.
    boundary_changed(int | None)
        The boundary (segment of the kept result) that is selected.
    coloring_changed(Coloring | None)
        Something else colours the spots.
    busy_changed(str)
        What goes on beside training ("Saving ..."), "" when all of it is done; see `busy`.
    failed(str)
        One sentence for the person; what was there before is still there.
    did(str)
        What succeeded, as `Busy.about` names it.
    told(str)
        News for the person: where something was saved, what was dropped.
    """

    leaving = Signal(object)
    section_changed = Signal(object)
    replacing = Signal(object)
    result_changed = Signal(object)
    runs_changed = Signal()
    shown_changed = Signal(object)
    hidden_changed = Signal(object)
    config_changed = Signal(object)
    run_changed = Signal(str)
    stepped = Signal(object)
    spot_changed = Signal(object)
    boundary_changed = Signal(object)
    coloring_changed = Signal(object)
    busy_changed = Signal(str)
    failed = Signal(str)
    did = Signal(str)
    told = Signal(str)

    def __init__(self, start_trainer: StartTrainer) -> None:
        self.section: OpenSection | None = None
        self.config = Config()
        self.shown: Shown | None = None
        self.hidden: frozenset[int] = frozenset()
        self.spot: int | None = None
        self.boundary: int | None = None
        self.coloring: Coloring | None = None
        self.busy, self.parts = Busy(self.busy_changed.emit), Parts()
        self.training = Training(self, start_trainer)
        self.deeds = Deeds()
        self.annotations = Annotations(lambda: self.section, self.deeds)
        self.fixed_colors: tuple[str, ...] = ()  # of new domains, in this order; empty: apart where domains touch
        self.panel: list[Any] = []  # `View`s that a person collects for one figure
        self.canvas: Any = None  # the `Canvas` that draws this session, kept alive here
        self.support: Any = None  # the `SupportFinder` of this session, kept alive here
        self.wishes: Any = None  # the `ConstraintHistory` of this session, kept alive here

    # The section

    def activate(self, section: OpenSection | None) -> None:
        """Work on `section` from now on; training on another one goes on, and that one is kept as it was left."""
        if section is self.section:
            return
        self.leaving.emit(self.section)
        if (before := self.section) is not None:
            before.config, before.hidden = self.config, self.hidden
            if before.last_run is not None and before.run is None:
                before.last_run.states = Checkpoints(budget=0)  # the largest part of what it keeps
        trained, hidden = self.run is not None, self.hidden
        self.section = self.parts.study = section
        self.deeds.enter(section)
        self.shown = None  # those of the section before have other spots
        self.hidden = frozenset() if section is None else section.hidden
        self.select_spot(None)
        self.color(None)
        self.section_changed.emit(section)
        if section is not None:
            if section.result is not None:
                section.runs.take(section.result, section.path)
            with self.deeds.quiet():
                self.set_config(self._config_of(section))
        previews = [] if self.run is None else self.run.previews
        self.show_step(previews[-1]) if previews else self.show_result()
        if self.hidden != hidden:
            self.hidden_changed.emit(self.hidden)
        self.result_changed.emit(self.result)
        self.runs_changed.emit()
        if trained or self.run is not None:
            self.run_changed.emit(self.state)

    def _config_of(self, section: OpenSection) -> Config:
        """Return the settings that a person left a section with; for a new one those before, less what corrected it."""
        known = section.config or (None if section.result is None else section.result.config)
        train = self.config.train.model_copy(update={"extra_epochs": 0})
        return known or self.config.model_copy(update={"constraints": (), "train": train})

    @property
    def dataset(self) -> Dataset | None:
        """The active dataset."""
        return None if self.section is None else self.section.dataset

    @property
    def run(self) -> Run | None:
        """The run of the active section that trains, is paused or waits."""
        return None if self.section is None else self.section.run

    @property
    def last_run(self) -> Run | None:
        """The run of the active section that was begun last, unless it was cancelled."""
        return None if self.section is None else self.section.last_run

    @property
    def state(self) -> RunState:
        """What the run of the active section does."""
        return "idle" if self.run is None else self.run.state

    @property
    def result(self) -> Result | None:
        """The kept result of the active section."""
        return None if self.section is None else self.section.result

    def set_result(self, result: Result, path: Path | None = None) -> None:
        """Keep `result` as the active section's and show it; `path` where it is already on file.

        What differs from the result before is a deed, which undo takes back; what was only found out is none. What was
        said of boundaries in other runs is carried to the same ones of a new run, which is a deed too.
        """
        if self.section is None:
            return
        new = path is None and self.section.runs.entry_of(result) is None
        self.replace_result(result, path)
        if new:
            carry_reviews(self, self.section)

    def replace_result(self, result: Result, path: Path | None = None) -> None:
        """As `set_result`, with nothing carried over."""
        assert self.section is not None
        if self.result is not None and result.partition is not self.result.partition:
            self.replacing.emit(result)
        with edited(self, result):
            if (before := self.section.runs.entry_of(self.section.result)) is not None:
                before.lies_at(self.section.path)  # it may have been saved since it came
            self._keep(self.section, result, path, show=True)

    def refine(self, result: Result) -> None:
        """Keep the result with more known about its domains; its file, its run and what is shown stay."""
        if self.section is not None:
            self._keep(self.section, result, self.section.path, show=self.shown_is_result)

    def _keep(self, section: OpenSection, result: Result, path: Path | None, *, show: bool) -> None:
        section.result, section.path = result, path
        section.runs.take(result, path)
        if show:
            self.show_result()
        self.result_changed.emit(result)
        self.runs_changed.emit()

    def set_config(self, config: Config) -> None:
        """Set the settings of the next run, which is a deed."""
        if config != self.config:
            deed = settings_deed(self, self.config, config)
            self.config = config
            self.config_changed.emit(config)
            self.deeds.add(deed)

    @property
    def out_of_date(self) -> bool:
        """True where the next run would differ from the kept result."""
        return self.result is not None and any(differences([self.result.config, self.config]))

    # What is shown

    @property
    def shown_is_result(self) -> bool:
        """True where the domains on the canvas are those of the kept result, and not of a preview or another run."""
        return self.result is not None and (self.shown is None or self.shown.epoch is None)

    def show(self, shown: Shown | None) -> None:
        """Show other domains; hidden ones stay hidden as long as their number exists."""
        self.shown = shown
        n = 0 if shown is None else len(shown.names)
        self.shown_changed.emit(shown)
        self.set_hidden(frozenset(k for k in self.hidden if k < n))

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Draw all domains but these."""
        if hidden != self.hidden:
            self.hidden = hidden
            self.hidden_changed.emit(hidden)

    def select_spot(self, spot: int | None) -> None:
        """Mark a spot (row of the dataset) as the one a person asks about."""
        if spot != self.spot:
            self.spot = spot
            self.spot_changed.emit(spot)

    def select_boundary(self, segment: int | None) -> None:
        """Mark a boundary as the one a person asks about."""
        if segment != self.boundary:
            self.boundary = segment
            self.boundary_changed.emit(segment)

    def color(self, coloring: Coloring | None) -> None:
        """Colour the spots by something; None for plain spots."""
        if coloring is not self.coloring:
            self.coloring = coloring
            self.coloring_changed.emit(coloring)

    def show_step(self, step: Step) -> None:
        """Show the domains of a preview of the current or the last run."""
        run = self.last_run
        if step.labels is None or run is None:
            return
        from napari_trsmi.domains.colors import extended

        n = int(step.labels.max()) + 1
        run.colors = extended(run.colors, n)
        self.show(Shown(step.labels, run.names(n), run.colors[:n], step.epoch))

    def show_result(self) -> None:
        """Show the kept result, as after a preview."""
        result = self.result
        self.show(None if result is None else Shown(result.labels, result.names, result.palette))

    # The run of the active section; see `Training` for those of the others

    def start(self) -> None:
        """Train on the active section with the current settings, as soon as nothing else trains."""
        if self.section is not None and self.run is None:
            self.training.begin(Run(self.section, self.config, colors=self.fixed_colors))

    def carry_on(self, epochs: int, constraints: Sequence[Constraint] | None = None) -> None:
        """Train on from the kept result, on the device of the current settings; see `teach.continued`.

        Names and colours stay with the domains that match. Where it cannot be, `failed` says why.
        """
        if self.section is not None and self.result is not None and self.run is None:
            try:
                self.training.begin(continuing(self.section, self.config, epochs, constraints))
            except TrsmiError as error:
                self.failed.emit(str(error))

    def pause(self) -> None:
        """Pause after the current epoch."""
        if self.run is not None:
            self.training.pause(self.run)

    def resume(self) -> None:
        """Go on after a pause."""
        if self.run is not None:
            self.training.resume(self.run)

    def finish(self) -> None:
        """End training now and keep what there is."""
        if self.run is not None:
            self.training.finish(self.run)

    def cancel(self) -> None:
        """End training and go back to the result before it; take the section out of the line where it waits."""
        if self.run is not None:
            self.training.cancel(self.run)

    def on_step(self, run: Run, step: Step) -> None:
        """Take in an epoch from a thread."""
        self.training.on_step(run, step)

    def on_returned(self, run: Run, result: Result | None) -> None:
        """Take in the result from a thread."""
        self.training.on_returned(run, result)

    def on_failed(self, run: Run, sentence: str) -> None:
        """Take in from a thread what went wrong."""
        self.training.on_failed(run, sentence)
