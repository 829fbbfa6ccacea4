"""End long work from another thread: whoever starts it says when, and the work asks between its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import local

_THREAD = local()  # `unwanted` of the work in each thread


class Interrupted(Exception):
    """Nobody wants the outcome any more."""


@contextmanager
def interruptible(unwanted: Callable[[], bool]) -> Iterator[None]:
    """Let `check` end what is done inside, in this thread, once `unwanted` is true.

    Examples
    --------
    >>> with interruptible(lambda: True):
    ...     check()
    Traceback (most recent call last):
    napari_trsmi.interrupt.Interrupted
    """
    before = getattr(_THREAD, "unwanted", None)
    _THREAD.unwanted = unwanted
    try:
        yield
    finally:
        _THREAD.unwanted = before


class Helped(Exception):
    """Training is over, and another process that took part in it has the outcome."""


def check() -> None:
    """Go on, unless the work of this thread is unwanted. Costs nothing: call it in every slow loop.

    Raises
    ------
    Interrupted
        It is.
    """
    unwanted = getattr(_THREAD, "unwanted", None)
    if unwanted is not None and unwanted():
        raise Interrupted
