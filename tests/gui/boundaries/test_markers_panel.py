from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from opened_dock import dock_alone

import napari_trsmi as nt
from napari_trsmi import api, carriers, edits
from napari_trsmi.gui.boundaries.marker_tables import Marker, best_of_each, marker_tables
from napari_trsmi.gui.finding.maps import feature_coloring


@pytest.fixture
def dock(qtbot, trained):
    """The dock with the tab of markers in front, and markers found."""
    dock = dock_alone(qtbot, trained)
    dock.tabs.setCurrentWidget(dock.marker_panel)
    qtbot.waitUntil(lambda: dock.markers.tables is not None, timeout=30_000)
    return dock


def test_the_tab_finds_markers_and_shows_the_modalities_side_by_side(dock, trained):
    table = dock.marker_panel.table
    assert [table.horizontalHeaderItem(k).text() for k in range(2)] == ["rna", "adt"]
    found = api.markers(trained, n_top=1)
    dock.marker_panel.domain.setCurrentIndex(2)
    for column, modality in enumerate(("rna", "adt")):
        best = found[modality].query("domain == '3'").iloc[0]
        assert table.item(0, column).text() == f"{best.feature}  {best.score:.1f}"


def test_a_marker_is_called_by_its_symbol_and_its_identifier_is_in_the_tip(dock):
    marker = Marker(dock.markers.tables["rna"][0][0].feature, "CD3E", 4.0)
    dock.markers._tables = {"rna": [[marker]]}
    dock.marker_panel.domain.setCurrentIndex(0)
    dock.markers.changed.emit()
    item = dock.marker_panel.table.item(0, 0)
    assert item.text() == "CD3E  4.0"
    assert f"CD3E ({marker.feature}) in rna" in item.toolTip()
    dock.marker_panel.table.setCurrentCell(0, 0)
    assert dock.session.coloring.title.startswith(marker.feature)


def test_a_click_on_a_marker_colours_the_spots_by_it(dock, sample):
    table = dock.marker_panel.table
    table.setCurrentCell(1, 0)
    name = table.item(1, 0).text().split("  ")[0]
    assert np.array_equal(dock.session.coloring.values, feature_coloring(sample, "rna", name).values)


def test_markers_of_a_section_are_not_looked_at_in_another(dock, sample):
    from napari_trsmi.gui.session.state import OpenSection

    dock.session.select_boundary(0)
    fewer = replace(sample, modalities={"rna": sample.modalities["rna"]})
    dock.session.activate(OpenSection(fewer))  # the boundary is left before the markers are
    assert dock.markers.tables is None
    assert dock.session.boundary is None


@pytest.mark.slow
def test_markers_stay_under_another_name_and_go_with_the_domains(dock, trained):
    tables = dock.markers.tables
    dock.session.set_result(edits.rename(trained, 0, "Cortex"))
    assert dock.markers.tables is tables
    assert dock.marker_panel.domain.itemText(0) == "Cortex"
    dock.session.set_result(edits.merge(trained, [0, 1]))
    assert dock.markers.tables is None
    assert dock.marker_panel.find_button.isEnabled()


@pytest.mark.slow
def test_only_what_is_higher_inside_a_domain_marks_it(trained):
    tables = marker_tables(trained, n_top=10_000)
    assert all(score > 0 for domains in tables.values() for rows in domains for *_, score in rows)


def test_one_line_holds_the_best_marker_of_each_modality():
    rna = [[Marker("ENSG1", "A", 2.0), Marker("ENSG2", "B", 1.0)], []]
    tables = {"rna": rna, "adt": [[Marker("CD3", "CD3", 1.0)], [Marker("CD4", "CD4", 1.0)]]}
    assert best_of_each(tables) == {0: "A, CD3", 1: "CD4"}


def test_components_are_not_called_genes(dock, sample, trained):
    modalities = {**sample.modalities, "adt": replace(sample.modalities["adt"], kind="precomputed")}
    dataset = replace(sample, modalities=modalities)
    dock.session.section.dataset = dataset
    dock.marker_panel.domain.setCurrentIndex(1)
    assert "adt was read as components" in dock.marker_panel.note.text()
    assert "rna was" not in dock.marker_panel.note.text()


# What carries the chosen boundary


@pytest.fixture
def stretch(dock, qtbot):
    """The panel with what differs across boundary 3."""
    panel = dock.marker_panel
    assert not panel.stretch.isEnabled()
    dock.canvas.select(3)
    assert panel.stretch.isEnabled()
    panel.stretch.click()
    assert "Comparing the two sides" in panel.note.text()
    qtbot.waitUntil(lambda: 3 in dock.carriers.tables, timeout=60_000)
    return panel


@pytest.mark.slow
def test_this_stretch_shows_what_differs_across_the_chosen_boundary(dock, stretch, trained):
    expected = carriers(trained, 3, 25).query("p_adjusted < 0.05")
    shown = stretch.table
    assert [shown.horizontalHeaderItem(k).text() for k in range(2)] == ["rna", "adt"]
    for column, modality in enumerate(("rna", "adt")):
        rows = expected[expected["modality"] == modality]
        cells = [shown.item(row, column).text() for row in range(len(rows))]
        assert cells == [f"{row.name}  {row.effect:+.1f}" for row in rows.itertuples()]
    a, b = (trained.names[k] for k in trained.boundaries.loc[3, ["domain_a", "domain_b"]].astype(int))
    assert stretch.note.text().startswith(f"At this boundary, domain {b} less domain {a}: ")
    assert not stretch.domain.isEnabled()
    column = int(expected["modality"].iloc[0] == "adt")
    shown.setCurrentCell(0, column)
    assert dock.session.coloring.title.startswith(str(expected["feature"].iloc[0]))


@pytest.mark.slow
def test_another_boundary_is_looked_at_when_it_is_chosen_and_domains_come_back(dock, stretch, qtbot, trained):
    dock.canvas.select(5)
    qtbot.waitUntil(lambda: 5 in dock.carriers.tables, timeout=60_000)
    dock.session.set_result(edits.review(trained, 3, "keep"))
    assert set(dock.carriers.tables) == {3, 5}  # the same boundaries
    stretch.stretch.click()
    assert stretch.domain.isEnabled()
    assert stretch.table.item(0, 0).text().startswith(dock.markers.tables["rna"][stretch.domain.currentIndex()][0].name)
    dock.session.set_result(edits.merge(trained, [0, 1]))
    assert dock.carriers.tables == {}


@pytest.mark.slow
def test_without_a_boundary_it_is_asked_for(dock, stretch):
    dock.canvas.select(None)
    assert stretch.note.text() == "Choose a boundary in the list or on the section."


def test_a_boundary_that_cannot_be_compared_is_told_and_not_tried_again(dock, qtbot, monkeypatch):
    tried = []

    def fail(*_):
        tried.append(1)
        raise nt.DataError("No.")

    monkeypatch.setattr("napari_trsmi.evidence.carriers.count_halves", fail)
    dock.canvas.select(3)
    with qtbot.waitSignal(dock.session.failed, timeout=10_000):
        dock.marker_panel.stretch.click()
    qtbot.waitUntil(lambda: "could not be compared" in dock.marker_panel.note.text(), timeout=10_000)
    assert tried == [1]
