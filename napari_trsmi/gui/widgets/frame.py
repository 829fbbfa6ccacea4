"""The frame of a dock: its page, which scrolls in a low window, or what to do before there is anything to show."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QSize, Qt, Signal
from qtpy.QtGui import QHideEvent, QResizeEvent, QShowEvent
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.gui.widgets.empty import EmptyPage
from napari_trsmi.gui.widgets.focus_ring import FocusRing

_MOVES = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide)
LOWEST = 240  # pixels of a page that scrolls, at least


class _Inside(QWidget):
    """What scrolls: at least as high as its widget makes do with, not as high as that would like to be."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self._only = widget
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(widget)

    def heightForWidth(self, width: int) -> int:
        return _least(self._only, width)


def _least(widget: QWidget, width: int) -> int:
    """Return the height that a widget makes do with; of several pages the one that is shown counts, see `OneHigh`."""
    least = widget.minimumSizeHint().height()
    if isinstance(widget, QTabWidget | QStackedWidget) and (page := widget.currentWidget()) is not None:
        around = least - page.minimumSizeHint().height()  # Qt asks all pages how high they are at a width
        edges = max(widget.width() - page.width(), 0) if widget.isVisible() else 0  # of the pages, as they lie
        return max(least, _least(page, width - edges) + around)
    layout = widget.layout()
    if isinstance(layout, QVBoxLayout):
        return max(least, _least_column(layout, width))
    return least if layout is None else max(least, layout.minimumHeightForWidth(width))


def _least_column(layout: QVBoxLayout, width: int) -> int:
    """Return the height that a column makes do with: Qt takes of pages in it how high they would like to be."""
    edges = layout.contentsMargins()
    inner, heights, gaps = width - edges.left() - edges.right(), [], 0
    for number in range(layout.count()):
        item = layout.itemAt(number)
        if item is None or item.isEmpty():
            gaps += 0 if item is None or item.spacerItem() is None else item.minimumSize().height()
            continue
        inside, high = item.widget(), item.minimumSize().height()
        if isinstance(inside, QTabWidget | QStackedWidget) or (inside is not None and inside.layout() is not None):
            high = max(high, min(_least(inside, inner), inside.maximumHeight()))
        elif item.hasHeightForWidth():
            high = max(high, item.minimumHeightForWidth(inner))
        heights.append(high)
    return edges.top() + edges.bottom() + sum(heights) + gaps + layout.spacing() * max(len(heights) - 1, 0)


class Scrolled(QScrollArea):
    """A widget that scrolls up and down where there is too little room, and is not cut at its side.

    It asks for the height of the widget and makes do with less; of width it asks for what is needed.

    Parameters
    ----------
    lowest
        Height in pixels that it makes do with.
    modest
        Ask for no more than that: others in the same column get what they ask for first.
    """

    def __init__(self, widget: QWidget, lowest: int = LOWEST, *, modest: bool = False) -> None:
        super().__init__()
        self._lowest, self._inside, self._modest = lowest, widget, modest
        self._holder = _Inside(widget)
        self.setWidget(self._holder)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, widget.sizePolicy().verticalPolicy())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it takes the keys

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        inside = self._inside.minimumSizeHint()
        bar = self._bar_width() if inside.height() > self._lowest else 0
        return QSize(inside.width() + bar, min(inside.height(), self._lowest)) + self._border()

    def sizeHint(self) -> QSize:  # noqa: D102
        least, layout = self._inside.minimumSizeHint(), self._inside.layout()
        if self._modest:
            return self.minimumSizeHint()
        high = max(self._inside.sizeHint().height(), least.height())
        if layout is not None and layout.hasHeightForWidth():  # lines that wrap
            high = max(layout.heightForWidth(max(self.width(), least.width())), least.height())
        return QSize(least.width() + self._bar_width(), high) + self._border()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Ask for another height where lines wrap otherwise."""
        super().resizeEvent(event)
        self._need_bar()
        if event is not None and event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Ask for another height as soon as the widget does."""
        holder = getattr(self, "_holder", None)  # PySide6 has let go of it while Qt takes this apart
        if event is not None and watched is holder and event.type() == QEvent.Type.LayoutRequest:
            self._need_bar()
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def _need_bar(self) -> None:
        """Have no bar where all fits without: Qt keeps one beside which lines wrap once more, whatever the room."""
        room, policy = self.maximumViewportSize(), Qt.ScrollBarPolicy
        fits = self._holder.heightForWidth(room.width()) <= room.height()
        self.setVerticalScrollBarPolicy(policy.ScrollBarAlwaysOff if fits else policy.ScrollBarAsNeeded)

    def _border(self) -> QSize:
        """Return what a style sheet draws around what scrolls."""
        return (self.size() - self.maximumViewportSize()).expandedTo(QSize(0, 0))

    def _bar_width(self) -> int:
        bar = self.verticalScrollBar()
        return 0 if bar is None else bar.sizeHint().width()


class OneHigh(QObject):
    """Lets of several pages the one that is shown alone say how high they are; how wide they are, all of them say.

    Parameters
    ----------
    pages
        What they lie in, with all it will have.
    """

    def __init__(self, pages: QStackedWidget | QTabWidget) -> None:
        super().__init__(pages)
        self._pages = pages
        self._policies = [page.sizePolicy().verticalPolicy() for page in self._widgets]
        pages.currentChanged.connect(self._on_changed)
        self._on_changed(pages.currentIndex())

    @property
    def _widgets(self) -> list[QWidget]:
        found = (self._pages.widget(number) for number in range(self._pages.count()))
        return [page for page in found if page is not None]

    def _on_changed(self, shown: int) -> None:
        for number, (page, own) in enumerate(zip(self._widgets, self._policies, strict=True)):
            policy = page.sizePolicy()
            policy.setVerticalPolicy(own if number == shown else QSizePolicy.Policy.Ignored)
            page.setSizePolicy(policy)


class Framed(QWidget):
    """Base of docks that are empty until there is a section or a result.

    Attributes
    ----------
    empty
        What says what to do.
    stack
        The page and that, one of them shown; after `frame`.

    Signals
    -------
    front_changed(bool)
        The dock came to the front; or it was closed, or another tab lies before it now.
    """

    front_changed = Signal(bool)
    in_front = False
    _dock: QDockWidget | None = None

    def frame(self, page: QWidget, margin: int, empty: EmptyPage | None = None) -> None:
        """Put `page` into the dock, `margin` pixels from its edges, and what is shown while there is nothing on it."""
        self.empty = EmptyPage() if empty is None else empty
        self.stack = QStackedWidget()
        self.stack.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        OneHigh(self.stack)
        self._page = page
        layout = QVBoxLayout(self)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.addWidget(Scrolled(self.stack))
        self.ring = FocusRing(self)

    def show_page(self, missing: str = "") -> None:
        """Show the page, or what is missing where something is."""
        self.empty.setText(missing)
        self.stack.setCurrentWidget(self.empty if missing else self._page)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: D102
        super().showEvent(event)
        around: QWidget | None = self
        while around is not None and not isinstance(around, QDockWidget):
            around = around.parentWidget()
        if around is not None and around is not self._dock:
            around.installEventFilter(self)
        self._dock = around
        self._look()

    def hideEvent(self, event: QHideEvent | None) -> None:  # noqa: D102
        super().hideEvent(event)
        self._look()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """See whether the dock came to the front or was left, wherever it goes."""
        if event is not None and watched is self._dock and self._dock is not None:
            if event.type() in _MOVES:
                self._look()
            elif event.type() == QEvent.Type.LayoutRequest:
                self._narrow(self._dock)
        return super().eventFilter(watched, event)

    def _narrow(self, dock: QDockWidget) -> None:
        """Let a dock be as narrow as what is in it: napari sets a width, which Qt then widens and never narrows."""
        if dock.minimumWidth() > self.minimumSizeHint().width():
            dock.setMinimumWidth(0)

    def _look(self) -> None:
        dock = self._dock
        seen = self.isVisible()
        if dock is not None and not dock.isFloating():  # Qt hides none behind another tab: it lies beside the screen
            seen = seen and dock.geometry().right() >= 0
        if seen != self.in_front:
            self.in_front = seen
            self.front_changed.emit(seen)
