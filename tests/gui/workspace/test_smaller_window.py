"""A session of a large window in a smaller one."""

from __future__ import annotations

import pytest
from opened_dock import open_section
from qtpy.QtCore import QSize
from qtpy.QtWidgets import QMainWindow

from napari_trsmi.gui.viewer.docks import SETTLE, WIDTH, docks_of, keep_on_screen, largest, open_docks
from napari_trsmi.gui.workspace.arranging import arrange, as_it_lies
from napari_trsmi.gui.workspace.saved_window import Arrangement, SavedDock


def test_a_window_has_room_for_its_frame(qtbot):
    class Framed(QMainWindow):
        def frameGeometry(self):
            return self.geometry().adjusted(-4, -30, 4, 4)

    window = Framed()
    qtbot.addWidget(window)
    there = window.screen().availableGeometry()
    assert largest(window) == there.size() - QSize(8, 34)
    window.move(there.right() - 50, there.bottom() - 50)
    keep_on_screen(window, largest(window))
    assert window.size() == there.size() - QSize(8, 34)
    assert window.pos() == there.topLeft()


@pytest.mark.slow
def test_the_canvas_keeps_its_share(viewer, qtbot, sample):
    open_section(viewer, sample)
    open_docks(viewer)
    window = docks_of(viewer)["Train"].window()
    window.showMaximized()  # as large as the screen, whatever was saved
    qtbot.wait(3 * SETTLE)
    large = 2 * window.width(), 2 * window.height()
    dock = SavedDock(name="Train", area="right", beside="", width=900)
    arrange(viewer, Arrangement(docks=(dock,), size=large))
    qtbot.wait(4 * SETTLE)
    assert docks_of(viewer)["Train"].width() == pytest.approx(450, abs=3)
    narrow = SavedDock(name="Train", area="right", beside="", width=WIDTH)
    arrange(viewer, Arrangement(docks=(narrow,), size=large))
    qtbot.wait(4 * SETTLE)
    assert docks_of(viewer)["Train"].width() == pytest.approx(WIDTH, abs=3)
    assert as_it_lies(viewer).docks[0].width == pytest.approx(WIDTH, abs=3)
