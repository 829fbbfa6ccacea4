"""The review with the mouse, in a real window: strokes and rows, order and filters, the column that stays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from opened_dock import dock_alone, open_dock
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication
from typed_keys import focus

from napari_trsmi.gui.boundaries.layers import drawn, stroke_at
from napari_trsmi.gui.boundaries.table import ORDERS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dock(trained, qtbot):
    """The dock on a viewer without a window."""
    dock = dock_alone(qtbot, trained)
    dock.markers.find = lambda: None
    focus(dock.boundaries.table, qtbot)
    return dock


@pytest.fixture
def on_tissue(viewer, trained, qtbot):
    """The dock in a window, beside the canvas."""
    dock = open_dock(viewer, trained)
    dock.markers.find = lambda: None
    dock.viewer = viewer
    dock.window().activateWindow()
    qtbot.waitUntil(dock.isVisible)
    return dock


def click_canvas(dock, qtbot, place):
    """Click on a place (row, column) in the world."""
    dock.viewer.scene.camera.center, dock.viewer.scene.camera.zoom = place, 1.0
    widget = next(w for w in QApplication.allWidgets() if type(w).__name__ == "CanvasBackendDesktop" and w.isVisible())
    qtbot.mousePress(widget, LEFT, pos=widget.rect().center())
    qtbot.mouseRelease(widget, LEFT, pos=widget.rect().center())


def middle_of_a_stroke(trained, segment):
    """A place (row, column) in the world on the longest stroke of a boundary."""
    own = drawn(trained.boundary_edges).query("segment == @segment")
    length = np.hypot(own["x1"] - own["x0"], own["y1"] - own["y0"])
    one = own.loc[length.idxmax()]
    return np.array([one["y0"] + one["y1"], one["x0"] + one["x1"]]) / 2 * trained.dataset.microns_per_unit


def click_row(dock, qtbot, segment, view=None):
    table = dock.boundaries.table if view is None else view
    index = dock.boundaries.rows.position(segment)
    table.scrollTo(index)
    qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualRect(index).center())


def test_a_click_on_a_stroke_selects_its_row_and_not_the_spot_below(on_tissue, qtbot, trained):
    segment = on_tissue.boundaries.rows.segments()[4]
    place = middle_of_a_stroke(trained, segment)
    click_canvas(on_tissue, qtbot, place)
    assert on_tissue.boundaries.table.segment == on_tissue.session.boundary == segment
    assert on_tissue.session.spot is None
    assert np.allclose(on_tissue.viewer.scene.camera.center[-2:], place)  # one is there already: no flight
    spot = int(np.argmin(on_tissue.session.result.coords[:, 1]))  # at the rim of the tissue, away from any stroke
    click_canvas(on_tissue, qtbot, trained.coords[spot, ::-1] * trained.dataset.microns_per_unit)
    assert on_tissue.session.spot == spot
    assert on_tissue.session.boundary == segment


@pytest.mark.slow
def test_a_stroke_that_the_table_leaves_out_is_shown_there_when_it_is_clicked(on_tissue, qtbot, trained):
    panel = on_tissue.boundaries
    panel.wanted.setCurrentIndex(panel.wanted.findData("reject"))
    assert panel.rows.segments() == []
    click_canvas(on_tissue, qtbot, middle_of_a_stroke(trained, 2))
    assert panel.table.segment == 2
    assert panel.wanted.currentData() == "all"


@pytest.mark.slow
def test_hidden_strokes_are_not_clicked(on_tissue, qtbot, trained):
    a, b = trained.boundaries.loc[2, ["domain_a", "domain_b"]].astype(int)
    on_tissue.session.set_hidden(frozenset({a, b}))
    click_canvas(on_tissue, qtbot, middle_of_a_stroke(trained, 2))
    assert on_tissue.session.boundary is None


def test_a_click_on_a_row_flies_there_also_when_it_is_selected_already(dock, qtbot):
    panel = dock.boundaries
    segment = panel.rows.segments()[1]
    for view in (panel.table, panel.table.frozen):
        panel.fly_back()
        qtbot.waitUntil(lambda: panel.flight.state() == panel.flight.State.Stopped)
        click_row(dock, qtbot, segment, view)
        center, zoom = dock.canvas.box(segment)
        qtbot.waitUntil(lambda to=center: np.allclose(dock.viewer.scene.camera.center[-2:], to))
        assert dock.viewer.scene.camera.zoom == pytest.approx(zoom)
        assert QApplication.focusWidget() is panel.table


def test_the_first_column_stays_in_sight_while_the_others_are_scrolled(dock, qtbot):
    table = dock.boundaries.table
    bar = table.horizontalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    frozen = table.frozen
    assert frozen.isVisible()
    assert frozen.mapTo(table, QPoint(0, 0)).x() <= 2
    assert frozen.width() == table.columnWidth(0)
    assert table.columnViewportPosition(0) < 0
    table.choose(dock.boundaries.rows.segments()[-1])
    assert frozen.verticalScrollBar().value() == table.verticalScrollBar().value() > 0
    assert bar.value() == bar.maximum()  # who reads columns on the right goes on reading them
    first = table.currentIndex().siblingAtColumn(0)
    one, other = frozen.visualRect(first), table.visualRect(first)
    tops = (v.viewport().mapTo(table, rect.topLeft()).y() for v, rect in ((frozen, one), (table, other)))
    assert len(set(tops)) == 1
    assert one.height() == other.height()


def test_rows_come_by_what_matters_most_and_next_follows_it(dock, qtbot, trained):
    panel, table = dock.boundaries, trained.boundaries
    matters = (1 - table["confidence"]) * table["length"]
    order = np.lexsort([np.arange(len(table)), -matters.to_numpy()]).tolist()
    assert panel.rows.segments() == order
    panel.table.choose(order[0])
    panel.table.sortByColumn(panel.model.column("length"), Qt.SortOrder.DescendingOrder)
    assert panel.filters.order.currentData() == ""
    assert panel.rows.segments()[0] == int(table["length"].to_numpy().argmax())
    table_ = panel.table
    table_.setFocus()
    qtbot.keyClick(table_, Qt.Key.Key_J)
    assert panel.table.segment == order[1]  # whatever the table is sorted by
    panel.mark("keep")
    panel.table.choose(order[0])
    qtbot.keyClick(table_, Qt.Key.Key_J)
    assert panel.table.segment == order[2]
    for key in ORDERS:
        panel.filters.order.setCurrentIndex(panel.filters.order.findData(key))
        panel.filters.order.activated.emit(panel.filters.order.currentIndex())
        first = panel.rows.segments()[0]
        assert first == {"weight": order[0], "longest": int(table["length"].to_numpy().argmax()), "least": 0}[key]


def test_one_pair_of_domains_can_be_looked_at_alone_and_survives_a_new_name(dock):
    from napari_trsmi import edits

    panel = dock.boundaries
    pair = panel.model.pair(3)
    box = panel.filters.pair
    box.setCurrentIndex([box.itemData(at) for at in range(box.count())].index(pair))
    assert panel.rows.segments()
    assert {panel.model.pair(segment) for segment in panel.rows.segments()} == {pair}
    dock.session.set_result(edits.rename(dock.session.result, pair[0], "Cortex"))
    assert panel.filters.pair.currentText().startswith("Cortex | ")
    assert {panel.model.pair(segment) for segment in panel.rows.segments()} == {pair}


def test_what_judges_waits_for_a_boundary(dock, qtbot):
    panel = dock.boundaries
    judging = [panel.buttons[text] for text in ("Keep", "Doubt", "Reject", "Clear")] + [panel.note.line]
    assert not any(one.isEnabled() for one in judging)
    assert panel.buttons["Next"].isEnabled()
    click_row(dock, qtbot, 1)
    assert all(one.isEnabled() for one in judging)
    dock.viewer.layers.clear()
    assert not any(one.isEnabled() for one in judging)
    assert not panel.buttons["Next"].isEnabled()


@pytest.mark.slow
def test_next_has_an_end(dock):
    panel = dock.boundaries
    panel.table.choose(0)
    for _ in range(panel.model.n_rows):
        assert panel.buttons["Next"].isEnabled()
        panel.mark("keep")
    assert not panel.buttons["Next"].isEnabled()


def test_u_takes_back_what_was_just_said_of_the_boundary_before(dock, qtbot):
    panel = dock.boundaries
    click_row(dock, qtbot, panel.rows.segments()[0])
    judged = panel.table.segment
    qtbot.keyClick(panel.table, Qt.Key.Key_R)
    assert panel.table.segment != judged
    qtbot.keyClick(panel.table, Qt.Key.Key_U)
    assert (panel.model.verdict(judged), panel.table.segment) == ("", judged)
    qtbot.keyClick(panel.table, Qt.Key.Key_R)
    panel.go_on()  # to look at another one: what was said of the first is not meant
    qtbot.keyClick(panel.table, Qt.Key.Key_U)
    assert panel.model.verdict(judged) == "reject"


def test_the_bar_fills_with_each_verdict(dock):
    panel = dock.boundaries
    panel.table.choose(0)
    panel.mark("keep")
    panel.mark("reject")
    assert (panel.progress.value(), panel.progress.maximum()) == (2, panel.model.n_rows)
    assert panel.line.text() == f"2 of {panel.model.n_rows} reviewed: 1 kept, 1 rejected"


def test_the_nearest_stroke_is_found_and_none_beyond_reach():
    edges = pd.DataFrame({"x0": [0.0, 5.0], "y0": [0.0, 0.0], "x1": [4.0, 5.0], "y1": [0.0, 9.0], "segment": [7, 8]})
    assert stroke_at(edges, 2.0, 0.5, 1.0) == 7
    assert stroke_at(edges, 4.8, 6.0, 1.0) == 8
    assert stroke_at(edges, 2.0, 5.0, 1.0) is None
    assert stroke_at(edges.iloc[:0], 0.0, 0.0, 1.0) is None
