"""One run, started three ways; and what a person sees of it while it goes on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from opened_dock import open_section
from qtpy.QtCore import Qt

import napari_trsmi as nt
from napari_trsmi.cli import main
from napari_trsmi.domains.comparison import match_labels
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.mark.slow
def test_window_command_line_and_python_give_the_same_labels_from_one_run_json(
    viewer, qtbot, quick, small_file, tmp_path
):
    _, train = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    open_section(viewer, nt.read(small_file))
    session, seen = session_of(viewer), []
    session.shown_changed.connect(lambda shown: seen.append(shown))
    session.set_config(quick)
    qtbot.waitExposed(train.window())
    qtbot.mouseClick(train.run_bar.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.state == "idle", timeout=60_000)
    assert session.result is not None
    run = session.result.write(tmp_path / "window.h5mu").run

    out = tmp_path / "terminal.h5mu"
    assert main(["fit", str(small_file), "--config", str(run), "-o", str(out), "--no-figure", "--quiet"]) == 0
    in_python = nt.fit(small_file, nt.Config.load(run))
    for other in (nt.read_result(out), in_python):
        assert np.array_equal(other.labels, session.result.labels)
        assert (other.palette if other is in_python else other.colors) == session.result.palette

    # From preview to preview, a spot that stays with its domain keeps its colour.
    assert len(seen) >= 3
    for before, after in pairwise(seen[:-1]):
        stayed = match_labels(after.labels, before.labels) == before.labels
        colors = [np.array(shown.colors)[shown.labels] for shown in (before, after)]
        assert (colors[0] == colors[1])[stayed].mean() >= 0.95

    # Going back to the last preview, the domains have the colours of the result.
    session.show_step(session.last_run.previews[-1])
    back, result = session.shown, session.result
    same = match_labels(back.labels, result.labels) == result.labels
    assert (np.array(back.colors)[back.labels] == np.array(result.palette)[result.labels])[same].mean() >= 0.95
