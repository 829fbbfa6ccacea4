"""Back over the previews of a run, and one of them kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from dock_by_hand import click
from opened_dock import add

from napari_trsmi.gui.state import OpenSection


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
