"""How the editors behave inside the form: the wheel scrolls, and undo is that of the form."""

from __future__ import annotations

from typing import Protocol

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QWidget

from napari_trsmi.gui.form.number_box import NumberBox


class CanUndo(Protocol):
    """What undo and redo are asked of."""

    def undo(self) -> None:
        """Take back the last edit."""

    def redo(self) -> None:
        """Do it again."""


class Manners(QObject):
    """An event filter for editors.

    The wheel over an editor without focus goes on to the scroll area. Ctrl+Z and Ctrl+Shift+Z go to the form, also from
    a line of text, which would keep them for itself; half-typed numbers are dropped first, and half-typed text has the
    undo of its line.
    """

    def __init__(self, form: QWidget) -> None:
        super().__init__(form)
        self._form: CanUndo = form  # type: ignore[assignment]

    def watch(self, parent: QWidget) -> None:
        """Look after all editors inside `parent`."""
        for kind in (QAbstractSpinBox, QComboBox, QLineEdit):
            for widget in parent.findChildren(kind):
                widget.installEventFilter(self)
                if not isinstance(widget, QLineEdit):
                    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Answer the wheel and the keys of undo."""
        if event is None or watched is None:
            return False
        scrolls = isinstance(watched, QAbstractSpinBox | QComboBox) and not watched.hasFocus()
        if event.type() == QEvent.Type.Wheel and scrolls:
            event.ignore()
            return True
        if event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) and isinstance(event, QKeyEvent):
            return self._key(watched, event)
        return False

    def _key(self, watched: QObject, event: QKeyEvent) -> bool:
        undo, redo = (event.matches(key) for key in (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo))
        if not undo and not redo:
            return False
        if isinstance(watched, QLineEdit) and _is_typing(watched, undo):
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            box = watched if isinstance(watched, NumberBox) else watched.parent()
            if isinstance(box, NumberBox) and box.is_half_typed():
                box.drop_typed()
            elif undo:
                self._form.undo()
            else:
                self._form.redo()
        return True


def _is_typing(line: QLineEdit, undo: bool) -> bool:
    """Return whether a line holds text that a person is typing, with something to undo or redo in it."""
    if isinstance(line.parent(), NumberBox) or not line.isModified():
        return False
    return line.isUndoAvailable() if undo else line.isRedoAvailable()
