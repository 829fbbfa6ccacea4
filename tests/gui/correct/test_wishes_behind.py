"""Training on that ends behind another section, and its undo by keys."""

from __future__ import annotations

from dataclasses import replace
from threading import Semaphore

import pytest
from acted_training import acted
from around_spots import click, near
from opened_dock import open_section
from qtpy.QtCore import Qt

import napari_trsmi as nt
from napari_trsmi import teach


@pytest.mark.slow
def test_wishes_come_back_by_undo_where_training_on_ended_behind_another_section(viewer, qtbot, trained, monkeypatch):
    gate = Semaphore(0)
    viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Correct")
    first = open_section(viewer, trained.dataset, replace(trained))
    session, history = dock.session, dock.panel.history
    wish = teach.together(trained, near(trained, 10, 6).tolist())
    history.add(wish, "one domain")
    after = nt.Result(**{**vars(trained), "partition": replace(trained.partition)})
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(after, gate=gate))
    settings = session.config
    click(qtbot, dock.panel.run.button)
    qtbot.waitUntil(lambda: session.state != "idle")
    other = open_section(viewer, trained.dataset)
    gate.release(999)
    qtbot.waitUntil(lambda: first.run is None, timeout=30_000)
    assert (session.section, first.result is not trained) == (other, True)
    session.activate(first)
    assert session.deeds.last == "training on"
    assert history.new == ()
    qtbot.keyClick(viewer.window._qt_window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.result.partition is trained.partition
    assert history.constraints == history.new == (wish,)
    assert session.config == settings
    qtbot.keyClick(viewer.window._qt_window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (session.deeds.last, history.constraints) == ("", ())
