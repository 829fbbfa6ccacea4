"""Runs over a grid of settings and seeds: what to vary, how far it is, and what came of each setting."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from weakref import finalize

from qtpy.QtCore import QSignalBlocker, QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.gui.jobs import run_job
from napari_trsmi.gui.listening import listen
from napari_trsmi.gui.run_bar import duration
from napari_trsmi.gui.state import Shown
from napari_trsmi.gui.sweep_field import SweepField
from napari_trsmi.gui.sweep_job import Pictures, SweepJob, start_sweep
from napari_trsmi.gui.sweep_strip import SweepStrip, runs_of
from napari_trsmi.sweep.grid import Grid

if TYPE_CHECKING:
    from napari_trsmi.config import Config
    from napari_trsmi.gui.session import Session
    from napari_trsmi.sweep import Run, SweepResult

MILLISECONDS = 300
FEWER = (
    "A sweep keeps labels and scores of its runs, no embedding, boundaries or maps. For those, put the settings into "
    "the form and press Run in the Train dock: it finds the same domains."
)

AskFolder = Callable[[QWidget, str, Path | None], Path | None]


def ask_folder(parent: QWidget, title: str, suggested: Path | None) -> Path | None:
    """Ask a person for a folder: one that is there, or the name of a new one where `suggested` is given."""
    if suggested is None:
        chosen = QFileDialog.getExistingDirectory(parent, title)
    else:
        chosen, _ = QFileDialog.getSaveFileName(parent, title, str(suggested))
    return Path(chosen) if chosen else None


class SweepPanel(QWidget):
    """Settings to vary, Run and Stop, and a row per setting; a click shows what it finds on the tissue."""

    def __init__(self, session: Session, ask: AskFolder = ask_folder) -> None:
        super().__init__()
        self.session, self.ask = session, ask
        self.job: SweepJob | None = None
        self.result: SweepResult | None = None
        self.pictures: Pictures | None = None
        self.folder: Path | None = None

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
        self.run_button = _button("Run", "Run the grid beside the window, with one core left to it", self.start)
        self.stop_button = _button("Stop", "End now and keep the runs that are done; Run goes on", self.stop)
        self.open_button = _button("Open…", "Open the folder of an earlier sweep of this section", self.open)
        self.keep_button = _button("Keep…", "Keep runs and tables in a folder; else they go with the window", self.keep)
        self.progress, self.status, self.strip = QProgressBar(), _line(), SweepStrip()
        self.seed = QComboBox()
        self.seed.setToolTip("Seed of the run that is shown")
        self.seed.setMinimumContentsLength(2)
        self.seed.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.use_button = _button("Use settings", f"Put the settings of this run into the form. {FEWER}", self.use)
        self.back_button = _button("Show result", "Show the kept result again", session.show_result)
        self._lay_out()

        self._clock = QTimer(self)
        self._clock.setInterval(MILLISECONDS)
        self._clock.timeout.connect(self._show_progress)
        for field in (self.first, self.second):
            field.changed.connect(self._show_count)
        self.seeds.valueChanged.connect(self._show_count)
        self.strip.chosen.connect(self._on_chosen)
        self.seed.activated.connect(self._show_run)
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.config_changed, self._on_config),
            (session.shown_changed, self._refresh),
        )
        self._on_section(session.section)

    def _lay_out(self) -> None:
        where, buttons, chosen = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for widget in (QLabel("Seeds"), self.seeds, QLabel("on")):
            where.addWidget(widget)
        where.addWidget(self.scheduler, 1)
        for button in (self.run_button, self.stop_button, self.open_button, self.keep_button):
            buttons.addWidget(button)
        chosen.addWidget(QLabel("Seed"))
        chosen.addWidget(self.seed)
        chosen.addWidget(self.use_button, 1)
        chosen.addWidget(self.back_button, 1)
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
        layout.addWidget(self.strip, 1)
        layout.addLayout(chosen)

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
            self._say(str(error))
            return
        if self.folder is None:
            self.folder = Path(mkdtemp(prefix="trsmi-sweep-"))
            finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        kept = None if session.result is None else (session.result.labels, session.result.palette)
        scheduler = self.scheduler.text().strip() or None
        self.job = SweepJob(session.dataset, session.config, grid, self.folder, scheduler, kept)
        self.destroyed.connect(self.job.drop)
        start_sweep(session, self.job, self._on_done, self._on_failed)
        self._set_sweep(None, None)
        self._clock.start()
        self._say("Starting workers…")
        self._refresh()

    def stop(self) -> None:
        """End the sweep and keep the runs that are done."""
        if self.job is not None:
            self.job.stop()
            self.stop_button.setEnabled(False)
            self._say("Stopping…")

    def use(self) -> None:
        """Put the settings of the run that is shown into the form."""
        if (run := self.run) is not None:
            self.session.set_config(in_the_form(run.config, self.session.config))
            self._say("The settings are in the form. Press Run in the Train dock for its boundaries and maps.")

    def keep(self) -> None:
        """Ask for a folder and copy the sweep there."""
        session, folder = self.session, self.folder
        if self.result is None or folder is None:
            return
        to = self.ask(self, "Keep the sweep in a new folder", Path.home() / f"{self.result.name}_sweep")
        if to is not None:
            said = f"The sweep is in {to}. `trsmi sweep ... --out` with this folder goes on with it."
            run_job(session, f"Keeping {to.name}", lambda: _copy(folder, to), lambda _: session.told.emit(said))

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

    @property
    def run(self) -> Run | None:
        """The run that is chosen."""
        key = self.seed.currentData()
        return None if self.result is None or key is None else self.result.runs.get(key)

    def _on_chosen(self, setting: int) -> None:
        self._list_seeds(setting)
        self._show_run()

    def _show_run(self, *_: Any) -> None:
        run = self.run
        if run is None or self.result is None or self.pictures is None or self.session.run is not None:
            return
        names = tuple(str(k + 1) for k in range(run.n_domains))
        title = f"Sweep run {self.result.name_of(run.key)}"
        self.session.show(Shown(run.labels, names, self.pictures.colors_of(run), 0, title))

    # What the session and the thread say

    def _on_section(self, section: Any) -> None:
        if self.job is not None:
            self.job.drop()
            self._end()
        self.folder = None
        self._set_sweep(None, None)
        self._say("")
        self._on_config(self.session.config)

    def _on_config(self, config: Config) -> None:
        for field in (self.first, self.second):
            field.show_config(config)
        self._show_count()

    def _on_done(self, job: SweepJob, result: SweepResult) -> None:
        self._end()
        self._set_sweep(result, job.pictures)
        self._say(" ".join(result.notes))

    def _on_failed(self, job: SweepJob, sentence: str) -> None:
        self._end()
        self._say(sentence)

    def _end(self) -> None:
        if self.job is not None:
            self.destroyed.disconnect(self.job.drop)  # which must not be called once the job is garbage
        self.job = None
        self._clock.stop()
        self._refresh()

    # What is shown

    def _set_sweep(self, result: SweepResult | None, pictures: Pictures | None) -> None:
        self.result, self.pictures = result, pictures
        self.strip.set_sweep(result, pictures)
        self.strip.setVisible(result is not None)
        self._list_seeds(self.strip.setting)
        self._refresh()

    def _list_seeds(self, setting: int | None) -> None:
        runs = [] if self.result is None or setting is None else runs_of(self.result, setting)
        before = self.seed.currentText()
        with QSignalBlocker(self.seed):
            self.seed.clear()
            for run in runs:
                self.seed.addItem(str(run.config.seed), run.key)
            self.seed.setCurrentIndex(max(self.seed.findText(before), 0) if runs else -1)
        self._refresh()

    def _show_progress(self) -> None:
        job = self.job
        latest = None if job is None else job.latest
        if job is None or latest is None:
            return
        self.progress.setRange(0, latest.total)
        self.progress.setValue(latest.done)
        left = ""
        if 0 < latest.done < latest.total:
            left = f", {duration(latest.seconds / latest.done * (latest.total - latest.done))} left"
        self.progress.setFormat(f"{latest.done} of {latest.total} runs{left}")
        if not job.stopped:
            self._say("" if latest.done else latest.text)
        if latest.so_far is not self.result and latest.done:
            self._set_sweep(latest.so_far, job.pictures)

    def _show_count(self, *_: Any) -> None:
        try:
            grid = self.grid()
            settings, seeds = len(grid.settings), self.seeds.value()
            n = [_counted(settings * seeds, "run"), _counted(settings, "setting"), _counted(seeds, "seed")]
            self.count.setText(f"{n[0]}: {n[1]} x {n[2]}")
        except ConfigError as error:
            self.count.setText(f"⚠ {error}")

    def _refresh(self, *_: Any) -> None:
        busy, shown = self.job is not None, self.session.shown
        self.run_button.setEnabled(not busy and self.session.dataset is not None)
        self.stop_button.setEnabled(busy)
        self.open_button.setEnabled(not busy)
        self.keep_button.setEnabled(not busy and self.result is not None)
        self.progress.setVisible(busy)
        self.seed.setEnabled(self.run is not None)
        self.use_button.setEnabled(self.run is not None)
        self.back_button.setEnabled(shown is not None and shown.epoch is not None and self.session.result is not None)
        for field in (self.first, self.second, self.seeds, self.scheduler):
            field.setEnabled(not busy)

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))


def in_the_form(config: Config, current: Config) -> Config:
    """Return the settings of a run, with previews and checkpoints as `current` has them: a sweep makes none."""
    kept = {"preview_every": current.train.preview_every, "checkpoint_every": current.train.checkpoint_every}
    return config.model_copy(update={"train": config.train.model_copy(update=kept)})


def _counted(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def _copy(folder: Path, to: Path) -> None:
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise DataError(f"Expected a new or empty folder, found {to}. Choose another name.")
    shutil.copytree(folder, to, dirs_exist_ok=True)


def _line(text: str = "") -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    return label


def _button(text: str, tip: str, act: Callable[[], Any]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(f"<qt>{tip}</qt>")
    button.setMinimumWidth(button.fontMetrics().horizontalAdvance(text) + 12)
    button.clicked.connect(lambda: act())
    return button
