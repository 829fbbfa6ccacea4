"""Back over the previews of a run, and one of them kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from dock_by_hand import ALL, click, idle
from opened_dock import add
from qtpy.QtCore import Qt
from typed_keys import focus, press

from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train.pages import COURSE


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


def test_the_arrow_keys_go_back_and_forth_while_training_goes_on(opened, qtbot, gate):
    bar, session = opened.preview_bar, opened.session
    opened.session.set_config(quick_previews(opened.session.config))
    click(qtbot, opened.run_bar.run_button)
    gate.release(6)
    qtbot.waitUntil(lambda: session.run is not None and len(session.run.previews) == 3, timeout=20_000)
    qtbot.waitUntil(lambda: session.shown is not None and session.shown.epoch == 6, timeout=5_000)
    assert (bar.slider.value(), bar.slider.maximum()) == (2, 2)
    focus(bar.slider, qtbot)
    press(Qt.Key.Key_Left)
    assert (session.shown.epoch, bar.slider.value()) == (4, 1)
    press(Qt.Key.Key_Left)
    assert (session.shown.epoch, bar.slider.value()) == (2, 0)
    gate.release(2)  # a preview that comes meanwhile takes nobody away
    qtbot.waitUntil(lambda: len(session.run.previews) == 4, timeout=20_000)
    assert (session.shown.epoch, bar.slider.value()) == (2, 0)
    press(Qt.Key.Key_End)
    assert session.shown.epoch == 8
    gate.release(ALL)
    idle(opened, qtbot)
    assert session.shown.epoch is None
    assert bar.slider.value() == bar.slider.maximum() == len(bar.previews)


def quick_previews(config):
    return config.model_copy(update={"train": config.train.model_copy(update={"epochs": 12})})


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
    assert not done.pages.isTabVisible(COURSE)
