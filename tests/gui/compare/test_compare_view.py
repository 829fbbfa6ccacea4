"""Two labellings beside each other in the window."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from compared_runs import choose, fill
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from napari_trsmi import edits
from napari_trsmi.gui.compare.dock import CompareDock
from napari_trsmi.gui.compare.pair import DIFFERENT, SAME, pair_of
from napari_trsmi.gui.compare.panel import ComparePanel
from napari_trsmi.gui.compare.view import VIEWS
from napari_trsmi.gui.session.state import Coloring
from napari_trsmi.gui.viewer.layers import spot_colors
from napari_trsmi.gui.viewer.sessions import session_of


def click(qtbot, dock, mode):
    qtbot.mouseClick(dock.comparison.buttons[mode], Qt.MouseButton.LeftButton)


def press_keys(box, qtbot, text):
    """Choose an entry as a person does by keyboard."""
    box.setFocus()
    while box.currentText() != text:
        before = box.currentIndex()
        qtbot.keyClick(box, Qt.Key.Key_Down)
        assert box.currentIndex() != before


def state(viewer):
    """What of the canvas a view must put back."""
    grid, camera = viewer.canvas.grid, viewer.scene.camera
    return (
        [(layer.name, layer.visible) for layer in viewer.layers],
        (grid.enabled, grid.stride, grid.shape, grid.spacing),
        (camera.zoom, tuple(camera.center)),
        viewer.layers.selection.active,
        session_of(viewer).coloring,
    )


def spots(dock):
    return dock.session.canvas.layer("spots")


def test_the_result_is_compared_with_the_run_before_it(dock, trained, fewer):
    panel = dock.comparison
    assert (panel.first.currentText(), panel.second.currentText()) == ("run 1", "run 2")
    from sklearn.metrics import adjusted_rand_score

    assert f"ARI <b>{adjusted_rand_score(trained.labels, fewer.labels):.3f}</b>" in panel.scores.text()
    assert "of 2,500 spots differ" in panel.scores.text()


def test_a_new_run_is_compared_at_once_unless_a_person_picked(dock, qtbot, trained):
    again = edits.recluster(trained, {"n_domains": 3, "n_init": 1})
    before = dock.comparison.pair
    dock.session.set_result(again)
    qtbot.waitUntil(lambda: dock.comparison.pair is not before, timeout=60_000)
    assert dock.comparison.second.currentText() == "run 3"
    choose(qtbot, dock, "first", "run 1")
    dock.session.set_result(edits.recluster(trained, {"n_domains": 4, "n_init": 1}))
    assert (dock.comparison.first.currentText(), dock.comparison.second.currentText()) == ("run 1", "run 3")


def test_while_two_are_compared_no_numbers_of_others_stand_beside_their_names(dock, qtbot, monkeypatch):
    panel, gate, work = dock.comparison, Event(), ComparePanel._work
    monkeypatch.setattr(ComparePanel, "_work", lambda *args: (gate.wait(30), work(*args))[1])
    press_keys(panel.first, qtbot, "column domain")
    assert panel.scores.text() == "Comparing…"
    assert not panel.buttons["side"].isEnabled()
    gate.set()
    qtbot.waitUntil(panel.buttons["side"].isEnabled, timeout=60_000)
    assert "ARI" in panel.scores.text()


def test_a_review_does_not_compare_again(dock):
    asked, pair = dock.comparison._asked, dock.comparison.pair
    dock.session.set_result(edits.review(dock.session.result, 0, "doubt"))
    assert dock.comparison._asked is asked
    assert dock.comparison.pair is pair


def test_a_column_of_the_file_is_compared(dock, qtbot):
    choose(qtbot, dock, "first", "column domain")
    pair = dock.comparison.pair
    assert pair.first.names[:7] == ("layer 1", "layer 2", "layer 3", "layer 4", "layer 5", "island 1", "island 2")
    assert "ARI" in dock.comparison.scores.text()
    run_2 = set(dock.session.result.palette)
    assert run_2 <= set(pair.first.colors)  # a column has none of its own


def test_an_embedding_is_cut_into_as_many_domains_and_compared(dock, qtbot):
    choose(qtbot, dock, "first", "embedding X_other")
    assert dock.comparison.pair.first.values.max() == 4
    choose(qtbot, dock, "second", "run 1")
    assert dock.comparison.pair.first.values.max() == 6
    assert dock.comparison.pair.comparison.ari > 0.5


def test_twice_the_same_is_refused_in_a_sentence(dock, qtbot):
    choose(qtbot, dock, "first", "run 2")
    assert "not the same" in dock.comparison.scores.text()
    assert not any(button.isEnabled() for button in dock.comparison.buttons.values())


def test_a_file_without_embeddings_says_so(qtbot, trained, fewer):
    viewer = ViewerModel()
    fill(viewer, trained, fewer)
    dock = CompareDock(viewer)
    qtbot.addWidget(dock)
    assert "no embedding of another method" in dock.comparison.note.text()


def test_differences_are_grey_where_both_agree(dock, qtbot):
    click(qtbot, dock, "differences")
    found = dock.comparison.pair.comparison
    coloring = dock.session.coloring
    assert coloring.colors == (SAME, DIFFERENT)
    assert np.array_equal(coloring.values == 1, found.different)
    assert np.allclose(spots(dock).face_color, spot_colors(dock.session.section, coloring), atol=1e-6)


def test_the_same_domain_has_the_same_colour_in_both(dock, trained, fewer):
    pair = dock.comparison.pair
    same = ~pair.comparison.different
    first, second = (spot_colors(dock.session.section, coloring) for coloring in (pair.first, pair.second))
    assert same.any()
    assert np.array_equal(first[same], second[same])
    assert (first[~same] != second[~same]).any(axis=1).all()


def test_a_swipe_shows_the_first_on_the_left_and_the_second_on_the_right(dock, qtbot):
    click(qtbot, dock, "swipe")
    pair, x = dock.comparison.pair, dock.session.dataset.coords[:, 0]
    for position, line in ((100, (x.min() + x.max()) / 2), (0, -np.inf), (200, np.inf)):
        dock.comparison.swipe.setValue(position)
        expected = np.where(x <= line, pair.first.values, pair.second.values)
        assert np.array_equal(dock.session.coloring.values, expected)
    assert dock.comparison.swipe.isVisible()
    click(qtbot, dock, "differences")
    assert not dock.comparison.swipe.isVisible()


def test_blinking_shows_one_after_the_other(dock, qtbot):
    dock.comparison.view._timer.setInterval(20)
    click(qtbot, dock, "blink")
    pair, seen = dock.comparison.pair, []
    dock.session.coloring_changed.connect(seen.append)
    qtbot.waitUntil(lambda: len(seen) >= 3, timeout=10_000)
    assert seen[:3] == [pair.second, pair.first, pair.second]
    click(qtbot, dock, "blink")
    assert not dock.comparison.view._timer.isActive()
    assert dock.session.coloring is None


@pytest.mark.parametrize("mode", VIEWS)
def test_leaving_a_view_puts_the_canvas_back(dock, qtbot, mode):
    dock.session.canvas.layer("domains").visible = False
    before = state(dock.viewer)
    click(qtbot, dock, mode)
    assert dock.comparison.buttons[mode].isChecked()
    assert state(dock.viewer) != before
    click(qtbot, dock, mode)
    assert state(dock.viewer) == before
    assert not any(button.isChecked() for button in dock.comparison.buttons.values())


def test_a_coloring_comes_back_after_a_view(dock, qtbot):
    own = Coloring("x", dock.session.dataset.coords[:, 0])
    dock.session.color(own)
    before = state(dock.viewer)
    click(qtbot, dock, "side")
    click(qtbot, dock, "swipe")
    click(qtbot, dock, "swipe")
    assert dock.session.coloring is own
    assert state(dock.viewer) == before


def test_side_by_side_has_each_labelling_on_its_own_tissue(dock, qtbot):
    click(qtbot, dock, "side")
    viewer, pair = dock.viewer, dock.comparison.pair
    grid = viewer.canvas.grid
    assert grid.enabled
    assert grid.actual_shape(viewer.layers) == (1, 2)
    left, right = ([viewer.layers[k] for k in grid.contents_at((0, column), viewer.layers)] for column in (0, 1))
    assert [type(layer).__name__ for layer in left] == [type(layer).__name__ for layer in right] == ["Image", "Points"]
    section = dock.session.section
    assert np.allclose(left[1].face_color, spot_colors(section, pair.first), atol=1e-6)
    assert np.allclose(right[1].face_color, spot_colors(section, pair.second), atol=1e-6)
    assert right[0].data is left[0].data or np.shares_memory(np.asarray(right[0].data), np.asarray(left[0].data))


@pytest.mark.parametrize(
    "mode", ["side", *(pytest.param(mode, marks=pytest.mark.slow) for mode in VIEWS if mode != "side")]
)
def test_many_spots_are_compared_as_pixels(qtbot, trained, fewer, monkeypatch, mode):
    from napari_trsmi.gui.viewer import raster

    monkeypatch.setattr(raster, "RASTER_ABOVE", 100)
    viewer = ViewerModel()
    fill(viewer, trained, fewer)
    dock = CompareDock(viewer)
    qtbot.addWidget(dock)
    dock.show()
    qtbot.waitUntil(lambda: dock.comparison.pair is not None, timeout=60_000)
    before, plain = state(viewer), session_of(viewer).canvas.layer("spots").data.copy()
    click(qtbot, dock, mode)
    painted = session_of(viewer).canvas.layer("spots").data
    colors = {tuple(color) for color in painted.reshape(-1, 4)[::7]}
    assert len(colors) > 2
    if mode == "side":
        right = viewer.layers[-1].data
        assert right.shape == painted.shape
        assert not np.array_equal(right, painted)
    click(qtbot, dock, mode)
    assert state(viewer) == before
    assert np.array_equal(session_of(viewer).canvas.layer("spots").data, plain)


def test_what_comes_while_side_by_side_stays_on_the_left(dock, qtbot):
    click(qtbot, dock, "side")
    dock.session.select_spot(7)  # its ring is a layer
    viewer, grid = dock.viewer, dock.viewer.canvas.grid
    ring = dock.session.canvas.layer("spot")
    qtbot.waitUntil(lambda: grid.position(viewer.layers.index(ring), viewer.layers) == (0, 0))
    assert grid.actual_shape(viewer.layers) == (1, 2)


def test_a_view_ends_where_something_else_is_shown(dock, qtbot):
    for begin in (
        lambda: dock.session.color(Coloring("x", dock.session.dataset.coords[:, 0])),
        lambda: dock.session.start(),
    ):
        dock.session._start_trainer = lambda session, run: None
        click(qtbot, dock, "side")
        begin()
        assert dock.comparison.view.mode is None
        assert not dock.viewer.canvas.grid.enabled
        assert all(layer.metadata["trsmi"]["role"] != "compared" for layer in dock.viewer.layers)
        dock.session.cancel()


def test_a_section_that_is_closed_takes_the_view_along(dock, qtbot):
    click(qtbot, dock, "side")
    dock.viewer.layers.clear()
    qtbot.waitUntil(lambda: dock.comparison.view.mode is None and not len(dock.viewer.layers))
    assert not dock.viewer.canvas.grid.enabled
    assert dock.stack.currentWidget() is dock.empty


def test_layers_beside_stay_until_napari_has_removed_all_that_is_selected(dock, qtbot):
    click(qtbot, dock, "side")
    layers, beside = dock.viewer.layers, list(dock.comparison.view._beside)
    for layer in [layer for layer in layers if layer not in beside]:
        layers.remove(layer)
    assert dock.comparison.view.mode is None
    assert list(layers) == beside  # napari goes through a list that holds them, too
    qtbot.waitUntil(lambda: not len(layers))


def test_boundaries_of_the_result_make_way_for_a_view(dock, qtbot):
    from napari_trsmi.gui.boundaries.canvas import boundary_canvas_of

    boundary_canvas_of(dock.viewer)
    strokes = dock.session.canvas.layer("boundaries")
    assert strokes.visible
    click(qtbot, dock, "differences")
    assert not strokes.visible
    click(qtbot, dock, "differences")
    assert strokes.visible


@pytest.mark.slow
def test_closing_the_dock_leaves_the_view_and_the_window_lets_go(viewer, qtbot, trained, fewer):
    fill(viewer, trained, fewer)
    before = state(viewer)
    docked, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Compare")
    qtbot.waitUntil(lambda: dock.comparison.pair is not None, timeout=60_000)
    click(qtbot, dock, "side")
    assert viewer.canvas.grid.enabled
    viewer.window.remove_dock_widget(docked)
    assert state(viewer)[:2] == before[:2]
    assert session_of(viewer).coloring is None


@pytest.mark.slow
def test_a_window_closes_while_two_are_side_by_side(viewer, qtbot, trained, fewer):
    fill(viewer, trained, fewer)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Compare")
    qtbot.waitUntil(lambda: dock.comparison.pair is not None, timeout=60_000)
    click(qtbot, dock, "side")


def test_the_dock_fits_with_all_that_a_view_shows(dock, qtbot):
    for mode in VIEWS:
        click(qtbot, dock, mode)
        assert dock.minimumSizeHint().width() <= 340
        assert dock.minimumSizeHint().height() <= 700
        for button in dock.findChildren(QPushButton):
            if button.isVisible():
                assert button.fontMetrics().horizontalAdvance(button.text()) <= button.width(), button.text()
    for button in dock.comparison.buttons.values():
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_names_of_domains_of_the_second_alone_say_where_they_are_from():
    from scipy import sparse

    from napari_trsmi.compare import Labelling, compare

    chain = sparse.diags([1.0, 1.0], [-1, 1], shape=(4, 4), format="csr")
    a = Labelling("a", np.array([0, 0, 0, 0]), ("1",), ("#111111",))
    b = Labelling("b", np.array([0, 0, 0, 1]), ("1", "2"), ("#222222", "#333333"))
    pair = pair_of(a, b, compare(a.labels, b.labels, chain))
    assert pair.second.names == ("1", "2 (b)")
    assert pair.second.values.tolist() == [0, 0, 0, 1]
