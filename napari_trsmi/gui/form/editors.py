"""Editors of one value each. ``edited(value)`` is what a person did; `show_value` emits nothing."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any, Literal, cast

from magicgui.widgets import create_widget
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QWidget

from napari_trsmi.gui.form.labels import FIRST_VALUES, SUGGESTIONS
from napari_trsmi.gui.form.number_box import NumberBox
from napari_trsmi.gui.form.spec import Spec, shown, specs
from napari_trsmi.settings import Settings

if TYPE_CHECKING:
    from magicgui.widgets.bases import ValueWidget


class Editor(QWidget):
    """Base of the editors.

    Signals
    -------
    edited(object)
        The new value, once per edit of a person; it may be out of bounds.
    refused(str)
        One sentence: what was typed is no value.
    """

    edited = Signal(object)
    refused = Signal(str)
    wide = False  # stands below its label and takes the whole width

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        self.line = QHBoxLayout(self)
        self.line.setContentsMargins(0, 0, 0, 0)
        self.line.setSpacing(4)

    def show_value(self, value: Any) -> None:
        """Show a value."""
        raise NotImplementedError


class NumberEditor(Editor):
    """A number; None, where allowed, is a check box "auto"."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.box = NumberBox(spec)
        self.box.setValue(FIRST_VALUES.get(spec.name, max(self.box.low, 0)))
        self.box.valueChanged.connect(self._box_changed)
        self.auto = QCheckBox("auto")
        if spec.optional and spec.unit:
            self.box.compact()
        self.auto.clicked.connect(self._auto_clicked)
        self.line.addWidget(self.auto)
        self.auto.setVisible(spec.optional)  # in its place: before, it would be a window of its own for a moment
        self.line.addWidget(self.box, 1)

    def show_value(self, value: float | None) -> None:
        """Show a number, or "auto"."""
        self.auto.setChecked(value is None)
        self.box.setVisible(value is not None)
        if value is not None:
            with QSignalBlocker(self.box):
                self.box.setValue(value)
                self.box.drop_typed()

    def _auto_clicked(self, auto: bool) -> None:
        self.box.setVisible(not auto)
        self.edited.emit(None if auto else self._number())

    def _box_changed(self) -> None:
        self.edited.emit(self._number())

    def _number(self) -> float:
        return round(self.box.value()) if self.box.whole else self.box.value()


class PlainEditor(Editor):
    """A check box or a drop-down list."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.widget = cast("ValueWidget[Any]", create_widget(annotation=spec.hint, value=spec.default))
        self.widget.changed.connect(self.edited.emit)
        self.line.addWidget(self.widget.native, 1)

    def show_value(self, value: Any) -> None:
        """Show a value."""
        with self.widget.changed.blocked():
            self.widget.value = value


class TextEditor(Editor):
    """A word, with suggestions."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.box = QComboBox()
        self.word = QLineEdit()
        self.box.setLineEdit(self.word)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.addItems(SUGGESTIONS.get(spec.name, ()))
        self.box.setMinimumContentsLength(4)
        self.box.textActivated.connect(self._take)
        self.word.editingFinished.connect(self._take)
        self._shown = ""
        self.line.addWidget(self.box, 1)

    def show_value(self, value: str) -> None:
        """Show a word."""
        self._shown = value
        self.box.setCurrentText(value)

    def _take(self) -> None:
        text = self.box.currentText().strip()
        if text and text != self._shown:
            self._shown = text
            self.edited.emit(text)


class GroupEditor(Editor):
    """A small model in one row, such as a schedule: its numbers and choices side by side."""

    wide = True

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.parts: dict[str, Editor] = {}
        self._value: Settings = spec.default
        for part in specs(spec.hint):
            editor = make_editor(part)
            editor.setToolTip(part.tooltip)
            for child in editor.findChildren(QWidget):
                child.setAccessibleName(f"{spec.label}, {part.label.lower()}")
            if isinstance(editor, NumberEditor):
                editor.box.compact()
                editor.box.setPrefix(f"{part.label.lower()} ")
            editor.edited.connect(self._part_edited)
            self.parts[part.name] = editor
            self.line.addWidget(editor, 1)

    def show_value(self, value: Settings) -> None:
        """Show a model."""
        self._value = value
        for name, editor in self.parts.items():
            editor.show_value(getattr(value, name))

    def _part_edited(self, value: Any) -> None:
        part = self.sender()
        name = next(name for name, editor in self.parts.items() if editor is part)
        # A plain copy: whether the value is allowed is said by the form, with the full name of the setting.
        self._value = self._value.model_copy(update={name: value})
        self.edited.emit(self._value.model_dump())


class PairsEditor(Editor):
    """Pairs of a whole number and a real one, as text: ``2:0.2, 4:0.15``."""

    wide = True

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.box = QLineEdit()
        self.box.setPlaceholderText("2:0.2, 4:0.15")
        self.box.editingFinished.connect(self._take)
        self._text = ""
        self.line.addWidget(self.box, 1)

    def show_value(self, value: tuple[tuple[int, float], ...]) -> None:
        """Show pairs."""
        self._text = shown(value) if value else ""
        self.box.setText(self._text)

    def _take(self) -> None:
        text = self.box.text()
        if text == self._text:
            return
        self._text = text
        try:
            pairs = [one.split(":") for one in text.replace(";", ",").split(",") if one.strip()]
            value = tuple((int(first), float(second)) for first, second in pairs)
        except ValueError:
            name = self.spec.name
            self.refused.emit(f"{name}: Expected pairs such as 2:0.2, 4:0.15 ({self.spec.unit}), found {text!r}.")
            return
        self.edited.emit(value)


class WordsEditor(Editor):
    """Names, as text with commas between them."""

    wide = True

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.box = QLineEdit()
        self.box.setPlaceholderText("names, with commas between them")
        self.box.editingFinished.connect(self._take)
        self._text = ""
        self.line.addWidget(self.box, 1)

    def show_value(self, value: tuple[str, ...]) -> None:
        """Show names."""
        self._text = ", ".join(value)
        self.box.setText(self._text)

    def _take(self) -> None:
        text = self.box.text()
        if text != self._text:
            self._text = text
            self.edited.emit(tuple(one.strip() for one in text.split(",") if one.strip()))


def make_editor(spec: Spec) -> Editor:
    """Return the editor for a setting's type.

    Raises
    ------
    TypeError
        No editor knows the type: add one here.
    """
    if spec.hint in (int, float):
        return NumberEditor(spec)
    if spec.hint is bool or typing.get_origin(spec.hint) is Literal:
        return PlainEditor(spec)
    if spec.hint is str:
        return TextEditor(spec)
    if isinstance(spec.hint, type) and issubclass(spec.hint, Settings):
        return GroupEditor(spec)
    if spec.hint == tuple[tuple[int, float], ...]:
        return PairsEditor(spec)
    if spec.hint == tuple[str, ...]:
        return WordsEditor(spec)
    raise TypeError(f"Expected a setting that an editor is made for, found {spec.name}: {spec.hint}.")
