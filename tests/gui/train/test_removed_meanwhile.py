"""Sections whose layers go while something else goes on: files are read, or a question is open."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pandas as pd
import pytest
from napari.components import ViewerModel
from opened_dock import add
from qtpy.QtWidgets import QApplication, QMainWindow, QWidget

from napari_trsmi.gui.session.state import OpenSection, Run
from napari_trsmi.gui.train import closing, join_panel
from napari_trsmi.gui.viewer.sections import sections_in
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def guarded(qtbot, monkeypatch):
    """A viewer whose window asks, as where a person clicks."""
    viewer, window, dock = ViewerModel(), QMainWindow(), QWidget()
    monkeypatch.setattr("napari_trsmi.gui.viewer.docks.viewer_in_use", lambda: viewer)
    qtbot.addWidget(window)
    window.setCentralWidget(dock)
    closing.guard(dock, viewer, session_of(viewer))
    window.show()
    yield viewer
    window.hide()


@pytest.mark.parametrize("meanwhile", ["training", "region"])
def test_what_is_done_while_files_are_read_is_not_lost(
    viewer, qtbot, tmp_path, make_table, gate, monkeypatch, meanwhile
):
    been_read, acted, session, read = Event(), Event(), session_of(viewer), join_panel.read_together
    monkeypatch.setattr(join_panel, "read_together", lambda of: (read(of), been_read.set(), acted.wait(20))[0])
    make_table().write_h5ad(tmp_path / "a_rna.h5ad")
    make_table(n_features=20, prefix="protein", mean=20.0, seed=1).write_h5ad(tmp_path / "a_adt.h5ad")
    viewer.open([tmp_path / "a_rna.h5ad", tmp_path / "a_adt.h5ad"], plugin="napari-trsmi")
    section, panel = session.section, join_panel.JoinPanel(session)
    qtbot.addWidget(panel)
    panel.join()
    qtbot.waitUntil(been_read.is_set, timeout=20_000)
    if meanwhile == "training":
        session.start()
    else:
        session.annotations.put("mine", pd.Categorical(["A"] * session.dataset.n_spots))
    acted.set()
    qtbot.waitUntil(lambda: session.dataset.name == "a_rna + a_adt", timeout=20_000)
    assert [one.dataset.name for one in sections_in(viewer)] == ["a_adt", "a_rna + a_adt"]
    assert [run.section for run in session.training.line] == [section] * (meanwhile == "training")
    assert list(section.unkept) == ["mine"] * (meanwhile == "region")
    session.training.cancel_all()


def test_sections_that_are_removed_together_are_asked_about_one_after_the_other(qtbot, guarded, trained, monkeypatch):
    asked, open_now = [], []

    def ask(window, question, name, *_):
        open_now.append(name)
        QApplication.processEvents()  # as while a question waits for its answer
        asked.append(tuple(open_now))
        open_now.pop()
        return "close"

    monkeypatch.setattr(closing, "ask", ask)
    for name in ("first", "second"):
        add(guarded, OpenSection(replace(trained.dataset, name=name), trained))
    first = session_of(guarded).section
    guarded.layers.clear()
    session_of(guarded).canvas.gone.emit(first)  # as where something put a layer back, which went with the others
    qtbot.waitUntil(lambda: len(asked) == 2)
    qtbot.wait(50)
    assert sorted(asked) == [("first",), ("second",)]


def test_a_result_that_comes_while_the_question_is_open_is_asked_about(qtbot, guarded, trained, monkeypatch):
    section, asked = add(guarded, OpenSection(trained.dataset)), []
    section.run = Run(section, trained.config)

    def ask(window, question, *_):
        asked.append(question)
        section.result, section.run = trained, None  # as where training ends
        return "close"

    monkeypatch.setattr(closing, "ask", ask)
    guarded.layers.clear()
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert asked == ["removed training", "removed"]
