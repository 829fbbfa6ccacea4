"""Spots are chosen with a lasso, as a person draws it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from around_spots import box, boxed, click, near
from lassos import draw, marked, opened, places, says
from opened_dock import open_section

from napari_trsmi.gui.drawing import shapes
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.sessions import session_of


def test_a_lasso_chooses_the_spots_inside_and_several_add_up(dock, qtbot, trained):
    one, other = box(trained, near(trained, 10)), box(trained, near(trained, 900))
    draw(qtbot, dock, "A", one)
    first = boxed(trained, one)
    assert np.array_equal(dock.panel.lasso.rows("A"), first)
    assert f"A: {len(first)} spots, mostly domain " in dock.panel.bar.counts["A"].text()
    draw(qtbot, dock, "A", other)
    both = np.union1d(first, boxed(trained, other))
    assert np.array_equal(dock.panel.lasso.rows("A"), both)
    assert list(marked(dock).values()) == [places(trained, both)]


def test_where_lassos_overlap_the_later_one_wins(dock, qtbot, trained):
    large, small = box(trained, near(trained, 10, 40)), box(trained, near(trained, 10, 5))
    draw(qtbot, dock, "A", large)
    draw(qtbot, dock, "B", small)
    lasso = dock.panel.lasso
    assert np.array_equal(lasso.rows("B"), boxed(trained, small))
    assert np.array_equal(lasso.rows("A"), np.setdiff1d(boxed(trained, large), boxed(trained, small)))
    assert len(marked(dock)) == 2
    draw(qtbot, dock, "A", large)
    assert len(lasso.rows("B")) == 0


@pytest.mark.parametrize("kind", ["rectangle", "ellipse"])
def test_other_shapes_drawn_by_hand_count_as_well(dock, qtbot, trained, kind):
    corners = box(trained, near(trained, 700, 60))
    draw(qtbot, dock, "A", corners, kind)
    inside, found = boxed(trained, corners), dock.panel.lasso.rows("A")
    share = len(found) / len(inside)
    assert share == 1 if kind == "rectangle" else 0.6 < share < 0.95
    assert set(found) <= set(inside)


def test_clear_empties_both_groups(dock, qtbot, trained):
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    click(qtbot, dock.panel.bar.clear)
    assert not dock.panel.lasso.sides.any()
    assert len(dock.session.canvas.layer("lasso").data) == 0
    assert marked(dock) == {}
    assert not dock.panel.buttons["One domain"].isEnabled()
    draw(qtbot, dock, "A", box(trained, near(trained, 900)))  # the lasso is still at hand
    assert np.array_equal(dock.panel.lasso.rows("A"), boxed(trained, box(trained, near(trained, 900))))


def test_a_lasso_after_something_was_said_begins_anew(dock, qtbot, trained):
    one, other = box(trained, near(trained, 10)), box(trained, near(trained, 900))
    draw(qtbot, dock, "A", one)
    click(qtbot, dock.panel.buttons["One domain"])
    draw(qtbot, dock, "A", other)
    assert np.array_equal(dock.panel.lasso.rows("A"), boxed(trained, other))
    assert len(dock.session.canvas.layer("lasso").data) == 1


def test_shapes_that_are_deleted_on_the_canvas_no_longer_count(dock, qtbot, trained):
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    layer = dock.session.canvas.layer("lasso")
    layer.selected_data = {0}
    with qtbot.waitSignal(dock.panel.lasso.changed, timeout=2_000):
        layer.remove_selected()
    assert len(dock.panel.lasso.rows("A")) == 0


def test_a_second_click_ends_lassoing_and_gives_the_layer_before_back(dock, qtbot):
    before = dock.viewer.layers.selection.active
    button = dock.panel.bar.lassos["B"]
    click(qtbot, button)
    click(qtbot, button)
    assert dock.viewer.layers.selection.active is before
    assert dock.session.canvas.layer("lasso").mode == "pan_zoom"


def test_a_layer_that_is_added_leaves_the_lasso_in_hand(dock, qtbot):
    button = dock.panel.bar.lassos["A"]
    click(qtbot, button)
    layer = dock.session.canvas.layer("lasso")
    layer.add(np.eye(3, 2), shape_type="path")
    layer._moving_value, layer._is_creating = (0, 1), True  # as in the middle of a drag
    dock.session.select_spot(3)
    assert dock.session.canvas.layer("spot").visible
    assert dock.viewer.layers.selection.active is layer
    assert (button.isChecked(), layer.mode, layer._is_creating) == (True, "add_polygon_lasso", True)


def test_another_layer_or_tool_ends_lassoing(dock, qtbot):
    button = dock.panel.bar.lassos["A"]
    click(qtbot, button)
    dock.viewer.layers.selection.active = dock.session.canvas.layer("spots")
    assert not button.isChecked()
    click(qtbot, button)
    dock.session.canvas.layer("lasso").mode = "pan_zoom"
    assert not button.isChecked()
    click(qtbot, button)
    dock.session.canvas.layer("lasso").mode = "add_rectangle"  # still drawing
    assert button.isChecked()


def test_removing_the_lasso_layer_by_hand_breaks_nothing(dock, qtbot, trained):
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    with qtbot.waitSignal(dock.panel.lasso.changed, timeout=2_000):
        dock.viewer.layers.remove(dock.session.canvas.layer("lasso"))
    assert not dock.panel.bar.lassos["A"].isChecked()
    dock.viewer.layers.remove(dock.session.canvas.layer("chosen"))
    draw(qtbot, dock, "A", box(trained, near(trained, 900)))
    assert len(dock.panel.lasso.rows("A")) > 0


def test_the_sides_of_the_selected_boundary_become_a_and_b(dock, qtbot, trained):
    sides = dock.panel.bar.sides
    assert not sides.isEnabled()
    segment = int(trained.boundaries.index[0]) if "segment" not in trained.boundaries else 0
    dock.session.select_boundary(segment)
    click(qtbot, sides)
    own = trained.boundary_edges[trained.boundary_edges["segment"] == segment]
    a, b = dock.panel.lasso.rows("A"), dock.panel.lasso.rows("B")
    assert set(a) == set(own["i"])
    assert set(b) == set(own["j"])
    assert len(np.unique(trained.labels[a])) == len(np.unique(trained.labels[b])) == 1


def test_the_boundary_is_the_one_selected_in_the_boundaries_dock(viewer, trained):
    open_section(viewer, trained.dataset, trained)
    _, boundaries = viewer.window.add_plugin_dock_widget("napari-trsmi", "Boundaries")
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Correct")
    boundaries.boundaries.table.choose(2)
    assert session_of(viewer).boundary == 2
    assert dock.panel.bar.sides.isEnabled()


def test_sections_drawn_as_pixels_are_lassoed_too(qtbot, monkeypatch, trained):
    monkeypatch.setattr("napari_trsmi.gui.viewer.raster.RASTER_ABOVE", 100)
    dock = opened(qtbot, trained)
    corners = box(trained, near(trained, 900, 40))
    draw(qtbot, dock, "A", corners)
    rows, chosen = boxed(trained, corners), dock.session.canvas.layer("chosen")
    assert np.array_equal(dock.panel.lasso.rows("A"), rows)
    assert chosen.data.dtype == np.uint8
    spots = look(dock.session.section).raster.spots
    assert set(np.unique(spots[chosen.data == 1])) == set(rows)
    click(qtbot, dock.panel.buttons["One domain"])
    assert says(dock) == [(f"{len(rows)} spots are one domain", "new")]


def test_a_lasso_over_a_million_spots_takes_no_second():
    import time

    at = np.random.default_rng(0).random((1_000_000, 2))
    angle = np.linspace(0, 2 * np.pi, 200)[:, None]
    began = time.perf_counter()
    found = shapes.inside(at, 0.5 + 0.3 * np.hstack([np.sin(angle), np.cos(angle)]))
    assert abs(len(found) / 1e6 - np.pi * 0.09) < 0.01
    assert time.perf_counter() - began < 5


def test_a_region_of_ones_own_can_be_taken_as_a_or_b(qtbot, trained):
    dataset = replace(trained.dataset, obs=trained.dataset.obs.copy(), own_columns={})
    dock = opened(qtbot, replace(trained, dataset=dataset))
    bar, lasso = dock.panel.bar, dock.panel.lasso
    assert not bar.region.isEnabled()
    assert "draw one in the dock Regions" in bar.region.toolTip()
    region = pd.Categorical.from_codes(np.where(np.arange(trained.labels.size) < 30, 0, -1), categories=["rim & core"])
    dock.session.annotations.put("mine", region)
    assert bar.region.isEnabled()
    names = [action.text() for action in bar.region.menu().actions()]
    assert names == ["A: rim && core (mine)", "B: rim && core (mine)"]
    lasso.take(np.arange(20, 50), np.zeros(0, int))
    bar.region.menu().actions()[1].trigger()
    assert np.array_equal(lasso.rows("B"), np.arange(30))
    assert np.array_equal(lasso.rows("A"), np.arange(30, 50))
