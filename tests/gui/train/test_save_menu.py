"""The menu to save and share, without a modal dialog: the test answers for the person."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from threading import Semaphore

import numpy as np
import pandas as pd
import pytest
from acted_support import act_support
from npe2 import PluginManager
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QFileDialog, QWidget

import napari_trsmi as nt
from napari_trsmi import edits
from napari_trsmi.gui.plugin import save_commands
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.support.finder import finder_of
from napari_trsmi.gui.train import save_menu
from napari_trsmi.gui.widgets.folders import used

RESULT_ONLY = (
    "Save result…",
    "Save figure…",
    "Save figure with support…",
    "Save report…",
    "Save domains as CSV…",
    "Save boundaries as CSV…",
    "Save run.json…",
    "Regions and domains as GeoJSON (QuPath)…",
    "Loupe CSV…",
    "Xenium Explorer groups…",
    "Vitessce…",
    "Shapes for SpatialData…",
)
COMMANDS = ("save_result", "save_figure", "save_report", "copy_as_python")


class Person:
    """Answers the questions of the menu, and remembers them."""

    def __init__(self, path: Path | None, yes: bool = True) -> None:
        self.path, self.yes = path, yes
        self.suggested: list[Path] = []
        self.questions: list[str] = []

    def ask(self, parent, title, suggested, filters):
        self.suggested.append(suggested)
        return self.path

    def confirm(self, parent, question):
        self.questions.append(question)
        return self.yes


@pytest.fixture
def session(sample, trained):
    session = Session(lambda *_: None)
    session.activate(OpenSection(sample, trained))
    session.said = []
    session.told.connect(session.said.append)
    session.failures = []
    session.failed.connect(session.failures.append)
    return session


@pytest.fixture
def parent(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    return parent


def choose(session, parent, text, person):
    menu = save_menu.save_menu(session, parent, person.ask, person.confirm)
    next(action for action in menu.actions() if action.text() == text).trigger()


def test_a_saved_result_says_what_went_where_and_marks_the_section(session, parent, tmp_path, qtbot, trained):
    person = Person(tmp_path / "out.h5mu")
    choose(session, parent, "Save result…", person)
    qtbot.waitUntil(lambda: bool(session.said), timeout=20_000)
    assert person.suggested[0].name == "trsmi_slice_trsmi.h5mu"
    assert f"Domains are in {tmp_path / 'out.h5mu'}" in session.said[0]
    assert session.section.path == tmp_path / "out.h5mu"
    assert person.questions == []
    np.testing.assert_array_equal(nt.restore(tmp_path / "out.h5mu").labels, trained.labels)


@pytest.mark.slow
def test_what_is_saved_while_the_support_is_found_says_that_it_is_not_in_it(
    session, parent, tmp_path, qtbot, monkeypatch, trained
):
    gate = Semaphore(0)
    act_support(monkeypatch, gate)
    finder = finder_of(session)
    finder.serve(parent)
    finder.start()
    choose(session, parent, "Save result…", Person(tmp_path / "out.h5mu"))
    qtbot.waitUntil(lambda: bool(session.said), timeout=20_000)
    assert session.said[0].endswith("The support is still being found and is not in it: save again once it is there.")
    gate.release(9)
    qtbot.waitUntil(lambda: finder.job is None, timeout=10_000)
    assert "support" in session.result.maps
    assert session.section.path == tmp_path / "out.h5mu"  # its domains are on file
    choose(session, parent, "Save result…", Person(tmp_path / "out.h5mu"))
    qtbot.waitUntil(lambda: len(session.said) == 2, timeout=20_000)
    assert "support" not in session.said[1]
    np.testing.assert_array_equal(nt.restore(tmp_path / "out.h5mu").cuts, session.result.cuts)


def test_a_result_that_changed_while_it_was_saved_is_not_marked_as_saved(session, parent, tmp_path, qtbot, trained):
    choose(session, parent, "Save result…", Person(tmp_path / "out.h5mu"))
    session.set_result(edits.rename(trained, 0, "Cortex"))
    qtbot.waitUntil(lambda: bool(session.said), timeout=20_000)
    assert session.section.path is None


@pytest.mark.slow
@pytest.mark.parametrize("yes", [False, True])
def test_the_input_is_replaced_only_after_a_yes(session, parent, tmp_path, qtbot, quick, yes):
    result = session.result
    written = result.write(tmp_path / "in_trsmi.h5mu").table
    before = written.stat().st_ino
    opened = nt.restore(written)
    session.activate(OpenSection(opened.dataset, opened))
    person = Person(written, yes)
    choose(session, parent, "Save result…", person)
    assert person.suggested == [written]
    assert "in_trsmi.h5mu is the file" in person.questions[0]
    if yes:
        qtbot.waitUntil(lambda: bool(session.said), timeout=20_000)
    assert (written.stat().st_ino != before) == yes


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Save figure…", "x.png"),
        pytest.param("Save figure with support…", "x.svg", marks=pytest.mark.slow),
        pytest.param("Save report…", "x.html", marks=pytest.mark.slow),
        ("Save domains as CSV…", "x.csv"),
        ("Save boundaries as CSV…", "x.csv"),
        ("Save run.json…", "x.json"),
    ],
)
def test_each_part_is_saved_alone(session, parent, tmp_path, qtbot, text, name):
    choose(session, parent, text, Person(tmp_path / name))
    qtbot.waitUntil(lambda: bool(session.said), timeout=20_000)
    assert session.said == [f"Saved {tmp_path / name}."]
    assert os.listdir(tmp_path) == [name]
    assert session.section.path is None
    if text == "Save figure with support…":
        assert "Certainty of the model" in (tmp_path / name).read_text()
    if text == "Save report…":
        page = (tmp_path / name).read_text(encoding="utf-8")
        assert "Boundaries" in page
        assert "http" not in page.replace("http://www.w3.org", "")
    if text == "Save domains as CSV…":
        assert len(pd.read_csv(tmp_path / name)) == 2500
    if text == "Save boundaries as CSV…":
        assert len(pd.read_csv(tmp_path / name)) == len(session.result.boundaries)
    if text == "Save run.json…":
        assert nt.Config.load(tmp_path / name) == session.result.config


def test_changing_ones_mind_writes_nothing(session, parent, tmp_path):
    for text in RESULT_ONLY:
        choose(session, parent, text, Person(None))
    assert session.said == session.failures == []


@pytest.mark.parametrize(("text", "name"), [("Save result…", "x.h5mu"), ("Save domains as CSV…", "x.csv")])
@pytest.mark.parametrize("trouble", ["no folder", "full"])
def test_what_goes_wrong_is_one_sentence_and_nothing_is_half_written(
    session, parent, tmp_path, qtbot, monkeypatch, text, name, trouble
):
    folder = tmp_path / "none" if trouble == "no folder" else tmp_path

    def full(table, path, *_):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    if trouble == "full":
        monkeypatch.setattr("napari_trsmi.data.writers.write_sheet", full)
    choose(session, parent, text, Person(folder / name))
    qtbot.waitUntil(lambda: bool(session.failures), timeout=20_000)
    expected = "Expected the folder" if trouble == "no folder" else "found it full"
    assert expected in session.failures[0]
    assert os.listdir(tmp_path) == []
    assert session.section.path is None
    assert session.said == []


def test_copy_as_python_gives_a_script_and_copy_settings_a_config(session, parent):
    clipboard = QGuiApplication.clipboard()
    session.set_result(edits.rename(session.result, 0, "Cortex"), Path("/somewhere/out.h5mu"))
    choose(session, parent, "Copy as Python", Person(None))
    script = clipboard.text()
    compile(script, "script", "exec")
    assert "edits.rename(result, '1', 'Cortex')" in script
    assert "/somewhere/out.h5mu" in script
    session.set_config(nt.Config(seed=5))
    choose(session, parent, "Copy settings (JSON)", Person(None))
    assert json.loads(clipboard.text())["seed"] == 5
    assert len(session.said) == 2


def test_entries_without_use_say_why(session, parent, sample):
    session.activate(OpenSection(sample))
    menu = save_menu.save_menu(session, parent)
    state = {action.text(): (action.isEnabled(), action.toolTip()) for action in menu.actions() if action.text()}
    for text in RESULT_ONLY:
        assert state[text] == (False, save_menu.NOTHING)
    assert state["Copy as Python"][0]
    session.activate(None)
    assert not any(action.isEnabled() for action in menu.actions() if action.text())
    save_menu.save_result(session)
    save_menu.copy_as_python(session)
    assert all(said.startswith("Expected") for said in session.failures)
    assert len(session.failures) == 2


def test_a_read_only_folder_is_not_suggested(session, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert save_menu.suggested(session.result).parent == Path.home()


def test_the_commands_of_the_palette_do_the_same(viewer, sample, trained, monkeypatch, tmp_path, qtbot):
    from napari_trsmi.gui.viewer.sessions import session_of

    session = session_of(viewer)
    session.activate(OpenSection(sample, trained))
    asked = []
    for name in COMMANDS:
        monkeypatch.setattr(save_menu, name, lambda session, *_, name=name: asked.append((name, session)))
        command = PluginManager.instance().commands.get(f"napari-trsmi.{name}")
        assert command is getattr(save_commands, name)
        command(viewer)
    assert asked == [(name, session) for name in COMMANDS]


@pytest.mark.parametrize(
    ("text", "name", "more"),
    [
        ("Regions and domains as GeoJSON (QuPath)…", "x.geojson", []),
        ("Loupe CSV…", "x.csv", []),
        ("Xenium Explorer groups…", "x.csv", []),
        ("Vitessce…", "x.json", ["x.data"]),
        ("Shapes for SpatialData…", "x.zarr", []),
    ],
)
@pytest.mark.filterwarnings("ignore:.*zarr v2.*")
def test_domains_are_given_to_other_programs(session, parent, tmp_path, qtbot, text, name, more):
    if name == "x.zarr":
        pytest.importorskip("spatialdata")
    person = Person(tmp_path / name)
    choose(session, parent, text, person)
    qtbot.waitUntil(lambda: bool(session.said + session.failures), timeout=60_000)
    assert session.failures == []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, *more])
    assert session.said == [f"Saved {', '.join(str(tmp_path / one) for one in [name, *more])}."]
    assert person.suggested[0].name.startswith("trsmi_slice")


def test_without_spatialdata_its_shapes_say_what_to_install_before_they_ask_where(session, parent, monkeypatch):
    monkeypatch.setattr("napari_trsmi.gui.jobs.exporting.find_spec", lambda name: None)
    person = Person(Path("x.zarr"))
    choose(session, parent, "Shapes for SpatialData…", person)
    assert session.failures == [
        "Expected the package spatialdata for this, found none. Install it with "
        '`pip install "napari-trsmi[spatialdata]"`.'
    ]
    assert person.suggested == []


def test_the_sample_is_never_saved_into_the_program(session, tmp_path, monkeypatch):
    for inside in (Path(nt.__file__).parent / "sample" / "trsmi_slice.h5mu", nt.sample_path()):
        result = replace(session.result, dataset=replace(session.result.dataset, sources=(inside,)))
        assert save_menu.suggested(result).parent == Path.home()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "chosen"), "PNG picture (*.png)"))
    assert save_menu.ask_path(None, "Save", Path("a.png"), "") == tmp_path / "chosen.png"
    assert save_menu.suggested(result).parent == tmp_path  # where the last one was saved
    used(tmp_path / "gone" / "a.png")
    assert save_menu.suggested(result).parent == Path.home()


def test_a_section_of_the_person_is_saved_beside_itself(session, tmp_path):
    used(Path.home() / "elsewhere.png")
    result = replace(session.result, dataset=replace(session.result.dataset, sources=(tmp_path / "a.h5mu",)))
    assert save_menu.suggested(result).parent == tmp_path
