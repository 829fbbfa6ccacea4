"""The sign of what goes on beside training, with several jobs at once."""

from __future__ import annotations

import gc
from threading import Event
from weakref import ref

import pytest
from qtpy.QtWidgets import QApplication

from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.session.busy import Busy
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.train.run_bar import RunBar


@pytest.fixture
def shown():
    return []


def test_a_short_job_leaves_the_sign_of_a_longer_one(shown):
    busy = Busy(shown.append)
    end_long = busy.begin("Sweeping")
    end_short = busy.begin("Saving")
    end_short()
    assert shown == ["Sweeping", "Saving", "Sweeping"]
    end_long()
    assert shown[-1] == ""


def test_a_job_that_ends_before_one_that_began_later_takes_only_its_own_sign(shown):
    busy = Busy(shown.append)
    end_first, end_second = busy.begin("Sweeping"), busy.begin("Saving")
    end_first()
    assert busy.sign == "Saving"
    end_first()  # once more: nothing is left of it
    end_second()
    assert busy.sign == ""


def test_a_job_without_a_sign_clears_none(shown):
    busy = Busy(shown.append)
    busy.begin("Sweeping")
    busy.begin("")()
    assert set(shown) == {"Sweeping"}


def test_the_bar_says_what_was_saved_beside_what_still_goes_on(qtbot):
    session = Session(start_trainer=lambda session, run: None)
    bar, go = RunBar(session), Event()
    qtbot.addWidget(bar)
    run_job(session, "Checking the domains", lambda: go.wait(20), lambda _: None)
    run_job(session, "Saving a.h5mu", lambda: None, lambda _: session.told.emit("Saved to a.h5mu."))
    qtbot.waitUntil(lambda: bar.status.text() == "Saved to a.h5mu. · Checking the domains", timeout=10_000)
    session.run_changed.emit("running")
    assert bar.status.text() == "Checking the domains"
    go.set()
    qtbot.waitUntil(lambda: bar.status.text() == "", timeout=10_000)
    QApplication.processEvents()


def test_a_job_that_is_done_is_held_by_nobody(qtbot, monkeypatch):
    """A binding of Qt at times keeps a finished thread, and with it what it ran."""
    import superqt.utils

    kept, done = [], []
    make = superqt.utils.create_worker

    def create(work, **settings):
        kept.append(work)
        return make(work, **settings)

    monkeypatch.setattr(superqt.utils, "create_worker", create)

    class Job:
        def __call__(self):
            return 3

    job = Job()
    held = ref(job)
    run_job(Session(lambda *_: None), "", job, done.append)
    del job
    qtbot.waitUntil(lambda: done == [3])
    gc.collect()
    assert held() is None
    assert len(kept) == 1
