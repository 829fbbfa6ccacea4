"""Runs over a grid of settings and seeds: what to vary, how far it is, and what came of each setting."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, finalize

from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
)

from napari_trsmi.errors import ConfigError
from napari_trsmi.gui.jobs.jobs import JobPanel, run_job
from napari_trsmi.gui.sweep.field import SweepField
from napari_trsmi.gui.sweep.folder import AskFolder, ask_folder, copied
from napari_trsmi.gui.sweep.job import BUSY, Pictures, SweepJob
from napari_trsmi.gui.sweep.lasting import lasting
from napari_trsmi.gui.sweep.names import setting_label
from napari_trsmi.gui.sweep.row import RunRow
from napari_trsmi.gui.sweep.strip import SweepStrip
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.gui.words import duration
from napari_trsmi.plural import many
from napari_trsmi.sweep.grid import Grid

if TYPE_CHECKING:
    from napari_trsmi.config import Config
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.sweep import SweepResult

    _Kept = tuple[Path | None, SweepResult | None, Pictures | None]

NOTHING: _Kept = (None, None, None)  # folder, runs and their pictures of a section that was not swept
WORKERS = "Waiting for workers…", "The first runs go on…"


class SweepPanel(JobPanel):
    """Settings to vary, Run and Stop, and a row per setting; a click shows what it finds on the tissue."""

    job: SweepJob | None
    losing, unkept = "The sweep of {}", "The sweep of {} that is kept nowhere"

    def __init__(self, session: Session, ask: AskFolder = ask_folder) -> None:
        super().__init__(session)
        self.ask = ask
        self.result: SweepResult | None = None
        self.pictures: Pictures | None = None
        self.folder: Path | None = None
        self._section: OpenSection | None = None  # whose sweep is shown
        self._can_run = True  # False where the fields ask for what cannot be; it is said above Run
        self._kept: WeakKeyDictionary[OpenSection, _Kept] = WeakKeyDictionary()  # sweeps of those not looked at
        self._passing: set[Path] = set()  # folders that go with the window

        self.first, self.second = SweepField("First setting"), SweepField("Second setting")
        self.first.set_field("cluster.n_domains", "5, 7, 9")
        self.seeds, self.scheduler = QSpinBox(), QLineEdit()
        self.seeds.setRange(1, 50)
        self.seeds.setValue(3)
        self.seeds.setStyleSheet("QSpinBox { min-width: 50px }")
        self.seeds.setToolTip("Runs per setting, each with another seed; two or more show how stable a setting is")
        self.scheduler.setPlaceholderText("this machine")
        self.scheduler.setToolTip("Address of a Dask scheduler, such as tcp://10.0.0.1:8786; empty for this machine")
        self.scheduler.setAccessibleName("Dask scheduler")
        self.count = _line()
        self.run_button = text_button("Run", "Run the grid beside the window, with one core left to it", self.start)
        self.stop_button = text_button("Stop", "End now and keep the runs that are done; Run goes on", self.stop)
        self.open_button = text_button("Open…", "Open the folder of an earlier sweep of this section", self.open)
        self.keep_button = text_button(
            "Keep…", "Keep runs and tables in a folder; else they go with the window", self.keep
        )
        self.progress, self.status, self.strip = QProgressBar(), _line(), SweepStrip()
        self.chosen = RunRow(session)
        self._lay_out()

        for field in (self.first, self.second):
            field.changed.connect(self._show_count)
        self.seeds.valueChanged.connect(self._show_count)
        self.scheduler.textChanged.connect(self._show_count)
        self.strip.chosen.connect(self._on_chosen)
        self.chosen.said.connect(self._say)
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.config_changed, self._on_config),
            (session.result_changed, self._show_count),
        )
        self._on_section(session.section)

    def _lay_out(self) -> None:
        where, buttons = QHBoxLayout(), QHBoxLayout()
        for widget in (Label("Seeds"), self.seeds, Label("on")):
            where.addWidget(widget)
        where.addWidget(self.scheduler, 1)
        for button in (self.run_button, self.stop_button, self.open_button, self.keep_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 4)
        layout.addWidget(_line("Which setting is better? Run one or two of them over some values, from several seeds."))
        layout.addWidget(self.first)
        layout.addWidget(self.second)
        layout.addLayout(where)
        layout.addWidget(self.count)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.status)
        layout.addWidget(self.strip, 100)
        layout.addWidget(self.chosen)
        layout.addStretch(1)  # before there is a table, the fields stay together at the top

    # What a person does

    def grid(self) -> Grid:
        """Return what the fields ask for.

        Raises
        ------
        ConfigError
            Values are missing, not allowed, or the same setting is there twice.
        """
        first, second = self.first.value(), self.second.value()
        if first.keys() & second.keys():
            raise ConfigError(f"Expected two different settings, found {self.first.name} twice. Change one.")
        grid = Grid({**first, **second}, self.seeds.value())
        grid.trials(self.session.config)
        return grid

    def start(self) -> None:
        """Run the sweep in the background."""
        session = self.session
        if session.dataset is None or self.job is not None:
            return
        try:
            grid = self.grid()
        except ConfigError as error:
            self._say(self._in_words(error))
            return
        if self.folder is None:
            self.folder = Path(mkdtemp(prefix="trsmi-sweep-"))
            self._passing.add(self.folder)
            finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        kept = None if session.result is None else (session.result.labels, session.result.palette)
        scheduler = self.scheduler.text().strip() or None
        job = SweepJob(session.dataset, session.config, grid, self.folder, scheduler, kept)
        self.job_of = session.section
        self._begin_job(BUSY, job, self._on_done, self._on_failed)
        self._set_sweep(None, None)
        self._say("Starting workers…")
        self._refresh()

    def stop(self) -> None:
        """End the sweep and keep the runs that are done."""
        if self.job is not None:
            self.job.stop()
            self.stop_button.setEnabled(False)
            self._say("Stopping…")

    def keep(self) -> None:
        """Ask for a folder and copy the sweep there."""
        session, folder = self.session, self.folder
        if self.result is None or folder is None:
            return
        to = self.ask(self, "Keep the sweep in a new folder", Path.home() / f"{self.result.name}_sweep")
        if to is not None:
            said = f"The sweep is in {to}. `trsmi sweep ... --out` with this folder goes on with it."

            def done(_: None) -> None:
                self._passing.discard(folder)
                session.told.emit(said)

            run_job(session, f"Keeping {to.name}", lambda: copied(folder, to), done)

    def open(self) -> None:
        """Ask for the folder of an earlier sweep and show it."""
        dataset = self.session.dataset
        folder = None if dataset is None else self.ask(self, "Open the folder of a sweep", None)
        if dataset is None or folder is None or self.job is not None:
            return
        kept = None if self.session.result is None else (self.session.result.labels, self.session.result.palette)
        job = SweepJob(dataset, self.session.config, Grid({}), folder, None, kept)

        def done(result: SweepResult) -> None:
            if self.session.dataset is dataset and self.job is None:
                self.folder = folder
                self._set_sweep(result, job.pictures)

        run_job(self.session, f"Opening {folder.name}", job.read, done)

    def _on_chosen(self, setting: int) -> None:
        self.chosen.set_sweep(self.result, self.pictures, setting)
        self.chosen.show_run()

    @property
    def at_stake(self) -> str:
        """The sweep under way, and those done that are in no folder of a person's."""
        swept = dict(self._kept)
        if self._section is not None:
            swept[self._section] = self.folder, self.result, self.pictures
        if self.job is not None and self.job_of is not None:
            swept.pop(self.job_of, None)  # what there is of it is told as under way
        unkept = [
            self.unkept.format(section.dataset.name)
            for section, (folder, result, _) in swept.items()
            if result is not None and folder in self._passing
        ]
        return " and ".join(filter(None, [super().at_stake, *unkept]))

    # What the session and the thread say

    def _on_section(self, section: Any) -> None:
        if self._section is not None:
            self._kept[self._section] = self.folder, self.result, self.pictures
        if section is not None:
            self._go_along(section)
        self._section = section
        self.folder, result, pictures = NOTHING if section is None else self._kept.get(section, NOTHING)
        self._set_sweep(result, pictures)
        self._say("")
        self._show_progress()
        self._on_config(self.session.config)

    def _go_along(self, section: OpenSection) -> None:
        """Hand on what was swept of a section to what it is once it was flipped, or placed on the image."""
        for old, (folder, result, pictures) in [*self._kept.items()]:
            if old is not section and old.runs is section.runs:
                self._kept[section] = folder, result, pictures and pictures.drawn_on(section.dataset)
                del self._kept[old]
        if self.job_of is not None and self.job_of.runs is section.runs:
            self.job_of = section

    def _on_config(self, config: Config) -> None:
        for field in (self.first, self.second):
            field.show_config(config)
        self._show_count()

    def _on_done(self, job: SweepJob, result: SweepResult) -> None:
        swept, notes = self.job_of, " ".join(result.notes)
        self._end_job()
        self._say(notes)
        if swept is self._section:
            self._set_sweep(result, job.pictures)
        elif swept is not None:
            self._kept[swept] = job.folder, result, job.pictures
            self.session.told.emit(f"The sweep of {swept.dataset.name} is done. {notes}".strip())

    def _on_failed(self, job: SweepJob, sentence: str) -> None:
        self._end_job()
        self._say(sentence)

    # What is shown

    def _set_sweep(self, result: SweepResult | None, pictures: Pictures | None) -> None:
        self.result, self.pictures = result, pictures
        self.strip.set_sweep(result, pictures)
        self.strip.setVisible(result is not None)
        self.chosen.set_sweep(result, pictures, self.strip.setting)
        self._refresh()

    def _show_progress(self) -> None:
        job = self.job
        latest = None if job is None else job.latest
        here = self.job_of is self._section
        if job is not None and self.job_of is not None and not here:
            self._say(f"The sweep of {self.job_of.dataset.name} goes on; what it finds comes to it.")
        if job is None or latest is None:
            return
        self.progress.setRange(0, latest.total)
        self.progress.setValue(latest.done)
        left = ""
        if 0 < latest.done < latest.total:
            left = f", {duration(latest.seconds / latest.done * (latest.total - latest.done))} left"
        self.progress.setFormat(f"{latest.done} of {many(latest.total, 'run')}{left}")
        if here and not job.stopped:
            self._say("" if latest.done else WORKERS[latest.n_workers > 0])  # how many are done, the bar says
        if here and latest.so_far is not self.result and latest.done:
            self._set_sweep(latest.so_far, job.pictures)

    def _show_count(self, *_: Any) -> None:
        try:
            grid = self.grid()
            settings, seeds = len(grid.settings), self.seeds.value()
            n = [many(settings * seeds, "run"), many(settings, "setting"), many(seeds, "seed")]
            lasts = lasting(self.session, settings * seeds, self.scheduler.text().strip())
            self.count.setText(f"{n[0]}: {n[1]} x {n[2]}{lasts}")
            self._can_run = True
        except ConfigError as error:
            self.count.setText(f"⚠ {self._in_words(error)}")
            self._can_run = False
        self._refresh()

    def _in_words(self, error: ConfigError) -> str:
        """Return the sentence with settings called as in the form."""
        text = str(error)
        for field in (self.first, self.second):
            text = text.replace(field.name, setting_label(field.name)) if field.name else text
        return text

    def _refresh(self, *_: Any) -> None:
        busy = self.job is not None
        self.run_button.setEnabled(not busy and self._can_run and self.session.dataset is not None)
        self.stop_button.setEnabled(busy)
        self.open_button.setEnabled(not busy)
        self.keep_button.setEnabled(not busy and self.result is not None)
        self.progress.setVisible(busy)
        for field in (self.first, self.second, self.seeds, self.scheduler):
            field.setEnabled(not busy)

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))


def _line(text: str = "") -> QLabel:
    label = Label(text)
    label.setWordWrap(True)
    return label
