"""A session of a large window in a smaller one."""

from __future__ import annotations

import pytest
from opened_dock import open_section

from napari_trsmi.gui.viewer.docks import SETTLE, WIDTH, docks_of, open_docks
from napari_trsmi.gui.workspace.arranging import arrange, as_it_lies
from napari_trsmi.gui.workspace.saved_window import Arrangement, SavedDock


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
