"""The frame of a dock: its page, or what to do before there is anything to show."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from napari_trsmi.gui.plain import Label


class Framed(QWidget):
    """Base of docks that are empty until there is a section or a result.

    Attributes
    ----------
    empty
        The line that says what to do.
    stack
        The page and that line, one of them shown; after `frame`.
    """

    def frame(self, page: QWidget, margin: int) -> None:
        """Put `page` into the dock, `margin` pixels from its edges."""
        self.empty = Label()
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedWidget()
        self.stack.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        self._page = page
        layout = QVBoxLayout(self)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.addWidget(self.stack)

    def show_page(self, missing: str = "") -> None:
        """Show the page, or what is missing where something is."""
        self.empty.setText(missing)
        self.stack.setCurrentWidget(self.empty if missing else self._page)
