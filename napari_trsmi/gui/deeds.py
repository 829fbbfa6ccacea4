"""What a person did, to be undone in the order it was done: one list for the whole window, without Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psygnal import Signal

MOST = 200


@dataclass(frozen=True, eq=False)
class Deed:
    """One thing that was done.

    Attributes
    ----------
    name
        What it is called after "Undo", such as ``"merge of 3 into 5"``.
    undo, redo
        Take it back, and do it again.
    """

    name: str
    undo: Callable[[], None]
    redo: Callable[[], None]


class Deeds:
    """What was done and what was undone.

    Signals
    -------
    changed()
        Undo or redo would do something else than before.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._done: list[Deed] = []
        self._undone: list[Deed] = []
        self._moving = False

    @property
    def last(self) -> str:
        """Name of what undo would take back; ``""`` for nothing."""
        return self._done[-1].name if self._done else ""

    @property
    def next(self) -> str:
        """Name of what redo would do; ``""`` for nothing."""
        return self._undone[-1].name if self._undone else ""

    def add(self, deed: Deed) -> None:
        """Take in what was just done; what was undone before cannot be done again. Nothing while undoing."""
        if self._moving:
            return
        self._done = [*self._done, deed][-MOST:]
        self._undone.clear()
        self.changed.emit()

    def undo(self) -> None:
        """Take back what was done last."""
        self._move(self._done, self._undone, "undo")

    def redo(self) -> None:
        """Do again what was undone last."""
        self._move(self._undone, self._done, "redo")

    def clear(self) -> None:
        """Forget all."""
        self._done.clear()
        self._undone.clear()
        self.changed.emit()

    def _move(self, source: list[Deed], target: list[Deed], way: str) -> None:
        if not source or self._moving:
            return
        deed = source.pop()
        self._moving = True
        try:
            getattr(deed, way)()
        finally:
            self._moving = False
        target.append(deed)
        self.changed.emit()
