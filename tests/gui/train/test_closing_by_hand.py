"""Closing a real window by its keys and by its menu: one question is seen, and what is answered is done."""

from __future__ import annotations

from functools import partial

import pytest
from opened_dock import open_section
from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QMessageBox
from typed_keys import focus

import napari_trsmi as nt
from napari_trsmi.gui.train import closing

REAL = closing.ask
Key = Qt.Key


class Questions:
    """Notes which dialogs are seen, and answers each with Escape, which is Stay, or by a click on a button."""

    def __init__(self):
        self.seen = []
        self.answer = ""
        self._timer = QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(20)

    def _look(self):
        box = QApplication.activeModalWidget()
        if not isinstance(box, QDialog) or not box.isVisible() or not box.windowOpacity():
            return
        self.seen.append(box.windowTitle() or getattr(box, "text", str)())
        if not isinstance(box, QMessageBox):
            box.reject()
        elif self.answer:
            (button,) = [one for one in box.buttons() if one.text().replace("&", "") == self.answer]
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        else:
            QTest.keyClick(box, Key.Key_Escape)

    def stop(self):
        self._timer.stop()


@pytest.fixture
def questions(monkeypatch):
    monkeypatch.setattr(closing, "ask", REAL)
    questions = Questions()
    yield questions
    questions.stop()


def test_one_question_is_seen_however_the_window_is_closed_and_staying_can_be_answered_again_and_again(
    viewer, qtbot, questions, trained
):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    open_section(viewer, trained.dataset, trained)
    window = dock.window()
    qtbot.waitUntil(lambda: window.findChild(closing.ClosingGuard) is not None)
    canvas = viewer.window._qt_viewer.canvas.native
    said = closing.QUESTIONS["unsaved"][0].format(trained.dataset.name)

    def press(key):
        focus(canvas, qtbot)
        QTest.keyClick(canvas, key, Qt.KeyboardModifier.ControlModifier)

    def choose(entry):
        focus(canvas, qtbot)
        bar = window.menuBar()
        file = next(one for one in bar.actions() if one.text().replace("&", "") == "File")
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.actionGeometry(file).center())
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        action = next(one for one in menu.actions() if one.text().replace("&", "") == entry)
        qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())

    for close in (press, choose):
        for way in (Key.Key_W, Key.Key_Q, Key.Key_W) if close is press else ("Exit", "Close Window"):
            close(way)
            assert questions.seen == [said], way
            assert window.isVisible()
            assert not window._quit_app, "its cross would close the other windows too"
            questions.seen.clear()


def test_buttons_of_the_question_do_what_they_say_when_they_are_clicked(
    viewer, qtbot, questions, trained, tmp_path, monkeypatch
):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    open_section(viewer, trained.dataset, trained)
    window, out, closed = dock.window(), tmp_path / "kept.h5mu", []
    guard = partial(window.findChild, closing.ClosingGuard)
    qtbot.waitUntil(lambda: guard() is not None)
    qtbot.waitExposed(window)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(out), ""))
    monkeypatch.setattr(closing, "_close_soon", lambda _: closed.append(True))  # whoever made the viewer closes it
    for answer in ("Stay", "Save…"):
        questions.answer = answer
        assert not window.close()
        assert window.isVisible()
    qtbot.waitUntil(lambda: len(closed) == 1, timeout=20_000)
    assert len(questions.seen) == 2
    assert (nt.read_result(out).labels == trained.labels).all()
    assert guard().may_close(window)  # nothing is left to ask about
    assert len(questions.seen) == 2
