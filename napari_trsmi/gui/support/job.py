"""Finding the support of one result in a thread, and putting it onto the result as it is by then."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.evidence import SUPPORT as MAP
from napari_trsmi.gui.jobs.worker import Thread
from napari_trsmi.interrupt import Interrupted, interruptible
from napari_trsmi.records import Progress, drain
from napari_trsmi.reviews import NEW_DOMAINS
from napari_trsmi.telling import SUPPORT, heard

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.jobs.ready import Ready

_WAS = "was"  # column of the boundaries: number before they were ranked by support


@dataclass(eq=False)
class SupportJob:
    """The thread writes how far it is, the window reads it.

    Attributes
    ----------
    result
        Whose support is found.
    ready
        Gives the section made ready.
    progress
        What is being done, and how far it is.
    dropped
        True where nobody wants the outcome any more.
    """

    result: Result
    ready: Ready
    progress: Progress = field(default_factory=lambda: Progress(0, 0, ""))
    dropped: bool = False
    thread: Thread = field(default_factory=Thread)
    _began: float = 0.0  # when the first cut began
    _seen: float = 0.0  # when the latest was made

    def drop(self, *_: Any) -> None:
        """End soon, with nothing."""
        self.dropped = True
        self.thread.cancel()

    def work(self) -> Result | None:
        """Return the result with its support, for `onto`; None where it was dropped or there is none to find."""
        from napari_trsmi.evidence import supported

        result = self.result
        if result.boundaries is not None:
            result = replace(result, boundaries=result.boundaries.assign(**{_WAS: np.arange(len(result.boundaries))}))
        try:
            with interruptible(self.thread.left.is_set), heard(self._hear):
                found = drain(supported(result, self.ready.get(result)), self._see)
        except Interrupted:
            return None
        finally:
            self.thread.ended.set()
        return found if MAP in found.maps else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds that the cuts to come will take, judged by those made; None before one is."""
        done, total = self.progress.done, self.progress.total
        return None if not 0 < done < total else (self._seen - self._began) / done * (total - done)

    def _hear(self, text: str, done: int, total: int) -> None:
        self.progress = Progress(done, total, text)

    def _see(self, progress: Progress) -> None:
        self._seen = time.perf_counter()
        self._began = self._seen if progress.done == 0 else self._began
        self.progress = replace(progress, text=SUPPORT)


def onto(found: Result, current: Result) -> Result:
    """Return `current`, which has the domains of `found` but may have been edited since, with the support.

    Boundaries are ranked by it, and what was recorded of their review is numbered anew.
    """
    from napari_trsmi.data.placement import moved_along

    found = moved_along(found, current.dataset)  # which may have been flipped meanwhile
    boundaries, edits = current.boundaries, current.provenance.get("edits", ())
    if boundaries is not None and found.boundaries is not None:
        order = found.boundaries[_WAS].to_numpy()
        values = {"segment": np.arange(len(order)), MAP: found.boundaries[MAP].to_numpy()}
        boundaries = boundaries.iloc[order].reset_index(drop=True).assign(**values)
        edits = _renumbered(edits, np.argsort(order))
    provenance = {**current.provenance, "support": found.provenance["support"]}
    return replace(
        current,
        maps={**current.maps, MAP: found.maps[MAP]},
        cuts=found.cuts,
        boundaries=boundaries,
        boundary_edges=found.boundary_edges,
        provenance={**provenance, "edits": edits} if edits else provenance,
    )


def _renumbered(edits: Sequence[dict[str, Any]], new: np.ndarray) -> list[dict[str, Any]]:
    """Return edits whose reviews of the domains there are now name the boundaries by their new numbers."""
    first = max((at for at, entry in enumerate(edits) if entry["edit"] in NEW_DOMAINS), default=-1)
    return [
        {**entry, "segment": int(new[entry["segment"]])} if at > first and entry["edit"] == "review" else entry
        for at, entry in enumerate(edits)
    ]
