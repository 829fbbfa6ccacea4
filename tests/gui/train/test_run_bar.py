"""A run is started, paused, finished, cancelled, and said how long it takes."""

from __future__ import annotations

from dataclasses import replace
from threading import Semaphore

import pytest
from acted_support import with_acted_support
from acted_training import acted, step
from dock_by_hand import ALL, click, enabled, idle
from opened_dock import add
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_trsmi.estimate import estimate, parts
from napari_trsmi.evidence.technical import Technical
from napari_trsmi.gui.jobs.paces import paces
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train import run_bar
from napari_trsmi.gui.train.run_bar import FINAL_COLORS, OUT_OF_DATE, time_left
from napari_trsmi.gui.widgets.focus_ring import FocusRing
from napari_trsmi.gui.words import duration
from napari_trsmi.records import EVEN
from napari_trsmi.summary import remarks


def test_auto_is_named_once_it_is_known(opened, monkeypatch):
    from napari_trsmi.model import devices, training  # loaded, as after a first run

    assert training.train
    monkeypatch.setattr(devices, "accelerators", lambda: ["mps"])
    monkeypatch.setattr(devices, "_PROBED", {})
    bar, session = opened.run_bar, opened.session
    session.set_config(session.config.model_copy(update={"device": "auto", "seed": 4}))
    assert bar.estimate.text().endswith("GB")  # to try it out would hold up the window
    assert bar.device.findText("mps") >= 0
    devices._PROBED["mps"] = "no sparse tensors"
    session.set_config(session.config.model_copy(update={"seed": 5}))
    assert bar.estimate.text().endswith("GB on cpu")
    assert bar.device.findText("mps") < 0


def test_the_device_is_that_of_the_config(opened):
    opened.session.set_config(opened.session.config.model_copy(update={"device": "cuda:7"}))
    assert opened.run_bar.device.currentText() == "cuda:7"
    opened.run_bar.device.setCurrentText("cpu")
    opened.run_bar.device.activated.emit(1)
    assert opened.session.config.device == "cpu"
    assert opened.run_bar.estimate.text().endswith("GB on cpu")


def test_a_run_shows_progress_and_enables_what_makes_sense(opened, qtbot, gate):
    bar = opened.run_bar
    click(qtbot, bar.run_button)
    assert enabled(opened) == {"cancel"}
    assert bar.progress.maximum() == 0  # to and fro
    gate.release()
    qtbot.waitUntil(lambda: opened.session.state == "running", timeout=5_000)
    assert enabled(opened) == {"pause", "finish", "cancel"}
    assert bar.progress.isVisible()
    assert (bar.progress.value(), bar.progress.maximum()) == (1, 6)
    gate.release(ALL)
    idle(opened, qtbot)
    assert enabled(opened) == {"run"}
    assert not bar.progress.isVisible()
    assert bar.status.text() == f"Trained on cpu in 3 s. {FINAL_COLORS}"
    certainty = opened.session.result.confidence.mean()
    row = opened.result_row
    assert row.label.text() == f"7 domains, certainty {certainty:.2f}"
    assert row.undecided.isHidden()
    supported = with_acted_support(opened.session.result)
    opened.session.refine(supported)
    assert row.label.text() == f"7 domains, support {supported.maps['support'].mean():.2f}"
    assert f"{certainty:.2f}" in row.label.toolTip()
    told = {**supported.provenance, "support": {**supported.provenance["support"], "agreement": 0.31}}
    opened.session.refine(replace(supported, provenance=told))
    assert row.undecided.isVisible()
    assert "mean ARI 0.31" in row.undecided.text()
    assert "trained on cpu" in opened.result_row.label.toolTip()
    assert "coherent emphasis" in row.label.toolTip()
    even = replace(supported, partition=replace(supported.partition, emphasis="even"))
    opened.session.refine(replace(even, provenance={**supported.provenance, "notes": [EVEN]}))
    assert row.undecided.text() == EVEN
    assert "even emphasis" in row.label.toolTip()
    assert not bar.out_of_date.isVisible()
    opened.n_domains.setValue(3)
    assert bar.out_of_date.isVisible()
    assert bar.out_of_date.text() == OUT_OF_DATE


def test_a_key_that_is_pressed_twice_on_run_does_not_cancel(opened, qtbot, gate):
    bar = opened.run_bar
    opened.window().activateWindow()
    bar.run_button.setFocus()
    qtbot.waitUntil(bar.run_button.hasFocus)
    for _ in range(2):
        QTest.keyClick(opened.window().focusWidget(), Qt.Key.Key_Space)
    assert opened.session.state == "preparing"
    assert opened.window().focusWidget() is bar
    (ring,) = opened.findChildren(FocusRing)
    assert ring.frame is None  # around Cancel it would say that the next key cancels
    gate.release(ALL)
    idle(opened, qtbot)
    assert opened.window().focusWidget() is bar.run_button
    assert ring.frame.parentWidget() is bar.run_button


def test_a_section_that_fits_no_domain_of_its_study_is_told_where_its_domains_are(opened, trained):
    told = {"from": ["a", "b"], "spots_that_fit_no_domain": 0.4}
    opened.session.set_result(replace(trained, provenance={**trained.provenance, "transferred": told}))
    row = opened.result_row
    assert row.undecided.isVisible()
    assert row.undecided.text().startswith("40% of the spots are like no domain of the study (a + b)")


def test_what_looks_technical_is_taken_out_of_the_next_run_by_a_button(opened, trained):
    row, session = opened.result_row, opened.session
    session.set_result(trained)
    assert row.take_out.isHidden()
    said = [
        Technical("rna", 0, what, 1.0, "at 18 degrees", remedy) for what, remedy in (("step", "step"), ("rim", "rim"))
    ]
    told = [{"sentence": one.sentence, "remedy": one.remedy} for one in said]
    result = replace(trained, provenance={**trained.provenance, "technical": told})
    session.set_result(result)
    assert row.take_out.isVisible()
    assert "jumps along a straight line" in row.undecided.text()
    assert "preprocess." not in row.undecided.text()
    assert remarks(result)[-1] == "preprocess.covariates=('step', 'rim') takes it out."
    row.take_out.click()
    assert session.config.preprocess.covariates == ("step", "rim")
    assert row.take_out.isHidden()
    assert opened.run_bar.out_of_date.isVisible()
    session.deeds.undo()
    assert session.config.preprocess.covariates == ()
    assert row.take_out.isVisible()


def test_a_device_that_was_left_is_told_with_the_outcome(opened, qtbot, trained, monkeypatch):
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained, left={"mps": "no sparse tensors"}))
    click(qtbot, opened.run_bar.run_button)
    idle(opened, qtbot)
    told = f"Trained on cpu in 3 s. Training does not run on mps: no sparse tensors. {FINAL_COLORS}"
    assert opened.run_bar.status.text() == told


def test_pause_resume_and_finish_by_their_buttons(opened, qtbot, gate):
    bar, session = opened.run_bar, opened.session
    click(qtbot, bar.run_button)
    gate.release()
    qtbot.waitUntil(lambda: session.state == "running", timeout=5_000)
    click(qtbot, bar.controls.pause)
    assert session.state == "paused"
    assert bar.controls.pause.text() == "Resume"
    assert bar.progress.text().startswith("epoch 1 of 6")
    click(qtbot, bar.controls.pause)
    assert session.state == "running"
    click(qtbot, bar.controls.finish)
    gate.release(ALL)
    idle(opened, qtbot)
    assert 1 <= len(session.result.history) <= 2


def test_cancel_brings_the_result_before_back_at_once(opened, qtbot, gate, trained):
    opened.session.set_result(trained)
    click(qtbot, opened.run_bar.run_button)
    click(qtbot, opened.run_bar.controls.cancel)
    assert opened.session.state == "idle"
    assert opened.session.result is trained
    assert enabled(opened) == {"run"}


@pytest.mark.slow
def test_rounds_of_start_and_cancel_leave_no_layer(opened, qtbot, gate):
    before = [layer.name for layer in opened.viewer.layers if layer.visible]
    for _ in range(5):
        gate.release(2)
        opened.session.start()
        qtbot.waitUntil(lambda: bool(opened.session.run.previews), timeout=5_000)
        assert [layer.name for layer in opened.viewer.layers if layer.visible] != before
        opened.session.cancel()
        gate.release()  # the epoch that goes on
        assert opened.session.shown is None
        assert [layer.name for layer in opened.viewer.layers if layer.visible] == before


def test_a_failure_is_said_in_the_dock_and_the_window_lives_on(opened, qtbot, monkeypatch, trained):
    opened.session.set_result(trained)
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained, error=RuntimeError("bad shapes (3, 4)")))
    click(qtbot, opened.run_bar.run_button)
    idle(opened, qtbot)
    assert opened.problem.first.text() == "Something went wrong in the program."
    assert "bad shapes (3, 4)" in opened.problem.rest.text()
    assert opened.session.result is trained
    assert enabled(opened) == {"run"}


def test_what_was_said_about_one_section_goes_when_another_is_opened(opened, trained):
    opened.session.told.emit("Saved a.")
    opened.session.failed.emit("Expected a finite loss, found NaN.")
    assert opened.run_bar.status.text() == "Saved a."
    assert opened.problem.isVisible()
    add(opened.viewer, OpenSection(replace(trained.dataset, name="another")))
    assert opened.run_bar.status.text() == ""
    assert opened.problem.isHidden()


def test_the_bar_in_the_activity_dock_handles_no_other_events(viewer, qtbot):
    from napari.utils import progress
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication

    from napari_trsmi.gui.train.activity import follow_calmly

    bar, handled = progress(total=9), []
    follow_calmly(bar)
    QTimer.singleShot(0, lambda: handled.append(True))
    bar.update(4)
    bar.set_description("between")
    assert handled == []
    shown = [widget for widget in QApplication.allWidgets() if hasattr(widget, "qt_progress_bar")]
    assert [(one.qt_progress_bar.value(), one.description_label.text()) for one in shown] == [(4, "between: ")]
    bar.close()
    qtbot.waitUntil(lambda: handled == [True])


def test_training_is_a_bar_in_the_activity_dock_that_goes_when_it_ends(opened, qtbot, gate):
    from napari.utils import progress

    click(qtbot, opened.run_bar.run_button)
    bar = opened.activity.bar
    assert bar in progress._all_instances
    gate.release()
    qtbot.waitUntil(lambda: bar.n == 1, timeout=5_000)
    click(qtbot, opened.run_bar.controls.cancel)
    assert bar not in progress._all_instances


def test_the_estimate_learns_from_the_last_run(opened, qtbot, gate):
    gate.release(ALL)
    before = opened.run_bar.estimate.text()
    click(qtbot, opened.run_bar.run_button)
    idle(opened, qtbot)
    assert opened.run_bar.estimate.text() != before
    dataset, config = opened.session.dataset, opened.session.config.model_copy(update={"device": "cpu"})
    guess, paced = parts(dataset, config), paces()
    assert paced == pytest.approx({"training on cpu": 3.0 / guess["training on cpu"]}, rel=1e-3)  # as the run says
    assert estimate(dataset, config, paced)[0] > estimate(dataset, config)[0] + 2
    assert "learned from runs on this machine" in opened.run_bar.estimate.toolTip()


def test_times_read_as_a_person_says_them(trained):
    assert [duration(s) for s in (0.2, 59, 100, 4000, 9000)] == ["1 s", "59 s", "2 min", "67 min", "2.5 h"]
    assert time_left([step(1, 6), step(2, 6)]) == ", 1 s left"
    assert time_left([step(1, 6), step(2, 6)], after=20.0) == ", 20 s left"
    assert time_left([step(1, 6)]) == time_left([step(5, 6), step(6, 6)]) == ""


def test_a_pause_does_not_count_as_time_that_epochs_take(trained):
    steps = [step(k, 100, seconds=k + (600 if k > 8 else 0)) for k in range(1, 21)]
    assert time_left(steps) == ", 80 s left"


def test_the_bar_says_what_is_done_before_and_after_the_epochs(opened, qtbot, monkeypatch, trained):
    telling = Semaphore(0)
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained, telling=telling))
    bar = opened.run_bar.progress

    def says(text, value=0, total=0):
        qtbot.waitUntil(lambda: (bar.words, bar.value(), bar.maximum()) == (text, value, total), timeout=5_000)
        assert bar.isVisible()

    click(qtbot, opened.run_bar.run_button)
    says("Preparing features and graphs")
    qtbot.waitUntil(lambda: "Preparing" in opened.activity.bar.desc, timeout=5_000)
    telling.release()
    says("Estimating the number of domains: 5 of 14", 5, 14)
    qtbot.waitUntil(lambda: opened.session.state == "finishing", timeout=5_000)
    assert enabled(opened) == {"cancel"}
    telling.release()
    says("Finding domains")
    telling.release()
    idle(opened, qtbot)
    assert not bar.isVisible()


def test_an_epoch_that_is_finished_is_no_longer_said_to_be_finishing(opened, qtbot, monkeypatch, trained):
    gate, telling = Semaphore(0), Semaphore(1)
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained, gate=gate, telling=telling))
    bar = opened.run_bar
    click(qtbot, bar.run_button)
    gate.release()
    qtbot.waitUntil(bar.controls.finish.isEnabled, timeout=5_000)
    click(qtbot, bar.controls.finish)
    assert bar.status.text() == "Finishing this epoch…"
    gate.release()
    qtbot.waitUntil(lambda: bar.progress.words.startswith("Estimating"), timeout=5_000)
    qtbot.waitUntil(lambda: bar.status.text() == "", timeout=5_000)  # the bar looks by itself, and may be first
    telling.release(2)
    idle(opened, qtbot)


def test_finish_and_keep_is_offered_once_there_is_an_epoch_to_keep(opened, qtbot, gate):
    controls = opened.run_bar.controls
    click(qtbot, opened.run_bar.run_button)
    assert not controls.finish.isEnabled()
    assert "after the first epoch" in controls.finish.toolTip()
    gate.release()
    qtbot.waitUntil(controls.finish.isEnabled, timeout=5_000)
    assert "after the first epoch" not in controls.finish.toolTip()


def test_a_run_that_does_not_fit_is_told_before_it_is_started(opened, monkeypatch):
    monkeypatch.setattr(run_bar, "memory_of", lambda device: 0.1e9)
    opened.session.set_config(opened.session.config.model_copy(update={"device": "cpu", "seed": 6}))
    assert opened.run_bar.estimate.text().endswith("GB on cpu, but there are 0.1")
