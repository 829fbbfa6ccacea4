"""A section that folds, with a count of what was changed and a line for what is wrong."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_trsmi.gui.widgets.plain import Label


class Fold(QWidget):
    """A button with a title, and rows below it that it shows and hides.

    Signals
    -------
    toggled(bool)
        It was opened or closed.
    """

    toggled = Signal(bool)

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self._n_changed = 0
        self.button = QPushButton()
        self.button.setStyleSheet("text-align: left; padding: 4px 6px;")
        self.button.clicked.connect(self._clicked)
        self.content = QWidget()
        self.rows = QVBoxLayout(self.content)
        self.rows.setContentsMargins(4, 4, 0, 6)
        self.rows.setSpacing(4)
        self.error = Label()
        self.error.setWordWrap(True)
        self.error.setVisible(False)
        self.rows.addWidget(self.error)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.button)
        column.addWidget(self.content)
        self.content.hide()
        self._write()

    def open(self, is_open: bool = True) -> None:
        """Open or close."""
        if is_open != self.is_open():
            self.content.setVisible(is_open)
            self._write()
            self.toggled.emit(is_open)

    def is_open(self) -> bool:
        """Return whether the rows are shown, as far as the form itself is."""
        return not self.content.isHidden()

    def set_changed(self, n: int) -> None:
        """Say how many settings are not at their default."""
        self._n_changed = n
        self._write()

    def set_error(self, sentence: str) -> None:
        """Say what is wrong; an empty sentence for nothing."""
        self.error.setText(f"⚠ {sentence}" if sentence else "")
        self.error.setVisible(bool(sentence))

    def _clicked(self) -> None:
        self.open(not self.is_open())

    def _write(self) -> None:
        count = f" · {self._n_changed} changed" if self._n_changed else ""
        self.button.setText(f"{'▾' if self.is_open() else '▸'}  {self.title}{count}")
