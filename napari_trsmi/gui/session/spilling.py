"""States of training that give up their place in memory: the oldest runs of the window keep theirs in files."""

from __future__ import annotations

import logging
from dataclasses import replace
from tempfile import TemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Protocol
from weakref import finalize

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from napari_trsmi.data.result import Result

logger = logging.getLogger(__name__)

BUDGET = 500_000_000  # bytes that the states of all runs of the program may take in memory


class SpilledState:
    """A state of training in a temporary file, which is gone with the last that refers to it, and with the program.

    ``bytes()`` of it is the state, ``len()`` its size.

    Raises
    ------
    OSError
        There is no room for it.
    """

    def __init__(self, state: bytes) -> None:
        self._file, self._size, self._lock = TemporaryFile(prefix="trsmi-state-"), len(state), Lock()  # noqa: SIM115
        finalize(self, self._file.close)
        self._file.write(state)
        self._file.flush()

    def __len__(self) -> int:
        return self._size

    def __bytes__(self) -> bytes:
        with self._lock:
            self._file.seek(0)
            return self._file.read()


class Kept(Protocol):
    """What holds a result: an entry of `runs.Runs`.

    Attributes
    ----------
    result
        Its state of training is bytes, or a `SpilledState`.
    seen
        The smallest was seen longest ago.
    """

    result: Result
    seen: int


def spill(entries: Iterable[Kept], shown: Collection[Kept]) -> None:
    """Move states of entries to files, those seen longest ago first, until the rest takes no more than `BUDGET`.

    Where a file cannot be made, the state stays in memory.

    Parameters
    ----------
    entries
        All there are.
    shown
        Those of them whose results are held by others too; they stay in memory.
    """
    held = [(entry, state) for entry in entries if isinstance(state := entry.result.state, bytes)]
    excess = sum(len(state) for _, state in held) - BUDGET
    for entry, state in sorted(held, key=lambda one: one[0].seen):
        if excess <= 0:
            return
        if entry in shown:
            continue
        try:
            entry.result = replace(entry.result, state=SpilledState(state))
        except OSError as error:
            logger.warning("A state of training stays in memory: %s", error)
            return
        excess -= len(state)
