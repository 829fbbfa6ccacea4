"""Whether the domains of the kept result are real: what to ask, how far it is, what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.estimate import estimate, parts
from napari_trsmi.gui.controls.run import in_words
from napari_trsmi.gui.form.spec import changed
from napari_trsmi.gui.jobs.jobs import JobPanel
from napari_trsmi.gui.jobs.paces import paces
from napari_trsmi.gui.session.runs import on
from napari_trsmi.gui.session.undoing import replace_result
from napari_trsmi.gui.trust.found_view import FoundView
from napari_trsmi.gui.trust.job import BUSY, TrustJob, Wanted, carried_over
from napari_trsmi.gui.trust.words import ABOUT, ELSEWHERE, KEEP, NO_RESULT, NO_RUN, REPLACED
from napari_trsmi.gui.viewer.guide import Guide
from napari_trsmi.gui.widgets.arrowless import take_arrows_off
from napari_trsmi.gui.widgets.bar import TellingBar
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.gui.widgets.whole_number import BoundLine, WholeNumber
from napari_trsmi.gui.words import duration
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.trust import Kept


class TrustPanel(JobPanel):
    """What to ask of the kept result, Run and Stop, and what was found."""

    job: TrustJob | None
    losing = "The checks of {}"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.seeds = _number(1, 20, 5, "none", "Runs to compare, each from another seed; the result is one of them")
        self.perturb = QCheckBox("Fresh measurements")
        self.perturb.setChecked(True)
        self.perturb.setToolTip(
            "Each run but the result is of data as another measurement of the section would have them: four in five of "
            "the counts, fresh noise on everything else. Off: the runs differ by their seed alone"
        )
        self.shuffled = _number(0, 20, 3, "none", "Runs on the section with its spots dealt to other places")
        self.keep = QComboBox()
        for keep, (text, tip) in KEEP.items():
            self.keep.addItem(text, keep)
            self.keep.setItemData(self.keep.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.keep.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.keep.setMinimumContentsLength(10)
        self.keep.setToolTip("What shuffling leaves as it is, and so no boundary can be credited with")
        self.curve_wanted = QCheckBox("Domains")
        self.curve_wanted.setToolTip(
            "Also try other numbers of domains and suggest one; takes no runs beside those of the seeds"
        )
        self.lowest = _number(2, 200, 2, "", "Smallest number of domains to try")
        self.highest = _number(2, 200, 12, "", "Largest number of domains to try")
        for box in (self.lowest, self.highest):
            take_arrows_off(box, 28)  # beside each other, a number of two digits must fit
        self.estimate = Label()
        self.run_button, self.stop_button = QPushButton("Run"), QPushButton("Stop")
        self.run_button.setToolTip("Ask in the background; everything else stays usable")
        self.stop_button.setToolTip("End after this epoch; checks that are complete are kept")
        self.progress, self.doing = TellingBar("Checks"), TellingBar("Run under way")
        self.status = _line()
        self.sections_wanted = QCheckBox("Leave each section out")
        self.sections_wanted.setToolTip(
            "Train again without each section of the study in turn: does each domain come back in the others, or does "
            "it hang on one section? A run for each section"
        )
        self.found = FoundView(session)
        self._lay_out()

        self.run_button.clicked.connect(self.start)
        self.stop_button.clicked.connect(self.stop)
        for box in (self.seeds, self.shuffled, self.lowest, self.highest):
            box.valueChanged.connect(self._show_estimate)
        for check in (self.curve_wanted, self.sections_wanted):
            check.toggled.connect(self._show_estimate)
        self.found.chosen.connect(self.use_number)
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.result_changed, self._on_result),
            (session.run_changed, self._refresh),
        )
        self._on_result(session.result)

    def _lay_out(self) -> None:
        form, numbers, buttons = QFormLayout(), QHBoxLayout(), QHBoxLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Seeds", self.seeds)
        form.addRow("", self.perturb)
        form.addRow("Shuffled runs", self.shuffled)
        form.addRow("Shuffling keeps", self.keep)
        numbers.addWidget(self.lowest, 1)
        numbers.addWidget(Label("to"))
        numbers.addWidget(self.highest, 1)
        form.addRow(self.curve_wanted, numbers)
        form.addRow("", self.sections_wanted)
        buttons.addWidget(self.run_button)
        buttons.addWidget(self.stop_button)
        self.about, self.nothing = _line(ABOUT), Guide(self.session, "trust")
        self.nothing.setText(NO_RESULT)
        self.asking = QWidget()
        asking = QVBoxLayout(self.asking)
        asking.setContentsMargins(0, 0, 0, 0)
        asking.addLayout(form)
        boxes = {"Seeds": self.seeds, "Shuffled runs": self.shuffled, "From": self.lowest, "To": self.highest}
        self.bounds = BoundLine(**boxes)
        asking.addWidget(self.bounds)
        asking.addWidget(self.estimate)
        asking.addLayout(buttons)
        asking.addWidget(self.progress)
        asking.addWidget(self.doing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 4)
        for widget in (self.about, self.asking, self.status, self.found):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.nothing, 100)  # all of the room

    # What a person does

    @property
    def wanted(self) -> Wanted:
        """What the fields ask for."""
        low, high = sorted((self.lowest.value(), self.highest.value()))
        numbers = tuple(range(low, high + 1)) if self.curve_wanted.isChecked() else ()
        keep: Kept = self.keep.currentData()
        n_sections = self._n_sections if self.sections_wanted.isChecked() else 0
        return Wanted(self.seeds.value(), self.shuffled.value(), numbers, self.perturb.isChecked(), keep, n_sections)

    @property
    def _n_sections(self) -> int:
        """How many sections the result is of, where each can be left out; else 0."""
        n = 0 if self.session.result is None else len(self.session.result.dataset.parts)
        return n if n > 1 else 0

    def start(self) -> None:
        """Check the kept result in the background."""
        if self.session.result is None or self.job is not None or self.session.run is not None:
            return
        self.job_of = self.session.section
        self._begin_job(BUSY, TrustJob(self.session.result, self.wanted), self._on_done, self._on_failed)
        self._say("")
        self._show_progress()
        self._refresh()

    def stop(self) -> None:
        """End the checks and keep those that are complete."""
        if self.job is not None:
            self.job.stop()
            self.stop_button.setEnabled(False)
            self._say("Stopping after this epoch…")

    def use_number(self, n_domains: int) -> None:
        """Set the number of domains of the next run."""
        self.session.set_config(changed(self.session.config, {"cluster.n_domains": n_domains}))
        self._say(f"The next run looks for {n_domains} domains. Press Run in the Train dock.")

    # What the session and the thread say

    def _on_section(self, section: Any) -> None:
        checked = self.job_of
        if section is not None and checked is not None and section.runs is checked.runs:
            self.job_of = section  # it was flipped, or placed on the image: the same runs on the same spots
        if self.job is None:
            self._say("")
        self._on_result(self.session.result)

    def _on_result(self, result: Result | None) -> None:
        if self._is_replaced:
            self._drop(REPLACED)
        self._show_estimate()
        self._refresh()

    @property
    def _is_replaced(self) -> bool:
        """Whether the section that is checked has other domains by now."""
        if self.job is None or self.job_of is None:
            return False
        current = self.job_of.result
        return current is None or current.partition is not self.job.result.partition

    def _on_done(self, job: TrustJob, outcome: Result | None) -> None:
        section = self.job_of
        if section is None or section.result is None or self._is_replaced:
            self._drop(REPLACED)
            return
        self._end_job()
        if outcome is None:
            self._say("Stopped before any check was complete: nothing was changed.")
            return
        self._say("Stopped; the checks that were complete are kept." if job.stopped else "")
        replace_result(self.session, section, carried_over(on(section.dataset, outcome), section.result))
        if section is not self.session.section:
            self.session.told.emit(f"The checks of {section.dataset.name} are done.")

    def _on_failed(self, job: TrustJob, _: str) -> None:
        self._end_job()

    def _drop(self, sentence: str) -> None:
        """Forget the checks under way."""
        self._drop_job()
        self._say(sentence)

    # What is shown

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def _refresh(self, *_: Any) -> None:
        training, there, busy = self.session.run is not None, self.session.result is not None, self.job is not None
        about = ABOUT if there else NO_RESULT
        if busy and self.job_of is not None and self.job_of is not self.session.section:
            about = ELSEWHERE.format(self.job_of.dataset.name)
        self.about.setText(about)
        self.about.setVisible(there or busy)
        self.nothing.setVisible(not (there or busy))
        self.asking.setVisible(there or busy)
        self.run_button.setEnabled(there and not busy and not training)
        self.stop_button.setEnabled(busy)
        self.progress.setVisible(busy and self.job is not None and self.job.wanted.n_runs > 0)
        self.doing.setVisible(busy)
        self.sections_wanted.setVisible(self._n_sections > 0)
        for field in (self.seeds, self.shuffled, self.curve_wanted, self.sections_wanted):
            field.setEnabled(not busy)
        self.perturb.setEnabled(not busy and (self.seeds.value() > 1 or self.curve_wanted.isChecked()))
        self.keep.setEnabled(not busy and self.shuffled.value() > 0)
        for field in (self.lowest, self.highest):
            field.setEnabled(not busy and self.curve_wanted.isChecked())

    def _show_estimate(self, *_: Any) -> None:
        result, n = self.session.result, self.wanted.n_runs
        self._refresh()
        if result is None:
            return
        took = [value for name, value in result.provenance.get("seconds", {}).items() if name != "support"]
        known = paces()  # of this machine, where the run may have been on another
        config = result.config.model_copy(update={"device": result.provenance.get("device", result.config.device)})
        learned = set(known) >= set(parts(result.dataset, config))
        seconds = sum(took) if took and not learned else estimate(result.dataset, config, known)[0]
        runs = many(n, "run")
        self.estimate.setText(f"{runs} of the method, about {duration(n * seconds)}" if n else NO_RUN)

    def _show_progress(self) -> None:
        job = self.job
        if job is None:
            return
        left = job.seconds_left
        rest = f", {duration(left)} left" if left is not None and job.progress < 1 else ""
        self.progress.show_share(
            f"{job.done} of {many(job.wanted.n_runs, 'run')}{rest}", round(1000 * job.progress), 1000
        )
        doing = job.doing
        words = f"epoch {doing.done} of {doing.total}" if doing.text == "epoch" else in_words(doing)
        run = "" if job.progress >= 1 else f"{job.text}: "
        self.doing.show_share(f"{run}{words}", doing.done, doing.total)


def _line(text: str = "") -> QLabel:
    label = Label(text)
    label.setWordWrap(True)
    return label


def _number(lowest: int, highest: int, value: int, special: str, tip: str) -> WholeNumber:
    box = WholeNumber(lowest, highest, special, tip)
    box.setValue(value)
    box.setStyleSheet("QSpinBox { min-width: 50px }")
    return box
