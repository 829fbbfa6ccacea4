"""The list of what a person said about the spots of a section; saying, taking back and training on are deeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from psygnal import Signal

from napari_trsmi.gui.session.deeds import Deed

if TYPE_CHECKING:
    from napari_trsmi.config import Constraint
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection, Run

Constraints = tuple["Constraint", ...]
ON = "training on"


class ConstraintHistory:
    """The constraints that count when training goes on: those of the kept result, less and more what was said since.

    What is new stays when another result is shown, and with its section when another section is.

    Signals
    -------
    changed()
        The list, or the result that it is compared with, is another.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self.session = session
        self.constraints: Constraints = ()
        self.kept: dict[Constraint, float] = {}  # how far the result does what it was made with
        self._section: OpenSection | None = None
        self._new: WeakKeyDictionary[OpenSection, Constraints] = WeakKeyDictionary()
        self._partition: Any = None
        self._carried: WeakKeyDictionary[Run, Constraints] = WeakKeyDictionary()  # the list with which each run began
        session.result_changed.connect(self._on_result)
        session.run_changed.connect(self._on_run)
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
        before = self.constraints
        self._set(constraints)
        self._note(before, constraints, text)

    def _note(self, before: Constraints, after: Constraints, text: str) -> None:
        self.session.deeds.add(Deed(text, lambda: self._set(before), lambda: self._set(after)))

    def _set(self, constraints: Constraints) -> None:
        self.constraints = constraints
        if self._section is not None:
            self._new[self._section] = self.new
        self.changed.emit()

    # What the session says

    def _on_run(self, state: str) -> None:
        run = self.session.run
        if state in ("waiting", "preparing") and run is not None and run.before is not None:
            self._carried.setdefault(run, self.constraints)
        self.changed.emit()

    def took(self, section: OpenSection, result: Result) -> None:
        """Take in that training on a section in the background has ended, which is undone there once it is back."""
        from napari_trsmi.teach import obedience

        carried = None if section.last_run is None else self._carried.pop(section.last_run, None)
        if carried is not None:
            known = set(map(_said, result.config.constraints))
            self._note(carried, (*dict(obedience(result)), *(one for one in carried if _said(one) not in known)), ON)

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
        last = self.session.last_run
        if last in self._carried and result is not None and last is not None and result.config is last.config:
            carried = self._carried.pop(last)
            self._set(self._with(carried))
            self._note(carried, self.constraints, ON)  # undone with the result, after it
            return
        self._set(self._with(new))

    def _with(self, others: Constraints) -> Constraints:
        """Return the constraints of the result, and those of `others` that it was made without."""
        result = self.session.result
        known = set() if result is None else set(map(_said, result.config.constraints))
        return (*self.kept, *(one for one in others if _said(one) not in known))


def history_of(session: Session) -> ConstraintHistory:
    """Return the list of a session, made when first asked for: it outlives the dock that shows it."""
    if session.wishes is None:
        session.wishes = ConstraintHistory(session)
    found: ConstraintHistory = session.wishes
    return found


def _said(constraint: Constraint) -> tuple[Any, ...]:
    """Return what a constraint says, whenever it was said."""
    return constraint.kind, constraint.spots, constraint.others
