"""Checks asked for as a person does, and the runs that they ask for, acted."""

from __future__ import annotations

from acted_training import acted
from qtpy.QtCore import Qt


def act(monkeypatch, trained, **how):
    """Act every run of the method from now on; return {seed: how often it was run}."""
    ran, play = {}, acted(trained, **how)

    def fit_steps(dataset, config, previews=True, **_):
        ran[config.seed] = ran.get(config.seed, 0) + 1
        return (yield from play(dataset, config))

    monkeypatch.setattr("napari_trsmi.api.fit_steps", fit_steps)
    return ran


def run(panel, qtbot, **wanted):
    """Ask for something and press Run."""
    panel.seeds.setValue(wanted.get("seeds", 3))
    panel.shuffled.setValue(wanted.get("shuffled", 1))
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)


def wait(panel, qtbot):
    qtbot.waitUntil(lambda: panel.job is None, timeout=30_000)
