"""Training in a thread of its own: the generator of `api`, wrapped so that every failure is one sentence."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from functools import cache
from threading import Event, Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod, WeakSet, ref

from napari_trsmi.errors import TrainingError, TrsmiError
from napari_trsmi.gui.jobs import warm_up
from napari_trsmi.interrupt import Interrupted, interruptible
from napari_trsmi.telling import heard

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Run
    from napari_trsmi.records import Step

logger = logging.getLogger(__name__)

# Torch has one random generator and one number of threads for the whole program: two runs side by side would not be
# repeatable. A run that was cancelled may take an epoch to leave; the next one waits for it here.
_TURN = Lock()
_THREADS: WeakSet[Thread] = WeakSet()
_JOBS: WeakSet[Any] = WeakSet()  # which end early, with nothing, once they are dropped


class Thread:
    """The thread of one run; see `session.Trainer`. Its flags are set by the window and read between epochs."""

    def __init__(self) -> None:
        self.go, self.stop, self.left = Event(), Event(), Event()
        self.go.set()
        self.ended = Event()
        self._has_turn = False
        _THREADS.add(self)

    def pause(self) -> None:
        """Stop after the current epoch."""
        self.go.clear()

    def resume(self) -> None:
        """Go on."""
        self.go.set()

    def finish(self) -> None:
        """Return the result as it is after the current epoch."""
        self.stop.set()
        self.go.set()

    def cancel(self) -> None:
        """Leave with nothing: after the current epoch, or the part of the work before or after all epochs."""
        self.left.set()
        self.go.set()

    def take_turn(self, wait: Callable[[], None] = lambda: None) -> bool:
        """Wait until no other run trains; False where this one was cancelled meanwhile.

        Parameters
        ----------
        wait
            Called where another one does.
        """
        if not self._has_turn and not self.left.is_set():
            self._has_turn = _TURN.acquire(blocking=False)
            if not self._has_turn:
                wait()
        while not self._has_turn and not self.left.is_set():
            self._has_turn = _TURN.acquire(timeout=0.05)
        return not self.left.is_set()

    def give_turn(self) -> None:
        """Let other runs train."""
        if self._has_turn:
            self._has_turn = False
            _TURN.release()


WAITING = "Waiting for another run to end"  # of the checks, or one that was cancelled


@contextmanager
def outside_pool() -> Iterator[None]:
    """Take no place in Qt's pool of threads, so that short jobs go on beside a long one, also while it is paused."""
    from qtpy.QtCore import QThreadPool

    pool = QThreadPool.globalInstance()
    assert pool is not None
    pool.releaseThread()
    try:
        yield
    finally:
        pool.reserveThread()


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no run trains, and let none train meanwhile."""
    with _TURN:
        yield


def train(run: Run, thread: Thread) -> Generator[Step, None, Result | None]:
    """Yield the epochs of a run and return its result, or None after `Thread.cancel`; only errors of ours leave it.

    A generator worker swallows `RuntimeError`, which torch raises for shapes and memory: it becomes a `TrainingError`.
    """
    try:
        with outside_pool():
            if not thread.take_turn(lambda: run.hear(WAITING, 0, 0)):
                return None
            run.doing = None
            warm_up.wait()
            warm_up.load_torch()
            with interruptible(thread.left.is_set), heard(run.hear):
                return (yield from _train(run, thread))
    except Interrupted:
        return None
    except TrsmiError:
        raise
    except Exception as error:
        logger.exception("training ended with an error")
        raise TrainingError(sentence(error)) from error
    finally:
        thread.give_turn()
        thread.ended.set()


def _train(run: Run, thread: Thread) -> Generator[Step, None, Result | None]:
    from napari_trsmi.api import fit_steps
    from napari_trsmi.data.writers import conversions

    section = run.section
    if section.conversions is None:
        section.conversions = conversions(section.dataset, section.path.suffix if section.path else ".h5mu")
    if run.before is not None and run.before.state:
        run.states.add(run.before.history[-1].epoch, bytes(run.before.state))
    steps = fit_steps(section.dataset, run.config, resume=run.resume, states=run.states)
    try:
        step = next(steps)
        while True:
            if step.labels is not None and not run.colors:
                run.colors = first_colors(step, run)
                run.new_colors = run.before is None and run.section.result is None
            run.doing = None
            yield step
            if not thread.go.is_set():
                thread.give_turn()
                thread.go.wait()
            if not thread.take_turn():
                steps.close()
                return None
            step = steps.send("stop" if thread.stop.is_set() else None)
    except StopIteration as end:
        result: Result = end.value
        return result


def sentence(error: BaseException) -> str:
    """Return what a person is told about an error: what happened in plain words, and the way out."""
    if isinstance(error, TrsmiError):
        return f"{error.plain} {error}".lstrip()
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if isinstance(error, MemoryError) or "out of memory" in text.lower() or "not enough memory" in text.lower():
        return (
            "There was not enough memory. Expected enough memory, found too little. Use the CPU, fewer components or "
            "fewer neighbours."
        )
    if isinstance(error, OSError):
        name = f" {error.filename}" if error.filename else ""
        full = "The disk is full. " if error.errno in (ENOSPC, EDQUOT) else ""
        return f"{full}Expected the system to do as asked, found: {error.strerror or text}{name}. Check disk and file."
    return (
        f"Something went wrong in the program. Expected to get through, found {type(error).__name__}: {text}. Please "
        "report this with the log."
    )


def first_colors(step: Step, run: Run) -> tuple[str, ...]:
    """Return colours for the first preview and later ones: of the result before, else apart where domains touch."""
    from napari_trsmi.domains.colors import carried_over, domain_colors
    from napari_trsmi.graphs import spatial_graph

    labels, before, dataset = step.labels, run.section.result, run.section.dataset
    assert labels is not None
    n = int(labels.max()) + 1
    if run.before is not None:
        return carried_over(labels, n, run.before.labels, run.before.palette)
    if before is not None:
        colors = carried_over(labels, n, before.labels, before.palette)
        return (*colors, *(color for color in before.palette if color not in colors))
    return domain_colors(labels, spatial_graph(dataset.coords, run.config.graph.k_spatial, dataset.section), n=n)


def start_trainer(session: Session, run: Run) -> Thread:
    """Start the thread of `run` and report what it does to `session`, on the thread of the window.

    superqt's worker is used as it is: napari's would show errors as tracebacks and keep every worker until the window
    is closed.
    """
    from superqt.utils import create_worker

    thread = Thread()
    worker = create_worker(train, run, thread, _start_thread=False, _ignore_errors=True)
    worker.yielded.connect(_report(session.on_step, run))
    worker.returned.connect(_report(session.on_returned, run))
    worker.errored.connect(_report(session.on_failed, run, sentence))
    end_before_exit()
    worker.start()
    return thread


@cache
def end_before_exit() -> None:
    """Let jobs end before the program does, and long ones soon: without Qt they would end in tracebacks, or never."""
    from qtpy.QtCore import QThreadPool

    def end() -> None:
        for thread in list(_THREADS):
            thread.cancel()
        for job in list(_JOBS):
            job.drop()
        if (pool := QThreadPool.globalInstance()) is not None:
            pool.waitForDone()

    atexit.register(end)


def drop_before_exit(job: Any) -> None:
    """Let the program not wait at its end for what a job still has to do."""
    _JOBS.add(job)


def _report(hear: Callable[[Run, Any], None], run: Run, say: Callable[[Any], Any] = lambda value: value) -> Any:
    """Return a slot that keeps neither session nor run: PyQt at times forgets to drop those of a finished thread."""
    session_hears, current = WeakMethod(hear), ref(run)

    def report(value: Any) -> None:
        hears, its_run = session_hears(), current()
        if hears is not None and its_run is not None:
            hears(its_run, say(value))

    return report
