"""Names in files are shown as they are in all docks: markup in them, which could load what it names, is text."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QWidget

from napari_trsmi.gui.widgets.named import NameBox
from napari_trsmi.gui.widgets.plain import as_tip

HOSTILE = '<img src="file:///dev/null"><b>x</b>'
DOCKS = {
    "train": "TrainDock",
    "color": "ColorDock",
    "boundaries": "BoundariesDock",
    "ask": "AskDock",
    "correct": "CorrectDock",
    "trust": "TrustDock",
    "compare": "CompareDock",
    "regions": "RegionsDock",
}


@pytest.fixture
def hostile(trained):
    """A result whose section, modalities, features, spots, domains and notes are called by markup."""
    dataset = trained.dataset
    modalities = {}
    for i, (name, modality) in enumerate(dataset.modalities.items()):
        table = modality.table.copy()
        table.var_names = [f"{HOSTILE}{j}" for j in range(table.n_vars)]
        modalities[f"{HOSTILE}{name}"] = replace(modality, name=f"{HOSTILE}{i}", table=table)
    obs = dataset.obs.assign(**{HOSTILE: HOSTILE})
    named = replace(
        dataset,
        name=HOSTILE,
        modalities=modalities,
        obs=obs,
        obs_names=np.array([f"{HOSTILE}{i}" for i in range(dataset.n_spots)]),
        library=HOSTILE,
        sources=(HOSTILE,),
        notes=(HOSTILE,) * 2,
    )
    names = tuple(f"{HOSTILE}{k}" for k in range(len(trained.names)))
    pairs = {tuple(f"{HOSTILE}{name}" for name in pair): s for pair, s in trained.correspondences.items()}
    return replace(trained, dataset=named, domain_names=names, correspondences=pairs)


@pytest.mark.parametrize("room", DOCKS)
def test_no_dock_takes_names_from_files_for_markup(qtbot, hostile, room):
    viewer = ViewerModel()
    open_section(viewer, hostile.dataset, hostile)
    dock = getattr(import_module(f"napari_trsmi.gui.{room}.dock"), DOCKS[room])(viewer)
    qtbot.addWidget(dock)
    dock.show()
    if hasattr(dock, "session"):
        dock.session.select_spot(3)
    labels = dock.findChildren(QLabel)
    assert labels
    for label in labels:
        if "<img" in label.text():
            assert label.textFormat() == Qt.TextFormat.PlainText
        if "<" in label.text():
            assert label.textFormat() != Qt.TextFormat.AutoText
    assert not [widget for widget in dock.findChildren(QWidget) if "<img" in widget.toolTip()]


def test_a_tooltip_shows_a_text_line_by_line_as_it_is():
    assert as_tip("rna & adt") == "rna & adt"
    assert as_tip("a\n<b>") == "<qt>a<br>&lt;b&gt;</qt>"


def test_a_name_that_is_too_long_is_cut_where_it_was_asked_for(qtbot):
    for mode, begin in ((Qt.TextElideMode.ElideRight, "domain"), (Qt.TextElideMode.ElideMiddle, "d")):
        box = NameBox("Kind", elide=mode)
        qtbot.addWidget(box)
        box.addItem("domain (a column of one's own)")
        room = box.fontMetrics().horizontalAdvance("domain (a…")
        assert box.cut(box.currentText(), room).startswith(begin)
        assert (box.cut(box.currentText(), room)[-1] == "…") == (mode == Qt.TextElideMode.ElideRight)
