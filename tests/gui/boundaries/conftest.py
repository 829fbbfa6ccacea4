"""The dock of boundaries beside a short run."""

from __future__ import annotations

import pytest
from opened_dock import dock_alone


@pytest.fixture
def dock(trained, qtbot):
    """The dock beside a result, markers not looked for, the least certain boundary first."""
    dock = dock_alone(qtbot, trained)
    dock.markers.find = lambda: None
    dock.boundaries.table.order("least")
    return dock
