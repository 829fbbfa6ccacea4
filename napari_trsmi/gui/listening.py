"""Connections between the session and widgets that end with the widget."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakMethod

from qtpy.QtCore import QObject


def listen(widget: QObject, *connections: tuple[Any, Callable[..., Any]]) -> None:
    """Connect signals to bound methods of `widget` until Qt deletes it.

    psygnal and napari forget a bound method when its Python object is gone. Qt may delete the widget behind it earlier,
    as when the window closes while training goes on: a signal that came then would find no widget.

    Parameters
    ----------
    connections
        Pairs of a psygnal signal, or an event of napari, and a bound method.
    """
    held = []
    for signal, slot in connections:
        signal.connect(slot)
        held.append((signal, WeakMethod(slot)))
    widget.destroyed.connect(partial(_leave, held))


def _leave(held: list[tuple[Any, WeakMethod[Any]]], *_: Any) -> None:
    for signal, slot in held:
        if (method := slot()) is not None:
            signal.disconnect(method)
