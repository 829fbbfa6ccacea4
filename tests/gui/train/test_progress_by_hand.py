"""What the bars say from the first step to the last, in Train and in Trust of one real window, by clicks."""

from __future__ import annotations

from threading import Semaphore

import pytest
from acted_training import acted
from dock_by_hand import ALL, click, idle
from opened_dock import open_section
from qtpy.QtCore import Qt
from tabbed import docked, go_to
from typed_keys import focus, press

from napari_trsmi.gui.viewer.docks import SETTLE
from napari_trsmi.gui.widgets.focus_order import is_behind


@pytest.fixture
def steps(monkeypatch, trained):
    """Releases an epoch, and what is told before and after the epochs."""
    gate, telling = Semaphore(0), Semaphore(0)
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained, gate=gate, telling=telling))
    yield gate, telling
    gate.release(ALL)
    telling.release(ALL)


def test_bars_say_what_is_done_from_the_first_step_to_the_last_in_train_and_in_trust(
    viewer, dock, qtbot, steps, trained, quick
):
    gate, telling = steps
    _, checks = viewer.window.add_plugin_dock_widget("napari-trsmi", "Trust")
    open_section(viewer, trained.dataset)
    dock.session.set_config(quick)
    viewer.window.resize(1280, 800)
    qtbot.waitExposed(dock.window())
    qtbot.wait(2 * SETTLE)
    qtbot.waitUntil(lambda: is_behind(docked(dock)), timeout=20_000)  # else Trust comes to the front after the click
    bar, controls = dock.run_bar.progress, dock.run_bar.controls
    go_to(qtbot, checks, "Train")
    qtbot.waitUntil(lambda: not is_behind(docked(dock)))

    def says(one, words, value, whole):
        def shown():
            return one.isVisible() and words in one.words and (one.value(), one.maximum()) == (value, whole)

        qtbot.waitUntil(shown, timeout=20_000)

    click(qtbot, dock.run_bar.run_button)
    says(bar, "Preparing features and graphs", 0, 0)
    assert not controls.finish.isEnabled()  # there is nothing to keep
    telling.release()
    gate.release(4)
    says(bar, "epoch 4 of 6", 4, 6)
    assert bar.words.endswith(" left")
    focus(controls.pause, qtbot)
    press(Qt.Key.Key_Space)
    gate.release()
    says(bar, "epoch 5 of 6", 5, 6)
    qtbot.waitUntil(lambda: dock.session.state == "paused", timeout=20_000)
    assert controls.pause.text() == "Resume"
    assert not bar.words.endswith(" left")  # nobody knows how long it will be
    assert controls.finish.isEnabled()
    click(qtbot, controls.pause)
    gate.release()
    says(bar, "Estimating the number of domains", 5, 14)
    assert not controls.finish.isEnabled()  # it ends by itself
    telling.release()
    says(bar, "Finding domains", 0, 0)
    telling.release()
    idle(dock, qtbot)
    assert not bar.isVisible()

    go_to(qtbot, dock, "Trust")
    trust = checks.trust
    qtbot.waitUntil(trust.run_button.isVisible)
    click(qtbot, trust.run_button)
    says(trust.doing, "Preparing features and graphs", 0, 0)
    telling.release()
    gate.release(3)
    says(trust.doing, "epoch 3 of 6", 3, 6)
    gate.release(3)
    says(trust.doing, "Estimating the number of domains", 5, 14)
    click(qtbot, trust.stop_button)
    gate.release(ALL)
    telling.release(ALL)
    qtbot.waitUntil(lambda: trust.job is None, timeout=20_000)
