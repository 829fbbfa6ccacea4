"""One sentence beside a field, where a choice matters, until a person has put it away for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_trsmi.gui.remembered import is_known, know
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.plain import Label

AWAY = "Do not show this again"


class Hint(QFrame):
    """A sentence in a frame, perhaps with a button that does what it speaks of, and a cross.

    Parameters
    ----------
    name
        By which it is remembered that a person put it away.
    parent
        What it lies in: shown without one, it would be a window of its own.
    text, tip, act
        Of the button.
    """

    def __init__(
        self,
        name: str,
        parent: QWidget,
        text: str = "",
        tip: str = "",
        act: Callable[[], Any] | None = None,
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.setObjectName("trsmi-hint")
        self.setStyleSheet("#trsmi-hint { border: 1px solid rgba(128, 128, 128, 140); border-radius: 4px }")
        self.label = Label()
        self.label.setWordWrap(True)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.cross = QPushButton("×")  # noqa: RUF001 a cross
        self.cross.setFixedSize(22, 22)
        self.cross.setStyleSheet("padding: 0px")
        self.cross.setToolTip(AWAY)
        self.cross.setAccessibleName(AWAY)
        self.cross.clicked.connect(self.put_away)
        row, column = QHBoxLayout(), QVBoxLayout(self)
        row.addWidget(self.label, 1)
        row.addWidget(self.cross, 0, Qt.AlignmentFlag.AlignTop)
        column.setContentsMargins(6, 4, 4, 4)
        column.setSpacing(2)
        column.addLayout(row)
        self.button: QPushButton | None = None
        if act is not None:
            self.button = text_button(text, tip, act)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def say(self, text: str) -> None:
        """Show a sentence, unless there is none, or a person put this hint away."""
        self.label.setText(text)
        self.setVisible(bool(text) and not is_known(self.name))

    def put_away(self) -> None:
        """Hide it for good."""
        know(self.name)
        self.hide()
