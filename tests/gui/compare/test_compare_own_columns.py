"""Columns that a person makes can be compared as soon as they are there, and anew when they change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from napari.components import ViewerModel
from opened_dock import open_section

from napari_trsmi.gui.compare.dock import CompareDock


def test_a_column_of_ones_own_is_compared_and_compared_again_when_it_changes(qtbot, trained):
    dataset = replace(trained.dataset, obs=trained.dataset.obs.copy(), own_columns={})
    viewer = ViewerModel()
    open_section(viewer, dataset, replace(trained, dataset=dataset))
    dock = CompareDock(viewer)
    dock.viewer = viewer  # nothing else keeps it alive
    qtbot.addWidget(dock)
    dock.show()
    panel, session = dock.comparison, dock.session
    same = pd.Categorical(np.array(trained.names, dtype=object)[trained.labels])
    session.annotations.put("mine", same)
    keys = [panel.first.itemData(k) for k in range(panel.first.count())]
    panel.first.setCurrentIndex(keys.index(("column", "mine")))
    panel.first.activated.emit(panel.first.currentIndex())
    qtbot.waitUntil(lambda: panel.pair is not None and panel.pair.comparison.ari == 1.0, timeout=60_000)
    session.annotations.put("mine", pd.Categorical.from_codes(np.arange(len(same)) % 2, categories=["a", "b"]))
    qtbot.waitUntil(lambda: panel.pair is not None and panel.pair.comparison.ari < 0.1, timeout=60_000)
    assert panel.first.currentData() == ("column", "mine")
    session.annotations.drop("mine")
    assert ("column", "mine") not in [panel.first.itemData(k) for k in range(panel.first.count())]
