"""What jobs beside training do, as the one line that a person reads of them: no window, no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def nowhere() -> None:
    """Return the place of what belongs to no dock."""


class Busy:
    """The jobs under way, first to last. The sign is that of the last that has one, and stays until its job ends.

    Parameters
    ----------
    show
        Called with the sign whenever it may have changed, ``""`` where nothing is under way.

    Attributes
    ----------
    place
        Returns the dock in which a person did something last, None for none: what he asks for belongs to it.
    about
        What is just told of, such as ``"Saving"``, while it fails; "" where nobody said.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._signs: dict[int, str] = {}
        self._count = 0
        self.place: Callable[[], Any] = nowhere
        self.about = ""

    @contextmanager
    def at(self, place: Callable[[], Any], about: str = "") -> Iterator[None]:
        """Let what is told meanwhile belong to the dock in which it was asked for."""
        before, (self.place, self.about) = (self.place, self.about), (place, about)
        try:
            yield
        finally:
            self.place, self.about = before

    def begin(self, sign: str) -> Callable[[], None]:
        """Take in a job and return what is to be called when it has ended, in whatever way.

        Parameters
        ----------
        sign
            What a person reads meanwhile, such as ``"Saving domains.h5mu"``; ``""`` where it need not be told.
        """
        self._count += 1
        number = self._count
        self._signs[number] = sign
        self._show(self.sign)

        def end() -> None:
            if self._signs.pop(number, None) is not None:
                self._show(self.sign)

        return end

    @property
    def sign(self) -> str:
        """Sign of the last job that has one."""
        return next((sign for sign in reversed(self._signs.values()) if sign), "")

    @property
    def under_way(self) -> bool:
        """True until all jobs have ended, those too that need not be told."""
        return bool(self._signs)
