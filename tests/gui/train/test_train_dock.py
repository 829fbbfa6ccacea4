"""The train dock in a real window."""

from __future__ import annotations

from dataclasses import replace
from threading import Semaphore

import numpy as np
import pytest
from acted_training import acted, step
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox

from napari_trsmi import Config, DataError
from napari_trsmi.domains.colors import PALETTE
from napari_trsmi.gui.state import OpenSection
from napari_trsmi.gui.train.dock import TrainDock
from napari_trsmi.gui.train.run_bar import OUT_OF_DATE, time_left
from napari_trsmi.gui.viewer.layers import section_layers
from napari_trsmi.gui.words import duration

ALL = 999


@pytest.fixture
def dock(viewer):
    """The dock in a window."""
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    return dock


@pytest.fixture
def alone(qtbot):
    """The dock on a viewer without a window, which opens ten times as fast."""
    dock = TrainDock(ViewerModel())
    qtbot.addWidget(dock)
    dock.show()
    yield dock
    dock.session.cancel()


@pytest.fixture
def opened(alone, trained, quick):
    """The dock beside the sample, with short settings."""
    add(alone.viewer, OpenSection(trained.dataset))
    alone.session.set_config(quick)
    return alone


@pytest.fixture
def gate(monkeypatch, trained):
    """Training is acted: one epoch for each time this is released."""
    gate = Semaphore(0)
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained, gate=gate))
    yield gate
    gate.release(ALL)


def add(viewer, section):
    from napari.layers import Layer

    for data in section_layers(section):
        viewer.add_layer(Layer.create(*data))


def click(qtbot, button):
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def enabled(dock):
    bar = dock.run_bar
    buttons = {"run": bar.run_button, "pause": bar.controls.pause, "finish": bar.controls.finish}
    return {name for name, button in {**buttons, "cancel": bar.controls.cancel}.items() if button.isEnabled()}


def idle(dock, qtbot):
    qtbot.waitUntil(lambda: dock.session.state == "idle", timeout=20_000)


# Data


def test_an_empty_dock_says_what_to_do_and_opens_the_sample(dock, qtbot):
    assert dock.data_panel.empty.isVisible()
    assert not dock.run_bar.run_button.isEnabled()
    click(qtbot, dock.data_panel.sample_button)
    qtbot.waitUntil(lambda: dock.session.section is not None, timeout=20_000)
    assert not dock.data_panel.empty.isVisible()
    assert dock.data_panel.name.text() == dock.session.dataset.name
    assert dock.data_panel.content.text() == "2,500 spots · rna (RNA) · adt (protein)"
    assert enabled(dock) == {"run"}
    assert dock.run_bar.status.text() == ""


def test_files_over_the_same_spots_open_as_one_section(alone, qtbot, monkeypatch):
    asked = []
    paths = ["rna.h5ad", "adt.h5ad"]
    monkeypatch.setattr(
        "napari_trsmi.gui.train.data_panel.QFileDialog.getOpenFileNames", lambda *args, **kwargs: (paths, "Sections")
    )
    monkeypatch.setattr(ViewerModel, "open", lambda viewer, path, **how: asked.append((path, how)))
    alone.data_panel.open_button.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: bool(asked), timeout=5_000)
    assert asked == [(paths, {"plugin": "napari-trsmi", "stack": True})]
    monkeypatch.setattr("napari_trsmi.gui.train.data_panel.QFileDialog.getExistingDirectory", lambda *args: "outs")
    alone.data_panel.open_button.menu().actions()[1].trigger()
    qtbot.waitUntil(lambda: len(asked) == 2, timeout=5_000)
    assert asked[1] == ("outs", {"plugin": "napari-trsmi", "stack": False})


def test_a_file_that_cannot_be_read_is_one_sentence(alone, qtbot, monkeypatch):
    def refuse(viewer, path, **how):
        raise DataError("Expected a table in broken.h5ad, found none. Check the file.")

    monkeypatch.setattr(ViewerModel, "open", refuse)
    alone.data_panel.open(["broken.h5ad"])
    assert alone.run_bar.status.text() == "Opening broken.h5ad…"
    qtbot.waitUntil(lambda: alone.run_bar.status.text().startswith("Expected a table"), timeout=5_000)
    assert alone.session.section is None


def test_dropped_spots_and_notes_are_one_line_with_all_of_them_in_its_tooltip(alone, trained):
    dataset = replace(trained.dataset, dropped={"adt": 41}, notes=("No scale factor was found.", "Another note."))
    add(alone.viewer, OpenSection(dataset))
    tip = alone.data_panel.notes.toolTip()
    assert tip.splitlines() == [
        "41 spots of adt left out: another modality lacks them.",
        "No scale factor was found.",
        "Another note.",
    ]
    assert alone.data_panel.notes.height() < 2 * alone.data_panel.name.height()


def test_one_of_several_open_sections_can_be_chosen(opened, trained):
    first = opened.session.section
    second = OpenSection(replace(trained.dataset, name="second"))
    add(opened.viewer, second)
    choice: QComboBox = opened.data_panel.choice
    assert choice.isVisible()
    assert [choice.itemText(k) for k in range(choice.count())] == [trained.dataset.name, "second"]
    assert opened.session.section is second
    choice.setCurrentIndex(0)
    choice.activated.emit(0)
    assert opened.session.section is first


# Settings


def test_number_of_domains_and_scale_are_the_same_settings_as_in_the_form(opened):
    opened.n_domains.setValue(5)
    opened.domain_scale.setValue(3)
    cluster = opened.session.config.cluster
    assert (cluster.n_domains, cluster.domain_scale) == (5, 3)
    assert opened.form.value() == opened.session.config
    opened.form.undo_stack.undo()
    assert opened.domain_scale.text() == "auto"
    assert opened.session.config.cluster.domain_scale is None
    opened.session.set_config(Config())
    assert (opened.n_domains.text(), opened.form.value()) == ("auto", Config())


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


def test_new_runs_take_device_threads_and_previews_from_the_settings_of_napari(qtbot, monkeypatch):
    from types import SimpleNamespace

    run, display = SimpleNamespace(device="cpu", threads=1, preview_every=3), SimpleNamespace(palette="fixed")
    monkeypatch.setattr("napari.settings.get_plugin_settings", lambda name: SimpleNamespace(run=run, display=display))
    dock = TrainDock(ViewerModel())
    qtbot.addWidget(dock)
    config = dock.session.config
    assert (config.device, config.threads, config.train.preview_every) == ("cpu", 1, 3)
    assert dock.form.value() == config
    assert dock.session.fixed_colors == PALETTE


# The run


def test_a_run_shows_progress_and_enables_what_makes_sense(opened, qtbot, gate):
    bar = opened.run_bar
    click(qtbot, bar.run_button)
    assert enabled(opened) == {"finish", "cancel"}
    assert bar.status.text() in ("Loading PyTorch…", "Preparing features and graphs…")
    gate.release()
    qtbot.waitUntil(lambda: opened.session.state == "running", timeout=5_000)
    assert enabled(opened) == {"pause", "finish", "cancel"}
    assert bar.progress.isVisible()
    assert (bar.progress.value(), bar.progress.maximum()) == (1, 6)
    gate.release(ALL)
    idle(opened, qtbot)
    assert enabled(opened) == {"run"}
    assert not bar.progress.isVisible()
    assert bar.status.text() == "Trained on cpu in 3 s."
    confidence = opened.session.result.confidence.mean()
    assert opened.result_row.label.text() == f"7 domains, confidence {confidence:.2f}"
    assert "trained on cpu" in opened.result_row.label.toolTip()
    assert not bar.out_of_date.isVisible()
    opened.n_domains.setValue(3)
    assert bar.out_of_date.isVisible()
    assert bar.out_of_date.text() == OUT_OF_DATE


def test_a_device_that_was_left_is_told_with_the_outcome(opened, qtbot, trained, monkeypatch):
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained, left={"mps": "no sparse tensors"}))
    click(qtbot, opened.run_bar.run_button)
    idle(opened, qtbot)
    told = "Trained on cpu in 3 s. Training does not run on mps: no sparse tensors."
    assert opened.run_bar.status.text() == told


def test_pause_resume_and_finish_by_their_buttons(opened, qtbot, gate):
    bar, session = opened.run_bar, opened.session
    click(qtbot, bar.run_button)
    gate.release()
    qtbot.waitUntil(lambda: session.state == "running", timeout=5_000)
    click(qtbot, bar.controls.pause)
    assert session.state == "paused"
    assert bar.controls.pause.text() == "Resume"
    assert bar.progress.format().startswith("epoch 1 of 6")
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


def test_a_failure_is_said_in_the_status_line_and_the_window_lives_on(opened, qtbot, monkeypatch, trained):
    opened.session.set_result(trained)
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained, error=RuntimeError("bad shapes (3, 4)")))
    click(qtbot, opened.run_bar.run_button)
    idle(opened, qtbot)
    assert "bad shapes (3, 4)" in opened.run_bar.status.text()
    assert opened.session.result is trained
    assert enabled(opened) == {"run"}


def test_what_was_said_about_one_section_goes_when_another_is_opened(opened, trained):
    opened.session.failed.emit("Expected a finite loss, found NaN.")
    assert opened.run_bar.status.text() == "Expected a finite loss, found NaN."
    add(opened.viewer, OpenSection(replace(trained.dataset, name="another")))
    assert opened.run_bar.status.text() == ""


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
    assert opened.run_bar.estimate.text().startswith("about 3 s")  # as the acted run says it took
    assert "scaled by the last run" in opened.run_bar.estimate.toolTip()


# Previews


@pytest.fixture
def done(opened, qtbot, gate):
    gate.release(ALL)
    click(qtbot, opened.run_bar.run_button)
    idle(opened, qtbot)
    return opened


def test_the_slider_goes_back_over_the_previews_and_its_end_is_the_result(done):
    bar, session = done.preview_bar, done.session
    assert bar.slider.maximum() == bar.slider.value() == 3
    assert bar.label.text() == "result"
    bar.slider.setValue(0)
    assert session.shown.epoch == 2
    assert bar.label.text() == "epoch 2"
    assert np.array_equal(session.shown.labels, session.last_run.previews[0].labels)
    bar.slider.setValue(3)
    assert session.shown.epoch is None


def test_a_preview_becomes_the_result_with_its_labels_and_colours(done, qtbot):
    session = done.session
    done.preview_bar.slider.setValue(1)
    shown = session.shown
    before = session.result
    click(qtbot, done.preview_bar.keep_button)
    qtbot.waitUntil(lambda: session.result is not before, timeout=30_000)
    pairs = set(zip(shown.labels.tolist(), session.result.labels.tolist(), strict=True))
    assert len(pairs) == 7
    assert all(shown.colors[old] == session.result.palette[new] for old, new in pairs)
    assert [step.epoch for step in session.result.history] == [1, 2, 3, 4]
    assert session.shown.epoch is None


def test_previews_go_with_the_section(done, trained):
    assert done.preview_bar.isVisible()
    add(done.viewer, OpenSection(replace(trained.dataset, name="second")))
    assert not done.preview_bar.isVisible()
    assert not done.course.isVisible()


# The window


def test_the_dock_fits_a_narrow_column_of_a_small_window(done):
    done.session.set_config(done.session.config.model_copy(update={"seed": 4}))
    done.run_bar.say("One sentence that is long enough to need two lines, as most of those that say what to do.")
    done.resize(340, 690)
    assert done.minimumSizeHint().width() <= 340
    assert done.minimumSizeHint().height() <= 690
    assert done.form.height() >= 80


def test_signals_that_come_after_the_dock_is_gone_find_nobody(qtbot, gate, trained):
    viewer = ViewerModel()
    dock = TrainDock(viewer)
    session = dock.session
    add(viewer, OpenSection(trained.dataset))
    dock.show()
    click(qtbot, dock.run_bar.run_button)
    dock.deleteLater()
    qtbot.waitUntil(lambda: not is_alive(dock), timeout=5_000)
    gate.release(ALL)
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    session.set_config(Config(seed=4))
    session.busy_changed.emit("Saving")
    viewer.theme = "light"
    assert session.result is not None


def is_alive(widget):
    try:
        widget.isVisible()
    except RuntimeError:
        return False
    return True


def test_times_read_as_a_person_says_them(trained):
    assert [duration(s) for s in (0.2, 59, 100, 4000, 9000)] == ["1 s", "59 s", "2 min", "67 min", "2.5 h"]
    assert time_left([step(1, 6), step(2, 6)]) == ", 1 s left"
    assert time_left([step(1, 6)]) == time_left([step(5, 6), step(6, 6)]) == ""


def test_a_pause_does_not_count_as_time_that_epochs_take(trained):
    steps = [step(k, 100, seconds=k + (600 if k > 8 else 0)) for k in range(1, 21)]
    assert time_left(steps) == ", 80 s left"
