"""A result whose support is looked for, in a session without a window."""

from __future__ import annotations

from dataclasses import replace
from threading import Semaphore

import pytest
from acted_support import act_support

from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection


@pytest.fixture
def wanting(trained):
    """The short run, with settings that ask for support."""
    return replace(trained, config=trained.config.model_copy(update={"evidence": type(trained.config.evidence)()}))


@pytest.fixture
def gate(monkeypatch):
    """The search waits for this at each of four cuts."""
    gate = Semaphore(0)
    act_support(monkeypatch, gate)
    yield gate
    gate.release(99)


@pytest.fixture
def session(wanting):
    session = Session(lambda *_: None)
    session.failures = []
    session.failed.connect(session.failures.append)
    session.activate(OpenSection(wanting.dataset))
    return session
