"""Edits of the form are undone and done again, in the order of the window."""

from __future__ import annotations

from edited_form import NO_DEFAULT, number
from qtpy.QtCore import Qt

from napari_trsmi.config import Config
from napari_trsmi.gui.session import deeds

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_undo_and_redo_walk_through_the_edits_and_name_them(form, session):
    path = [session.config]
    session.config_changed.connect(path.append)
    number(form, "seed").setValue(1)
    form.rows["align.enabled"].editor.widget.native.click()
    number(form, "seed").setValue(2)
    assert session.deeds.done[0] == session.deeds.last == "seed"
    there, path[:] = path[:3], []
    for _ in range(3):
        form.tools.undo.setEnabled(True)  # as the dock does
        form.tools.undo.click()
    assert path[::-1] == there
    assert session.deeds.last == ""
    assert number(form, "seed").value() == 0
    form.tools.redo.setEnabled(True)
    form.tools.redo.click()
    assert form.value() == session.config == there[1]


def test_undo_works_from_the_keyboard_also_inside_a_line_of_text(form, session, qtbot):
    form.folds["diffusion"].open()
    line = form.rows["diffusion.scales"].editor.box
    qtbot.waitUntil(line.isVisible)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "3:0.5")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert form.value().diffusion.scales == ((3, 0.5),)
    qtbot.keyClick(line, Qt.Key.Key_Z, CTRL)
    assert form.value() == Config()
    assert line.text() == "2:0.2, 4:0.15, 8:0.1"
    qtbot.keyClick(line, Qt.Key.Key_Z, CTRL | SHIFT)
    assert form.value().diffusion.scales == ((3, 0.5),)
    button = form.folds["gate"].button
    qtbot.keyClick(button, Qt.Key.Key_Z, CTRL)
    assert form.value() == Config()


def test_text_that_is_being_typed_has_the_undo_of_its_line(form, session, qtbot):
    number(form, "seed").setValue(4)
    search = form.tools.search
    search.setFocus()
    qtbot.keyClicks(search, "gate")
    qtbot.keyClick(search, Qt.Key.Key_Z, CTRL)
    assert search.text() != "gate"
    assert form.value() == Config(seed=4)


def test_quick_edits_of_one_setting_are_undone_together(form, session, monkeypatch):
    monkeypatch.setattr(deeds, "QUICK", 60)
    for _ in range(5):
        number(form, "train.epochs").stepUp()
    number(form, "seed").setValue(3)
    form.undo()
    assert form.value() == Config(train={"epochs": 65})
    form.undo()
    assert form.value() == Config()


def test_settings_from_elsewhere_can_be_undone(form, session):
    number(form, "seed").setValue(5)
    session.set_config(NO_DEFAULT)
    assert form.value() == NO_DEFAULT
    assert session.deeds.last == "settings"
    form.undo()
    assert form.value() == session.config == Config(seed=5)


def test_undo_first_drops_what_is_not_valid(form, session):
    number(form, "seed").setValue(4)
    number(form, "train.learning_rate").setValue(-1)
    assert "greater than 0, found -1" in form.folds["train"].error.text()
    form.undo()
    assert form.folds["train"].error.text() == ""
    assert number(form, "train.learning_rate").value() == 0.003
    assert form.value() == Config(seed=4)
