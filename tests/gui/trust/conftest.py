"""The dock "Trust" beside a result, and runs that are acted."""

from __future__ import annotations

from threading import Semaphore

import pytest
from acted_checks import act
from napari.components import ViewerModel
from opened_dock import open_section

from napari_trsmi.gui.trust.dock import TrustDock


@pytest.fixture
def viewer_model(trained):
    viewer = ViewerModel()
    open_section(viewer, trained.dataset, trained)
    return viewer


@pytest.fixture
def dock(qtbot, viewer_model):
    dock = TrustDock(viewer_model)
    qtbot.addWidget(dock)
    dock.resize(340, 700)
    dock.show()
    yield dock
    dock.trust._drop("")


@pytest.fixture
def panel(dock):
    return dock.trust


@pytest.fixture
def gate(monkeypatch, trained):
    """Runs of six epochs that each wait for the gate and find the domains of the result."""
    gate = Semaphore(0)
    act(monkeypatch, trained, gate=gate)
    yield gate
    gate.release(9999)


@pytest.fixture
def acting(monkeypatch, trained):
    """Runs that take no time; {seed: how often it was run}."""
    return act(monkeypatch, trained)
