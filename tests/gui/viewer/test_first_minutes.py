"""Before there is anything: pictures, the next step, files that were open before, and hints."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from opened_dock import add, open_section
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QWidget

import napari_trsmi as nt
from napari_trsmi.config import Config
from napari_trsmi.gui.remembered import is_known, recent, remember
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train.hints import carries_little, guessed, number
from napari_trsmi.gui.viewer.docks import open_docks
from napari_trsmi.gui.viewer.guide import Guide, next_step
from napari_trsmi.gui.viewer.opening import RecentMenu, title_of
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.hint import Hint
from napari_trsmi.gui.widgets.sketches import SIZE, Sketch, Subject
from napari_trsmi.gui.workspace.arranging import docks_of

SUBJECTS = get_args(Subject)


# Pictures


@pytest.mark.parametrize("ground", ["#262930", "#efebe9"], ids=["dark", "light"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_picture_can_be_seen_on_dark_and_on_light_ground(qtbot, subject, ground):
    sketch = Sketch(subject)
    qtbot.addWidget(sketch)
    palette = sketch.palette()
    ink = "#f0f1f2" if ground == "#262930" else "#3b3a39"
    palette.setColor(palette.ColorRole.WindowText, QColor(ink))
    palette.setColor(palette.ColorRole.Window, QColor(ground))
    sketch.setPalette(palette)
    sketch.resize(*SIZE)
    image = sketch.grab().toImage()
    seen = {image.pixelColor(x, y).name() for x in range(0, SIZE[0], 2) for y in range(0, SIZE[1], 2)}
    assert len(seen) > 5
    drawn = sum(image.pixelColor(x, y).name() != ground for x in range(0, SIZE[0], 4) for y in range(0, SIZE[1], 4))
    assert drawn > 150


@pytest.mark.slow
def test_every_empty_dock_shows_one_picture_and_one_button_that_leads_on(viewer, qtbot):
    open_docks(viewer)
    for name, dock in docks_of(viewer).items():
        dock.raise_()
        qtbot.waitUntil(lambda dock=dock: not dock.visibleRegion().isEmpty())
        assert len([one for one in dock.findChildren(Sketch) if one.isVisible()]) == 1, name
        if name != "Train":
            (page,) = [one for one in dock.findChildren(Guide) if one.isVisible()]
            assert page.button.isVisible()
            assert page.button.text() == "Open sample"
    qtbot.mouseClick(page.button, Qt.MouseButton.LeftButton)
    session = session_of(viewer)
    qtbot.waitUntil(lambda: session.section is not None, timeout=60_000)
    assert recent() == []  # the sample has a button of its own
    assert next_step(session).text == "Run"


@pytest.mark.slow
def test_the_next_step_follows_what_there_is(viewer, sample):
    session = session_of(viewer)
    assert next_step(session).text == "Open sample"
    remember(["/data/x.h5mu"])
    assert next_step(session).text == "Open files…"
    open_section(viewer, sample)
    assert next_step(session).text == "Run"


@pytest.mark.slow
def test_an_empty_dock_says_while_a_first_run_goes_on_that_it_will_come(viewer, sample):
    from napari_trsmi.gui.viewer.guide import WHILE_IT_TRAINS

    open_docks(viewer)
    open_section(viewer, sample)
    session, page = session_of(viewer), docks_of(viewer)["Boundaries"].inner_widget().empty
    assert page.text().startswith("Train first")
    session.start()
    assert page.text() == WHILE_IT_TRAINS
    session.cancel()
    assert page.text().startswith("Train first")


# Recent files


def test_recent_files_are_listed_and_those_that_are_gone_are_grey(qtbot, tmp_path):
    (tmp_path / "here.h5mu").touch()
    remember([tmp_path / "gone.h5mu"])
    remember([tmp_path / "here.h5mu", tmp_path / "gone.h5ad"])
    remember([tmp_path / "here.h5mu"])
    opened = []
    menu = RecentMenu(opened.append)
    qtbot.addWidget(menu)
    entries = [(action.text(), action.isEnabled()) for action in menu.actions() if action.text()]
    assert [enabled for _, enabled in entries] == [True, False, False, True]
    assert entries[0][0].startswith("here.h5mu")
    assert entries[1][0].startswith("here.h5mu + 1 more")
    assert "no longer at" in menu.actions()[1].toolTip()
    menu.actions()[0].trigger()
    assert opened == [[str(tmp_path / "here.h5mu")]]
    menu.actions()[-1].trigger()
    menu.fill()
    assert [action.isEnabled() for action in menu.actions()] == [False]


def test_long_names_are_cut_in_the_menu():
    assert len(title_of(["/data/" + "x" * 200 + ".h5ad"])) <= 60


@pytest.mark.slow
def test_what_is_opened_in_the_window_is_remembered_with_all_its_files(viewer, qtbot, tmp_path, make_table):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    paths = [str(tmp_path / "a_rna.h5ad"), str(tmp_path / "a_adt.h5ad")]
    make_table().write_h5ad(paths[0])
    make_table(n_features=20, prefix="protein", mean=20.0, seed=1).write_h5ad(paths[1])
    dock.data_panel.open(paths)
    qtbot.waitUntil(lambda: dock.session.section is not None, timeout=60_000)
    assert recent() == [tuple(paths)]


# Hints


def test_a_hint_that_was_put_away_does_not_come_back(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    hint = Hint("kind", parent)
    parent.show()
    hint.say("Something.")
    assert hint.isVisible()
    qtbot.mouseClick(hint.cross, Qt.MouseButton.LeftButton)
    assert not hint.isVisible()
    assert is_known("kind")
    hint.say("Something else.")
    assert not hint.isVisible()


def test_a_guessed_kind_is_said_until_a_person_has_set_it(sample):
    note = "Took modality 'adt' for protein, judged by its values; set its kind if that is wrong."
    dataset = replace(sample, notes=(note, "Something else."))
    assert guessed(dataset, Config()) == note
    assert guessed(dataset, Config(preprocess={"kinds": {"adt": "rna"}})) == ""
    assert guessed(sample, Config()) == ""


def test_the_reader_says_a_guess_as_the_hint_expects(tmp_path, make_table):
    table = make_table(n_features=40, prefix="x")
    table.write_h5ad(tmp_path / "numbers.h5ad")
    assert "judged by its values" in guessed(nt.read(tmp_path / "numbers.h5ad"), Config())


def test_the_number_of_domains_is_explained_and_a_large_one_questioned(sample):
    assert "auto tries 2 to 20" in number(sample, Config())
    assert number(sample, Config(cluster={"n_domains": 7})) == ""
    assert "leave about 25 spots each" in number(sample, Config(cluster={"n_domains": 100}))


def test_a_modality_that_says_little_is_named(trained):
    from napari_trsmi.evidence.technical import Technical

    said = Technical("adt", None, "noise", 0.1, "it is hardly more coherent than shuffled spots", "").sentence
    result = replace(trained, provenance={"technical": [{"sentence": said}, {"sentence": "Another thing."}]})
    assert carries_little(result) == said
    assert carries_little(trained) == ""


@pytest.mark.slow
def test_a_hint_leads_to_the_field_it_speaks_of(viewer, qtbot, sample):
    viewer.window.resize(1280, 800)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    note = "Took modality 'adt' for protein, judged by its values; set its kind if that is wrong."
    add(viewer, OpenSection(replace(sample, notes=(note,))))
    qtbot.waitUntil(dock.data_hints.kind.isVisible)
    qtbot.mouseClick(dock.data_hints.kind.button, Qt.MouseButton.LeftButton)
    kinds = dock.form.modality_row.combos["adt"]
    qtbot.waitUntil(lambda: kinds.isVisible() and not kinds.visibleRegion().isEmpty())
    dock.session.set_config(Config(preprocess={"kinds": {"adt": "rna"}}))
    assert not dock.data_hints.kind.isVisible()
