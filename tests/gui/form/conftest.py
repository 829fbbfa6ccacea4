"""The form of the settings, in a window, what it tells, and the session that remembers it."""

from __future__ import annotations

import pytest

from napari_trsmi.gui.form.config_form import ConfigForm
from napari_trsmi.gui.session import deeds
from napari_trsmi.gui.session.session import Session


@pytest.fixture
def form(qtbot, monkeypatch):
    """A form in a window; no two edits are undone together."""
    monkeypatch.setattr(deeds, "QUICK", -1)
    form = ConfigForm()
    qtbot.addWidget(form)
    form.set_modalities({"rna": "rna", "adt": "protein"})
    form.resize(340, 600)
    with qtbot.waitExposed(form):
        form.show()
    form.activateWindow()
    return form


@pytest.fixture
def told(form):
    """The configs that the form emitted."""
    told = []
    form.value_changed.connect(told.append)
    return told


@pytest.fixture
def session(form):
    """A session that takes its settings from the form, as in the dock."""
    session = Session(lambda *_: None)
    form.value_changed.connect(session.set_config)
    session.config_changed.connect(form.set_value)
    form.undo_wanted.connect(lambda: session.deeds.undo())
    form.redo_wanted.connect(lambda: session.deeds.redo())
    return session
