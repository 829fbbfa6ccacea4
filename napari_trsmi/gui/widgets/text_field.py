"""A field for several lines."""

from __future__ import annotations

from qtpy.QtWidgets import QPlainTextEdit


class TextField(QPlainTextEdit):
    """Lines to type, with an edge: napari gives them the colour of the dock, so that nobody sees where to type.

    Parameters
    ----------
    placeholder
        What stands in the empty field.
    name
        What it is for, for those who cannot see it.
    """

    def __init__(self, placeholder: str, name: str) -> None:
        super().__init__()
        self.setStyleSheet("QPlainTextEdit { border: 1px solid rgba(128, 128, 128, 200); border-radius: 2px }")
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
