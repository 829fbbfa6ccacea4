"""A frame around what the keys go to: napari's themes do not show it."""

from __future__ import annotations

from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QPainter, QPaintEvent, QPalette, QPen
from qtpy.QtWidgets import QApplication, QWidget

from napari_trsmi.gui.widgets.focus_order import FocusOrder

WIDTH = 2  # pixels


class FocusRing(QObject):
    """Follows the focus within one dock.

    Attributes
    ----------
    frame
        What is drawn over the widget that has focus; None where that is elsewhere.
    order
        Where the keys go next.
    """

    def __init__(self, dock: QWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self.frame: _Frame | None = None
        self.order = FocusOrder(dock)
        application: Any = QApplication.instance()
        application.focusChanged.connect(self._on_focus)

    def _on_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        now = QApplication.focusWidget()  # `order` moved it on, perhaps, and that was told before this
        if self.frame is not None and isalive(self.frame):  # it goes with the widget that it is in
            self.frame.hide()
            self.frame.deleteLater()
        there = isalive(self._dock)  # the focus moves once more while it goes
        takes_keys = now is not None and now.focusPolicy() != Qt.FocusPolicy.NoFocus  # where `order` parks them
        inside = there and takes_keys and now is not self._dock and self._dock.isAncestorOf(now)
        self.frame = _Frame(now) if inside and now is not None else None


class _Frame(QWidget):
    """Lies over a widget, within its edges: beyond them it would be cut off at those of the dock."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(widget.rect())
        widget.installEventFilter(self)
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(watched, QWidget) and event is not None and event.type() == QEvent.Type.Resize:
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), WIDTH))
        inset = WIDTH // 2
        painter.drawRoundedRect(self.rect().adjusted(inset, inset, -inset, -inset), 3, 3)
