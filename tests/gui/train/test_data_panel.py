"""Sections are opened and chosen in the train dock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dock_by_hand import enabled
from opened_dock import add
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication
from typed_keys import focus, press

from napari_trsmi import read
from napari_trsmi.data.simulate import simulate_dataset
from napari_trsmi.data.study import stack
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train.data_panel import ADD
from napari_trsmi.gui.viewer import laying
from napari_trsmi.gui.widgets.buttons import ARROW


def test_an_empty_dock_says_what_to_do_and_opens_the_sample(dock, qtbot):
    assert dock.data_panel.empty.isVisible()
    assert not dock.run_bar.run_button.isEnabled()
    focus(dock.data_panel.sample_button, qtbot)
    press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: dock.session.section is not None, timeout=20_000)
    assert QApplication.focusWidget() is dock.data_panel.more_button  # and no field that a key would change
    assert not dock.data_panel.empty.isVisible()
    assert dock.data_panel.name.text() == dock.session.dataset.name
    assert dock.data_panel.content.text() == "2,500 spots · rna (RNA) · adt (protein)"
    assert enabled(dock) == {"run"}
    assert dock.run_bar.status.text() == ""


def test_files_over_the_same_spots_open_as_one_section(alone, qtbot, monkeypatch, sample):
    asked = []

    def found_in(paths, library):
        asked.append(paths)
        return [OpenSection(replace(sample))]

    paths = ["rna.h5ad", "adt.h5ad"]
    monkeypatch.setattr("qtpy.QtWidgets.QFileDialog.getOpenFileNames", lambda *args, **kwargs: (paths, "Sections"))
    monkeypatch.setattr("napari_trsmi.gui.viewer.reader.found_in", found_in)
    alone.data_panel.open_button.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: len(alone.data_panel.sections) == 1, timeout=20_000)
    monkeypatch.setattr("qtpy.QtWidgets.QFileDialog.getExistingDirectory", lambda *args: "outs")
    alone.data_panel.open_button.menu().actions()[1].trigger()
    qtbot.waitUntil(lambda: len(alone.data_panel.sections) == 2, timeout=20_000)
    assert asked == [paths, ["outs"]]


def test_a_file_that_cannot_be_read_is_one_sentence(alone, qtbot, tmp_path):
    (tmp_path / "broken.h5ad").write_bytes(b"")
    alone.data_panel.open([str(tmp_path / "broken.h5ad")])
    assert alone.opening.isVisible()
    assert alone.opening.bar.words.startswith("Opening broken.h5ad")
    qtbot.waitUntil(lambda: alone.problem.first.text() == "broken.h5ad is empty.", timeout=20_000)
    assert not alone.opening.isVisible()
    assert alone.session.section is None


def test_dropped_spots_and_notes_are_one_line_with_all_of_them_in_its_tooltip(alone, trained):
    dataset = replace(trained.dataset, dropped={"adt": 41}, notes=("No scale factor was found.", "Another note."))
    add(alone.viewer, OpenSection(dataset))
    tip = alone.data_panel.notes.toolTip()
    assert tip.splitlines() == [
        "41 spots of adt left out: another modality lacks them.",
        "No scale factor was found.",
        "Another note.",
    ]
    assert alone.data_panel.notes.height() < 2 * alone.data_panel.name.height()


def test_a_section_is_added_to_the_one_that_is_open(alone, trained, qtbot, tmp_path, make_table, monkeypatch):
    paths = [tmp_path / "one.h5ad", tmp_path / "two.h5ad"]
    for seed, path in enumerate(paths):
        make_table(seed=seed).write_h5ad(path)
    add(alone.viewer, OpenSection(read(paths[0])))
    chosen = lambda *args, **kwargs: ([str(paths[1])], "Sections")  # noqa: E731
    monkeypatch.setattr("qtpy.QtWidgets.QFileDialog.getOpenFileNames", chosen)
    before = alone.session.section
    next(one for one in alone.data_panel.more_button.menu().actions() if one.text() == ADD[0]).trigger()
    qtbot.waitUntil(lambda: bool(alone.session.parts.names), timeout=20_000)
    assert alone.session.parts.names == ("one", "two")
    assert alone.data_panel.content.text() == "2 sections · 72 spots · rna (RNA)"
    assert alone.data_panel.parts.topLevelItemCount() == 3
    assert before not in alone.data_panel.sections
    alone.session.parts.choose(1)
    laying.flip(alone.session)
    laying.move(alone.session, 1, 0)
    study = alone.session.section
    study.result = trained  # so that it stays, and the next one has to be told from it
    make_table(seed=2).write_h5ad(paths[0].with_name("three.h5ad"))
    alone.data_panel.add([str(paths[0].with_name("three.h5ad"))])
    qtbot.waitUntil(lambda: alone.session.parts.names == ("one", "two", "three"), timeout=20_000)
    assert [one.dataset.name for one in alone.data_panel.sections] == ["study", "study 2"]
    layout = alone.session.section.layout
    assert layout.order_of(3) == (1, 0, 2)
    assert [layout.turn(k).flipped for k in range(3)] == [False, True, False]


@pytest.mark.slow
def test_a_section_with_domains_stays_open_beside_the_study(opened, trained, qtbot, tmp_path, monkeypatch):
    other = simulate_dataset(n_spots=60, modalities=("rna",), seed=9)
    monkeypatch.setattr("napari_trsmi.gui.viewer.studies.sections_in_files", lambda paths: {"other": other})
    monkeypatch.setattr("napari_trsmi.gui.viewer.studies.with_more", lambda one, more: stack({"a": other, "b": small}))
    small = simulate_dataset(n_spots=60, modalities=("rna",), seed=8)
    before = opened.session.section
    before.result = trained
    opened.data_panel.add(["other.h5ad"])
    qtbot.waitUntil(lambda: bool(opened.session.parts.names), timeout=20_000)
    assert before in opened.data_panel.sections


def test_the_arrow_of_a_button_with_a_menu_keeps_off_its_text(dock):
    button = dock.data_panel.open_button.__class__("Open…")
    button.setMenu(dock.data_panel.open_button.menu())
    button.setParent(dock)
    near = button.sizeHint().width()
    button.setStyleSheet(ARROW)
    assert button.sizeHint().width() >= near + 10
    for button in (dock.data_panel.more_button, dock.result_row.save_button):
        assert button.styleSheet() == ARROW
