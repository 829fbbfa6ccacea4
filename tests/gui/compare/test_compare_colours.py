"""Two that are compared have on the canvas the names and colours of the legend."""

from __future__ import annotations

import numpy as np
from compared_runs import choose
from qtpy.QtCore import Qt

from napari_trsmi.compare import Labelling, compare
from napari_trsmi.gui.compare.pair import pair_of
from napari_trsmi.gui.viewer.layers import spot_colors


def test_the_shown_run_keeps_its_names_and_colours_as_first_and_as_second(dock, qtbot):
    panel, result = dock.comparison, dock.session.result
    qtbot.mouseClick(panel.buttons["side"], Qt.MouseButton.LeftButton)
    for first, second in (("run 1", "run 2"), ("run 2", "run 1")):
        if panel.first.currentText() != first:
            choose(qtbot, dock, "first", "column domain")
            choose(qtbot, dock, "second", second)
            choose(qtbot, dock, "first", first)
        shown = panel.pair.second if second == "run 2" else panel.pair.first
        assert np.array_equal(shown.values, result.labels)
        assert shown.colors[:5] == result.palette
        assert shown.names[:5] == result.names
        assert shown.title == "run 2"
    assert np.allclose(
        dock.session.canvas.layer("spots").face_color, spot_colors(dock.session.section, shown), atol=1e-6
    )


def test_another_run_that_is_shown_gives_the_colours(dock, qtbot, trained):
    panel = dock.comparison
    panel.first.activated.emit(panel.first.currentIndex())  # picked, so that it stays
    before = panel.pair
    entry = next(entry for entry in dock.session.section.runs if entry.name == "run 1")
    dock.session.set_result(entry.result)
    qtbot.waitUntil(lambda: panel.pair is not before, timeout=60_000)
    assert panel.pair.first.colors[:7] == trained.palette
    assert np.array_equal(panel.pair.first.values, trained.labels)


def test_domains_of_the_first_alone_say_where_they_are_from_where_the_second_gives_the_names():
    from scipy import sparse

    chain = sparse.diags([1.0, 1.0], [-1, 1], shape=(5, 5), format="csr")
    a = Labelling("a", np.array([1, 1, 0, 2, -1]), ("1", "2", "3"), ("#111111", "#222222", "#333333"))
    b = Labelling("b", np.array([0, 0, 1, 1, 1]), ("1", "2"), ("#444444", "#555555"))
    found = compare(a.labels, b.labels, chain)
    pair = pair_of(a, b, found, as_second=True)
    assert pair.second.values.tolist() == [0, 0, 1, 1, 1]
    assert pair.first.values.tolist() in ([0, 0, 1, 2, -1], [0, 0, 2, 1, -1])
    assert np.array_equal(pair.first.values[:4] != pair.second.values[:4], found.different[:4])
    assert pair.first.colors[:2] == b.colors
    assert pair.first.names[:2] == b.names
    assert pair.first.names[2].endswith("(a)")
    assert pair.differences.title == pair_of(a, b, found).differences.title
