"""Support in the dock of boundaries: what it is asked by, coloured by and sorted by, also where it comes later."""

from __future__ import annotations

import numpy as np
import pytest
from acted_support import with_acted_support
from opened_dock import dock_alone, layer
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from typed_keys import focus, press

from napari_trsmi import edits
from napari_trsmi.gui.boundaries.layers import ON_DARK, drawn, stroke_colors
from napari_trsmi.gui.finding.maps import result_maps
from napari_trsmi.gui.viewer.layers import CERTAINTY, domain_features
from napari_trsmi.summary import SUPPORT_MEANS


@pytest.fixture
def supported(trained):
    return with_acted_support(trained)


def test_the_least_supported_comes_first_and_its_column_before_certainty(qtbot, supported):
    dock = dock_alone(qtbot, supported)
    dock.boundaries.table.order("least")
    model, order = dock.boundaries.model, dock.boundaries.rows.segments()
    values = supported.boundaries["support"].to_numpy()
    assert np.all(np.diff(values[order]) >= 0)
    assert [column.title for column in model.columns][:2] == ["Domains", "Support"]
    assert model.columns[1].help == SUPPORT_MEANS
    assert model.column("confidence") > model.column("contrast_adt")
    assert model.text(0, "support") == f"{values[0]:.2f}"


@pytest.mark.parametrize("width", [340, 440])
def test_the_table_shows_support_and_all_contrasts_in_a_narrow_dock(qtbot, supported, width):
    dock = dock_alone(qtbot, supported)
    dock.resize(width, 700)
    QApplication.processEvents()
    table = dock.boundaries.table
    ends = np.cumsum([table.columnWidth(at) for at in range(table.boundaries.columnCount())])
    assert width < 440 or ends[table.boundaries.column("contrast_adt")] <= table.viewport().width()
    assert dock.minimumSizeHint().width() <= 340


def test_strokes_take_the_colour_of_support_when_it_comes_unless_a_person_chose_another(dock, trained, supported):
    dock.session.refine(supported)
    strokes, edges = layer(dock.viewer, "boundaries"), drawn(supported.boundary_edges)
    assert np.allclose(strokes.edge_color, stroke_colors(edges, "support", colors=ON_DARK))
    assert dock.boundaries.measure.currentText() == "Support"
    assert {"support", CERTAINTY} <= set(strokes.features)

    dock.session.refine(trained)
    dock.canvas.color_by("contrast_adt")
    dock.session.refine(supported)
    assert np.allclose(strokes.edge_color, stroke_colors(edges, "contrast_adt", colors=ON_DARK))
    assert dock.boundaries.measure.currentText() == "Contrast in adt"


def test_the_selected_boundary_and_undo_go_with_their_boundary_when_support_comes(dock, trained, supported):
    panel = dock.boundaries
    panel.table.choose(2)
    panel.mark("keep")
    panel.table.choose(4)
    reviewed = edits.review(supported, new_number(supported, trained, 2), "keep")
    dock.session.refine(reviewed)
    assert panel.table.segment == dock.canvas.segment == new_number(supported, trained, 4)
    assert layer(dock.viewer, "boundary").visible
    dock.session.deeds.undo()
    assert "review" not in dock.session.result.boundaries
    assert panel.table.segment == new_number(supported, trained, 2)


@pytest.mark.parametrize("selected", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_table_stays_where_a_person_is_when_support_comes(qtbot, trained, supported, selected):
    dock = dock_alone(qtbot, trained)
    dock.markers.find = lambda: None
    table = dock.boundaries.table
    table.order("longest")
    table.setFixedHeight(table.horizontalHeader().height() + 4 * 24 + 2)
    n = table.rows.rowCount()
    assert n > 7
    focus(table, qtbot)
    if selected:
        for _ in range(n - 2):
            press(Qt.Key.Key_Down)
        press(Qt.Key.Key_Up)
        at = table.currentIndex().row()
    else:
        QTest.keyClick(table, Qt.Key.Key_Down)
        table.clearSelection()
        table.verticalScrollBar().setValue(72)
        at = table.rowAt(0)
    QApplication.processEvents()
    segment = table.rows.segment(at)
    before = table.rowViewportPosition(at)
    assert 0 <= before <= table.viewport().height() - 24
    dock.session.refine(supported)
    QApplication.processEvents()
    number = new_number(supported, trained, segment)
    assert table.segment == (number if selected else None)
    assert table.rowViewportPosition(table.rows.position(number).row()) == before
    assert table.hasFocus()


def test_a_table_in_which_nobody_scrolled_shows_what_matters_most_when_support_comes(dock, trained, supported):
    dock.session.refine(supported)
    assert dock.boundaries.table.rowAt(0) == 0


def new_number(supported, trained, segment):
    key = ["domain_a", "domain_b", "x", "y"]
    same = (supported.boundaries[key] == trained.boundaries.loc[segment, key]).all(axis=1)
    return int(np.flatnonzero(same)[0])


def test_the_map_of_support_is_offered_first(qtbot, supported):
    dock = dock_alone(qtbot, supported)
    assert list(dock.maps.buttons)[:2] == ["Support", "Certainty"]
    dock.maps.buttons["Support"].click()
    assert np.allclose(dock.session.coloring.values, supported.maps["support"])
    assert result_maps(supported)["Support"].limits == (0, 1)


def test_a_spot_says_its_support(dock, supported):
    dock.session.refine(supported)
    table = domain_features(dock.session.section, dock.session.shown)
    assert np.allclose(table["support"], supported.maps["support"])
