"""The form of the settings, in a window, and what it tells."""

from __future__ import annotations

import pytest

from napari_trsmi.gui.form import history
from napari_trsmi.gui.form.config_form import ConfigForm


@pytest.fixture
def form(qtbot, monkeypatch):
    """A form in a window; no two edits are undone together."""
    monkeypatch.setattr(history, "MERGE_SECONDS", -1)
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
