"""Keys of the window, pressed as a person does: in a shown window with the focus where a person left it."""

from __future__ import annotations

import numpy as np
import pytest
from opened_dock import open_dock
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QMainWindow

from napari_trsmi import edits
from napari_trsmi.gui.boundaries.note_line import NONE_CHOSEN
from napari_trsmi.gui.viewer.hover import Hover, words
from napari_trsmi.gui.viewer.keys import WindowKeys
from napari_trsmi.gui.viewer.layers import DOMAINS, SPOTS
from napari_trsmi.gui.viewer.undo_menu import UndoMenu

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


@pytest.fixture
def dock(viewer, trained, qtbot):
    """The dock of boundaries in a focused window, nothing looked for in threads."""
    dock = open_dock(viewer, trained)
    dock.markers.find = lambda: None
    dock.viewer = viewer
    dock.window().activateWindow()
    qtbot.waitUntil(dock.isVisible)
    qtbot.waitUntil(lambda: dock.window().findChild(WindowKeys) is not None)
    dock.boundaries.table.choose(0)
    return dock


def focus(qtbot, widget):
    widget.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is widget)
    return widget


def canvas(dock):
    """What napari draws on and what takes its keys."""
    return dock.viewer.window._qt_viewer.canvas.native


def said(dock):
    table = dock.session.result.boundaries
    return {} if "review" not in table else {k: v for k, v in enumerate(table["review"]) if v}


def test_verdicts_arrows_and_notes_work_with_the_focus_on_the_canvas(dock, qtbot):
    view, panel = focus(qtbot, canvas(dock)), dock.boundaries
    first = panel.table.segment
    qtbot.keyClick(view, Key.Key_K)
    assert said(dock) == {first: "keep"}
    second = panel.table.segment
    assert second != first
    qtbot.keyClick(view, Key.Key_N)
    line = panel.note.line
    qtbot.waitUntil(lambda: QApplication.focusWidget() is line)
    qtbot.keyClicks(line, "dark rim")  # d, k and r are letters here
    qtbot.keyClick(line, Key.Key_Return)
    assert dock.session.result.boundaries["note"][first] == "dark rim"  # of the boundary just judged
    assert said(dock) == {first: "keep"}
    focus(qtbot, view)
    order = panel.rows.segments()
    qtbot.keyClick(view, Key.Key_Down)
    assert panel.table.segment == order[order.index(second) + 1]
    qtbot.keyClick(view, Key.Key_Up)
    assert panel.table.segment == second
    qtbot.keyClick(view, Key.Key_D)
    qtbot.keyClick(view, Key.Key_R)
    assert sorted(said(dock).values()) == ["doubt", "keep", "reject"]


@pytest.mark.parametrize("role", [pytest.param(SPOTS, marks=pytest.mark.slow), DOMAINS])
@pytest.mark.parametrize("key", [Key.Key_Delete, pytest.param(Key.Key_Backspace, marks=pytest.mark.slow)])
def test_spots_that_are_selected_are_not_deleted_by_a_key(dock, qtbot, role, key):
    layer = dock.session.canvas.layer(role)
    dock.viewer.layers.selection.active = layer
    layer.mode = "select"
    layer.selected_data = set(range(len(layer.data)))
    qtbot.keyClick(focus(qtbot, canvas(dock)), key)
    assert len(layer.data) == dock.session.dataset.n_spots


@pytest.mark.slow
def test_what_was_seen_in_3d_cannot_be_edited_in_2d_either(dock, qtbot):
    dock.boundaries.table.choose(0)
    every = list(dock.viewer.layers)
    assert {layer.metadata["trsmi"]["role"] for layer in every} >= {SPOTS, DOMAINS, "boundaries", "boundary"}
    assert not any(layer.editable for layer in every)
    dock.viewer.dims.ndisplay = 3
    dock.viewer.dims.ndisplay = 2
    assert not any(layer.editable for layer in every)
    spots = dock.session.canvas.layer(SPOTS)
    spots.visible = True
    dock.viewer.layers.selection.active = spots
    qtbot.keyClick(focus(qtbot, canvas(dock)), Key.Key_2)  # napari's tool that adds points
    qtbot.mouseClick(canvas(dock), Qt.MouseButton.LeftButton)
    assert len(spots.data) == dock.session.dataset.n_spots


def test_keys_are_undone_in_order_from_the_canvas_and_the_menu_names_them(dock, qtbot):
    view = focus(qtbot, canvas(dock))
    names = dock.session.result.names
    qtbot.keyClick(view, Key.Key_R)
    dock.session.set_result(edits.rename(dock.session.result, 0, "Cortex"))
    action = dock.window().findChild(UndoMenu).actions_by_way["undo"]
    assert action.text() == f"Undo renaming of {names[0]} to Cortex\tCtrl+Z"
    qtbot.keyClick(view, Key.Key_Z, CTRL)
    assert dock.session.result.names == names
    assert action.text().startswith("Undo rejecting")
    qtbot.keyClick(view, Key.Key_Z, CTRL)
    assert said(dock) == {}
    assert not action.isEnabled()
    qtbot.keyClick(view, Key.Key_Z, CTRL | SHIFT)
    assert list(said(dock).values()) == ["reject"]
    qtbot.keyClick(view, Key.Key_Y, CTRL)
    assert dock.session.result.names[0] == "Cortex"
    assert dock.viewer.dims.ndisplay == 2
    qtbot.keyClick(view, Key.Key_Y, CTRL)  # nothing to do again: napari's
    assert dock.viewer.dims.ndisplay == 3


@pytest.mark.slow
def test_a_field_of_text_keeps_its_letters_and_its_own_undo(dock, qtbot):
    qtbot.keyClick(focus(qtbot, canvas(dock)), Key.Key_K)
    dock.boundaries.write_note()
    line = dock.boundaries.note.line
    qtbot.waitUntil(lambda: QApplication.focusWidget() is line)
    qtbot.keyClicks(line, "rdk")
    assert line.text() == "rdk"
    qtbot.keyClick(line, Key.Key_Z, CTRL)
    assert line.text() == ""
    assert list(said(dock).values()) == ["keep"]


@pytest.mark.slow
def test_keys_of_a_tool_of_napari_stay_with_it(dock, qtbot):
    view = focus(qtbot, canvas(dock))
    shapes = dock.viewer.add_shapes(name="mine")
    qtbot.keyClick(view, Key.Key_R)
    assert shapes.mode == "add_rectangle"
    shapes.mode = "pan_zoom"
    labels = dock.viewer.add_labels(np.zeros((20, 20), int))
    labels.mode = "paint"
    labels.paint((5, 5), 3)
    assert labels.data.any()
    dock.session.set_result(edits.rename(dock.session.result, 0, "Cortex"))
    qtbot.keyClick(view, Key.Key_Z, CTRL)
    assert not labels.data.any()
    assert dock.session.result.names[0] == "Cortex"
    assert said(dock) == {}


def test_undo_works_with_a_lasso_of_ours_in_hand(dock, qtbot):
    view = focus(qtbot, canvas(dock))
    pen = dock.viewer.add_shapes(name="pen", metadata={"trsmi": {"section": dock.session.section, "role": "pen"}})
    pen.mode = "add_polygon_lasso"
    names = dock.session.result.names
    dock.session.set_result(edits.rename(dock.session.result, 0, "Cortex"))
    qtbot.keyClick(view, Key.Key_Z, CTRL)
    assert dock.session.result.names == names


def test_while_the_dock_is_not_to_be_seen_the_letters_of_the_review_mean_nothing(dock, qtbot):
    dock.viewer.window.dock_widgets["Boundaries (napari-trsmi)"].parentWidget().hide()
    qtbot.waitUntil(lambda: not dock.isVisible())
    qtbot.keyClick(focus(qtbot, canvas(dock)), Key.Key_K)
    assert said(dock) == {}


def test_keys_of_the_review_say_what_they_lack(dock, qtbot):
    dock.boundaries.table.choose(None)
    view = focus(qtbot, canvas(dock))
    for key in (Key.Key_K, Key.Key_N):
        dock.viewer.status = ""
        qtbot.keyClick(view, key)
        assert dock.viewer.status == NONE_CHOSEN
    assert said(dock) == {}
    dock.boundaries.table.choose(0)
    qtbot.keyClick(view, Key.Key_K)
    assert said(dock) == {0: "keep"}


def test_a_key_that_is_held_marks_one_boundary(dock, qtbot):
    from qtpy.QtGui import QKeyEvent

    view = focus(qtbot, canvas(dock))
    qtbot.keyClick(view, Key.Key_K)
    event = QKeyEvent(QKeyEvent.Type.KeyPress, Key.Key_K, Qt.KeyboardModifier.NoModifier, "k", True)
    QApplication.sendEvent(view, event)
    assert len(said(dock)) == 1


def test_the_line_under_the_mouse_says_domain_support_and_value(dock, trained):
    from napari_trsmi.gui.finding.maps import feature_coloring

    hover, session = dock.window().findChild(Hover), dock.session
    session.color(feature_coloring(trained.dataset, "adt", trained.dataset.modalities["adt"].table.var_names[0]))
    spot = 777
    row, column = trained.coords[spot, ::-1] * trained.dataset.microns_per_unit
    event = type("Event", (), {"position": (row, column)})()
    hover._on_move(dock.viewer, event)
    assert hover.text() == words(session, spot)
    assert f"domain {trained.names[trained.labels[spot]]}" in hover.text()
    assert session.coloring.title in hover.text()
    hover._on_move(dock.viewer, type("Event", (), {"position": (-1e6, -1e6)})())
    assert hover.text() == ""


def test_long_names_leave_room_for_the_numbers_under_the_mouse(dock, trained):
    from napari_trsmi import edits
    from napari_trsmi.gui.finding.maps import feature_coloring

    hover, session, spot = dock.window().findChild(Hover), dock.session, 777
    long = "Outer_medulla_collecting_duct_principal_cells_and_interstitium"
    session.set_result(edits.rename(session.result, int(trained.labels[spot]), long))
    session.color(feature_coloring(trained.dataset, "adt", trained.dataset.modalities["adt"].table.var_names[0]))
    row, column = trained.coords[spot, ::-1] * trained.dataset.microns_per_unit
    hover._on_move(dock.viewer, type("Event", (), {"position": (row, column)})())
    whole = words(session, spot)
    assert hover.toolTip() == whole
    assert hover.text().endswith(whole.rsplit(" ", 1)[1])  # the value
    assert hover.text().startswith("domain Outer")
    assert hover.fontMetrics().horizontalAdvance(hover.text()) < hover.minimumWidth() <= 360


def test_the_window_is_furnished_once_and_lets_go_of_a_closed_dock(dock, qtbot, viewer):
    window = dock.window()
    viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    assert len(window.findChildren(UndoMenu)) == len(window.findChildren(Hover)) == 1
    assert len([one for one in window.children() if isinstance(one, WindowKeys)]) == 1
    assert isinstance(window, QMainWindow)
    viewer.window.remove_dock_widget(dock)
    qtbot.keyClick(focus(qtbot, viewer.window._qt_viewer.canvas.native), Key.Key_K)
    assert "review" not in dock.session.result.boundaries
