"""The list of what a person said about the spots of a section, with undo over saying, taking back and training on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QUndoCommand, QUndoStack

from napari_trsmi.gui.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.config import Constraint
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session import Session
    from napari_trsmi.gui.state import OpenSection

Constraints = tuple["Constraint", ...]


class Point(NamedTuple):
    """Where undo leads: the list, and the number of the run that was shown."""

    constraints: Constraints
    run: int | None


class ConstraintHistory(QObject):
    """The constraints that count when training goes on: those of the kept result, less and more what was said since.

    What is new stays when another result is shown, and with its section when another section is.

    Signals
    -------
    changed()
        The list, or the result that it is compared with, is another.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.constraints: Constraints = ()
        self.kept: dict[Constraint, float] = {}  # how far the result does what it was made with
        self.stack = QUndoStack(self)
        self._section: OpenSection | None = None
        self._new: WeakKeyDictionary[OpenSection, Constraints] = WeakKeyDictionary()
        self._partition: Any = None
        self._carried: Point | None = None  # where the run in progress began
        self._moving = False
        listen(self, (session.result_changed, self._on_result), (session.run_changed, self._on_run))
        self._on_result(session.result)

    @property
    def new(self) -> Constraints:
        """Those that the result was made without."""
        known = set(map(_said, self.kept))
        return tuple(one for one in self.constraints if _said(one) not in known)

    @property
    def ended(self) -> Constraints:
        """Those of the result that were taken back."""
        return tuple(one for one in self.kept if one not in self.constraints)

    # What a person does

    def add(self, constraint: Constraint, text: str) -> None:
        """Say something; `text` is what undo calls it."""
        if constraint not in self.constraints:
            self._change((*self.constraints, constraint), text)

    def take_back(self, constraint: Constraint, text: str) -> None:
        """Take back what was said."""
        self._change(tuple(one for one in self.constraints if one != constraint), text)

    def _change(self, constraints: Constraints, text: str) -> None:
        self.stack.push(_Step(self._go, self._here(), Point(constraints, self._run()), text))

    def undo(self) -> None:
        """Go back one step."""
        if self.session.run is None:
            self.stack.undo()

    def redo(self) -> None:
        """Go forward one step."""
        if self.session.run is None:
            self.stack.redo()

    # Where we are

    def _run(self) -> int | None:
        section = self.session.section
        entry = None if section is None else section.runs.entry_of(section.result)
        return None if entry is None else entry.number

    def _here(self) -> Point:
        return Point(self.constraints, self._run())

    def _go(self, point: Point) -> None:
        """Take over a list, and show the run that goes with it."""
        section = self.session.section
        if section is not None and point.run != self._run():
            entry = next((one for one in section.runs if one.number == point.run), None)
            if entry is None:
                self.session.failed.emit("Expected the run before, found that it was deleted. The list alone is back.")
            else:
                self._moving = True
                self.session.set_config(entry.result.config)
                self.session.set_result(entry.result, entry.path)
                self._moving = False
        self._set(point.constraints)

    def _set(self, constraints: Constraints) -> None:
        self.constraints = constraints
        if self._section is not None:
            self._new[self._section] = self.new
        self.changed.emit()

    # What the session says

    def _on_run(self, state: str) -> None:
        run = self.session.run
        if state == "preparing" and run is not None and run.before is not None:
            self._carried = self._here()
        elif state == "idle":
            self._carried = None
        self.changed.emit()

    def _on_result(self, result: Result | None) -> None:
        from napari_trsmi.teach import obedience

        section = self.session.section
        partition = None if result is None else result.partition
        if partition is self._partition and section is self._section:  # a name, a colour, a review
            self.changed.emit()
            return
        new = self._new.get(section, ()) if section is not None else ()
        self._partition, self._section = partition, section
        self.kept = {} if result is None else dict(obedience(result))
        if self._moving:
            return
        last = self.session.last_run
        if self._carried is not None and result is not None and last is not None and result.config is last.config:
            after = Point(self._with(self._carried.constraints), self._run())
            self.stack.push(_Step(self._go, self._carried, after, "training on"))
            return
        self.stack.clear()
        self._set(self._with(new))

    def _with(self, others: Constraints) -> Constraints:
        """Return the constraints of the result, and those of `others` that it was made without."""
        result = self.session.result
        known = set() if result is None else set(map(_said, result.config.constraints))
        return (*self.kept, *(one for one in others if _said(one) not in known))


def _said(constraint: Constraint) -> tuple[Any, ...]:
    """Return what a constraint says, whenever it was said."""
    return constraint.kind, constraint.spots, constraint.others


class _Step(QUndoCommand):
    """The way from one point to another."""

    def __init__(self, go: Callable[[Point], None], before: Point, after: Point, text: str) -> None:
        super().__init__(text)
        self._go, self.before, self.after = go, before, after

    def redo(self) -> None:
        """Go to the later point; Qt calls this when the step is pushed."""
        self._go(self.after)

    def undo(self) -> None:
        """Go back to the earlier point."""
        self._go(self.before)
