"""Nothing flashes as a window of its own while docks are made."""

from __future__ import annotations

import pytest
from opened_dock import open_section
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication, QMainWindow, QWidget
from small_study import trained_study

from napari_trsmi.gui.viewer.docks import ON_DEMAND, open_dock, open_docks

NAPARIS = ("QColorSwatchEdit", "QtWrappedLabel")  # in its controls of vectors


class Windows(QObject):
    """Notes what is shown as a window."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(watched)
        return False


@pytest.fixture
def windows(qapp):
    watcher = Windows()
    QApplication.instance().installEventFilter(watcher)
    yield watcher
    QApplication.instance().removeEventFilter(watcher)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["section", "study"])
def test_docks_open_without_windows_that_flash(viewer, qtbot, trained, windows, what):
    result = trained if what == "section" else trained_study()
    open_section(viewer, result.dataset, result)
    open_docks(viewer)
    for name in ON_DEMAND:
        open_dock(viewer, name)
    qtbot.wait(200)
    names = [type(one).__name__ for one in windows.shown if not isinstance(one, QMainWindow)]
    assert [name for name in names if name not in NAPARIS] == []
