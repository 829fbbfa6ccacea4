"""A note that is half written when something else is shown is kept, for the boundary it was written for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opened_dock import open_dock, open_section
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication
from typed_keys import focus, press, type_keys

from napari_trsmi.gui.train.section_list import SectionList


@pytest.fixture
def dock(viewer, trained, qtbot):
    """The dock on a section, and another one with the same boundaries, that a note is being written in."""
    other = open_section(viewer, replace(trained.dataset, name="other"), replace(trained))
    dock = open_dock(viewer, trained)
    dock.viewer, dock.other = viewer, other
    dock.markers.find = lambda: None
    dock.session.activate(next(one for one in sections(viewer) if one is not other))
    dock.boundaries.table.choose(2)
    focus(dock.boundaries.table, qtbot)
    press(Qt.Key.Key_N)
    type_keys("thin")
    assert QApplication.focusWidget() is dock.boundaries.note.line
    return dock


def sections(viewer):
    """The sections that have layers."""
    from napari_trsmi.gui.viewer.sections import sections_in

    return sections_in(viewer)


def note_of(result, segment=2):
    """What was written on a boundary of a result."""
    return result.boundaries["note"][segment] if "note" in result.boundaries else ""


@pytest.mark.slow
def test_a_script_that_goes_to_another_section(dock):
    before = dock.session.section
    dock.session.activate(dock.other)
    assert note_of(before.result) == "thin"
    assert note_of(dock.session.result) == ""
    assert dock.boundaries.note.line.text() == ""
    dock.session.activate(before)
    assert dock.boundaries.model.note(2) == "thin"


@pytest.mark.slow
def test_a_click_in_the_list_of_sections(dock, qtbot):
    dock.viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    listed = dock.viewer.window._qt_window.findChild(SectionList)
    before = dock.session.section
    qtbot.waitUntil(listed.isVisible)
    at = listed.visualItemRect(listed.item(dock.other)).center()
    qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert dock.session.section is dock.other
    assert (note_of(before.result), note_of(dock.other.result)) == ("thin", "")


@pytest.mark.slow
def test_another_run_takes_it_along_where_the_boundary_is_the_same(dock, trained):
    session, before = dock.session, dock.session.section.runs.entry_of(dock.session.result)
    moved = trained.boundaries[::-1].reset_index(drop=True)
    last = len(moved) - 1
    edges = trained.boundary_edges.assign(segment=last - trained.boundary_edges["segment"])
    again = replace(trained, partition=replace(trained.partition), boundaries=moved, boundary_edges=edges)
    session.set_result(again)
    assert note_of(before.result) == "thin"
    assert (note_of(session.result, 2), note_of(session.result, last - 2)) == ("", "thin")
    assert session.result.boundaries["carried_from"][last - 2] == before.name
