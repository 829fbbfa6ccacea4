"""Two labellings beside each other in the window."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

import napari_trsmi as nt
from napari_trsmi import edits
from napari_trsmi.gui.compare.dock import CompareDock
from napari_trsmi.gui.compare.pair import DIFFERENT, SAME, pair_of
from napari_trsmi.gui.compare.view import VIEWS
from napari_trsmi.gui.state import Coloring
from napari_trsmi.gui.train import save_menu
from napari_trsmi.gui.viewer.layers import spot_colors
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture(scope="module")
def fewer(trained):
    """The domains of `trained` cut again into five."""
    return edits.recluster(trained, {"n_domains": 5, "n_init": 1})


def fill(viewer, trained, fewer, embeddings=None):
    """Open the section with two runs, the one with fewer domains shown."""
    dataset = replace(trained.dataset, embeddings=embeddings or {})
    open_section(viewer, dataset, replace(trained, dataset=dataset))
    session_of(viewer).set_result(replace(fewer, dataset=dataset))


@pytest.fixture
def dock(qtbot, trained, fewer):
    """The dock beside two runs, compared, on a viewer without a window."""
    viewer = ViewerModel()
    one_hot = np.eye(7, dtype=np.float32)[trained.labels]
    fill(viewer, trained, fewer, {"X_other": one_hot + 0.1 * trained.embedding[:, :7]})
    dock = CompareDock(viewer)
    dock.viewer = viewer  # nothing else keeps it alive
    qtbot.addWidget(dock)
    dock.resize(340, 700)
    dock.show()
    qtbot.waitUntil(lambda: dock.comparison.pair is not None, timeout=60_000)
    return dock


def choose(qtbot, dock, which, text):
    """Pick an entry of a box as a person does, and wait for the comparison."""
    box, panel = getattr(dock.comparison, which), dock.comparison
    at = box.findText(text)
    assert at >= 0, [box.itemText(k) for k in range(box.count())]
    before = panel.pair
    box.setCurrentIndex(at)
    box.activated.emit(at)
    qtbot.waitUntil(lambda: panel.pair is not before, timeout=60_000)


def click(qtbot, dock, mode):
    qtbot.mouseClick(dock.comparison.buttons[mode], Qt.MouseButton.LeftButton)


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


@pytest.mark.parametrize("mode", VIEWS)
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


def test_boundaries_of_the_result_make_way_for_a_view(dock, qtbot):
    from napari_trsmi.gui.boundaries.canvas import boundary_canvas_of

    boundary_canvas_of(dock.viewer)
    strokes = dock.session.canvas.layer("boundaries")
    assert strokes.visible
    click(qtbot, dock, "differences")
    assert not strokes.visible
    click(qtbot, dock, "differences")
    assert strokes.visible


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


# What is saved of it


def numbers(dock):
    """What the panel says of the two that are chosen: ARI, NMI, boundary F1, within one spot, spots that differ."""
    text = dock.comparison.scores.text()
    return [*re.findall(r"<b>([^<]+)</b>", text), *re.findall(r"([\d,]+) of ([\d,]+) spots", text)[0]]


def as_shown(record):
    """The same of a comparison in a saved result."""
    scores = [f"{record[name]:.3f}" for name in ("ari", "nmi", "boundary_f1", "boundary_f1_near")]
    return [*scores, f"{record['n_different']:,}", f"{record['n_spots']:,}"]


def save(qtbot, dock, path, how=save_menu.save_result):
    """Save as a person does and wait for it."""
    with qtbot.waitSignal(dock.session.told, timeout=60_000):
        how(dock.session, None, lambda *_: path)
    return path


def test_every_number_that_was_shown_of_a_run_is_saved_with_it(dock, qtbot, tmp_path):
    shown = {("run", "run 1"): numbers(dock)}
    choose(qtbot, dock, "first", "column domain")
    shown["column", "domain"] = numbers(dock)
    choose(qtbot, dock, "first", "embedding X_other")
    shown["embedding", "X_other"] = numbers(dock)
    choose(qtbot, dock, "second", "column domain")  # without a run: of no concern to the result
    saved = nt.restore(save(qtbot, dock, tmp_path / "two.h5mu"))
    kept = {(one["kind"], one["name"]): as_shown(one) for one in saved.provenance["comparisons"]}
    assert kept == shown

    page = save(qtbot, dock, tmp_path / "page.html", save_menu.save_report).read_text(encoding="utf-8")
    for found in shown.values():
        assert all(f'<td class="n">{number}</td>' in page for number in found[:4])
        assert f"{found[4]} of {found[5]}" in page

    first = next(entry for entry in dock.session.section.runs if entry.name == "run 1")
    dock.session.set_result(first.result)
    (kept,) = nt.restore(save(qtbot, dock, tmp_path / "one.h5mu")).provenance["comparisons"]
    assert (kept["name"], as_shown(kept)) == ("run 2", shown["run", "run 1"])


def test_a_run_is_saved_under_the_name_it_has_then_and_domains_of_edits_too(dock, qtbot, trained):
    session = dock.session
    session.section.runs.rename(next(iter(session.section.runs)), "wide")
    session.set_result(edits.rename(session.result, 0, "cortex"))
    (kept,) = session.section.runs.complete(session.result).provenance["comparisons"]
    assert kept["name"] == "wide"
    assert kept["labels"] == list(trained.names)
    assert np.array(kept["contingency"]).sum(axis=1).tolist() == np.bincount(session.result.labels).tolist()
    merged = edits.merge(session.section.runs.complete(session.result), [0, 1])
    assert "comparisons" not in merged.provenance
    session.section.runs.take(merged)
    assert session.section.runs.complete(merged) is merged


def test_a_saved_result_that_is_opened_again_keeps_what_was_compared(dock, qtbot, tmp_path):
    before = numbers(dock)
    result = nt.restore(save(qtbot, dock, tmp_path / "two.h5mu"))
    viewer = ViewerModel()
    open_section(viewer, result.dataset, result)
    again = CompareDock(viewer)
    again.viewer = viewer
    qtbot.addWidget(again)
    again.show()
    qtbot.waitUntil(lambda: again.comparison.pair is not None, timeout=60_000)  # a column, as it is the only run
    column = again.comparison.first.currentText().removeprefix("column ")
    kept = nt.restore(save(qtbot, again, tmp_path / "again.h5mu")).provenance["comparisons"]
    assert [(one["kind"], one["name"]) for one in kept] == [("run", "run 1"), ("column", column)]
    assert [as_shown(one) for one in kept] == [before, numbers(again)]


def test_the_command_line_gives_the_numbers_of_the_window(dock, qtbot, tmp_path):
    import pandas as pd

    from napari_trsmi.cli import main

    one, two = (tmp_path / f"{name}.h5mu" for name in ("one", "two"))
    shown, runs = {"run 1": numbers(dock)}, list(dock.session.section.runs)
    runs[0].result.write(one)
    runs[1].result.write(two)
    choose(qtbot, dock, "first", "column domain")
    shown["domain"] = numbers(dock)
    assert main(["compare", str(two), str(one), "obs:domain", "--csv", str(tmp_path / "table.csv"), "-q"]) == 0
    table = pd.read_csv(tmp_path / "table.csv").to_dict("records")
    assert [as_shown(row) for row in table[:2]] == list(shown.values())


def test_what_file_save_of_napari_writes_has_the_comparisons_too(dock, tmp_path):
    from napari_trsmi.gui.plugin.writer import write_result

    data = [layer.as_layer_data_tuple() for layer in dock.viewer.layers]
    write_result(str(tmp_path / "two.h5mu"), data)
    (kept,) = nt.restore(tmp_path / "two.h5mu").provenance["comparisons"]
    assert as_shown(kept) == numbers(dock)
