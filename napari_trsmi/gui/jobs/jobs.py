"""Jobs beside training in threads, so that the window stays alive: short ones, and long ones that can be dropped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from weakref import WeakKeyDictionary, WeakMethod, WeakSet

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_trsmi.gui.jobs import warm_up
from napari_trsmi.gui.jobs.worker import drop_before_exit, end_before_exit, outside_pool, sentence
from napari_trsmi.gui.session.session import Session
from napari_trsmi.interrupt import Interrupted, interruptible

if TYPE_CHECKING:
    from napari_trsmi.gui.session.state import OpenSection

logger = logging.getLogger(__name__)

MILLISECONDS = 250  # between two looks at how far a long job is


def run_job(
    session: Session,
    busy: str,
    job: Callable[[], Any],
    done: Callable[[Any], None],
    failed: Callable[[str], None] | None = None,
    *,
    with_window: bool = False,
) -> None:
    """Run `job` in a thread and give what it returns to `done`, on the thread of the window.

    An error is told as one sentence through `Session.failed` (and to `failed`); `done` is then not called. The
    sentence goes from its dock once a job goes well there whose sign begins with the same word.

    Parameters
    ----------
    busy
        What a person reads meanwhile, such as ``"Saving domains.h5mu"``.
    with_window
        It ends with the window, see `drop_jobs`: nothing outside is made of it.
    """
    from superqt.utils import create_worker

    wish, given = _Wish(), [job]
    if with_window:
        _WISHES.setdefault(session, WeakSet()).add(wish)
        drop_before_exit(wish)

    def work() -> tuple[Any, str]:
        try:
            warm_up.wait()
            with interruptible(lambda: wish.dropped):
                return given.pop()(), ""
        except Interrupted:
            return None, ""
        except Exception as error:
            logger.info("job failed", exc_info=True)
            return None, sentence(error)

    ended, place, about = session.busy.begin(busy), session.busy.place, busy.partition(" ")[0]
    # Emptied at the end: a binding of Qt at times forgets to drop a finished thread and what heard it.
    told = [(session, done, failed, ended)]

    def finish(outcome: tuple[Any, str]) -> None:
        (session, done, failed, ended), (value, problem) = told.pop(), outcome
        ended()
        if problem:
            with session.busy.at(place, about):
                session.failed.emit(problem)
            if failed is not None:
                failed(problem)
        elif not wish.dropped:
            with session.busy.at(place):
                session.did.emit(about)
            done(value)

    worker = create_worker(work, _start_thread=False, _ignore_errors=True)
    worker.returned.connect(finish)
    end_before_exit()
    worker.start()


class _Wish:
    """Whether anybody wants the outcome of a short job."""

    dropped = False

    def drop(self) -> None:
        """End the job soon, with nothing."""
        self.dropped = True


_WISHES: WeakKeyDictionary[Session, WeakSet[_Wish]] = WeakKeyDictionary()


def drop_jobs(session: Session) -> None:
    """End the jobs of a window that closes, which would keep all that it had; what is being saved is saved."""
    for wish in list(_WISHES.get(session, ())):
        wish.drop()


class LongJob(Protocol):
    """Work that a person may no longer want.

    Attributes
    ----------
    dropped
        True where nobody wants the outcome any more.
    """

    dropped: bool

    def work(self) -> Any:
        """Return the outcome; called in the thread."""

    def drop(self, *_: Any) -> None:
        """End soon, with nothing."""


J = TypeVar("J", bound=LongJob)


def run_long(
    session: Session, busy: str, job: J, done: Callable[[J, Any], None], failed: Callable[[J, str], None]
) -> None:
    """Run a job beside which short ones go on, as `run_job`; nobody hears of its end once it was dropped.

    Parameters
    ----------
    done, failed
        Bound methods, kept weakly; they get the job, and its outcome or the sentence.
    """
    drop_before_exit(job)

    def unless_dropped(method: Callable[[J, Any], None]) -> Callable[[Any], None]:
        kept = WeakMethod(method)

        def hear(value: Any) -> None:
            if (hears := kept()) is not None and not job.dropped:
                hears(job, value)

        return hear

    def work() -> Any:
        with outside_pool():
            return job.work()

    run_job(session, busy, work, unless_dropped(done), unless_dropped(failed))


class JobPanel(QWidget):
    """A panel that has one long job at a time, and shows at every tick of a clock how far it is.

    Attributes
    ----------
    job
        The one under way, or None.
    job_of
        The section that it is about, where it goes on while others are looked at.
    """

    losing = ""  # what a person would lose if the window closed meanwhile, with a place for the section; "" for little

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.job: Any = None
        self.job_of: OpenSection | None = None
        self._clock = QTimer(self)
        self._clock.setInterval(MILLISECONDS)
        self._clock.timeout.connect(self._show_progress)

    @property
    def at_stake(self) -> str:
        """What would be lost if the window closed now, as the subject of a sentence; "" for nothing."""
        if self.job is None or self.job_of is None:
            return ""
        return self.losing.format(self.job_of.dataset.name)

    def _begin_job(self, busy: str, job: J, done: Callable[[J, Any], None], failed: Callable[[J, str], None]) -> None:
        self.job = job
        self.destroyed.connect(job.drop)
        run_long(self.session, busy, job, done, failed)
        self._clock.start()

    def _drop_job(self) -> None:
        if self.job is not None:
            self.job.drop()
            self._end_job()

    def _end_job(self) -> None:
        if self.job is not None:
            self.destroyed.disconnect(self.job.drop)  # which must not be called once the job is garbage
        self.job = None
        self._clock.stop()
        self._refresh()

    def _show_progress(self) -> None:
        raise NotImplementedError

    def _refresh(self) -> None:
        """Enable what makes sense now."""
        raise NotImplementedError
