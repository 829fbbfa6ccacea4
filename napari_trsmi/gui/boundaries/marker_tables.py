"""The markers of the domains of a result: found once, in a thread, for all that show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psygnal import Signal

from napari_trsmi.gui.jobs.jobs import run_job

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session

N_TOP = 25


class Marker(NamedTuple):
    """A feature that marks a domain, what people call it, and the score of the test."""

    feature: str
    name: str
    score: float


Tables = dict[str, list[list[Marker]]]


class MarkerTables:
    """Markers of the active result.

    Signals
    -------
    changed()
        They were found, are looked for, or belong to a result that is gone.

    Attributes
    ----------
    busy
        True while they are looked for.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self.session = session
        self._tables: Tables | None = None
        self.busy = False
        self._partition: Any = None  # markers hold as long as the domains; other names and colours keep them
        session.result_changed.connect(self._on_result)
        self._on_result(session.result)

    @property
    def tables(self) -> Tables | None:
        """{modality: for each domain its markers, best first}; None until they are found for the active result."""
        result = self.session.result
        return None if result is None or result.partition is not self._partition else self._tables

    def find(self) -> None:
        """Look for the markers of the result, unless they are there or on their way."""
        result = self.session.result
        if result is None or self.busy or self.tables is not None:
            return
        self.busy = True
        self.changed.emit()
        run_job(
            self.session,
            "Finding markers",
            lambda: marker_tables(result),
            lambda tables: self._take(result, tables),
            lambda problem: self._take(result, None),
            with_window=True,
        )

    def _take(self, result: Result, tables: Tables | None) -> None:
        if result.partition is not self._partition:
            return
        self.busy, self._tables = False, tables
        self.changed.emit()

    def _on_result(self, result: Result | None) -> None:
        partition = None if result is None else result.partition
        if partition is not self._partition:
            self._partition, self._tables, self.busy = partition, None, False
            self.changed.emit()


def marker_tables(result: Result, n_top: int = N_TOP) -> Tables:
    """Return {modality: for each domain its markers, best first}, of those with a score above 0."""
    from napari_trsmi.api import markers

    number = {name: k for k, name in enumerate(result.names)}
    found: Tables = {}
    for modality, table in markers(result, n_top=n_top).items():
        found[modality] = [[] for _ in result.names]
        rows = zip(table["domain"], table["feature"], table["name"], table["score"], strict=True)
        for domain, feature, name, score in rows:
            if score > 0:
                found[modality][number[domain]].append(Marker(str(feature), str(name), float(score)))
    return found


def best_of_each(tables: Tables) -> dict[int, str]:
    """Return {domain: its best marker in each modality}, for one line of text."""
    n = max((len(domains) for domains in tables.values()), default=0)
    best = {k: [domains[k][0].name for domains in tables.values() if domains[k]] for k in range(n)}
    return {k: ", ".join(names) for k, names in best.items()}
