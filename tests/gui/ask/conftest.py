"""The dock "Ask" beside a result of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opened_dock import open_section


@pytest.fixture
def dock(qtbot, viewer, trained):
    """The dock in the window of a viewer, beside a result of its own; held-out counts are not made."""
    dataset = replace(trained.dataset, obs=trained.dataset.obs.copy(), own_columns={})
    open_section(viewer, dataset, replace(trained, dataset=dataset))
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Ask")
    dock.differ.fresh.setChecked(False)
    dock.told = []
    dock.session.failed.disconnect()
    dock.session.failed.connect(dock.told.append)
    window = viewer.window._qt_window
    window.activateWindow()
    qtbot.waitUntil(dock.isVisible)
    return dock
