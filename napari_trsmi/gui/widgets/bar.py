"""A bar that says what is going on, also where nobody knows how long it takes."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QProgressBar, QWidget


class TellingBar(QProgressBar):
    """A bar with words on it; Qt's own has none while it runs to and fro.

    Attributes
    ----------
    words
        What is being done.

    Parameters
    ----------
    name
        What it is for, to a screen reader.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = ""
        self.setAccessibleName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumWidth(0)

    def text(self) -> str:
        """Return what stands on it, as far as there is room."""
        return str(self.fontMetrics().elidedText(self.words, Qt.TextElideMode.ElideRight, max(self.width() - 8, 40)))

    def show_share(self, text: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done, and show `done` parts of `total`; 0 of 0 runs to and fro."""
        self.words = text
        if (self.maximum(), self.value()) != (total, done):
            self.setRange(0, total)
            self.setValue(done)
        self.setToolTip(text)
        self.update()
