"""What is said of two runs side by side: below the canvas, and in a figure of it."""

from __future__ import annotations

import numpy as np
import pytest
from compared_runs import fill
from qtpy.QtCore import Qt

from napari_trsmi.canvas_figure import Marks
from napari_trsmi.gui.train.save_view import add_view
from napari_trsmi.gui.viewer.seen import views_of
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def beside(viewer, qtbot, trained, fewer):
    """A window with two runs side by side."""
    from napari_trsmi.gui.legend.legend import attach_legend

    fill(viewer, trained, fewer)
    session = session_of(viewer)
    attach_legend(viewer.window._qt_window, session)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Compare")
    qtbot.waitUntil(lambda: dock.comparison.pair is not None, timeout=60_000)
    qtbot.mouseClick(dock.comparison.buttons["side"], Qt.MouseButton.LeftButton)
    return dock


@pytest.mark.slow
def test_a_figure_has_a_view_of_each_and_says_which_is_which(viewer, beside):
    session = beside.session
    (left, right), left_out = views_of(session)
    assert left_out == []
    name = session.dataset.name
    assert left.caption.startswith(f"{name}: run 1. ")
    assert right.caption.startswith(f"{name}: run 2. ")
    assert [view.keys[0].title for view in (left, right)] == ["run 1", "run 2"]
    pair = beside.comparison.pair
    for view, labels in ((left, pair.first.values), (right, pair.second.values)):
        (marks,) = (thing for thing in view.things if isinstance(thing, Marks))
        assert len(np.unique(np.round(marks.colors[:, :3], 3), axis=0)) == len(np.unique(labels))
    width, height = (left.extent[1] - left.extent[0]), (left.extent[2] - left.extent[3])
    assert width / height == pytest.approx(viewer.canvas.size[1] / viewer.canvas.size[0] / 2)
    add_view(session)
    assert len(session.panel) == 2


def test_the_key_below_the_canvas_names_both(viewer, beside, qtbot):
    from napari_trsmi.gui.legend.color_key import ColorKey

    (key,) = viewer.window._qt_window.findChildren(ColorKey)
    assert key.title.text() == "run 1 | run 2"
    qtbot.mouseClick(beside.comparison.buttons["side"], Qt.MouseButton.LeftButton)
    assert key.isHidden()
