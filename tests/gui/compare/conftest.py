"""Two runs of a section and the dock that compares them."""

from __future__ import annotations

import numpy as np
import pytest
from compared_runs import fill
from napari.components import ViewerModel

from napari_trsmi import edits
from napari_trsmi.gui.compare.dock import CompareDock


@pytest.fixture(scope="session")
def fewer(trained):
    """The domains of `trained` cut again into five; do not change them."""
    return edits.recluster(trained, {"n_domains": 5, "n_init": 1})


@pytest.fixture
def dock(qtbot, trained, fewer):
    """The dock beside two runs, compared, on a viewer without a window."""
    viewer = ViewerModel()
    one_hot = np.eye(7, dtype=np.float32)[trained.labels]
    fill(viewer, trained, fewer, {"X_other": one_hot + 0.1 * trained.embedding[:, :7]})
    dock = CompareDock(viewer)
    dock.viewer = viewer  # nothing else keeps it alive
    qtbot.addWidget(dock)
    dock.resize(340, 700)
    dock.show()
    qtbot.waitUntil(lambda: dock.comparison.pair is not None, timeout=60_000)
    return dock
