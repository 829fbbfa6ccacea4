"""What is being opened in a window: read in a thread, one after the other, and given up where nobody wants it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_trsmi.gui.jobs.jobs import run_long
from napari_trsmi.gui.jobs.libraries import PIECES
from napari_trsmi.gui.jobs.worker import drop_before_exit, sentence
from napari_trsmi.gui.session.busy import nowhere
from napari_trsmi.interrupt import interruptible
from napari_trsmi.records import Progress
from napari_trsmi.telling import heard

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session

logger = logging.getLogger(__name__)

LOADING = "Loading libraries"


def _nothing(_: Any) -> None:
    """Take what nobody wants."""


class Opening:
    """Something that is read, and what is done with it then.

    Attributes
    ----------
    name
        What a person reads meanwhile, such as ``"Opening brain.h5mu"``.
    dropped
        True where nobody wants it any more.
    doing
        What the thread is doing; None where it has not said so.

    Parameters
    ----------
    read
        Called in a thread; no widget and no layer may be touched there.
    take
        Called with what was read, on the thread of the window.
    failed
        Called with the sentence on what went wrong, which is told beside.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], Any],
        take: Callable[[Any], None],
        failed: Callable[[str], None] = _nothing,
    ) -> None:
        self.name, self.take, self.failed = name, take, failed
        self._read = read
        self.dropped = False
        self.place: Callable[[], Any] = nowhere  # the dock that asked for it
        self.doing: Progress | None = None
        drop_before_exit(self)

    def work(self) -> tuple[Any, str]:
        """Return what was read, or what went wrong; called in the thread."""
        try:
            with interruptible(lambda: self.dropped), heard(self._hear):
                return self._read(), ""
        except Exception as error:
            if not self.dropped:
                logger.info("%s failed", self.name, exc_info=True)
            return None, sentence(error)

    def drop(self, *_: Any) -> None:
        """End soon, with nothing."""
        self.dropped = True
        self.take, self.failed = _nothing, _nothing

    def end(self) -> None:
        """Let go of what was wanted with it: a thread that has ended may be kept for good."""
        self.take, self.failed, self._read = _nothing, _nothing, lambda: None

    def _hear(self, text: str, done: int, total: int) -> None:
        self.doing = Progress(done, total, text)


class Lane:
    """All that is to be opened in one window, first to last; one is read at a time, in the order asked for.

    Signals
    -------
    changed()
        One came, began or ended.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = ref(session)
        self.line: list[Opening] = []
        self._current: Opening | None = None

    @property
    def words(self) -> Progress | None:
        """What goes on, in words and parts; None where nothing is opened."""
        if not self.line:
            return None
        first, rest = self.line[0], len(self.line) - 1
        more = f", {rest} more wait{'s' * (rest == 1)}" if rest else ""
        if PIECES.done < PIECES.total:
            return Progress(PIECES.done, PIECES.total, f"{first.name}: {LOADING.lower()}{more}")
        doing = first.doing or Progress(0, 0, "")
        return Progress(doing.done, doing.total, ": ".join(filter(None, (first.name, doing.text))) + more)

    def add(self, opening: Opening, *, first: bool = False) -> None:
        """Open something after the others, or before them where it goes on with what has just been read."""
        if (session := self._session()) is not None:
            opening.place = session.busy.place
        self.line.insert(0, opening) if first else self.line.append(opening)
        self.changed.emit()
        if self._current is None:
            self._begin()

    def cancel(self) -> None:
        """Give up what is being opened, and go on with the next."""
        if self.line:
            self.line.pop(0).drop()
            self._current = None
            self._begin()

    def cancel_all(self) -> None:
        """Give up all: the window closes."""
        for opening in self.line:
            opening.drop()
        self.line.clear()
        self._current = None
        self.changed.emit()

    def _begin(self) -> None:
        self._current = opening = self.line[0] if self.line else None
        self.changed.emit()
        if opening is not None:
            lane = ref(self)
            PIECES.when_there(lambda: there._read(opening) if (there := lane()) is not None else None)

    def _read(self, opening: Opening) -> None:
        session = self._session()
        if session is not None and opening is self._current and not opening.dropped:
            self.changed.emit()
            run_long(session, "", opening, self._on_read, self._on_failed)

    def _on_failed(self, opening: Opening, problem: str) -> None:
        self._on_read(opening, (None, problem))

    def _on_read(self, opening: Opening, outcome: tuple[Any, str]) -> None:
        session, (found, problem) = self._session(), outcome
        if session is None or opening is not self._current:
            return
        try:
            if not problem:
                opening.take(found)
        except Exception as error:  # layers could not be made of it
            logger.warning("%s failed", opening.name, exc_info=True)
            problem = sentence(error)
        finally:
            if opening in self.line:
                self.line.remove(opening)
            self._current = None
            self._begin()
        failed = opening.failed
        opening.end()
        if problem:
            with session.busy.at(opening.place):
                session.failed.emit(problem)
            failed(problem)


_LANES: WeakKeyDictionary[Session, Lane] = WeakKeyDictionary()


def lane_of(session: Session) -> Lane:
    """Return what is being opened in the window of a session."""
    if session not in _LANES:
        _LANES[session] = Lane(session)
    return _LANES[session]


def in_turn(session: Session, steps: Iterator[Any]) -> None:
    """Go through `steps` from the event loop, which handles what else there is in between; a failure is told."""
    held = ref(session)

    def go_on() -> None:
        try:
            next(steps)
        except StopIteration:
            return
        except Exception as error:
            logger.warning("a step failed", exc_info=True)
            if (there := held()) is not None:
                there.failed.emit(sentence(error))
            return
        QTimer.singleShot(0, go_on)

    QTimer.singleShot(0, go_on)
