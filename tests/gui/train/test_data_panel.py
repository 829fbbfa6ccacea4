"""Sections are opened and chosen in the train dock."""

from __future__ import annotations

from dataclasses import replace

from dock_by_hand import click, enabled
from napari.components import ViewerModel
from opened_dock import add
from qtpy.QtWidgets import QComboBox

from napari_trsmi import DataError
from napari_trsmi.gui.state import OpenSection


def test_an_empty_dock_says_what_to_do_and_opens_the_sample(dock, qtbot):
    assert dock.data_panel.empty.isVisible()
    assert not dock.run_bar.run_button.isEnabled()
    click(qtbot, dock.data_panel.sample_button)
    qtbot.waitUntil(lambda: dock.session.section is not None, timeout=20_000)
    assert not dock.data_panel.empty.isVisible()
    assert dock.data_panel.name.text() == dock.session.dataset.name
    assert dock.data_panel.content.text() == "2,500 spots · rna (RNA) · adt (protein)"
    assert enabled(dock) == {"run"}
    assert dock.run_bar.status.text() == ""


def test_files_over_the_same_spots_open_as_one_section(alone, qtbot, monkeypatch):
    asked = []
    paths = ["rna.h5ad", "adt.h5ad"]
    monkeypatch.setattr(
        "napari_trsmi.gui.train.data_panel.QFileDialog.getOpenFileNames", lambda *args, **kwargs: (paths, "Sections")
    )
    monkeypatch.setattr(ViewerModel, "open", lambda viewer, path, **how: asked.append((path, how)))
    alone.data_panel.open_button.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: bool(asked), timeout=5_000)
    assert asked == [(paths, {"plugin": "napari-trsmi", "stack": True})]
    monkeypatch.setattr("napari_trsmi.gui.train.data_panel.QFileDialog.getExistingDirectory", lambda *args: "outs")
    alone.data_panel.open_button.menu().actions()[1].trigger()
    qtbot.waitUntil(lambda: len(asked) == 2, timeout=5_000)
    assert asked[1] == ("outs", {"plugin": "napari-trsmi", "stack": False})


def test_a_file_that_cannot_be_read_is_one_sentence(alone, qtbot, monkeypatch):
    def refuse(viewer, path, **how):
        raise DataError("Expected a table in broken.h5ad, found none. Check the file.")

    monkeypatch.setattr(ViewerModel, "open", refuse)
    alone.data_panel.open(["broken.h5ad"])
    assert alone.run_bar.status.text() == "Opening broken.h5ad…"
    qtbot.waitUntil(lambda: alone.run_bar.status.text().startswith("Expected a table"), timeout=5_000)
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


def test_one_of_several_open_sections_can_be_chosen(opened, trained):
    first = opened.session.section
    second = OpenSection(replace(trained.dataset, name="second"))
    add(opened.viewer, second)
    choice: QComboBox = opened.data_panel.choice
    assert choice.isVisible()
    assert [choice.itemText(k) for k in range(choice.count())] == [trained.dataset.name, "second"]
    assert opened.session.section is second
    choice.setCurrentIndex(0)
    choice.activated.emit(0)
    assert opened.session.section is first
