"""The run: what it will take, buttons, progress, and one line that says what goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from napari_trsmi.estimate import SURELY, estimate, measured, parts
from napari_trsmi.gui import anchors
from napari_trsmi.gui.controls.run import RunControls
from napari_trsmi.gui.jobs.paces import learn, paces
from napari_trsmi.gui.remembered import recall, store
from napari_trsmi.gui.train.devices import device_names, loaded_device, memory_of
from napari_trsmi.gui.train.follow import Follow
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label, as_tip
from napari_trsmi.gui.words import duration
from napari_trsmi.records import left_devices
from napari_trsmi.teach import count

if TYPE_CHECKING:
    from napari_trsmi.config import Config
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.records import Step

PAUSE = 10  # times as long as a typical epoch: no epoch takes that long, also with a preview
AUTO = "auto"  # remembered: the device that it stood for last
RUN = "Train on the open section and find its domains"
RUN_LATER = f"{RUN}, as soon as training on the other section has ended"
OUT_OF_DATE = "Settings changed since this result"
FINAL_COLORS = "The domains took their final colours, those of the command line."
CONSTRAINED = (
    "Run repeats the whole run with what was said in the Correct dock. Train on, there, goes on from the result."
)


class RunBar(QWidget):
    """Estimate, device, Run / Pause / Finish / Cancel, progress and status of one session."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._after = 0.0  # seconds that domains take after the epochs
        self._said = self._busy = ""

        self.out_of_date = Label(OUT_OF_DATE)
        self.out_of_date.setToolTip("The result shown was made with other settings. Run to bring it up to date.")
        self.constraints = Label()
        self.constraints.setToolTip(CONSTRAINED)
        self.free_button = text_button("Leave out", "Run without what was said in the Correct dock", self._on_free)
        self.estimate, self.device, self.follow = Label(), QComboBox(), Follow(session, self)
        self.device.setToolTip("Where training runs; auto takes the fastest there is")
        self.device.setAccessibleName("Device")
        self.device.setEditable(False)
        self.device.activated.connect(self._on_device)
        self.run_button = text_button("Run", RUN, session.start)
        self.run_button.setObjectName(anchors.RUN)
        self.controls = RunControls(session, self, self._left)
        self.progress, self.status = self.controls.progress, Label()
        self.progress.setObjectName(anchors.PROGRESS)
        self.status.setWordWrap(True)

        about, above, buttons = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        about.addWidget(self.constraints, 1)
        about.addWidget(self.free_button)
        above.addWidget(self.estimate, 1)
        above.addWidget(self.follow, 1)
        above.addWidget(self.device)
        for button in (self.run_button, *self.controls.buttons):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.out_of_date)  # in a line of its own: beside the constraints it would widen the dock
        layout.addLayout(about)
        layout.addLayout(above)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.status)
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.config_changed, self._refresh),
            (session.result_changed, self._on_result),
            (session.run_changed, self._on_run),
            (session.training.changed, self._on_line),
            (session.stepped, self._on_step),
            (session.busy_changed, self._on_busy),
            (session.told, self.say),
        )
        self.say("")
        self._refresh()

    def set_colors(self, accent: str, warning: str) -> None:
        """Take the colours of the theme."""
        self.run_button.setStyleSheet(f"QPushButton:enabled {{ background-color: {accent}; font-weight: bold }}")
        self.controls.set_colors(accent)
        self.out_of_date.setStyleSheet(f"color: {warning}")

    def say(self, text: str) -> None:
        """Show news of the run and of what was done, before the sign of what goes on beside it."""
        self._said = text
        text = " · ".join(part for part in (text, self._busy) if part)
        self.status.setText(text)
        self.status.setToolTip(as_tip(text))
        self.status.setVisible(bool(text))

    # What the session reports

    def _on_section(self, _: Any) -> None:
        if self.session.state == "idle":
            self.say(self._outcome())  # what was said was about another section
        self._refresh()

    def _on_run(self, state: str) -> None:
        if state == "finishing":
            self.say(self._ending())
        elif state == "paused":
            self.say("Paused. The domains so far can be looked at.")
        elif state == "waiting":
            self.say(self._queued())
        else:
            self.say(self._outcome() if state == "idle" else "")
        self._refresh()

    def _on_line(self) -> None:
        if self.session.state == "waiting":
            self.say(self._queued())
        self._refresh()

    def _queued(self) -> str:
        """Return what training waits for."""
        ahead = self.session.training.ahead
        return "" if ahead is None else f"Waits until training on {ahead.section.dataset.name} has ended."

    def _left(self) -> str:
        run = self.session.run
        if run is None or self.session.state == "finishing":  # the epochs left will not be trained
            return ""
        return time_left(run.steps, self._after)

    def _on_step(self, _: Step) -> None:
        if self.session.state in ("running", "finishing"):  # the epoch that had to be finished is
            self.say("")

    def _on_result(self, result: Any) -> None:
        run = self.session.last_run
        whole = run is not None and not run.earlier
        if result is not None and run is not None and result.config is run.config and whole:
            self._measure(result)
        self._refresh()

    def _on_busy(self, text: str) -> None:
        news = "" if text and self.session.state in ("idle", "running") else self._said
        self._busy = text
        self.say(news)

    def _ending(self) -> str:
        """Return what has to come to its end first; the bar says what is done then."""
        run = self.session.run
        return "" if run is not None and run.at_end else "Finishing this epoch…"

    def _outcome(self) -> str:
        """Return what came of the last run, once there is a result."""
        run, result = self.session.last_run, self.session.result
        if run is None or result is None or result.config is not run.config:
            return ""
        took = duration(sum(result.provenance.get("seconds", {}).values()))
        left = left_devices(result.provenance.get("devices_tried", {}))
        said = f"Trained on {result.provenance.get('device', run.config.device)} in {took}. {left}".rstrip()
        return f"{said} {FINAL_COLORS}" if run.recolored else said

    def _measure(self, result: Any) -> None:
        """Let later estimates learn from how long this run took."""
        train = result.config.train.model_copy(update={"epochs": len(result.history), "extra_epochs": 0})
        config = result.config.model_copy(update={"train": train})
        took = result.provenance.get("seconds", {})
        device = result.provenance.get("device")
        learn(measured(took, result.dataset, config, device))
        if config.device == "auto" and device:
            store(AUTO, str(device))

    # What a person does

    def _on_device(self) -> None:
        self.session.set_config(self.session.config.model_copy(update={"device": self.device.currentText()}))

    def _on_free(self) -> None:
        self.session.set_config(self.session.config.model_copy(update={"constraints": ()}))

    # What is shown

    def _refresh(self, *_: Any) -> None:
        session, state = self.session, self.session.state
        trained = session.result is not None and "transferred" not in session.result.provenance
        self.out_of_date.setVisible(trained and session.out_of_date)
        said = count(session.config.constraints)
        self.constraints.setText(f"With {said}")
        self.constraints.setVisible(bool(said))
        self.free_button.setVisible(bool(said) and state == "idle")
        self.run_button.setEnabled(session.section is not None and state == "idle")
        self.run_button.setText("Run again" if session.result is not None and not session.out_of_date else "Run")
        self.run_button.setToolTip(RUN if session.training.current is None else RUN_LATER)
        self.progress.setVisible(state not in ("idle", "waiting"))
        self.estimate.setVisible(self.follow.isHidden())  # it takes its place
        self.device.setEnabled(state == "idle")
        self._refresh_device(session.config.device)
        self._refresh_estimate(session.config)

    def _refresh_device(self, chosen: str) -> None:
        names = device_names()
        names += [] if chosen in names else [chosen]
        if names != [self.device.itemText(k) for k in range(self.device.count())]:
            self.device.clear()
            self.device.addItems(names)
        self.device.setCurrentText(chosen)

    def _refresh_estimate(self, config: Config) -> None:
        dataset = self.session.dataset
        if dataset is None:
            self.estimate.setText("Open a section to train on it.")
            return
        device = loaded_device(config.device)
        known = paces()
        there = config.model_copy(update={"device": device or recall(AUTO) or config.device})
        seconds, size = estimate(dataset, there, known)
        self._after = sum(known.get(k, 1.0) * v for k, v in parts(dataset, there).items() if k.startswith("domains"))
        where = f" on {device}" if device else ""
        room = memory_of(device)
        short = f", but there are {room / 1e9:.1f}" if size > SURELY * room else ""
        self.estimate.setText(f"about {duration(seconds)}, {size / 1e9:.1f} GB{where}{short}")
        learned = bool(set(known) & set(parts(dataset, there)))
        base = "that learned from runs on this machine" if learned else "from measurements on two CPU cores"
        self.estimate.setToolTip(f"An estimate {base}: time of the run, and memory of the program at the peak.")


def time_left(steps: list[Step], after: float = 0.0) -> str:
    """Return how long the remaining epochs will take, judged by the latest ones, and `after` them the domains."""
    recent = steps[-20:]
    if len(recent) < 2 or recent[-1].epoch == recent[-1].n_epochs:
        return ""
    took = np.diff([step.seconds for step in recent])
    pace = float(took[took <= PAUSE * np.median(took)].mean())
    return f", {duration(pace * (recent[-1].n_epochs - recent[-1].epoch) + after)} left"
