"""The frame of a dock: its page, or what to do before there is anything to show."""

from __future__ import annotations

from qtpy.QtWidgets import QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from napari_trsmi.gui.empty import EmptyPage


class Framed(QWidget):
    """Base of docks that are empty until there is a section or a result.

    Attributes
    ----------
    empty
        What says what to do.
    stack
        The page and that, one of them shown; after `frame`.
    """

    def frame(self, page: QWidget, margin: int, empty: EmptyPage | None = None) -> None:
        """Put `page` into the dock, `margin` pixels from its edges, and what is shown while there is nothing on it."""
        self.empty = EmptyPage() if empty is None else empty
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
