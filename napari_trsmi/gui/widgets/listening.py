"""Connections between the session and widgets that end with the widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

from qtpy.QtCore import QObject

# What is connected to `destroyed` must not be garbage before the widget is: PyQt would call into freed memory.
_OPEN: set[_Connections | _Ending] = set()


def listen(widget: QObject, *connections: tuple[Any, Callable[..., Any]]) -> None:
    """Connect signals to bound methods of `widget` until Qt deletes it.

    psygnal and napari forget a bound method when its Python object is gone. Qt may delete the widget behind it earlier,
    as when the window closes while training goes on: a signal that came then would find no widget.

    Parameters
    ----------
    connections
        Pairs of a psygnal signal, or an event of napari, and a bound method.
    """
    for signal, slot in connections:
        signal.connect(slot)
    held = _Connections([(signal, WeakMethod(slot)) for signal, slot in connections])
    _OPEN.add(held)
    widget.destroyed.connect(held.end)


def at_end(widget: QObject, act: Callable[[], None]) -> None:
    """Call a bound method, kept weakly, when Qt deletes `widget`."""
    held = _Ending(WeakMethod(act))
    _OPEN.add(held)
    widget.destroyed.connect(held.end)


class _Ending:
    """What happens at the end of a widget."""

    def __init__(self, act: WeakMethod[Any]) -> None:
        self.act = act

    def end(self, *_: Any) -> None:
        _OPEN.discard(self)
        if (method := self.act()) is not None:
            method()


class _Connections:
    """Connections of one widget; refers to the widget only weakly."""

    def __init__(self, pairs: list[tuple[Any, WeakMethod[Any]]]) -> None:
        self.pairs = pairs

    def end(self, *_: Any) -> None:
        _OPEN.discard(self)
        for signal, slot in self.pairs:
            if (method := slot()) is not None:
                signal.disconnect(method)
