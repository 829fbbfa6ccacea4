"""Where dialogs for files begin: with the person's files, never where the sample lies, whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtWidgets import QFileDialog

import napari_trsmi as nt
from napari_trsmi.gui.ask import saving
from napari_trsmi.gui.boundaries import across_panel
from napari_trsmi.gui.compare import add_menu
from napari_trsmi.gui.jobs.exporting import TARGETS
from napari_trsmi.gui.regions.panel import RegionsPanel
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train import save_menu
from napari_trsmi.gui.viewer import opening
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.workspace import asking, files


@pytest.fixture
def asked(monkeypatch):
    """Where each dialog began that a person was shown; they close it."""
    starts = []

    def ask(parent, title, start, filters=""):
        starts.append(Path(start))
        return "", ""

    for name in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, name, ask)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *args: ([], ask(*args)[1]))
    return starts


@pytest.fixture
def session(sample, monkeypatch):
    """The sample, open in a viewer without a window."""
    from napari.components import ViewerModel

    viewer = ViewerModel()
    session = session_of(viewer)
    session.activate(OpenSection(sample))
    session.viewer = viewer  # nothing else keeps it alive
    return session


def test_no_dialog_about_the_sample_begins_in_the_program(session, asked, tmp_path, qtbot):
    before = tmp_path / "mine"
    before.mkdir()
    folders.used(before / "a.csv")
    panel = RegionsPanel(session, session.viewer)
    qtbot.addWidget(panel)
    panel.save(TARGETS[0])
    panel.bring_in()
    saving.ask_path(None, session, "differs.csv")
    across_panel.ask_path(None, "across.csv")
    add_menu.ask_file(None)
    save_menu.ask_path(None, "Save", save_menu.suggested_for(session.dataset, "_trsmi.h5mu"), save_menu.TABLES)
    opening.ask_files(session)
    asking.where_to(None, files.suggested([session.section]))
    asking.which(None)
    assert len(asked) == 9
    inside = nt.sample_path().resolve().parent
    assert {start if start.is_dir() else start.parent for start in asked} == {before}
    assert inside != before


def test_a_name_without_an_ending_gets_that_of_the_filter_and_the_folder_is_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a"), "Figure (*.png *.svg)"))
    assert folders.ask_to_save(None, "Save", tmp_path / "b.png", "") == tmp_path / "a.png"
    assert folders.last() == tmp_path
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "c"), "Session (*.trsmi.json)"))
    assert asking.where_to(None, Path("b.trsmi.json")) == tmp_path / "c.trsmi.json"


def test_files_are_asked_for_in_one_place():
    rooms = Path(nt.__file__).parent / "gui"
    own = {"widgets/folders.py", "form/tools.py"}  # the second begins where the first says
    found = {p.relative_to(rooms).as_posix() for p in rooms.rglob("*.py") if "QFileDialog" in p.read_text("utf8")}
    assert found <= own
