"""A question that is answered in a thread, and dropped once nobody waits for it; and what many questions share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_trsmi.interrupt import Interrupted, interruptible
from napari_trsmi.sampling import is_large

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.evidence.carriers import Halves


@dataclass(eq=False)
class AskJob:
    """One question; see `jobs.LongJob`."""

    ask: Callable[[], Any]
    dropped: bool = False

    def work(self) -> Any:
        """Return the answer, None where nobody wants it any more."""
        try:
            with interruptible(lambda: self.dropped):
                return self.ask()
        except Interrupted:
            return None

    def drop(self, *_: Any) -> None:
        """End at the next look, with nothing."""
        self.dropped = True


class HeldOut:
    """The counts of a result in two halves, made when they are first asked for.

    They take as much memory as the section, so those of a large one are not kept.
    """

    def __init__(self) -> None:
        self._partition: Any = None
        self._halves: Halves | None = None

    def of(self, result: Result) -> Halves | None:
        """Return what `count_halves` does; called in a thread."""
        from napari_trsmi.evidence.carriers import count_halves

        if self._partition is not result.partition:
            halves = count_halves(result)
            if is_large(len(result.labels)):
                return halves
            self._partition, self._halves = result.partition, halves
        return self._halves

    def forget(self) -> None:
        """Give up what was kept."""
        self._partition = self._halves = None
