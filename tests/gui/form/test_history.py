"""Edits of the form are undone and done again."""

from __future__ import annotations

from edited_form import NO_DEFAULT, number
from qtpy.QtCore import Qt

from napari_trsmi.config import Config
from napari_trsmi.gui.form import history


def test_undo_and_redo_walk_through_the_edits(form, told):
    number(form, "seed").setValue(1)
    form.rows["align.enabled"].editor.widget.native.click()
    number(form, "seed").setValue(2)
    path = [Config(), *told]
    told.clear()
    for _ in range(3):
        form.tools.undo.click()
    assert [*reversed(told)] == path[:3]
    assert not form.tools.undo.isEnabled()
    assert number(form, "seed").value() == 0
    form.tools.redo.click()
    assert form.value() == told[-1] == path[1]


def test_undo_works_from_the_keyboard_also_inside_a_line_of_text(form, told, qtbot):
    form.folds["diffusion"].open()
    line = form.rows["diffusion.scales"].editor.box
    qtbot.waitUntil(line.isVisible)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "3:0.5")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert form.value().diffusion.scales == ((3, 0.5),)
    qtbot.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert form.value() == Config()
    assert line.text() == "2:0.2, 4:0.15, 8:0.1"
    qtbot.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert form.value().diffusion.scales == ((3, 0.5),)
    button = form.folds["gate"].button
    qtbot.keyClick(button, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert form.value() == Config()
    assert len(told) == 4


def test_quick_edits_of_one_setting_are_undone_together(form, told, monkeypatch):
    monkeypatch.setattr(history, "MERGE_SECONDS", 60)
    for _ in range(5):
        number(form, "train.epochs").stepUp()
    number(form, "seed").setValue(3)
    assert len(told) == 6
    form.undo()
    assert form.value() == Config(train={"epochs": 65})
    form.undo()
    assert form.value() == Config()


def test_settings_from_elsewhere_can_be_undone(form, told):
    number(form, "seed").setValue(5)
    form.set_value(NO_DEFAULT)
    assert len(told) == 1
    form.undo()
    assert form.value() == told[-1] == Config(seed=5)
    assert len(told) == 2


def test_undo_first_drops_what_is_not_valid(form, told):
    number(form, "seed").setValue(4)
    number(form, "train.learning_rate").setValue(-1)
    assert "greater than 0, found -1" in form.folds["train"].error.text()
    form.undo()
    assert form.folds["train"].error.text() == ""
    assert number(form, "train.learning_rate").value() == 0.003
    assert form.value() == Config(seed=4)
