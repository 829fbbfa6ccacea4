"""What a person did, to be undone in the order it was done: one list per section for the whole window, without Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from psygnal import Signal

MOST = 200
QUICK = 0.5  # seconds: deeds of one key that follow this quickly (a held arrow key) are undone together


@dataclass(frozen=True, eq=False)
class Deed:
    """One thing that was done.

    Attributes
    ----------
    name
        What it is called after "Undo", such as ``"merge of 3 into 5"``.
    undo, redo
        Take it back, and do it again.
    key
        What it is done to, where deeds that follow quickly are to be one; ``""`` for each on its own.
    anytime
        True where it can be undone while training goes on.
    """

    name: str
    undo: Callable[[], None]
    redo: Callable[[], None]
    key: str = ""
    anytime: bool = False
    when: float = field(default_factory=time.monotonic)


@dataclass(eq=False)
class _Lists:
    """What was done in one place, and what was undone."""

    done: list[Deed] = field(default_factory=list)
    undone: list[Deed] = field(default_factory=list)


class Deeds:
    """What was done and what was undone in the place where one is now.

    Each section has its own list, so that undo never changes a section that nobody looks at.

    Signals
    -------
    changed()
        Undo or redo would do something else than before.

    Attributes
    ----------
    moving
        True while something is undone or done again; nothing is taken in meanwhile.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._nowhere = self._here = _Lists()
        self._places: WeakKeyDictionary[Any, _Lists] = WeakKeyDictionary()
        self.moving = False
        self._quiet = 0
        self._group: list[Deed] | None = None

    @property
    def done(self) -> tuple[str, ...]:
        """Names of what was done, first to last."""
        return tuple(deed.name for deed in self._here.done)

    @property
    def last(self) -> str:
        """Name of what undo would take back; ``""`` for nothing."""
        return self._here.done[-1].name if self._here.done else ""

    @property
    def next(self) -> str:
        """Name of what redo would do; ``""`` for nothing."""
        return self._here.undone[-1].name if self._here.undone else ""

    def enter(self, place: Any | None) -> None:
        """Go on with the list of another place; None for none.

        What was done before there was any place goes into the first one.
        """
        if place is None:
            self._here = self._nowhere
        else:
            if place not in self._places:
                self._places[place] = self._nowhere if self._here is self._nowhere else _Lists()
                if self._places[place] is self._nowhere:
                    self._nowhere = _Lists()
            self._here = self._places[place]
        self.changed.emit()

    def move(self, place: Any, other: Any) -> None:
        """Give what was done in one place to another that takes its part."""
        if place in self._places:
            self._places[other] = self._places[place]

    def add(self, deed: Deed, place: Any | None = None) -> None:
        """Take in what was just done, here or in another place; what was undone there cannot be done again.

        Nothing while undoing.
        """
        if self.moving or self._quiet:
            return
        if self._group is not None:
            self._group.append(deed)
            return
        here = self._here if place is None else self._places.setdefault(place, _Lists())
        before = here.done[-1] if here.done else None
        if deed.key and before is not None and before.key == deed.key and deed.when - before.when <= QUICK:
            here.done.pop()
            deed = Deed(deed.name, before.undo, deed.redo, deed.key, deed.anytime, deed.when)
        here.done = [*here.done, deed][-MOST:]
        here.undone.clear()
        self.changed.emit()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Take in nothing meanwhile: what happens is not done by a person."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    @contextmanager
    def together(self, name: str, place: Any | None = None) -> Iterator[None]:
        """Make one deed of all that is taken in meanwhile, here or in another place."""
        if self._group is not None:
            yield
            return
        group: list[Deed] = []
        self._group = group
        try:
            yield
        finally:
            self._group = None
            if group:
                undo, redo = _each(deed.undo for deed in group[::-1]), _each(deed.redo for deed in group)
                self.add(Deed(name, undo, redo), place)

    def undo(self) -> str:
        """Take back what was done last, and return its name."""
        return self._move(self._here.done, self._here.undone, "undo")

    def redo(self) -> str:
        """Do again what was undone last, and return its name."""
        return self._move(self._here.undone, self._here.done, "redo")

    def waits(self, way: str) -> bool:
        """Return whether the next deed of a way, "undo" or "redo", has to wait for the end of training."""
        deeds = self._here.done if way == "undo" else self._here.undone
        return bool(deeds) and not deeds[-1].anytime

    def clear(self) -> None:
        """Forget all that was done here."""
        self._here.done.clear()
        self._here.undone.clear()
        self.changed.emit()

    def _move(self, source: list[Deed], target: list[Deed], way: str) -> str:
        if not source or self.moving:
            return ""
        deed = source.pop()
        self.moving = True
        try:
            getattr(deed, way)()
        finally:
            self.moving = False
        target.append(deed)
        self.changed.emit()
        return deed.name


def _each(steps: Any) -> Callable[[], None]:
    """Return a function that does one step after the other."""
    found = tuple(steps)

    def do() -> None:
        for step in found:
            step()

    return do
