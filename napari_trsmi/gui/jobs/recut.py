"""Other domains from the embedding of a run, without training, in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from psygnal import Signal

from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.jobs.ready import ready_of

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.runs import Entry
    from napari_trsmi.gui.session.session import Session


class Recut:
    """Cuts one run at a time.

    Signals
    -------
    changed()
        A cut began or ended.

    Attributes
    ----------
    busy
        True while one goes on.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.busy = False

    def cut(self, session: Session, entry: Entry, **settings: Any) -> None:
        """Cut the embedding of a run with other settings of `Cluster`; the domains become the result.

        Their number is that of the run where it is not among the settings.
        """
        if self.busy or session.run is not None:
            return
        result, section, ready = entry.result, session.section, ready_of(session)
        update = {"n_domains": result.partition.n_domains, **settings}
        if result.config.cluster.method == "prototypes":  # they are not kept
            update["method"] = "mixture"
        cluster = result.config.cluster.model_copy(update=update)

        def work() -> Result:
            from napari_trsmi.edits import recluster

            return recluster(result, cluster, ready.get(result))

        def done(found: Result) -> None:
            if session.section is section and session.run is None:
                session.set_result(found)
            self._end()

        self.busy = True
        self.changed.emit()
        run_job(session, f"Clustering {entry.name} again", work, done, lambda _: self._end(), with_window=True)

    def _end(self) -> None:
        self.busy = False
        self.changed.emit()


_RECUTS: WeakKeyDictionary[Session, Recut] = WeakKeyDictionary()


def recut_of(session: Session) -> Recut:
    """Return what cuts the runs of a session, made when first asked for."""
    return _RECUTS.setdefault(session, Recut())
