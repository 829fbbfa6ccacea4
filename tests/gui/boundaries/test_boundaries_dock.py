"""The dock of boundaries: strokes on the canvas, and the review by keys."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from opened_dock import dock_alone, layer, open_dock, open_section
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_trsmi import edits
from napari_trsmi.gui.boundaries.layers import ON_DARK, ON_LIGHT, drawn, stroke_colors
from napari_trsmi.gui.boundaries.ramp_key import RampKey
from napari_trsmi.gui.session.state import Coloring, Shown
from napari_trsmi.gui.train.placement_panel import turn
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.restoring import restore


def press(qtbot, dock, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(dock.boundaries.table, key, modifier)


@pytest.mark.slow
def test_without_a_result_the_dock_says_what_to_do_next(viewer, sample, trained):
    dock = open_dock(viewer)
    assert "Open a section" in dock.empty.text()
    open_section(viewer, sample)
    assert "Train first" in dock.empty.text()
    assert dock.stack.currentWidget() is dock.empty
    session_of(viewer).set_result(trained)
    assert dock.stack.currentWidget() is dock.tabs
    assert layer(viewer, "boundaries") is not None


def test_the_dock_is_no_wider_than_others_and_fits_a_small_window(dock):
    assert dock.minimumSizeHint().width() <= 340
    assert dock.minimumSizeHint().height() <= 700


def test_strokes_lie_on_top_in_the_colour_of_their_confidence(dock, trained):
    strokes = layer(dock.viewer, "boundaries")
    edges = drawn(trained.boundary_edges)
    assert dock.viewer.layers[-1] is strokes
    assert len(strokes.data) == len(edges)
    assert np.allclose(strokes.edge_color, stroke_colors(edges, "confidence", colors=ON_DARK))
    assert strokes.scale.tolist() == layer(dock.viewer, "spots").scale.tolist()
    assert dock.viewer.layers.selection.active is not strokes


def test_another_measure_recolours_the_strokes(dock, trained):
    panel = dock.boundaries
    panel.measure.setCurrentIndex(panel.measure.findData("contrast_adt"))
    panel.measure.activated.emit(panel.measure.currentIndex())
    expected = stroke_colors(drawn(trained.boundary_edges), "contrast_adt", colors=ON_DARK)
    assert np.allclose(layer(dock.viewer, "boundaries").edge_color, expected)


def test_strokes_and_their_key_follow_the_theme(dock, trained):
    edges, key = drawn(trained.boundary_edges), dock.boundaries.findChild(RampKey)
    assert "white ones strong" in key.toolTip()
    dock.viewer.theme = "light"
    assert np.allclose(layer(dock.viewer, "boundaries").edge_color, stroke_colors(edges, "confidence", colors=ON_LIGHT))
    assert "dark ones strong" in key.toolTip()
    dock.viewer.theme = "dark"
    assert np.allclose(layer(dock.viewer, "boundaries").edge_color, stroke_colors(edges, "confidence", colors=ON_DARK))


def test_the_rim_follows_the_ground_as_the_strokes_do(dock, monkeypatch):
    monkeypatch.setattr("napari_trsmi.gui.boundaries.layers.covers", lambda section: True)
    dock.canvas.select(0)
    dock.session.color(Coloring("low", np.zeros(2500), limits=(0.0, 1.0)))
    assert layer(dock.viewer, "boundary").edge_color[:, :3].max() == 0
    dock.session.color(Coloring("high", np.ones(2500), limits=(0.0, 1.0)))
    assert layer(dock.viewer, "boundary").edge_color[:, :3].min() == 1


def test_the_boundaries_between_hidden_domains_vanish_and_those_around_others_stay(dock, trained):
    dock.session.set_hidden(frozenset(range(1, len(trained.names))))
    around = drawn(trained.boundary_edges)[["domain_a", "domain_b"]].eq(0).any(axis=1).to_numpy()
    assert 0 < around.sum() < len(around)
    assert np.array_equal(layer(dock.viewer, "boundaries").edge_color[:, 3] > 0, around)


def test_boundaries_hide_behind_a_preview_and_come_back_with_the_result(dock, trained):
    strokes = layer(dock.viewer, "boundaries")
    dock.session.show(Shown(trained.labels, trained.names, trained.palette, epoch=3))
    assert not strokes.visible
    dock.session.show_result()
    assert strokes.visible
    strokes.visible = False  # by a person
    dock.session.show(Shown(trained.labels, trained.names, trained.palette, epoch=3))
    dock.session.show_result()
    assert not strokes.visible


def test_a_result_with_other_domains_has_other_strokes_and_rows(dock, trained):
    merged = edits.merge(trained, [0, 1])
    dock.session.set_result(merged)
    assert len(layer(dock.viewer, "boundaries").data) == len(drawn(merged.boundary_edges))
    assert dock.boundaries.model.rowCount() == len(merged.boundaries)


def test_the_strokes_go_with_their_section_and_return_with_it(dock, sample, trained):
    first = dock.session.section
    open_section(dock.viewer, sample)
    assert layer(dock.viewer, "boundaries") is None
    dock.session.activate(first)
    assert layer(dock.viewer, "boundaries").visible
    dock.viewer.layers.clear()
    assert dock.stack.currentWidget() is dock.empty


def test_the_chosen_boundary_stays_so_when_its_section_is_flipped(dock, trained):
    session, table = dock.session, dock.boundaries.table
    table.choose(2)
    turn(session, "x")
    assert session.boundary == table.segment == 2
    assert session.result.boundaries["x"][2] != pytest.approx(trained.boundaries["x"][2])


def test_a_boundary_that_is_not_found_again_is_chosen_no_more(dock, trained):
    dock.boundaries.table.choose(2)
    moved = {"x": trained.boundaries["x"] + 1e4}
    edges = trained.boundary_edges.copy()
    dock.session.refine(replace(trained, boundaries=trained.boundaries.assign(**moved), boundary_edges=edges))
    assert dock.session.boundary is None


@pytest.mark.slow
def test_strokes_follow_the_result_after_the_dock_is_closed(viewer, trained):
    dock = open_dock(viewer, trained)
    session = dock.session
    viewer.window.remove_dock_widget(dock)
    merged = edits.merge(trained, [0, 1])
    session.set_result(merged)
    assert len(layer(viewer, "boundaries").data) == len(drawn(merged.boundary_edges))


@pytest.mark.slow
def test_a_chosen_boundary_has_a_rim_and_fills_a_third_of_the_canvas(viewer, trained, qtbot):
    dock = open_dock(viewer, trained)
    dock.markers.find = lambda: None
    QApplication.processEvents()  # the dock takes its place beside the canvas
    _, whole = dock.canvas.box()
    zooms = [dock.canvas.box(s)[1] for s in range(len(trained.boundaries))]
    segment = next(int(s) for s in np.argsort(zooms) if zooms[s] > 1.1 * whole)  # a long one, but no longer
    center, zoom = dock.canvas.box(segment)
    dock.boundaries.table.choose(segment)
    qtbot.waitUntil(lambda: np.allclose(viewer.scene.camera.center[-2:], center))
    assert viewer.scene.camera.zoom == pytest.approx(zoom)
    own = drawn(trained.boundary_edges).query("segment == @segment")
    assert len(layer(viewer, "boundary").data) == len(own)
    size = np.array([np.ptp(own[["y0", "y1"]].to_numpy()), np.ptp(own[["x0", "x1"]].to_numpy())])
    share = size * trained.dataset.microns_per_unit * zoom / viewer.canvas.size
    assert share.max() == pytest.approx(1 / 3)
    dock.boundaries.fly_back()
    qtbot.waitUntil(lambda: viewer.scene.camera.zoom == pytest.approx(whole))


def test_the_camera_goes_neither_nearer_than_ten_spots_nor_farther_than_the_section(dock, trained):
    spot = trained.dataset.spot_diameter * trained.dataset.microns_per_unit
    zooms = [dock.canvas.box(s)[1] for s in range(len(trained.boundaries))]
    _, whole = dock.canvas.box()
    assert max(zooms) <= min(dock.viewer.canvas.size) / 3 / (10 * spot) * 1.001
    assert min(zooms) >= whole


def test_keys_mark_and_go_to_the_next_boundary_without_a_verdict(dock, qtbot):
    panel = dock.boundaries
    press(qtbot, dock, Qt.Key.Key_Down)
    assert panel.table.segment == 0
    press(qtbot, dock, Qt.Key.Key_K)
    press(qtbot, dock, Qt.Key.Key_D)
    press(qtbot, dock, Qt.Key.Key_R)
    assert dock.session.result.boundaries["review"].tolist()[:4] == ["keep", "doubt", "reject", ""]
    assert panel.table.segment == 3
    assert panel.line.text().endswith("reviewed: 1 kept, 1 doubtful, 1 rejected")
    panel.table.choose(0)
    press(qtbot, dock, Qt.Key.Key_R)
    assert panel.table.segment == 3  # 1 and 2 have a verdict
    panel.table.choose(1)
    press(qtbot, dock, Qt.Key.Key_U)
    assert dock.session.result.boundaries["review"].tolist()[:4] == ["reject", "", "reject", ""]
    assert panel.table.segment == 1


def test_ctrl_z_takes_back_mark_by_mark(dock, qtbot):
    panel = dock.boundaries
    panel.table.choose(0)
    press(qtbot, dock, Qt.Key.Key_K)
    press(qtbot, dock, Qt.Key.Key_D)
    press(qtbot, dock, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.table.segment == 1
    assert dock.session.result.boundaries["review"].tolist()[:2] == ["keep", ""]
    press(qtbot, dock, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert "review" not in dock.session.result.boundaries
    assert not panel.undo.isEnabled()


def test_a_note_that_is_being_written_when_its_section_goes_is_no_error(dock, qtbot):
    panel = dock.boundaries
    panel.table.choose(2)
    panel.note.line.setText("half a no")
    dock.viewer.layers.clear()
    assert panel.model.n_rows == 0


def test_a_note_is_written_in_its_line(dock, qtbot):
    panel = dock.boundaries
    panel.table.choose(2)
    press(qtbot, dock, Qt.Key.Key_N)
    qtbot.keyClicks(panel.note.line, "keep an eye on it")  # k and e are letters here
    qtbot.keyClick(panel.note.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.model.note(2) == "keep an eye on it")
    assert dock.session.result.boundaries["review"][2] == ""
    press(qtbot, dock, Qt.Key.Key_K)
    assert dock.session.result.boundaries["note"][2] == "keep an eye on it"


def test_a_review_leaves_strokes_selection_scroll_and_camera_alone(dock, qtbot):
    panel, strokes = dock.boundaries, layer(dock.viewer, "boundaries")
    panel.table.choose(panel.model.rowCount() - 1)
    qtbot.waitUntil(lambda: panel.flight.state() == panel.flight.State.Stopped)
    drawn_again, scroll = [], panel.table.verticalScrollBar().value()
    strokes.events.set_data.connect(lambda: drawn_again.append(1))
    camera = dock.viewer.scene.camera.center, dock.viewer.scene.camera.zoom
    dock.session.set_result(edits.review(dock.session.result, 0, "keep"))
    dock.session.set_result(edits.rename(dock.session.result, 0, "Cortex"))
    assert panel.table.segment == panel.model.rowCount() - 1
    assert panel.table.verticalScrollBar().value() == scroll
    assert (dock.viewer.scene.camera.center, dock.viewer.scene.camera.zoom) == camera
    assert not drawn_again
    assert any("Cortex" in panel.model.text(s, "domains") for s in range(panel.model.rowCount()))


@pytest.mark.slow
def test_a_saved_review_is_there_when_the_file_is_opened_again(dock, qtbot, tmp_path):
    panel = dock.boundaries
    panel.table.choose(0)
    press(qtbot, dock, Qt.Key.Key_D)
    dock.session.set_result(edits.review(dock.session.result, 1, "keep", "thin", carried_from="run 1"))
    dock.session.result.write(tmp_path / "saved.h5mu")
    again = dock_alone(qtbot, restore(tmp_path / "saved.h5mu"))
    assert again.boundaries.line.text() == panel.line.text()
    assert again.boundaries.model.note(1) == "thin"
    assert again.boundaries.model.carried_from(1) == "run 1"


def test_a_verdict_carried_over_is_marked_can_be_looked_for_and_a_key_makes_it_ones_own(dock, qtbot):
    panel = dock.boundaries
    dock.session.set_result(edits.review(dock.session.result, 1, "keep", "thin", carried_from="run 1"))
    assert panel.model.text(1, "review") == "← kept"
    index = panel.model.index(1, panel.model.column("review"))
    assert "Carried from run 1" in panel.model.data(index, Qt.ItemDataRole.ToolTipRole)
    assert panel.line.text().startswith(f"1 of {panel.model.rowCount()} reviewed: 1 kept; 1 carried over from another")
    panel.wanted.setCurrentIndex(panel.wanted.findData("carried"))
    assert panel.rows.segments() == [1]
    panel.table.choose(1)
    assert panel.note.about.text().endswith("(← run 1)")
    press(qtbot, dock, Qt.Key.Key_K)
    assert panel.model.text(1, "review") == "✓ kept"
    assert panel.model.note(1) == "thin"
    assert panel.rows.segments() == []
    dock.session.deeds.undo()
    assert panel.model.text(1, "review") == "← kept"


@pytest.mark.slow
def test_during_a_run_the_boundaries_make_way_and_come_back_with_the_new_result(dock, quick, qtbot):
    strokes, seen = layer(dock.viewer, "boundaries"), []
    dock.session.stepped.connect(lambda step: seen.append((step.labels is not None, strokes.visible)))
    dock.session.set_config(quick.model_copy(update={"seed": 1}))
    dock.session.start()
    qtbot.waitUntil(lambda: dock.session.state == "idle", timeout=60_000)
    after_a_preview = [visible for (_, visible), (preview, _) in zip(seen[1:], seen, strict=False) if preview]
    assert after_a_preview
    assert not any(after_a_preview)
    assert strokes.visible
    assert len(strokes.data) == len(drawn(dock.session.result.boundary_edges))


def test_filters_leave_out_what_is_reviewed_or_short(dock, qtbot):
    panel = dock.boundaries
    n = panel.model.rowCount()
    panel.wanted.setCurrentIndex(panel.wanted.findData("unreviewed"))
    panel.table.choose(0)
    press(qtbot, dock, Qt.Key.Key_D)
    assert panel.rows.segments() == list(range(1, n))
    assert panel.table.segment == 1
    panel.wanted.setCurrentIndex(panel.wanted.findData("doubt"))
    assert panel.rows.segments() == [0]
    panel.wanted.setCurrentIndex(panel.wanted.findData("all"))
    panel.shortest.setValue(panel.model.length(0) + 1)
    assert 0 not in panel.rows.segments()
    assert "not shown" in panel.line.text()


def test_a_result_of_one_domain_says_that_it_has_no_boundaries(dock, trained):
    dock.session.set_result(replace(trained, boundaries=None, boundary_edges=None))
    assert "no boundaries" in dock.boundaries.line.text()
    assert not layer(dock.viewer, "boundaries").visible


def test_twenty_thousand_strokes_are_drawn_at_once(dock, trained):
    edges = pd.concat([trained.boundary_edges] * (20_000 // len(trained.boundary_edges) + 1), ignore_index=True)
    started = time.perf_counter()
    dock.session.set_result(replace(trained, boundary_edges=edges))
    assert len(layer(dock.viewer, "boundaries").data) == len(drawn(edges))
    assert (
        time.perf_counter() - started < 3.0
    )  # a benchmark tells how long it takes; this one that nothing is quadratic
