"""The tour: which step it is at, what it points at, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakMethod, ref

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QPoint, QRect, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QScrollArea, QTabWidget, QWidget

from napari_trsmi.gui.remembered import know
from napari_trsmi.gui.tour.card import Card, Frame, visible_rect
from napari_trsmi.gui.tour.steps import STEPS, Step
from napari_trsmi.gui.viewer.docks import docks_in_turn, open_dock
from napari_trsmi.gui.viewer.keys import keys_of
from napari_trsmi.gui.viewer.lane import in_turn
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.hint import Hint
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.workspace.arranging import main_window

if TYPE_CHECKING:
    from napari import Viewer

NAME = "tour"  # by which it is remembered that it was taken or put away
ACCENT = "#a34700", "#ffb127"  # on light ground, on dark
LOOK = 100  # milliseconds between two looks at where the control is
DONE = "✓ Done."


class Tour(QObject):
    """Follows one person through the steps in one window; made by `start_tour`.

    Attributes
    ----------
    number
        Of the step, from 0.
    card, frame
        What is seen of it.
    """

    def __init__(self, viewer: Viewer, window: QMainWindow) -> None:
        super().__init__(window)
        self._viewer, self.session = ref(getattr(viewer, "__wrapped__", viewer)), session_of(viewer)
        self.number = 0
        self.card = Card(window)
        self.frame: Frame | None = None
        self._accent = ACCENT[True]
        self._was_done = False
        self.card.moved.connect(self._on_moved)
        self.card.skipped.connect(self.end)
        self.card.wanted.connect(self._bring)
        if (keys := keys_of(self.card, viewer, self.session)) is not None:  # the focus is where a person clicked last
            end = WeakMethod(self.end)
            keys.bind("tour", self.card, {Qt.Key.Key_Escape: lambda: (ends := end()) and ends()}, self.card.isVisible)
        self._clock = QTimer(self)
        self._clock.setInterval(LOOK)
        self._clock.timeout.connect(self.look)
        for hint in window.findChildren(Hint):
            if hint.name == NAME:  # the offer, however the tour was begun
                hint.put_away()
        listen(self, (viewer.events.theme, self._on_theme))
        self._on_theme()
        self.go_to(0)
        self.card.show()
        self.card.raise_()
        self.card.next.setFocus()
        self._clock.start()

    @property
    def step(self) -> Step:
        """The step that is shown."""
        return STEPS[self.number]

    def go_to(self, number: int) -> None:
        """Show a step and bring what it speaks of to the front."""
        self.number = number
        self._was_done = self.step.is_done(self.session)
        text = (self._was_done and self.step.there) or self.step.text
        self.card.write(number + 1, len(STEPS), self.step.title, text)
        self._bring()
        self.look()

    def end(self) -> None:
        """Take card and frame away, and do not offer the tour again."""
        know(NAME)
        self._clock.stop()
        for widget in (self.card, self.frame):
            if widget is not None and isalive(widget):
                widget.hide()
                widget.deleteLater()
        self.deleteLater()

    def look(self) -> None:
        """Follow the control wherever it has gone, and see whether the step is done."""
        if self._viewer() is None:
            self.end()
            return
        is_done = self.step.is_done(self.session)
        if is_done and not self._was_done and self.step.goes_on:
            self.go_to(self.number + 1)
            return
        self.card.say(self.step.lacks(self.session) or (DONE if is_done else ""))
        control = self._control()
        self._surround(control)
        window = self.card.parentWidget()
        where = None if control is None or window is None else visible_rect(control, window)
        self.card.show_it.setVisible(not is_done and (control is None or not _is_seen(control)))
        self.card.place(where, _dock_around(control, window))
        self.card.raise_()

    def _on_moved(self, way: int) -> None:
        if self.number + way >= len(STEPS):
            self.end()
        else:
            self.go_to(max(0, self.number + way))

    def _on_theme(self, *_: Any) -> None:
        from napari.utils.theme import get_theme

        viewer = self._viewer()
        if viewer is not None:
            theme = get_theme(viewer.theme)
            self._accent = ACCENT[theme.type == "dark"]
            self.card.set_colors(self._accent, str(theme.background.as_hex()))
            if self.frame is not None:
                self.frame.accent = self._accent

    def _control(self) -> QWidget | None:
        """Return the first of the controls of the step that is to be seen, else the first there is."""
        window = self.parent()
        assert isinstance(window, QWidget)
        there = [found for name in self.step.anchors for found in window.findChildren(QWidget, name)]
        return next((widget for widget in there if _is_seen(widget)), there[0] if there else None)

    def _surround(self, control: QWidget | None) -> None:
        """Lie around the control, in the window that it is in: a dock may float."""
        window = None if control is None else control.window()
        if self.frame is not None and isalive(self.frame) and self.frame.parent() is not window:
            self.frame.hide()
            self.frame.deleteLater()
            self.frame = None
        if control is None or window is None:
            return
        if self.frame is None or not isalive(self.frame):
            self.frame = Frame(window, self._accent)
        self.frame.surround(visible_rect(control, window))

    def _bring(self) -> None:
        """Bring what the step speaks of to the front: its dock, its tab, and its place where that scrolls."""
        viewer = self._viewer()
        if viewer is None:
            return
        open_dock(viewer, self.step.dock)
        control = self._control()
        inner: QWidget | None = control
        while inner is not None:
            outer = inner.parentWidget()
            if isinstance(outer, QTabWidget | QScrollArea):
                _reveal(outer, inner, control)
            elif outer is not None and isinstance(outer.parentWidget(), QTabWidget | QScrollArea):
                _reveal(outer.parentWidget(), inner, control)
            inner = outer


def _reveal(outer: QWidget | None, inner: QWidget, control: QWidget | None) -> None:
    if isinstance(outer, QTabWidget) and outer.indexOf(inner) >= 0:
        outer.setCurrentWidget(inner)
    elif isinstance(outer, QScrollArea) and control is not None:
        outer.ensureWidgetVisible(control)


def _dock_around(control: QWidget | None, window: QWidget | None) -> QRect | None:
    """Return where the dock that a control is in lies in its window."""
    outer = control
    while outer is not None and not isinstance(outer, QDockWidget):
        outer = outer.parentWidget()
    if outer is None or window is None or outer.window() is not window:
        return None
    return QRect(outer.mapTo(window, QPoint(0, 0)), outer.size())


def _is_seen(widget: QWidget) -> bool:
    return widget.isVisible() and not widget.visibleRegion().isEmpty()


def start_tour(viewer: Viewer) -> Tour | None:
    """Begin the tour in the window of a viewer, anew where it is under way; None where there is no window."""
    if hasattr(viewer, "window"):
        session = session_of(viewer)
        docks = docks_in_turn(session.canvas)
        for _ in range(2):  # the first is there at once; all of them would hold up the window for two seconds
            next(docks, None)
        in_turn(session, docks)
    window = main_window(viewer)
    if window is None:
        return None
    for before in window.findChildren(Tour):
        before.end()
        before.setParent(None)
    return Tour(viewer, window)
