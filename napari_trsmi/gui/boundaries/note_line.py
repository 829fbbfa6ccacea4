"""The note on a boundary, written in a line of its own."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from napari_trsmi.gui.widgets.plain import ElidingLabel

NONE_CHOSEN = "No boundary is chosen: click its stroke on the tissue, or its row."


class NoteLine(QWidget):
    """Says which boundary it writes about; Enter keeps the note, Escape leaves it as it was.

    Signals
    -------
    written(int, str)
        A note on a segment.
    left()
        A person is done with writing.

    Attributes
    ----------
    segment
        The boundary it writes about, or None.
    """

    written = Signal(int, str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.segment: int | None = None
        self._kept = ""
        self.about, self.line = ElidingLabel(), QLineEdit()
        self.about.setElideMode(Qt.TextElideMode.ElideRight)
        self.about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.line.setPlaceholderText("Note (N)")
        self.line.setToolTip("Your note. Enter keeps it, Escape leaves it as it was.")
        self.line.setAccessibleName("Note on the boundary")
        self.line.setEnabled(False)
        self.line.editingFinished.connect(self.keep)
        self.line.returnPressed.connect(self.left)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.about, 2)
        row.addWidget(self.line, 3)

    def show_note(self, segment: int | None, about: str, note: str) -> None:
        """Write about a segment from now on; what was being written about another one is kept first."""
        if segment == self.segment and note == self._kept:
            self.about.setText(about)
            return
        if segment != self.segment:
            self.keep()
        self.segment, self._kept = segment, note
        self.about.setText(about)
        self.about.setToolTip(about)
        self.line.setText(note)
        self.line.setEnabled(segment is not None)

    def begin(self) -> bool:
        """Let a person write; return whether there is a boundary to write about."""
        if self.segment is not None:
            self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.line.selectAll()
        return self.segment is not None

    def keyPressEvent(self, event: Any) -> None:
        """Leave the note as it was on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.line.setText(self._kept)
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def keep(self) -> None:
        """Keep what was written so far."""
        text = self.line.text().strip()
        if self.segment is not None and text != self._kept:
            self._kept = text
            self.written.emit(self.segment, text)
