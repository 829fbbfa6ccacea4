from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from threading import Semaphore
from types import SimpleNamespace

import numpy as np
import pytest
from acted_training import acted

from napari_trsmi.data.readers import from_memory
from napari_trsmi.errors import TrainingError
from napari_trsmi.gui.jobs.worker import first_colors, sentence, start_trainer
from napari_trsmi.gui.plugin.sample import open_sample
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection, Run
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.interrupt import check


def test_a_run_in_the_window_gives_the_labels_of_python(viewer, qtbot, quick, trained):
    for data in open_sample():
        viewer.add_layer(_layer(data))
    session = session_of(viewer)
    session.set_config(quick)
    session.start()
    qtbot.waitUntil(lambda: session.state == "idle", timeout=60_000)
    assert np.array_equal(session.result.labels, trained.labels)
    assert [layer.metadata["trsmi"]["role"] for layer in viewer.layers] == ["image", "spots", "domains"]


def _layer(data):
    from napari.layers import Layer

    return Layer.create(*data)


@pytest.fixture
def session(qtbot, trained, quick):
    session = Session(start_trainer)
    session.activate(OpenSection(trained.dataset))
    session.set_config(quick)
    yield session
    session.cancel()


def act(monkeypatch, trained, **how):
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained, **how))


FAILURES = {
    "shape": (RuntimeError("mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)"), "shapes cannot be multiplied"),
    "memory": (MemoryError(), "There was not enough memory. "),
    "gpu memory": (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "There was not enough memory. "),
    "disk": (OSError(28, "No space left on device", "x.pt"), "No space left on device x.pt"),
    "gone": (FileNotFoundError(2, "No such file or directory", "slice.h5mu"), "No such file or directory slice.h5mu"),
    "nan": (TrainingError("Expected a finite loss at epoch 3, found nan. Lower train.learning_rate."), "finite loss"),
    "unknown": (KeyError("spots"), "KeyError"),
    "stop": (StopIteration("inside"), "StopIteration"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_an_error_in_the_thread_is_one_sentence_and_the_result_before_stays(session, qtbot, monkeypatch, trained, kind):
    error, words = FAILURES[kind]
    said = []
    session.failed.connect(said.append)
    session.set_result(trained)
    act(monkeypatch, trained, error=error)
    session.start()
    trainer = session.run.trainer
    qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    assert said == [sentence(error) if kind != "stop" else said[0]]  # Python itself turns that one into another
    assert words in said[0]
    assert "\n" not in said[0]
    assert session.state == "idle"
    assert session.result is trained
    assert np.array_equal(session.shown.labels, trained.labels)
    assert trainer.ended.is_set()
    act(monkeypatch, trained)
    session.start()  # and the next run goes through
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    assert len(said) == 1


def test_finishing_before_the_first_epoch_keeps_that_epoch(session, qtbot, monkeypatch, trained):
    gate = Semaphore(0)
    act(monkeypatch, trained, gate=gate)
    session.start()
    session.finish()
    gate.release(99)
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    assert len(session.result.history) == 1


def test_what_a_file_can_only_hold_converted_is_told_once_and_before_the_first_epoch(
    session, qtbot, monkeypatch, trained, make_table
):
    act(monkeypatch, trained)
    table = make_table()
    table.obs["when"] = [object()] * table.n_obs
    session.activate(OpenSection(from_memory(table)))
    heard = []
    session.told.connect(heard.append)
    session.stepped.connect(lambda step: heard.append(step.epoch))
    for times in range(2):
        heard.clear()
        session.start()
        qtbot.waitUntil(lambda: 1 in heard, timeout=10_000)
        session.cancel()
        if times == 0:
            assert heard[0].startswith('When the result is saved:\nobs["when"]')
    assert heard[0] == 1


def test_a_paused_run_does_nothing_until_it_goes_on(session, qtbot, monkeypatch, trained):
    log = []
    act(monkeypatch, trained, log=log)
    session.stepped.connect(lambda step: session.pause())
    session.start()
    qtbot.waitUntil(lambda: session.state == "paused", timeout=10_000)
    qtbot.wait(150)
    done = len(log)
    assert done < 6
    qtbot.wait(100)
    assert len(log) == done
    session.stepped.disconnect()
    session.resume()
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    assert len(log) == 6


def test_a_cancelled_run_ends_within_an_epoch_also_when_paused(session, qtbot, monkeypatch, trained):
    log = []
    act(monkeypatch, trained, log=log)
    session.stepped.connect(lambda step: session.pause())
    session.start()
    qtbot.waitUntil(lambda: session.state == "paused", timeout=10_000)
    trainer = session.run.trainer
    session.cancel()
    assert session.state == "idle"
    assert trainer.ended.wait(timeout=2)
    assert len(log) <= 2


def test_a_run_waits_until_the_cancelled_one_before_has_left(session, qtbot, monkeypatch, trained):
    gate, log, next_log = Semaphore(1), [], []
    act(monkeypatch, trained, gate=gate, log=log)
    session.start()
    first = session.run.trainer
    qtbot.waitUntil(lambda: log == ["epoch 1", "epoch 2"] and bool(session.run.steps), timeout=10_000)
    session.cancel()
    act(monkeypatch, trained, log=next_log)
    session.start()
    qtbot.wait(150)
    assert next_log == []
    gate.release()
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    assert first.ended.is_set()
    assert log == ["epoch 1", "epoch 2"]
    assert len(next_log) == 6


def test_short_jobs_go_on_beside_a_paused_run(session, qtbot, monkeypatch, trained):
    from qtpy.QtCore import QThreadPool

    from napari_trsmi.gui.jobs.jobs import run_job

    pool = QThreadPool.globalInstance()
    before = pool.maxThreadCount()
    pool.setMaxThreadCount(1)
    try:
        act(monkeypatch, trained)
        session.stepped.connect(lambda step: session.pause())
        session.start()
        qtbot.waitUntil(lambda: session.state == "paused", timeout=10_000)
        done = []
        run_job(session, "Saving", lambda: 42, done.append)
        qtbot.waitUntil(lambda: done == [42], timeout=5_000)
        trainer = session.run.trainer
        session.cancel()
        assert trainer.ended.wait(timeout=2)
    finally:
        pool.setMaxThreadCount(before)


def test_twenty_rounds_of_start_and_cancel_leave_nothing_behind(session, qtbot, monkeypatch, trained):
    from qtpy.QtCore import QThreadPool

    gate = Semaphore(0)
    act(monkeypatch, trained, gate=gate)
    pool, runs, trainers = QThreadPool.globalInstance(), [], []
    qtbot.waitUntil(lambda: pool.activeThreadCount() == 0, timeout=5_000)
    threads = threading.active_count()
    for _ in range(20):
        gate.release()
        session.start()
        qtbot.waitUntil(lambda: bool(session.run.steps), timeout=10_000)
        runs.append(weakref.ref(session.run))
        trainers.append(session.run.trainer)
        session.cancel()
        gate.release()  # the epoch that goes on
    qtbot.waitUntil(lambda: all(trainer.ended.is_set() for trainer in trainers), timeout=10_000)
    qtbot.waitUntil(lambda: pool.activeThreadCount() == 0, timeout=5_000)

    def forgotten():
        gc.collect()
        return not any(run() for run in runs)

    qtbot.waitUntil(forgotten, timeout=5_000)
    pool.waitForDone()
    assert threading.active_count() <= threads + pool.maxThreadCount()  # threads of Qt that ran Python code


def test_cancel_ends_the_final_clustering_and_the_preparation_within_a_part(session, qtbot, monkeypatch):
    from napari_trsmi import stages

    def cut(*args, **named):
        while session.run.trainer is None:  # this thread may be faster than the one that started it
            time.sleep(0.001)
        session.cancel()
        check()
        raise AssertionError("the clustering went on")

    monkeypatch.setattr("napari_trsmi.fitting.cut", cut)
    said, ended = [], []
    session.failed.connect(said.append)
    train = session.config.train.model_copy(update={"epochs": 1, "preview_every": 0})
    session.set_config(session.config.model_copy(update={"train": train}))
    for where in ("end", "preparation"):
        session.start()
        ended.append(session.run.trainer.ended)
        qtbot.waitUntil(ended[-1].is_set, timeout=60_000)
        assert session.state == "idle", where
        monkeypatch.setattr("napari_trsmi.fitting.prepare", cut)
    monkeypatch.setattr("napari_trsmi.fitting.prepare", stages.prepare)
    monkeypatch.setattr("napari_trsmi.fitting.cut", stages.cut)
    session.start()
    qtbot.waitUntil(lambda: session.result is not None, timeout=60_000)
    assert said == []


def test_what_hears_the_end_of_a_job_keeps_nothing_after_it(monkeypatch):
    from napari_trsmi.gui.jobs import jobs

    slots = []  # as PyQt at times keeps them

    class Worker:
        def __init__(self, work, **_):
            self.work, self.returned = work, SimpleNamespace(connect=slots.append)

        def start(self):
            slots[-1](self.work())

    monkeypatch.setattr("superqt.utils.create_worker", Worker)
    session, done = Session(lambda *_: None), []
    jobs.run_job(session, "Saving", lambda: 42, done.append)
    kept, session = weakref.ref(session), None
    gc.collect()
    assert (done, session, kept()) == ([42], None, None)
    assert len(slots) == 1


LEAVING = """
import time
from pathlib import Path
from qtpy.QtWidgets import QApplication
from napari_trsmi.gui.jobs.jobs import run_job, run_long
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.jobs.worker import Thread

app = QApplication([])
session, paused = Session(lambda *_: None), Thread()
paused.pause()
run_job(session, "Paused", paused.go.wait, print)
class Long:
    dropped = False

    def work(self):
        while not self.dropped:
            time.sleep(0.01)

    def drop(self, *_):
        self.dropped = True

    def hear(self, *_):
        pass

long = Long()
run_long(session, "Long", long, long.hear, long.hear)
run_job(session, "Saving", lambda: (time.sleep(0.5), Path({path!r}).write_text("whole")), print)
"""


@pytest.mark.slow
def test_a_program_that_ends_lets_its_jobs_end_and_cancels_what_is_paused_or_long(tmp_path):
    path = tmp_path / "saved"
    command = [sys.executable, "-W", "ignore", "-c", LEAVING.format(path=str(path))]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    )
    assert path.read_text() == "whole"
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("more", [True, False])
def test_a_later_run_keeps_colours_also_where_its_first_preview_has_more_or_fewer_domains(trained, more):
    labels = trained.labels.copy()
    labels[labels == 6] = 0 if not more else 6
    labels[np.flatnonzero(labels == 0)[:20]] = 7 if more else 0
    run = Run(OpenSection(trained.dataset, trained), trained.config)
    colors = first_colors(SimpleNamespace(labels=labels), run)
    assert colors[:6] == trained.palette[:6]
    assert colors[6] == trained.palette[6]
    assert len(set(colors)) == len(colors)
