"""What carries a boundary of the active result: found in a thread when a person asks, kept while they look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_trsmi.gui.jobs.jobs import run_job

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session

N_TOP = 25
LARGEST_P = 0.05


class CarrierTables:
    """Features that differ across boundaries, see `evidence.carriers.carriers`.

    Signals
    -------
    changed()
        One was found, is looked for, or belongs to a result that is gone.

    Attributes
    ----------
    tables
        {boundary: its features} of those asked for, None where they could not be found.
    busy
        The boundary that is looked at, or None.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self.session = session
        self.tables: dict[int, pd.DataFrame | None] = {}
        self.busy: int | None = None
        self._halves: Any = None  # of all counts, which cost most of the time
        self._keeping = False  # them
        self._edges: Any = None  # tables hold as long as boundaries keep their places and numbers
        self._wanted: int | None = None
        session.result_changed.connect(self._on_result)
        self._on_result(session.result)

    def find(self, segment: int) -> None:
        """Look at a boundary, unless that is done or on its way; one at a time, the last that was asked for next."""
        result, self._keeping = self.session.result, True
        if result is None or segment in self.tables or segment == self.busy:
            return
        if self.busy is not None:
            self._wanted = segment
            return
        self.busy, halves, edges = segment, self._halves, self._edges
        self.changed.emit()

        def work() -> tuple[Any, pd.DataFrame]:
            from napari_trsmi.evidence.carriers import carriers, count_halves

            made = count_halves(result) if halves is None else halves
            found = carriers(result, segment, N_TOP, made)
            return made, found[found["p_adjusted"] < LARGEST_P]

        run_job(
            self.session,
            "Comparing the two sides of a boundary",
            work,
            lambda found: self._take(edges, segment, *found),
            lambda problem: self._take(edges, segment, None, None),
            with_window=True,
        )

    def forget(self) -> None:
        """Give up the halves of the counts, which take as much memory as the section."""
        self._halves = self._wanted = None
        self._keeping = False

    def _take(self, edges: Any, segment: int, halves: Any, table: pd.DataFrame | None) -> None:
        if edges is not self._edges:
            return
        self.busy, self._halves = None, halves if self._keeping else None
        self.tables[segment] = table
        wanted, self._wanted = self._wanted, None
        self.changed.emit()
        if wanted is not None:
            self.find(wanted)

    def _on_result(self, result: Result | None) -> None:
        edges = None if result is None else result.boundary_edges
        if edges is not self._edges or result is None:
            self._edges, self.tables, self.busy = edges, {}, None
            self.forget()
            self.changed.emit()


def without_features(result: Result, segment: int, modalities: Sequence[str]) -> str:
    """Say of modalities of which no feature differs across a boundary: nothing differs, or nothing was measured there.

    A section of a study may lack a modality.
    """
    edges = result.boundary_edges
    if edges is None or not modalities:
        return ""
    spots = np.unique(edges.loc[edges["segment"] == segment, ["i", "j"]])
    measured = {name: result.dataset.modalities[name].measured for name in modalities}
    lacking = [name for name, there in measured.items() if there is not None and not there[spots].any()]
    same = [name for name in modalities if name not in lacking]
    told = [f"Nothing differs in {' and '.join(same)}."] if same else []
    if lacking:
        told.append(f"{' and '.join(lacking)} {'was' if len(lacking) == 1 else 'were'} not measured here.")
    return " ".join(told)
