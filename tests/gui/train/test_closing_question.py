"""The question before a window closes: its answers, and that a script is not asked."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from threading import Event

import pytest
from napari.components import ViewerModel
from opened_dock import add
from qtpy.QtWidgets import QMainWindow, QWidget

from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train import closing
from napari_trsmi.gui.trust.job import TrustJob
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.focus_ring import FocusRing


@pytest.mark.slow
def test_a_script_that_closes_the_viewer_is_not_asked(viewer, qtbot, trained, quick, gate, answers):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    add(viewer, OpenSection(trained.dataset))
    session = dock.session
    session.set_config(quick)
    session.set_result(trained)
    session.start()
    trainer = session.run.trainer
    gate.release(2)
    qtbot.waitUntil(lambda: session.state == "running", timeout=10_000)
    viewer.close()
    assert answers.asked == []
    assert session.run is None
    gate.release()
    assert trainer.ended.wait(timeout=5)
    qtbot.wait(50)  # what the thread has sent since arrives, and finds no widgets
    del dock


def test_nor_is_it_asked_about_checks(viewer, qtbot, trained, answers, monkeypatch):
    gate = Event()
    monkeypatch.setattr(TrustJob, "work", lambda job: gate.wait(30) and None)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Trust")
    viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    guard = partial(dock.window().findChild, closing.ClosingGuard)
    qtbot.waitUntil(lambda: guard() is not None)
    add(viewer, OpenSection(trained.dataset, trained, Path("slice.h5mu")))
    dock.trust.start()
    assert dock.trust.at_stake
    viewer.close()
    gate.set()
    assert answers.asked == []
    del dock


@pytest.mark.parametrize("question", ["training", "unsaved"])
def test_every_answer_can_be_given_and_escape_stays(qtbot, question, monkeypatch):
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication, QMessageBox

    monkeypatch.undo()  # the real question, answered by hand
    seen, framed = [], []

    def press(text, tries=40):
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        ring = box.findChild(FocusRing)
        if tries and ring.frame is None:  # the window gets its focus when the screen says so
            return QTimer.singleShot(50, lambda: press(text, tries - 1))
        buttons = {button.text().replace("&", ""): button for button in box.buttons()}
        seen.append(list(buttons))
        framed.append(ring.frame is not None and ring.frame.parentWidget() is box.defaultButton())
        return box.reject() if text is None else buttons[text].click()

    window = QMainWindow()
    qtbot.addWidget(window)
    words = {
        "training": {"Finish and keep open": "finish", "Stop and close": "close", "Stay": "stay", None: "stay"},
        "unsaved": {
            "Save…": "save",
            "Save session…": "session",
            "Close without saving": "close",
            "Stay": "stay",
            None: "stay",
        },
    }
    for text, answer in words[question].items():
        QTimer.singleShot(50, lambda text=text: press(text))
        assert closing.ask(window, question, "slice") == answer
    assert all(framed)  # Enter is not pressed in the dark
    assert len(seen[0]) == (4 if question == "unsaved" else 3)


def test_a_result_that_comes_while_a_person_is_asked_about_training_is_asked_about_too(
    trained, quick, gate, qtbot, monkeypatch
):
    viewer, window, dock, asked = ViewerModel(), QMainWindow(), QWidget(), []
    add(viewer, OpenSection(trained.dataset))
    session = session_of(viewer)
    session.set_config(quick)
    qtbot.addWidget(window)
    window.setCentralWidget(dock)
    closing.guard(dock, viewer, session)
    window.show()

    def ask(parent, question, *named):
        asked.append(question)
        if question == "training":
            gate.release(999)
            qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
        return "close" if question == "training" else "stay"

    monkeypatch.setattr(closing, "ask", ask)
    session.start()
    assert not window.close()
    assert asked == ["training", "unsaved"]
