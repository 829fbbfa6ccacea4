"""The table of boundaries: its columns, their widths and what their cells say."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_trsmi import edits
from napari_trsmi.gui.boundaries.marker_tables import Marker


@pytest.mark.parametrize("width", [340, 360, 520, 900])
def test_the_edge_of_the_table_cuts_no_column_in_two(dock, width):
    dock.resize(width, 700)
    QApplication.processEvents()
    table = dock.boundaries.table
    ends = np.cumsum([table.columnWidth(at) for at in range(table.boundaries.columnCount())])
    rest = (table.viewport().width() - ends)[ends <= table.viewport().width()].min()
    assert rest < 3
    assert width < 500 or ends[table.boundaries.column("contrast_adt")] <= table.viewport().width()


def test_long_names_are_both_cut_short_and_short_ones_not(dock, trained):
    from qtpy.QtWidgets import QStyleOptionViewItem

    def written(width):
        table, segment = dock.boundaries.table, 0
        option = QStyleOptionViewItem()
        option.initFrom(table)
        option.rect.setWidth(width)
        option.decorationSize = table.iconSize()
        table.itemDelegateForColumn(0).initStyleOption(option, dock.boundaries.rows.position(segment))
        return option.text

    a, b = (int(trained.boundaries[key][0]) for key in ("domain_a", "domain_b"))
    assert written(72) == f"{a + 1} | {b + 1}"
    before = dock.boundaries.table.columnWidth(0)
    dock.session.set_result(edits.rename(edits.rename(trained, a, "White matter of a tract"), b, "L4"))
    assert dock.boundaries.table.columnWidth(0) > before
    assert re.fullmatch(r"Wh.*… \| L4", written(130))
    assert written(400) == "White matter of a tract | L4"
    dock.session.set_result(edits.rename(dock.session.result, b, "Cortex layer 4"))
    assert all(name.endswith("…") for name in written(120).split(" | "))
    dock.session.set_result(edits.rename(edits.rename(trained, a, "Cortex layer 3"), b, "Cortex layer 4"))
    first, second = written(120).split(" | ")
    assert (first[-1], second[-1]) == ("3", "4")


@pytest.mark.parametrize("width", [306, 318, 330, 342])
def test_long_names_do_not_push_verdicts_out_of_sight(dock, trained, width):
    table, long = dock.boundaries.table, "White matter of the dorsal horn beside the central canal"
    dock.session.set_result(edits.rename(trained, 0, long))
    dock.resize(width, 500)
    QApplication.processEvents()
    review = table.boundaries.column("review")
    assert table.columnViewportPosition(review) + table.columnWidth(review) <= table.viewport().width()


def test_a_width_that_a_person_sets_stays_until_there_is_another_result(dock, trained):
    dock.boundaries.table.setColumnWidth(0, 200)
    dock.resize(dock.width() + 40, dock.height())
    QApplication.processEvents()
    assert dock.boundaries.table.columnWidth(0) == 200
    dock.session.set_result(replace(trained, boundary_edges=trained.boundary_edges.copy()))
    assert dock.boundaries.table.columnWidth(0) < 200


def test_lengths_below_one_have_decimals(dock, trained):
    small = replace(trained, boundaries=trained.boundaries.assign(length=0.114 / trained.dataset.microns_per_unit))
    dock.boundaries.model.set_result(small)
    assert dock.boundaries.model.text(0, "length") == "0.11"


def test_rows_come_weakest_first_and_sort_by_any_column(dock, trained):
    panel = dock.boundaries
    assert panel.rows.segments() == list(range(len(trained.boundaries)))
    panel.table.sortByColumn(panel.model.column("length"), Qt.SortOrder.DescendingOrder)
    assert panel.rows.segments()[0] == trained.boundaries["length"].idxmax()
    shown = panel.model.text(panel.rows.segments()[0], "length")
    assert shown == f"{trained.boundaries['length'].max() * trained.dataset.microns_per_unit:,.0f}"


def test_every_order_keeps_what_is_selected_and_asks_each_boundary_once(dock, monkeypatch):
    panel = dock.boundaries
    model, rows, table = panel.model, panel.rows, panel.table
    n = model.rowCount()
    chosen = n // 2
    table.choose(chosen)
    asked, length = [], type(model).length
    monkeypatch.setattr(type(model), "length", lambda self, one: asked.append(one) or length(self, one))
    for order in ("weight", "least", "longest"):
        asked.clear()
        table.order(order)
        assert len(asked) <= 3 * n  # a comparison of two by two asks n log n times
        by = {"weight": model.weight, "least": model.doubt, "longest": model.length}[order]
        found = [by(segment) for segment in rows.segments()]
        assert found == sorted(found, reverse=True)
        assert table.segment == chosen
        assert table.currentIndex().row() == rows.segments().index(chosen)
    for at, column in enumerate(model.columns):
        for down in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            table.sortByColumn(at, down)
            found = [model.sort_value(segment, column.key) for segment in rows.segments()]
            assert found == sorted(found, reverse=down == Qt.SortOrder.DescendingOrder)
            assert sorted(rows.segments()) == list(range(n))
            assert table.segment == chosen
    panel.shortest.setValue(panel.shortest.maximum())
    assert rows.rowCount() == 0 or chosen in rows.segments()
    panel.shortest.setValue(0)
    assert rows.rowCount() == table.verticalHeader().count() == n


def test_columns_can_be_left_out_also_of_the_next_result(dock, trained):
    table = dock.boundaries.table
    menu = table.columns_menu()
    menu.actions()[dock.boundaries.model.column("length")].trigger()
    assert table.isColumnHidden(dock.boundaries.model.column("length"))
    dock.session.set_result(replace(trained, boundary_edges=trained.boundary_edges.copy()))
    assert table.isColumnHidden(dock.boundaries.model.column("length"))


def test_markers_across_a_boundary_fill_in_when_they_are_found(dock, trained):
    tables = {"rna": [[Marker(f"ENSG{k}", f"gene{k}", 1.0)] for k in range(len(trained.names))]}
    dock.markers._tables = tables
    dock.markers.changed.emit()
    a, b = trained.boundaries[["domain_a", "domain_b"]].iloc[0]
    assert dock.boundaries.model.text(0, "markers") == f"gene{a} | gene{b}"
