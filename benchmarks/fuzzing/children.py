"""A try in a child of its own: forked from a process that has imported everything, with limits of time and memory.

A child says on a pipe how far it is and at the end how it went; one that says nothing more was killed, or died.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CPU_SECONDS, WALL_SECONDS, MEMORY = 30, 240, 4 * 2**30


@dataclass
class Child:
    """A try under way.

    Attributes
    ----------
    number, pid, pipe
        Which try it is, its process, and where it writes.
    started
        When, in seconds of `time.monotonic`.
    said
        What it wrote.
    """

    number: int
    pid: int
    pipe: int
    started: float = field(default_factory=time.monotonic)
    said: bytes = b""


@dataclass(frozen=True)
class Ended:
    """A try that ended: everything it said, its exit status, and whether it was ended for taking too long."""

    number: int
    said: list[dict[str, Any]]
    status: int
    overdue: bool
    seconds: float


def run(
    numbers: Iterable[int], work: Callable[[int, Callable[[dict[str, Any]], None]], None], log: Path, jobs: int = 1
) -> Iterator[Ended]:
    """Yield every try as it ends, `jobs` of them at a time.

    Parameters
    ----------
    work
        Called in the child with the number of the try and a function that tells the parent something.
    log
        Folder where what the child prints goes, as ``<number>.log``.
    """
    waiting, running = iter(numbers), {}
    more = True
    try:
        while more or running:
            while more and len(running) < jobs:
                number = next(waiting, None)
                more = number is not None
                if number is not None:
                    child = _started(number, work, log)
                    running[child.pipe] = child
            ready = select.select(list(running), [], [], 1.0)[0] if running else []
            for pipe in list(running):
                child = running[pipe]
                text = os.read(pipe, 65536) if pipe in ready else None
                if text:
                    child.said += text
                overdue = time.monotonic() - child.started > WALL_SECONDS
                if text == b"" or overdue:
                    del running[pipe]
                    yield _ended(child, overdue)

    finally:  # whoever listened may have left
        for child in running.values():
            _ended(child, overdue=True)


def _started(number: int, work: Callable[..., None], log: Path) -> Child:
    """Fork a child that does the work and then ends without unwinding what it shares with the parent."""
    read, write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(write)
        return Child(number, pid, read)
    status = 1
    try:
        os.close(read)
        os.setsid()  # so that what it starts itself ends with it
        _limit()
        output = os.open(log / f"{number}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(output, stream)
        with os.fdopen(write, "w", encoding="utf-8") as pipe:

            def tell(something: dict[str, Any]) -> None:
                print(json.dumps(something), file=pipe, flush=True)

            work(number, tell)
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _limit() -> None:
    """Set what this process may use; what is in use already comes on top."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) if sys.platform == "linux" else 0
    allowed = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    with contextlib.suppress(ValueError, OSError):  # macOS knows the limit and refuses it
        resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _ended(child: Child, overdue: bool) -> Ended:
    """Return how a child ended; one that goes on, and whatever it has started, is ended here."""
    if not overdue:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    _, status = os.waitpid(child.pid, 0)
    os.close(child.pipe)
    said = [json.loads(line) for line in child.said.decode(errors="replace").splitlines() if line.endswith("}")]
    seconds = time.monotonic() - child.started
    code = os.waitstatus_to_exitcode(status)
    return Ended(child.number, said, code, overdue or code == -signal.SIGXCPU, seconds)
