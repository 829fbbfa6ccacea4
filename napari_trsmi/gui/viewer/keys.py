"""Keys that work wherever the focus is in a window: those of undo, and those that a dock adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QRadioButton,
    QTabBar,
    QTextEdit,
    QWidget,
)

from napari_trsmi.gui.session.undoing import Way, walk

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.session import Session

Key = Qt.Key
_CTRL, _SHIFT, _NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
ARROWS = (Key.Key_Up, Key.Key_Down)
TOOLS = {"Shapes": (Key.Key_R, Key.Key_D)}  # keys of ours that choose a tool of a layer of napari, also while it rests
RESTING = ("pan_zoom", "transform")
TEXT = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)
MOVES_BY_ARROWS = (QAbstractItemView, QAbstractSlider, QComboBox, QTabBar, QRadioButton)


class WindowKeys(QObject):
    """Answers keys in a window of napari and in its docks, also floating ones; made by `keys_of`.

    A key is left alone in a field of text, in a dialog, while the active layer needs it for a tool of napari's own, and
    an arrow where the widget that has the focus moves by it.
    """

    def __init__(self, window: QMainWindow, viewer: Viewer, session: Session) -> None:
        super().__init__(window)
        self._viewer, self.session = ref(viewer), session  # the window is the parent: nothing here keeps it alive
        self._bound: dict[str, tuple[QWidget, Mapping[Qt.Key, Callable[[], Any]], Callable[[], bool]]] = {}
        self._watched: QWidget | None = None
        window.installEventFilter(self)  # where keys go while nothing has the focus
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)
        self._on_focus(None, app.focusWidget())

    def bind(
        self, name: str, owner: QWidget, keys: Mapping[Qt.Key, Callable[[], Any]], able: Callable[[], bool]
    ) -> None:
        """Answer keys for a widget as long as it is there, and wherever it is `able` to."""
        self._bound[name] = owner, keys, able

    def _on_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        """Look after the widget that has the focus alone: a filter on all events would slow the window down."""
        if not isalive(self):
            return
        self._bound = {name: bound for name, bound in self._bound.items() if isalive(bound[0])}  # the others are kept
        if self._watched is not None and isalive(self._watched):
            self._watched.removeEventFilter(self)
        self._watched = new if new is not None and new is not self.parent() and self._is_inside(new) else None
        if self._watched is not None:
            self._watched.installEventFilter(self)

    def _is_inside(self, widget: QWidget) -> bool:
        parents = list(_parents(widget))
        return self.parent() in parents and not any(isinstance(one, QDialog) for one in parents)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take the keys that are ours before shortcuts, the canvas and lists see them."""
        if not isinstance(event, QKeyEvent) or event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return False
        do = self._action(event)
        if do is None:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            do()
        return True

    def _action(self, event: QKeyEvent) -> Callable[[], Any] | None:
        """Return what a key does now, or None where it is not for us."""
        focus = QApplication.focusWidget()
        if QApplication.activePopupWidget() is not None or _is_text(focus) or self._is_for_a_tool(event, focus):
            return None
        if focus is not None and not self._is_inside(focus):
            return None
        if (way := _way(event)) is not None:
            redo_only = event.key() == Key.Key_Y  # else napari's: it shows the layers in 3D
            return None if redo_only and not self.session.deeds.next else lambda: self.walk(way)
        key = Key(event.key())
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if held != _NONE or (key in ARROWS and isinstance(focus, MOVES_BY_ARROWS)):
            return None
        for owner, keys, able in list(self._bound.values()):
            if key in keys and isalive(owner) and able():
                once = event.isAutoRepeat() and key not in ARROWS  # a key that is held marks one
                return (lambda: None) if once else keys[key]
        return None

    def walk(self, way: Way) -> None:
        """Undo or redo, and say in the status bar what that was."""
        name, viewer = walk(self.session, way), self._viewer()
        if name and viewer is not None:
            viewer.status = f"{'Undone' if way == 'undo' else 'Done again'}: {name}"

    def _is_for_a_tool(self, event: QKeyEvent, focus: QWidget | None) -> bool:
        """Return whether the active layer of napari has a use for a key that was not pressed in one of our docks."""
        viewer = self._viewer()
        active = None if viewer is None else viewer.layers.selection.active
        if active is None or (focus is not None and any(map(_is_ours, _parents(focus)))):
            return False
        ours = "trsmi" in active.metadata
        if ours and event.modifiers() & _CTRL:  # what is drawn on a layer of ours is a deed at once
            return False
        if str(getattr(active, "mode", "pan_zoom")) not in RESTING:
            return True
        kind = type(active).__name__
        if event.modifiers() & _CTRL:
            return kind == "Labels"  # what a person painted
        return event.key() in TOOLS.get(kind, ())


def keys_of(widget: QWidget, viewer: Viewer, session: Session) -> WindowKeys | None:
    """Return what answers the keys of the main window that `widget` is in, made when first asked for; None without."""
    window = next((one for one in _parents(widget) if isinstance(one, QMainWindow)), None)
    if window is None:
        return None
    there = next((one for one in window.children() if isinstance(one, WindowKeys)), None)
    return there or WindowKeys(window, getattr(viewer, "__wrapped__", viewer), session)


def _way(event: QKeyEvent) -> Way | None:
    key, held = event.key(), event.modifiers()
    if key == Key.Key_Z and held == _CTRL:
        return "undo"
    if (key == Key.Key_Z and held == _CTRL | _SHIFT) or (key == Key.Key_Y and held == _CTRL):
        return "redo"
    return None


def _is_text(widget: QWidget | None) -> bool:
    return isinstance(widget, TEXT) or (isinstance(widget, QComboBox) and widget.isEditable())


def _is_ours(widget: QWidget) -> bool:
    return type(widget).__module__.startswith("napari_trsmi.")


def _parents(widget: QWidget | None) -> Any:
    """Yield a widget and what it is in, out to the window."""
    while widget is not None:
        yield widget
        widget = widget.parentWidget()
