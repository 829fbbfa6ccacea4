"""Columns that a person makes are found in the dock Colour by as soon as they are there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtCore import Qt

from napari_trsmi.gui.color.dock import ColorDock
from napari_trsmi.gui.finding.features import COLUMN


@pytest.fixture
def dock(qtbot, sample):
    viewer = ViewerModel()
    dock = ColorDock(viewer)
    dock.viewer = viewer  # nothing else keeps it alive
    qtbot.addWidget(dock)
    dock.show()
    open_section(viewer, replace(sample, obs=sample.obs.copy(), own_columns={}))
    return dock


def region(dock, share):
    n = dock.session.dataset.n_spots
    return pd.Categorical.from_codes(np.where(np.arange(n) < share * n, 0, -1), categories=["tumour"])


def test_a_new_column_is_listed_and_found_and_what_was_typed_stays(dock):
    dock._search.setText("CD")
    dock.session.annotations.put("my region", region(dock, 0.5), {"tumour": "#112233"})
    assert "my region" in [feature.name for feature in dock._index.search("my reg")]
    assert dock._list.findItems("my region", Qt.MatchFlag.MatchExactly)
    assert dock._search.text() == "CD"
    dock.pick(dock._index.search("my reg")[0])
    assert dock.session.coloring.colors == ("#112233",)


def test_the_spots_follow_a_column_that_changes_and_lose_its_colours_with_it(dock):
    dock.session.annotations.put("my region", region(dock, 0.5))
    dock.pick(dock._index.search("my reg", COLUMN)[0])
    assert (dock.session.coloring.values >= 0).mean() == pytest.approx(0.5, abs=0.01)
    dock.session.annotations.put("my region", region(dock, 0.25))
    assert (dock.session.coloring.values >= 0).mean() == pytest.approx(0.25, abs=0.01)
    dock.session.annotations.drop("my region")
    assert dock.session.coloring is None
    assert dock._recent.features == []
