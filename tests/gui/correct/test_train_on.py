"""A run is continued: in the session, from the list of runs, and what is said about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acted_training import acted
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtCore import Qt

from napari_trsmi import edits, teach
from napari_trsmi.gui.compare.dock import CompareDock
from napari_trsmi.gui.jobs.worker import start_trainer
from napari_trsmi.gui.session.runs import Runs
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train.live_plot import LivePlot
from napari_trsmi.gui.train.preview_bar import PreviewBar
from napari_trsmi.gui.train.run_bar import RunBar


@pytest.fixture
def session(qtbot, little):
    session = Session(start_trainer)
    session.activate(OpenSection(little.dataset, replace(little)))
    session.told_of = []
    session.failed.connect(session.told_of.append)
    yield session
    session.cancel()


def finished(qtbot, session):
    qtbot.waitUntil(lambda: session.state == "idle", timeout=60_000)
    return session.result


def test_a_run_goes_on_from_its_state_with_live_epochs_and_previews(session, qtbot, little):
    seen, states = [], []
    session.stepped.connect(seen.append)
    session.run_changed.connect(states.append)
    session.carry_on(4)
    assert session.run.resume is little.state
    after = finished(qtbot, session)
    assert [step.epoch for step in seen] == [7, 8, 9, 10]
    assert [step.epoch for step in seen if step.labels is not None] == [8, 10]
    assert states == ["preparing", "running", "finishing", "idle"]
    assert [step.epoch for step in after.history] == list(range(1, 11))
    assert np.array_equal(after.labels, teach.carry_on(little, 4).labels)
    assert [entry.result.partition for entry in session.section.runs] == [little.partition, after.partition]
    assert session.last_run.before is None  # a run that is deleted leaves memory


@pytest.mark.slow
def test_names_and_colours_stay_with_the_domains(session, qtbot, little):
    named = edits.rename(edits.recolor(session.result, 0, "#123456"), 0, "Cortex")
    session.set_result(named)
    session.carry_on(1)
    after = finished(qtbot, session)
    k = after.names.index("Cortex")
    assert after.palette[k] == "#123456"
    assert np.mean((after.labels == k)[little.labels == 0]) > 0.9


@pytest.mark.slow
def test_previews_have_the_names_that_the_result_will_have(session, qtbot):
    session.set_result(edits.rename(session.result, 1, "Cortex"))
    session.carry_on(4)
    after = finished(qtbot, session)
    last = session.last_run.previews[-1]
    session.show_step(last)
    shown = session.shown
    assert dict(zip(shown.names, shown.colors, strict=True)) == dict(zip(after.names, after.palette, strict=True))
    cortex = last.labels == shown.names.index("Cortex")
    assert np.mean(cortex[after.labels == after.names.index("Cortex")]) > 0.8


@pytest.mark.slow
def test_a_preview_that_is_kept_has_its_names_and_can_be_trained_on(session, qtbot):
    session.set_result(edits.rename(session.result, 1, "Cortex"))
    session.carry_on(4)
    finished(qtbot, session)
    bar = PreviewBar(session)
    qtbot.addWidget(bar)
    session.show_step(session.last_run.previews[0])
    shown = session.shown
    bar.keep()
    qtbot.waitUntil(lambda: "kept_preview" in session.result.provenance, timeout=30_000)
    kept = session.result
    assert kept.provenance["resumed_at"] == 6
    assert dict(zip(kept.names, kept.palette, strict=True)) == dict(zip(shown.names, shown.colors, strict=True))
    assert kept.correspondences
    assert kept.modality_weights is not None
    session.carry_on(1)
    assert finished(qtbot, session).history[-1].epoch == 10  # to the end of what was planned


@pytest.mark.slow
def test_a_preview_that_is_kept_while_the_next_run_begins_comes_into_the_list(session, qtbot):
    session.carry_on(2)
    finished(qtbot, session)
    bar, told = PreviewBar(session), []
    qtbot.addWidget(bar)
    session.told.connect(told.append)
    session.show_step(session.last_run.previews[0])
    bar.keep()
    session.start()
    qtbot.waitUntil(lambda: bool(told), timeout=30_000)
    (entry,) = [entry for entry in session.section.runs if entry.result.provenance.get("kept_preview") == 8]
    assert told == [f"Epoch 8 is {entry.name} in the list of runs."]


@pytest.mark.slow
def test_it_runs_on_the_device_of_the_form_with_its_previews(session, qtbot):
    train = session.config.train.model_copy(update={"preview_every": 1, "learning_rate": 0.5})
    session.set_config(session.config.model_copy(update={"threads": 1, "train": train}))
    session.carry_on(2)
    config = session.run.config
    assert (config.threads, config.train.preview_every) == (1, 1)
    assert config.train.learning_rate == 0.003  # the rest is as the result was made with
    finished(qtbot, session)


@pytest.mark.slow
def test_the_plot_shows_the_whole_course(session, qtbot, monkeypatch, little):
    plot = LivePlot(session)
    qtbot.addWidget(plot)
    session.carry_on(3)
    assert plot.epochs[:6] == [1, 2, 3, 4, 5, 6]
    finished(qtbot, session)
    assert plot.epochs == list(range(1, 10))


def test_a_result_without_state_says_so_and_stays(session):
    before = replace(session.result, state=None)
    session.set_result(before)
    session.carry_on(4)
    assert session.run is None
    assert session.result is before
    assert "state of its training" in session.told_of[0]


def test_a_failure_brings_the_result_before_back(session, qtbot, monkeypatch, little):
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(little, error=RuntimeError("bad shapes")))
    before = session.result
    session.carry_on(4)
    assert finished(qtbot, session) is before
    assert "bad shapes" in session.told_of[0]


@pytest.mark.slow
def test_a_preview_that_is_kept_has_the_epochs_before_it(session, qtbot):
    session.carry_on(4)
    finished(qtbot, session)
    assert [step.epoch for step in session.last_run.course] == list(range(1, 11))
    assert not any(step.labels is not None for step in session.last_run.earlier)


@pytest.mark.slow
def test_the_list_of_runs_trains_the_selected_one_on(qtbot, monkeypatch, little):
    viewer = ViewerModel()
    open_section(viewer, little.dataset, replace(little))
    dock = CompareDock(viewer)
    qtbot.addWidget(dock)
    dock.show()
    session, panel = dock.session, dock.runs
    session.set_result(replace(edits.recluster(little, {"n_domains": 5, "n_init": 1}), state=None))
    assert not panel.buttons["Train on"].isEnabled()
    panel.table.selectRow(0)
    monkeypatch.setattr("napari_trsmi.gui.compare.run_panel.EPOCHS", 2)
    assert panel.buttons["Train on"].isEnabled()
    qtbot.mouseClick(panel.buttons["Train on"], Qt.MouseButton.LeftButton)
    assert session.run.before.partition is little.partition
    assert not panel.buttons["Train on"].isEnabled()
    after = finished(qtbot, session)
    assert len(after.history) == 8
    assert "trained on for 2 epochs" in session.section.runs.differing()[3]


def test_runs_say_their_constraints_in_few_words(little):
    said = [teach.together(little, [0, 1, 2]), teach.apart(little, [0, 1], [5, 6])]
    config = teach.continued(little, 30, said)
    runs = Runs()
    runs.take(little)
    runs.take(replace(little, config=config, partition=replace(little.partition)))
    assert runs.differing() == {1: "same settings", 2: "2 constraints, trained on for 30 epochs"}


def test_constraints_are_counted_in_words(little):
    one = teach.together(little, [0, 1])
    assert teach.count(()) == ""
    assert teach.count([one]) == "1 constraint"
    assert teach.count([one, one.model_copy(update={"until": 9})]) == "1 constraint, 1 taken back"
    assert teach.count([one.model_copy(update={"until": 9})]) == "no constraints, 1 taken back"


def test_the_run_bar_says_that_a_run_repeats_what_was_said(session, qtbot, little):
    bar = RunBar(session)
    qtbot.addWidget(bar)
    bar.show()
    assert not bar.constraints.isVisible()
    session.set_config(teach.continued(little, 30, [teach.together(little, [0, 1])]))
    assert bar.constraints.isVisible()
    assert "1 constraint" in bar.constraints.text()
    assert bar.minimumSizeHint().width() <= 330  # also beside that the settings changed
    assert "Correct" in bar.constraints.toolTip()
    bar.free_button.click()
    assert session.config.constraints == ()
    assert not bar.constraints.isVisible()
    assert not bar.free_button.isVisible()
