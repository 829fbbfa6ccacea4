"""Closing a real window by its keys and by its menu: one question is seen, and what is answered is done."""

from __future__ import annotations

import pytest
from opened_dock import open_section
from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDialog, QMenu, QMessageBox
from typed_keys import focus

from napari_trsmi.gui.train import closing

REAL = closing.ask
Key = Qt.Key


class Questions:
    """Notes which dialogs are seen, and answers each with Escape, which is Stay."""

    def __init__(self):
        self.seen = []
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
            questions.seen.clear()
