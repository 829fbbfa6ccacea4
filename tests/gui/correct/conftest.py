"""The dock Correct beside a short run."""

from __future__ import annotations

import pytest
from lassos import opened


@pytest.fixture
def dock(qtbot, trained):
    return opened(qtbot, trained)
