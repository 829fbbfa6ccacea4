"""The card with the words of a step, and the frame around the control that it speaks of."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_trsmi.gui.widgets.plain import Label

WIDTH, GAP, EDGE = 290, 12, 4


class Card(QFrame):
    """Title, text, Back, Next and Skip; it lies over the window and takes only the clicks on itself.

    Signals
    -------
    moved(int)
        1 for the next step, -1 for the one before.
    skipped()
        A person wants no more of it.
    wanted()
        A person wants to see the control that the card speaks of.
    """

    moved = Signal(int)
    skipped = Signal()
    wanted = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("trsmi-tour")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedWidth(WIDTH)
        self.title, self.text, self.news = Label(), Label(), Label()
        self.title.setStyleSheet("font-weight: bold")
        for label in (self.title, self.text, self.news):
            label.setWordWrap(True)
        self.back, self.next, self.skip = QPushButton("&Back"), QPushButton("&Next"), QPushButton("&Skip tour")
        self.show_it = QPushButton("Show &it")
        for button, tip in (
            (self.back, "The step before (Left)"),
            (self.next, "The next step (Right)"),
            (self.skip, "End the tour (Esc); Open… in the dock Train has it again"),
            (self.show_it, "Bring what this step speaks of to the front"),
        ):
            button.setToolTip(tip)
            button.setMinimumWidth(40)
            button.installEventFilter(self)
        self.back.clicked.connect(lambda: self.moved.emit(-1))
        self.next.clicked.connect(lambda: self.moved.emit(1))
        self.skip.clicked.connect(self.skipped)
        self.show_it.clicked.connect(self.wanted)
        buttons, layout = QHBoxLayout(), QVBoxLayout(self)
        buttons.addWidget(self.skip)
        buttons.addStretch(1)
        for button in (self.show_it, self.back, self.next):
            buttons.addWidget(button)
        layout.setContentsMargins(12, 10, 12, 10)
        for label in (self.title, self.text, self.news):
            layout.addWidget(label)
        layout.addLayout(buttons)

    def write(self, number: int, of: int, title: str, text: str) -> None:
        """Show the words of a step."""
        self.title.setText(f"{number} of {of} · {title}")
        self.text.setText(text)
        self.back.setEnabled(number > 1)
        self.next.setText("&Finish" if number == of else "&Next")
        self.skip.setVisible(number < of)
        self.setAccessibleName(f"Tour, step {number} of {of}: {title}")
        self.setAccessibleDescription(text)

    def say(self, news: str) -> None:
        """Show what is missing, or that the step is done."""
        if news != self.news.text():
            self.news.setText(news)
        self.news.setVisible(bool(news))

    def set_colors(self, accent: str, ground: str) -> None:
        """Take the colours of the theme."""
        self.setStyleSheet(
            f"#trsmi-tour {{ background-color: {ground}; border: 2px solid {accent}; border-radius: 8px }}"
            f"#trsmi-tour QLabel {{ background-color: transparent }}"
        )
        self.news.setStyleSheet(f"color: {accent}; font-weight: bold")

    def place(self, beside: QRect | None, dock: QRect | None = None) -> None:
        """Lie beside a control, best beside its dock, or, where it is not to be seen, stay inside the window."""
        window = self.parentWidget()
        assert window is not None
        size = QSize(WIDTH, max(self.heightForWidth(WIDTH), self.minimumSizeHint().height()))
        if self.size() != size:
            self.resize(size)
        at = self.pos() if beside is None else beside_of(beside, size, window.rect(), dock)
        at = _within(at, size, window.rect())
        if at != self.pos():
            self.move(at)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: D102
        if event is not None and not self._take(event.key()):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take the keys before a button does, which would give the keys to the one beside it."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._take(event.key()):
            return True
        return super().eventFilter(watched, event)

    def _take(self, key: int) -> bool:
        """Go on, back, or away; return whether the key means any of it."""
        if key == Qt.Key.Key_Escape:
            self.skipped.emit()
        elif key == Qt.Key.Key_Right or (key == Qt.Key.Key_Left and self.back.isEnabled()):
            self.moved.emit(1 if key == Qt.Key.Key_Right else -1)
        return key in (Qt.Key.Key_Escape, Qt.Key.Key_Right, Qt.Key.Key_Left)


class Frame(QWidget):
    """A frame around a control, through which clicks go."""

    def __init__(self, window: QWidget, accent: str) -> None:
        super().__init__(window)
        self.accent = accent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setStyleSheet("background-color: transparent")
        self.hide()

    def surround(self, where: QRect | None) -> None:
        """Lie around a place in the window; None for nowhere."""
        if where is None:
            self.hide()
            return
        where = where.adjusted(-EDGE, -EDGE, EDGE, EDGE)
        if where != self.geometry():
            self.setGeometry(where)
        if not self.isVisible():
            self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for width, strength in ((6, 70), (2, 255)):
            color = QColor(self.accent)
            color.setAlpha(strength)
            painter.setPen(QPen(color, width))
            painter.drawRoundedRect(self.rect().adjusted(3, 3, -3, -3), 5, 5)
        painter.end()


def beside_of(control: QRect, size: QSize, window: QRect, dock: QRect | None = None) -> QPoint:
    """Return the upper left corner of a card of `size` beside a control: left of it, right, below or above.

    Beside the whole dock goes first, so that the card covers none of its other controls.
    """
    middle = control.center().y() - size.height() // 2
    whole = control if dock is None else dock
    places = (
        QRect(QPoint(whole.left() - GAP - size.width(), middle), size),
        QRect(QPoint(whole.right() + GAP, middle), size),
        QRect(QPoint(control.left() - GAP - size.width(), middle), size),
        QRect(QPoint(control.right() + GAP, middle), size),
        QRect(QPoint(control.left(), control.bottom() + GAP), size),
        QRect(QPoint(control.left(), control.top() - GAP - size.height()), size),
    )
    for place in places:
        moved = QRect(_within(place.topLeft(), size, window), size)
        if not moved.intersects(whole if place in places[:2] else control):
            return moved.topLeft()
    return places[0].topLeft()


def _within(at: QPoint, size: QSize, window: QRect) -> QPoint:
    most_x, most_y = window.width() - size.width() - GAP, window.height() - size.height() - GAP
    return QPoint(max(GAP, min(at.x(), most_x)), max(GAP, min(at.y(), most_y)))


def visible_rect(control: QWidget, window: QWidget) -> QRect | None:
    """Return where the part of a control that can be seen lies in its window; None where nothing of it can."""
    region: Any = control.visibleRegion()
    if not control.isVisible() or region.isEmpty() or control.window() is not window:
        return None
    seen = region.boundingRect()
    return QRect(control.mapTo(window, seen.topLeft()), seen.size())
