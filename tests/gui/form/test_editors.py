"""Every editor of the form shows what it is given, and gives what a person puts in."""

from __future__ import annotations

import math

import pytest
from edited_form import number
from hypothesis import HealthCheck, given, settings
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QScrollArea
from strategies import configs

from napari_trsmi.config import Config
from napari_trsmi.gui.form.spec import get, sections


def test_the_editors_show_exactly_the_config_and_give_it_back(form, told):
    """Every editor, asked for what it shows, gives the value it was given."""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(configs())
    def check(config):
        form.set_value(Config())
        form.set_value(config)
        for name, row in form.rows.items():
            if row is not form.modality_row:
                assert same(shown_by(row.editor), as_shown(get(config, name))), name

    check()


@pytest.mark.parametrize("section", list(sections()))
def test_every_setting_can_be_edited_and_each_edit_tells_once(form, told, section):
    for spec in sections()[section][1]:
        if spec.by_modality:
            continue
        before = len(told)
        edit(form.rows[spec.name].editor)
        assert len(told) == before + 1, spec.name
        assert get(told[-1], spec.name) != spec.default, spec.name
        assert form.rows[spec.name].reset.isVisibleTo(form.rows[spec.name])


def test_steps_stay_within_the_bounds_and_decimals_stay_short(form, told):
    gate = number(form, "encoder.gate")
    for _ in range(30):
        gate.stepDown()
    assert form.value().encoder.gate == 0
    assert len(told) == 10
    assert get(told[2], "encoder.gate") == 0.07
    rate = number(form, "train.learning_rate")
    for _ in range(10):
        rate.stepDown()
    assert form.value().train.learning_rate == 0.0005  # above 0, the open bound
    assert not form.rows["train.learning_rate"].parent().parent().error.text()


@pytest.mark.parametrize(("typed", "value"), [("1e-5", 1e-5), ("0,00025", 0.00025), ("12", 12.0)])
def test_small_numbers_can_be_typed(form, told, qtbot, typed, value):
    form.folds["train"].open()
    box = number(form, "train.weight_decay")
    qtbot.waitUntil(box.isVisible)
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, typed)
    assert told == []
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert form.value().train.weight_decay == value
    box.clearFocus()
    assert len(told) == 1


def test_what_is_no_number_cannot_be_typed(form, told, qtbot):
    form.show()
    for name in ("train.weight_decay", "train.epochs"):
        box = number(form, name)
        box.selectAll()
        before = box.text()
        qtbot.keyClicks(box, "nainf_x")
        assert box.text() == before
    qtbot.keyClicks(number(form, "train.epochs"), ".")
    assert told == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2:0.2; 4", "Expected pairs such as 2:0.2, 4:0.15"),
        ("2:1.5", r"teleport in [0, 1] in diffusion.scales, found (2, 1.5)"),
        ("", "Expected at least one (steps, teleport) pair"),
    ],
)
def test_scales_that_cannot_be_are_explained(form, told, text, sentence):
    editor = form.rows["diffusion.scales"].editor
    editor.box.setText(text)
    editor.box.editingFinished.emit()
    assert sentence in form.folds["diffusion"].error.text()
    assert told == []
    form.rows["diffusion.scales"].reset.click()
    assert form.folds["diffusion"].error.text() == ""
    assert editor.box.text() == "2:0.2, 4:0.15, 8:0.1"


def test_the_wheel_over_an_editor_scrolls_the_form_unless_it_has_the_focus(form, told, qtbot):
    for section in ("", "cluster", "train"):
        form.folds[section].open()
    area = form.findChild(QScrollArea)
    box, combo = number(form, "cluster.max_domains"), form.rows["cluster.method"].editor.widget.native
    qtbot.waitUntil(lambda: box.isVisible() and area.verticalScrollBar().maximum() > 0)
    area.ensureWidgetVisible(box)
    before = area.verticalScrollBar().value()
    for widget in (box, combo):
        wheel(widget)
    assert told == []
    assert area.verticalScrollBar().value() > before
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    wheel(box)
    assert form.value().cluster.max_domains == 19


def test_every_tooltip_says_meaning_default_and_bounds(form):
    tip = form.rows["loss.ema_decay"].editor.toolTip()
    for part in ("Decay of the reference graph.", "default 0.9", "at least 0", "below 1", "loss.ema_decay"):
        assert part in tip
    assert "symbol tau_c" in form.rows["cluster.tau_c"].editor.toolTip()


def edit(editor):
    """Change the value of any editor as a person does."""
    kind = type(editor).__name__
    if kind == "NumberEditor" and editor.auto.isVisibleTo(editor):
        editor.auto.click()
    elif kind == "NumberEditor":
        editor.box.stepUp() if editor.box.value() < editor.box.high else editor.box.stepDown()
    elif kind == "PlainEditor":
        choices = editor.widget.choices if hasattr(editor.widget, "choices") else (True, False)
        editor.widget.value = next(one for one in choices if one != editor.widget.value)
    elif kind == "TextEditor":
        editor.box.setCurrentText("cuda:1")
        editor.word.editingFinished.emit()
    elif kind == "GroupEditor":
        edit(editor.parts["start"])
    else:
        editor.box.setText("5:0.5")
        editor.box.editingFinished.emit()


def shown_by(editor):
    """What an editor shows."""
    kind = type(editor).__name__
    if kind == "NumberEditor":
        return None if editor.auto.isChecked() else float(editor.box.valueFromText(editor.box.text()))
    if kind == "PlainEditor":
        return editor.widget.value
    if kind == "GroupEditor":
        return {name: shown_by(part) for name, part in editor.parts.items()}
    if kind == "WordsEditor":
        return tuple(editor.box.text().split(", ")) if editor.box.text() else ()
    text = editor.box.currentText() if kind == "TextEditor" else editor.box.text()
    return text if kind == "TextEditor" else tuple(tuple(map(float, one.split(":"))) for one in text.split(","))


def as_shown(value):
    """The value of a setting in the words of `shown_by`."""
    if isinstance(value, tuple) and not all(isinstance(one, str) for one in value):
        return tuple((float(steps), share) for steps, share in value)
    if hasattr(value, "model_dump"):
        return value.model_dump()
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def same(one, other):
    """Whether two shown values are equal; a box has 323 decimals, so that numbers at the edge of float lose a digit."""
    if isinstance(one, dict):
        return all(same(one[key], other[key]) for key in one | other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (isinstance(one, float) and other < 1e-300 and math.isclose(one, other, rel_tol=1e-9))


def wheel(widget):
    """Turn the wheel over a widget, one notch down; who ignores it passes it on to the parent, as Qt does."""
    event = None
    while widget is not None and not (event and event.isAccepted()):
        centre, whole = widget.rect().center(), widget.mapToGlobal(widget.rect().center())
        event = QWheelEvent(
            QPointF(centre),
            QPointF(whole),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)
        widget = widget.parentWidget()
