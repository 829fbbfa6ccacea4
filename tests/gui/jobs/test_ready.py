"""A section is made ready once for all jobs that need it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_trsmi.gui.jobs.ready import ready_of
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection


@pytest.fixture
def made(monkeypatch):
    """What was made ready, in the order of asking."""
    made = []
    monkeypatch.setattr("napari_trsmi.stages.prepare", lambda *of: made.append(of) or object())
    return made


def test_it_is_made_again_only_where_it_would_be_another(made, trained):
    ready = ready_of(Session(lambda *_: None))
    first = ready.get(trained)
    cluster = trained.config.cluster.model_copy(update={"n_domains": 3})
    assert ready.get(replace(trained, config=trained.config.model_copy(update={"cluster": cluster}))) is first
    moved = replace(trained.dataset, coords=trained.dataset.coords + 1)
    assert ready.get(replace(trained, dataset=moved)) is not first
    seeded = trained.config.model_copy(update={"seed": 5})
    ready.get(replace(trained, config=seeded))
    assert len(made) == 3


def test_it_goes_with_its_section(made, trained):
    session = Session(lambda *_: None)
    session.activate(OpenSection(trained.dataset))
    ready = ready_of(session)
    assert ready is ready_of(session)
    first = ready.get(trained)
    session.activate(OpenSection(trained.dataset))
    assert ready.get(trained) is not first
