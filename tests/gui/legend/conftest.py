"""A legend beside the sample and its domains."""

from __future__ import annotations

import pytest

from napari_trsmi.gui.legend.legend import Legend
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection


@pytest.fixture
def session(sample, trained):
    """A session without a viewer: the legend needs none."""
    session = Session(lambda *_: None)
    session.activate(OpenSection(sample, trained))
    return session


@pytest.fixture
def legend(session, qtbot):
    legend = Legend(session)
    qtbot.addWidget(legend)
    legend.resize(600, 100)
    legend.show()
    qtbot.waitUntil(lambda: legend.list.height() > 10)
    return legend
