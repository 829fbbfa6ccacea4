"""The chosen run of a sweep: shown on the tissue, its settings into the form, or kept as a result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QSignalBlocker
from qtpy.QtCore import Signal as QtSignal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.session.runs import on
from napari_trsmi.gui.session.state import Shown
from napari_trsmi.gui.sweep.names import run_words
from napari_trsmi.gui.sweep.strip import runs_of
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label

if TYPE_CHECKING:
    from napari_trsmi.config import Config
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.runs import Entry
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.gui.sweep.job import Pictures
    from napari_trsmi.sweep import Outcome, SweepResult

KEEP = (
    "Make it the result, with boundaries, maps and scores, without training again; it comes into the list of runs. It "
    "has no correspondences and no course of training"
)


class RunRow(QWidget):
    """Seed of the chosen setting, and what can be done with the run.

    Signals
    -------
    said(str)
        A sentence for the person who pressed a button.
    """

    said = QtSignal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.sweep: SweepResult | None = None
        self.pictures: Pictures | None = None
        self.keeping: set[str] = set()  # keys of runs that a thread makes results of
        self.seed = QComboBox()
        self.seed.setToolTip("Seed of the run that is shown")
        self.seed.setMinimumContentsLength(2)
        self.seed.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.keep_button = text_button("Keep as result", KEEP, self.keep)
        self.use_button = text_button("Use settings", "Put the settings of this run into the form", self.use)
        self.back_button = text_button("Show result", "Show the kept result again", session.show_result)
        layout, first, second = QVBoxLayout(self), QHBoxLayout(), QHBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(first)
        layout.addLayout(second)
        first.addWidget(Label("Seed"))
        first.addWidget(self.seed)
        first.addWidget(self.keep_button, 1)
        second.addWidget(self.use_button, 1)
        second.addWidget(self.back_button, 1)
        self.seed.activated.connect(self.show_run)
        for signal in (session.shown_changed, session.run_changed, session.busy_changed):
            listen(self, (signal, self._refresh))
        self._refresh()

    def set_sweep(self, sweep: SweepResult | None, pictures: Pictures | None, setting: int | None) -> None:
        """List the runs of a setting; the same seed stays chosen where there is a run of it."""
        self.sweep, self.pictures = sweep, pictures
        runs = [] if sweep is None or setting is None else runs_of(sweep, setting)
        before = self.seed.currentText()
        with QSignalBlocker(self.seed):
            self.seed.clear()
            for run in runs:
                self.seed.addItem(str(run.config.seed), run.key)
            self.seed.setCurrentIndex(max(self.seed.findText(before), 0) if runs else -1)
        self._refresh()

    @property
    def run(self) -> Outcome | None:
        """The run that is chosen."""
        key = self.seed.currentData()
        return None if self.sweep is None or key is None else self.sweep.runs.get(key)

    # What a person does

    def show_run(self, *_: Any) -> None:
        """Show its domains on the tissue, unless training is shown there."""
        run = self.run
        if run is None or self.sweep is None or self.pictures is None or self.session.run is not None:
            return
        names = tuple(str(k + 1) for k in range(run.n_domains))
        title = f"Sweep run: {run_words(self.sweep, run)}"
        self.session.show(Shown(run.labels, names, self.pictures.colors_of(run), 0, title))

    def use(self) -> None:
        """Put its settings into the form."""
        if (run := self.run) is not None:
            self.session.set_config(in_the_form(run.config, self.session.config))
            self.said.emit("The settings are in the form.")

    def keep(self) -> None:
        """Make it the result of the section."""
        run, sweep, pictures = self.run, self.sweep, self.pictures
        session, section, keeping = self.session, self.session.section, self.keeping
        if run is None or sweep is None or pictures is None or section is None or run.key in keeping:
            return
        if (entry := _entry_of(run, section)) is not None:
            session.set_result(entry.result, entry.path)
            return
        keeping.add(run.key)

        def work() -> Result:
            try:
                # The section may have been flipped since.
                found = on(section.dataset, sweep.result_of(run.key, pictures.swept))
                return replace(found, colors=pictures.colors_of(run))
            finally:
                keeping.discard(run.key)

        def done(result: Result) -> None:
            if session.section is section and session.run is None:
                session.set_result(result)
                if (entry := section.runs.entry_of(result)) is not None:
                    session.told.emit(f"{name} is {entry.name} in the list of runs.")

        name = f"Sweep run: {run_words(sweep, run)}"
        run_job(session, f"Keeping {name}", work, done)

    # What is shown

    def _refresh(self, *_: Any) -> None:
        there, shown = self.run is not None, self.session.shown
        self.seed.setEnabled(there)
        self.use_button.setEnabled(there)
        self.keep_button.setEnabled(there and not self.keeping and self.session.run is None)
        self.back_button.setEnabled(shown is not None and shown.epoch is not None and self.session.result is not None)


def in_the_form(config: Config, current: Config) -> Config:
    """Return the settings of a run, with previews and checkpoints as `current` has them: a sweep makes none."""
    kept = {"preview_every": current.train.preview_every, "checkpoint_every": current.train.checkpoint_every}
    return config.model_copy(update={"train": config.train.model_copy(update=kept)})


def _entry_of(run: Outcome, section: OpenSection) -> Entry | None:
    """Return the entry that was made of a run, unless its domains were changed since."""
    for entry in section.runs:
        origin = entry.result.provenance.get("sweep", {})
        if origin.get("run") == run.key and np.array_equal(entry.result.labels, run.labels):
            return entry
    return None
