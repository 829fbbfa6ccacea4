"""Closing the window while training goes on, or with a result that is not saved."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

import pandas as pd
import pytest
from napari.components import ViewerModel
from opened_dock import add
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QDialog, QMainWindow, QWidget

from napari_trsmi import edits
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train import closing, save_menu
from napari_trsmi.gui.trust.dock import TrustDock
from napari_trsmi.gui.trust.job import TrustJob
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.interrupt import check


@pytest.fixture
def section(trained):
    return OpenSection(trained.dataset)


@pytest.fixture
def viewer_model(section, quick):
    viewer = ViewerModel()
    add(viewer, section)
    session_of(viewer).set_config(quick)
    return viewer


@pytest.fixture
def session(viewer_model):
    session = session_of(viewer_model)
    yield session
    session.cancel()


@pytest.fixture
def window(qtbot, viewer_model, session):
    window, dock = QMainWindow(), QWidget()
    qtbot.addWidget(window)
    window.setCentralWidget(dock)
    closing.guard(dock, viewer_model, session)
    closing.guard(dock, viewer_model, session)  # as when the dock is shown again
    window.show()
    return window


def test_without_training_and_result_the_window_closes_unasked(window, answers):
    assert window.close()
    assert answers.asked == []


def test_stopping_ends_the_thread_within_an_epoch(window, session, gate, answers, qtbot):
    session.start()
    trainer = session.run.trainer
    assert window.close()
    assert answers.asked == [("training", session.dataset.name)]
    gate.release()  # the epoch that goes on
    assert trainer.ended.wait(timeout=5)
    assert session.run is None


def test_staying_leaves_training_alone(window, session, gate, answers, qtbot):
    answers.append("stay")
    session.start()
    assert not window.close()
    assert window.isVisible()
    gate.release(999)
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    assert len(session.result.history) == 6


def test_finishing_keeps_the_window_and_the_result(window, session, gate, answers, qtbot):
    answers.append("finish")
    session.start()
    assert not window.close()
    gate.release(999)
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    assert session.result is not None
    assert len(session.result.history) < 6


def test_a_result_that_is_not_on_file_is_asked_about(window, session, answers, trained):
    session.set_result(trained)
    answers.extend(["stay", "close"])
    assert not window.close()
    assert window.close()
    assert [question for question, _ in answers.asked] == ["unsaved", "unsaved"]


def test_saving_asks_where_to_and_then_the_window_closes(
    window, session, answers, trained, qtbot, monkeypatch, tmp_path
):
    path = tmp_path / "kept.h5mu"
    monkeypatch.setattr(save_menu, "save_result", partial(save_menu.save_result, ask=lambda *_: path))
    session.set_result(trained)
    section = session.section
    add(closing_viewer(window), OpenSection(trained.dataset))  # another one is active now
    answers.append("save")
    assert not window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=30_000)
    assert path.is_file()
    assert section.path == path
    assert answers.asked == [("unsaved", session.dataset.name)]


def test_a_window_whose_domains_could_not_be_saved_stays(
    window, session, answers, trained, qtbot, monkeypatch, tmp_path
):
    path = tmp_path / "no folder" / "kept.h5mu"
    monkeypatch.setattr(save_menu, "save_result", partial(save_menu.save_result, ask=lambda *_: path))
    session.set_result(trained)
    answers.append("save")
    with qtbot.waitSignal(session.failed, timeout=30_000):
        assert not window.close()
    qtbot.wait(100)
    assert window.isVisible()


def test_the_session_is_saved_instead_and_then_the_window_closes(
    window, session, answers, trained, qtbot, monkeypatch, tmp_path
):
    def save(session, parent, done):
        entry.kept = tmp_path / "run.h5ad"
        done()

    monkeypatch.setattr(closing, "save_session", save)
    session.set_result(trained)
    entry = session.section.runs.entry_of(trained)
    answers.append("session")
    assert not window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert answers.asked == [("unsaved", session.dataset.name)]


def test_what_was_changed_after_saving_is_asked_about_as_that(window, session, answers, trained):
    session.set_result(trained, Path("slice.h5mu"))
    session.set_result(edits.rename(trained, 0, "cortex"))
    assert window.close()
    assert answers.asked == [("changed", session.dataset.name)]


def test_checks_under_way_are_asked_about(window, viewer_model, session, answers, trained, qtbot, monkeypatch):
    gate = Event()
    monkeypatch.setattr(TrustJob, "work", lambda job: gate.wait(30) and None)
    session.set_result(trained, Path("slice.h5mu"))
    dock = TrustDock(viewer_model)
    dock.setParent(window)
    dock.show()
    qtbot.mouseClick(dock.trust.run_button, Qt.MouseButton.LeftButton)
    answers.append("stay")
    assert not window.close()
    assert dock.trust.job is not None
    assert window.close()
    gate.set()
    assert answers.asked == [("work", f"The checks of {session.dataset.name}")] * 2


def test_checks_under_way_are_named_beside_domains_that_are_not_saved(
    window, viewer_model, session, answers, trained, qtbot, monkeypatch
):
    gate = Event()
    monkeypatch.setattr(TrustJob, "work", lambda job: gate.wait(30) and None)
    session.set_result(trained)
    dock = TrustDock(viewer_model)
    dock.setParent(window)
    dock.show()
    qtbot.mouseClick(dock.trust.run_button, Qt.MouseButton.LeftButton)
    assert window.close()
    gate.set()
    assert answers.asked == [("unsaved", session.dataset.name)]
    assert answers.work == [f"The checks of {session.dataset.name}"]


def closing_viewer(window):
    (guard,) = [child for child in window.children() if isinstance(child, closing.ClosingGuard)]
    return guard._viewer()


def test_a_saved_result_is_not_asked_about(window, session, answers, trained):
    session.set_result(trained, Path("slice.h5mu"))
    assert window.close()
    assert answers.asked == []


@pytest.fixture
def by_hand(monkeypatch, viewer_model):
    """What happens is a person's doing, and not that of a script."""
    monkeypatch.setattr("napari_trsmi.gui.viewer.docks.viewer_in_use", lambda: viewer_model)


def test_all_sections_that_train_and_wait_are_asked_about_at_once(window, session, gate, answers, trained, qtbot):
    session.start()
    first = session.section
    add(closing_viewer(window), second := OpenSection(replace(trained.dataset, name="second")))
    session.start()
    answers.extend(["stay", "finish"])
    assert not window.close()
    assert answers.asked == [("line", f"{first.dataset.name} and second")]
    assert (first.run.state, second.run.state) == ("preparing", "waiting")
    assert not window.close()
    assert (first.run.state, second.run) == ("finishing", None)
    gate.release(999)
    qtbot.waitUntil(lambda: first.result is not None, timeout=10_000)


def test_what_is_worked_out_for_the_window_ends_with_it_and_what_is_saved_is_saved(window, session, qtbot):
    saving, ended, heard = threading.Event(), [], []

    def work_out():
        try:
            while True:
                check()
                time.sleep(0.01)
        finally:
            ended.append("worked out")

    def save():
        saving.wait(10)
        check()
        return "saved"

    run_job(session, "Clustering", work_out, heard.append, heard.append, with_window=True)
    run_job(session, "Saving", save, heard.append, heard.append)
    qtbot.wait(100)
    assert window.close()
    qtbot.waitUntil(lambda: ended == ["worked out"])
    saving.set()
    qtbot.waitUntil(lambda: not session.busy.under_way)
    assert heard == ["saved"]


def test_closing_ends_all_that_train_and_wait(window, session, gate, answers, trained):
    session.start()
    trainer = session.run.trainer
    add(closing_viewer(window), OpenSection(replace(trained.dataset, name="second")))
    session.start()
    assert window.close()
    assert session.training.line == []
    gate.release()
    assert trainer.ended.wait(timeout=5)


@pytest.mark.parametrize("what", ["removed training", "removed"])
def test_a_person_who_removes_all_layers_of_a_section_may_bring_them_back(
    window, session, gate, answers, by_hand, trained, qtbot, what
):
    viewer, section = closing_viewer(window), session.section
    if what == "removed":
        session.set_result(trained)
    else:
        session.start()
    answers.append("stay")
    viewer.layers.clear()
    qtbot.waitUntil(lambda: answers.asked == [(what, section.dataset.name)])
    assert session.section is section
    assert (section.run is None) == (what == "removed")
    viewer.layers.clear()
    qtbot.waitUntil(lambda: len(answers.asked) == 2)
    assert (session.section, section.run, len(viewer.layers)) == (None, None, 0)
    gate.release()


def test_a_section_that_a_session_file_holds_is_closed_unasked(window, session, answers, by_hand, trained):
    session.set_result(trained)
    session.section.runs.entry_of(trained).kept = Path("run.h5ad")
    closing_viewer(window).layers.clear()
    QApplication.processEvents()
    assert (answers.asked, session.section) == ([], None)


def test_regions_that_are_on_no_file_are_asked_about(window, session, answers, by_hand, trained, tmp_path, qtbot):
    name, n = session.dataset.name, session.dataset.n_spots
    draw = partial(session.annotations.put, "mine", values=pd.Categorical(["A"] * n))
    draw()
    answers.extend(["stay", "stay", "stay"])
    assert not window.close()
    closing_viewer(window).layers.clear()
    qtbot.waitUntil(lambda: answers.asked == [("regions", name), ("removed regions", name)])
    session.deeds.undo()
    assert session.section.unkept == {}
    draw()
    session.set_result(trained)
    assert not window.close()
    assert answers.asked[-1] == ("unsaved", name)
    assert answers.work[-1:] == [f"The regions of {name}"]
    save_menu.save_result(session, window, ask=lambda *_: tmp_path / "copy.h5ad")
    qtbot.waitUntil(lambda: session.section.path is not None, timeout=20_000)
    written = dict(session.section.unkept)
    session.annotations.drop("mine")  # the dataset is that of other tests, too
    assert window.close()
    assert (written, len(answers.asked)) == ({}, 3)


@pytest.mark.parametrize("trains", [False, True])
def test_results_of_several_sections_are_one_question(window, viewer_model, session, gate, answers, trained, trains):
    session.set_result(trained)
    first = session.dataset.name
    add(viewer_model, OpenSection(replace(trained.dataset, name="b"), trained))
    if trains:
        session.start()
    assert window.close()
    assert answers.asked == [("training", "b", f"{first} and b") if trains else ("unsaved", f"{first} and b")]


class ConfirmCloseDialog(QDialog):
    """As napari's own question is called."""


def test_naparis_own_question_is_asked_only_where_there_is_nothing_to_lose(qtbot, window, session, trained, answers):
    theirs = ConfirmCloseDialog(window)
    QTimer.singleShot(300, theirs.reject)
    assert theirs.exec() == QDialog.DialogCode.Rejected
    session.set_result(trained)
    QTimer.singleShot(3000, theirs.reject)
    assert theirs.exec() == QDialog.DialogCode.Accepted
