from __future__ import annotations

from dataclasses import replace

import numpy as np
from opened_dock import open_section

import napari_trsmi as nt
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.workspace import files
from napari_trsmi.gui.workspace.arranging import as_it_lies, docks_of
from napari_trsmi.gui.workspace.keeping import collect


def test_docks_of_a_session_open_one_by_one_and_the_window_answers_in_between(viewer, trained, tmp_path):
    dataset = nt.read(nt.sample_path())
    open_section(viewer, dataset, replace(trained, dataset=dataset))
    session = session_of(viewer)
    what, section = collect(session, tmp_path / "x.trsmi.json", as_it_lies(viewer)), session.section
    for layer in list(viewer.layers):
        viewer.layers.remove(layer)
    there = [0]
    for _ in files.steps(session, what, [(section, [])]):
        there.append(len(docks_of(viewer)))
    assert max(np.diff([*there, len(docks_of(viewer))])) == 1
