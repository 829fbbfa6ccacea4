"""Boundaries of a study: each lies in one section, and follows what is hidden and chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from opened_dock import dock_alone, layer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QStyle, QStyleOptionViewItem
from small_study import small_study

from napari_trsmi import Config
from napari_trsmi.gui.boundaries.carrier_tables import without_features
from napari_trsmi.gui.boundaries.layers import ACROSS
from napari_trsmi.gui.boundaries.view import SECTION

NAMES = ("section", "section 2", "section 3")


@pytest.fixture(scope="module")
def result():
    """Domains of a very short run on three sections."""
    import napari_trsmi as nt

    settings = {"cluster": {"n_domains": 3, "n_init": 1}, "train": {"epochs": 2}, "preprocess": {"n_components": 6}}
    return nt.fit(small_study(), Config(**settings, evidence={"support": False}))


def test_the_table_says_which_section_a_boundary_is_in_and_shows_those_of_the_chosen_one(qtbot, result):
    dock = dock_alone(qtbot, result)
    panel, model, rows = dock.boundaries, dock.boundaries.model, dock.boundaries.rows
    sections = [model.text(segment, "section") for segment in range(model.rowCount())]
    assert set(sections) == {"a", "b", "c"}
    first = result.boundary_edges.drop_duplicates("segment").set_index("segment")["i"]
    assert sections == [result.sections[first[segment]] for segment in result.boundaries["segment"]]
    panel.session.parts.choose(1)
    assert {sections[segment] for segment in rows.segments()} == {"b"}
    assert panel.line.text().endswith("section b only")
    panel.session.parts.choose(None)
    assert rows.rowCount() == model.rowCount()


def test_next_stays_in_the_chosen_section_and_among_what_is_shown(qtbot, result):
    dock = dock_alone(qtbot, result)
    panel, rows = dock.boundaries, dock.boundaries.rows
    panel.session.parts.choose(1)
    here = set(rows.segments())
    assert 1 < len(here) < panel.model.n_rows
    met = []
    for _ in here:
        panel.go_on()
        met.append(panel.table.segment)
        panel.mark("keep")
    assert set(met) == here
    panel.go_on()  # none is left in this section, and the others were not asked for
    assert panel.table.segment in here
    panel.session.parts.choose(None)
    pair = panel.filters.pair
    pair.setCurrentIndex(1)
    shown = {one for one in rows.segments() if not panel.model.verdict(one)}
    if shown:
        panel.go_on()
        assert panel.table.segment in shown


def test_of_what_a_section_lacks_nobody_says_that_nothing_differs(result):
    first = result.boundary_edges.drop_duplicates("segment").set_index("segment")["i"]
    told = {
        result.sections[first[segment]]: without_features(result, segment, ["rna", "adt"])
        for segment in result.boundaries["segment"]
    }
    assert told == {
        "a": "Nothing differs in rna and adt.",
        "b": "Nothing differs in rna. adt was not measured here.",
        "c": "Nothing differs in adt. rna was not measured here.",
    }


def test_sections_whose_names_begin_alike_can_be_told_apart(qtbot, result):
    table = dock_alone(qtbot, result).boundaries.table
    option = QStyleOptionViewItem()
    index = table.rows.index(0, SECTION)
    table.itemDelegateForColumn(SECTION).initStyleOption(option, index)
    assert table.boundaries.columns[SECTION].key == "section"
    assert option.text == index.data()
    assert option.textElideMode == Qt.TextElideMode.ElideMiddle


@pytest.mark.parametrize("width", [330, 400])
def test_the_names_of_sections_are_read_in_a_narrow_dock(qtbot, result, width):
    parts = tuple(replace(part, name=name) for part, name in zip(result.dataset.parts, NAMES, strict=True))
    dock = dock_alone(qtbot, replace(result, dataset=replace(result.dataset, parts=parts)))
    dock.resize(width, 700)
    QApplication.processEvents()
    table = dock.boundaries.table
    option = QStyleOptionViewItem()
    option.initFrom(table)
    option.rect.setRect(0, 0, table.columnWidth(SECTION), 24)
    named = next(row for row in range(table.rows.rowCount()) if table.rows.index(row, SECTION).data() == NAMES[1])
    table.itemDelegateForColumn(SECTION).initStyleOption(option, table.rows.index(named, SECTION))
    room = table.style().subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, table)
    assert room.width() >= table.fontMetrics().horizontalAdvance(NAMES[1]) + 4  # a margin on both sides


def test_strokes_of_hidden_sections_are_not_seen(qtbot, result):
    dock = dock_alone(qtbot, result)
    dock.session.parts.hide(frozenset({0, 2}))
    strokes = layer(dock.viewer, "boundaries")
    edges = dock.canvas._edges
    there = result.dataset.section[edges["i"]] == 1
    assert (strokes.edge_color[:, 3] > 0).tolist() == there.tolist()
    assert there.any()


def test_a_boundary_of_a_hidden_section_that_is_chosen_brings_its_section_back(qtbot, result):
    dock = dock_alone(qtbot, result)
    table, edges = dock.boundaries.table, dock.canvas._edges
    of = result.dataset.section[edges.drop_duplicates("segment")["i"]]
    segment = int(edges["segment"].unique()[np.flatnonzero(of == 2)[0]])
    dock.session.parts.hide(frozenset({0, 2}))
    place = table.visualRect(table.rows.position(segment)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert table.segment == segment
    assert dock.session.parts.hidden == {0}
    dock.session.parts.hide(frozenset({2}))  # a person may hide it again
    assert dock.session.parts.hidden == {2}


def test_lines_to_other_sections_have_a_colour_of_their_own_and_none_leads_to_a_hidden_one(qtbot, result):
    dock = dock_alone(qtbot, result)
    panel, part = dock.spot, result.dataset.section
    rows = next(iter(result.correspondences.values())).tocsr()
    reach = [(part[rows[spot].indices] != part[spot]).sum() for spot in range(rows.shape[0])]
    spot = int(np.argmax(reach))
    assert reach[spot]
    panel.session.select_spot(spot)
    qtbot.mouseClick(panel.wanted, Qt.MouseButton.LeftButton)
    to = [other for other in rows[spot].indices if other != spot]
    orange = np.isclose(layer(dock.viewer, "correspondences").edge_color[:, :3], ACROSS, atol=0.01).all(axis=1)
    assert orange.tolist() == [part[other] != part[spot] for other in to]
    assert f"{reach[spot]} of them in other sections" in panel.weights.text()
    hidden = frozenset(range(3)) - {int(part[spot])}
    panel.session.parts.hide(hidden)
    assert len(layer(dock.viewer, "correspondences").data) == sum(part[other] == part[spot] for other in to)
