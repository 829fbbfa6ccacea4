"""The table of features sorts and selects, however many there are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt

from napari_trsmi.gui.ask.feature_table import COLUMNS, FeatureModel, FeatureTable


@pytest.mark.parametrize("order", [Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder])
def test_features_are_sorted_by_every_column_and_what_is_selected_stays_selected(qtbot, order):
    table = FeatureTable()
    qtbot.addWidget(table)
    n, rng = 300, np.random.default_rng(0)
    values = {column.key: rng.normal(size=n) for column in COLUMNS}
    values["effect"][7], values["effect"][8] = np.nan, np.inf
    values["share_a"] = np.repeat(0.5, n)
    values["name"] = values["feature"] = np.array([f"{'Gg'[k % 2]}ene{k:04}" for k in rng.permutation(n)])
    table.set_table(pd.DataFrame(values))
    table.select(11)
    for at, column in enumerate(COLUMNS):
        table.sortByColumn(at, order)
        shown = table.features.rows
        found = values[column.key][shown].tolist()
        if column.key == "effect":
            without = found.pop(0 if order == Qt.SortOrder.AscendingOrder else -1)
            assert np.isnan(without)
        down = order == Qt.SortOrder.DescendingOrder
        assert found == sorted(found, key=str.casefold if column.key == "name" else None, reverse=down)
        if column.key == "share_a":
            assert np.array_equal(shown, np.arange(n))  # as in the table
        assert table.selected == [11]
        assert table.currentIndex().row() == int(np.flatnonzero(shown == 11)[0])
        assert table.features.index(0, 0).data() == values["name"][shown[0]]
    table.sortByColumn(-1, order)
    assert np.array_equal(table.features.rows, np.arange(n))


def test_twenty_thousand_features_are_not_compared_one_by_one(qtbot, monkeypatch):
    table = FeatureTable()
    qtbot.addWidget(table)
    n = 20_000
    values = {column.key: np.random.default_rng(0).normal(size=n) for column in COLUMNS}
    values["name"] = values["feature"] = np.array([f"gene{k}" for k in range(n)])
    table.set_table(pd.DataFrame(values))
    asked, data = [], FeatureModel.data
    monkeypatch.setattr(FeatureModel, "data", lambda *given: asked.append(1) or data(*given))
    table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert len(asked) < n
