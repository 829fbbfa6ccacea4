"""A run that waits for another to leave says so."""

from __future__ import annotations

from acted_training import acted

from napari_trsmi.gui.jobs.worker import WAITING, start_trainer, turn
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection


def test_training_that_waits_for_a_check_says_so_and_then_what_it_does(qtbot, trained, quick, monkeypatch):
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained))
    session = Session(start_trainer)
    session.activate(OpenSection(trained.dataset))
    session.set_config(quick)
    with turn():
        session.start()
        run = session.run
        qtbot.waitUntil(lambda: run.doing is not None)
        assert run.doing.text == WAITING
    qtbot.waitUntil(lambda: session.state == "idle", timeout=20_000)
    assert run.doing is None or run.doing.text != WAITING
