"""The dock "Ask" beside a result of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opened_dock import dock_alone
from typed_keys import focus

from napari_trsmi.gui.ask.dock import AskDock


@pytest.fixture
def dock(qtbot, trained):
    """The dock beside a result of its own, on a viewer without a window; held-out counts are not made."""
    dataset = replace(trained.dataset, obs=trained.dataset.obs.copy(), own_columns={})
    dock = dock_alone(qtbot, replace(trained, dataset=dataset), AskDock)
    dock.differ.fresh.setChecked(False)
    dock.told = []
    dock.session.failed.disconnect()
    dock.session.failed.connect(dock.told.append)
    focus(dock.differ.a.kind, qtbot)
    return dock
