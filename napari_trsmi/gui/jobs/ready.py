"""The section of a result made ready, which takes long: kept for the next job that needs it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.stages import Prepared


class Ready:
    """What `stages.prepare` made last; jobs in several threads may ask."""

    def __init__(self) -> None:
        self._kept: tuple[Any, Prepared] | None = None  # what it was made of, and what was made
        self._lock = Lock()

    def get(self, result: Result) -> Prepared:
        """Return the section of a result, made ready with its settings; raises as `stages.prepare` does."""
        from napari_trsmi.stages import made_of as settings
        from napari_trsmi.stages import prepare

        dataset, config = result.dataset, result.config
        made_of = (dataset.modalities, dataset.coords, *settings(config))
        with self._lock:
            kept = self._kept
            if kept is None or not _same(kept[0], made_of):
                self._kept = kept = made_of, prepare(dataset, config)
            return kept[1]

    def forget(self) -> None:
        """Free the memory; waits for no thread."""
        self._kept = None


def _same(one: Any, other: Any) -> bool:
    """Return whether a section made ready of one is that of the other."""
    return one[1] is other[1] and list(one[0]) == list(other[0]) and one[2:] == other[2:]


_READY: WeakKeyDictionary[Session, Ready] = WeakKeyDictionary()


def ready_of(session: Session) -> Ready:
    """Return what keeps the sections of a session ready, made when first asked for."""
    if session not in _READY:
        _READY[session] = Ready()
        session.section_changed.connect(_READY[session].forget)
    return _READY[session]
