"""The train dock, in a window or alone, beside the sample and beside a run that was acted."""

from __future__ import annotations

from threading import Semaphore

import pytest
from acted_training import acted
from dock_by_hand import ALL, click, idle
from napari.components import ViewerModel
from opened_dock import add

from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train import closing
from napari_trsmi.gui.train.dock import TrainDock


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


@pytest.fixture
def done(opened, qtbot, gate):
    gate.release(ALL)
    click(qtbot, opened.run_bar.run_button)
    idle(opened, qtbot)
    return opened


@pytest.fixture
def answers(monkeypatch):
    """What is asked, and the answers to give; the window is closed where there is none left."""

    class Answers(list):
        def __init__(self):
            super().__init__()
            self.asked, self.work = [], []

    answers = Answers()

    def ask(window, question, name, unsaved="", work=""):
        answers.asked.append((question, name, unsaved) if unsaved else (question, name))
        answers.work.append(work)
        return answers.pop(0) if answers else "close"

    monkeypatch.setattr(closing, "ask", ask)
    return answers
