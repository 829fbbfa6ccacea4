"""One line of the form: label, editor, and a button that goes back to the default."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QPushButton, QWidget

from napari_trsmi.config import Config
from napari_trsmi.gui.form.editors import make_editor
from napari_trsmi.gui.form.spec import Spec, get, shown
from napari_trsmi.gui.widgets.plain import Label

EDITOR_WIDTH = 142
RESET_WIDTH = 22
_UNKNOWN = object()
INDENT = 4  # what a theme keeps free around labels


class Row(QWidget):
    """A setting.

    Signals
    -------
    edited(dict)
        {dotted name: new value} of one edit.
    refused(str, str)
        Dotted name, and what is wrong with the text.
    """

    edited = Signal(object)
    refused = Signal(str, str)

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.specs = [spec]
        self.spec = spec
        self._shown: Any = _UNKNOWN  # the value the editor was last told, unless a person touched it since
        self.editor = make_editor(spec)
        self.editor.setToolTip(spec.tooltip)
        self.editor.edited.connect(self._edited)
        self.editor.refused.connect(self._refused)
        label = Label(spec.label)
        label.setWordWrap(True)
        label.setToolTip(spec.tooltip)
        for child in self.editor.findChildren(QWidget):
            if not child.accessibleName():
                child.setAccessibleName(spec.label)
        self.reset = reset_button(f"Back to {shown(spec.default)}")
        self.reset.clicked.connect(self._reset)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.reset, 0, 2)
        if self.editor.wide:
            self.editor.line.setContentsMargins(INDENT, 0, 0, 0)
            grid.addWidget(self.editor, 1, 0, 1, 2)
        else:
            self.editor.setFixedWidth(EDITOR_WIDTH)
            grid.addWidget(self.editor, 0, 1)

    def show_config(self, config: Config) -> None:
        """Show the setting of `config`."""
        value = get(config, self.spec.name)
        if value == self._shown:
            return
        self._shown = value
        self.editor.show_value(value)
        self.reset.setVisible(value != self.spec.default)

    def _edited(self, value: Any) -> None:
        self._touched()
        self.edited.emit({self.spec.name: value})

    def _refused(self, sentence: str) -> None:
        self._touched()
        self.refused.emit(self.spec.name, sentence)

    def _touched(self) -> None:
        self._shown = _UNKNOWN
        self.reset.setVisible(True)

    def _reset(self) -> None:
        self.edited.emit({self.spec.name: self.spec.default})


def reset_button(tip: str) -> QPushButton:
    """Return a small button that keeps its place while it is hidden."""
    button = QPushButton("↺")
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFixedSize(RESET_WIDTH, RESET_WIDTH)
    button.setStyleSheet("padding: 0px;")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    policy = button.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    button.setSizePolicy(policy)
    return button
