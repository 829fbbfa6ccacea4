"""A sweep in a thread of its own: it hands runs to Dask and keeps what the window shows of them up to date."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.gui.viewer.thumbnails import Thumbnails
from napari_trsmi.records import drain

if TYPE_CHECKING:
    from pathlib import Path

    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.sweep import Grid, Outcome, Progress, SweepResult

BUSY = "Sweeping…"


@dataclass(frozen=True, eq=False)
class Pictures:
    """How the runs of a sweep are drawn: in colours matched to one of them, or to the kept result.

    Attributes
    ----------
    thumbnails
        Of the section.
    labels, colors
        (N,) domains that give the colours, and their ``"#rrggbb"``.
    swept
        What the runs were made of.
    """

    thumbnails: Thumbnails
    labels: np.ndarray
    colors: tuple[str, ...]
    swept: Dataset
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def drawn_on(self, dataset: Dataset) -> Pictures:
        """Return them for the same spots at other places."""
        return replace(self, thumbnails=Thumbnails(dataset.coords))

    def colors_of(self, run: Outcome) -> tuple[str, ...]:
        """Return one colour per domain of a run, found once."""
        from napari_trsmi.domains.colors import carried_over

        if run.key not in self._known:
            self._known[run.key] = carried_over(run.labels, run.n_domains, self.labels, self.colors)
        return self._known[run.key]


@dataclass(eq=False)
class SweepJob:
    """A sweep under way. The thread sets `latest` and `pictures`, the window reads them.

    Attributes
    ----------
    dataset, config, grid, folder, scheduler
        As for `sweep.run`.
    reference
        Labels and colours of the kept result, where there is one.
    latest
        What was reported last.
    pictures
        How the runs are drawn; None before there is one.
    dropped
        True where nobody wants the outcome any more.
    """

    dataset: Dataset
    config: Config
    grid: Grid
    folder: Path
    scheduler: str | None = None
    reference: tuple[np.ndarray, tuple[str, ...]] | None = None
    latest: Progress | None = None
    pictures: Pictures | None = None
    dropped: bool = False
    ended: Event = field(default_factory=Event)
    _stop: Event = field(default_factory=Event)

    def stop(self) -> None:
        """End now and keep the runs that are done."""
        self._stop.set()

    def drop(self, *_: Any) -> None:
        """End now with nothing."""
        self.dropped = True
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """True where it was ended before its time."""
        return self._stop.is_set()

    def work(self) -> SweepResult:
        """Run the sweep and return its result."""
        from napari_trsmi import sweep

        steps = sweep.run(
            self.dataset, self.config, self.grid, folder=self.folder, scheduler=self.scheduler, spare_cores=1
        )

        def see(progress: Progress) -> str | None:
            if progress.run is not None or self.latest is None:
                self.prepare(progress.so_far)
            self.latest = progress
            return "stop" if self.stopped else None

        try:
            result = drain(steps, see)
            self.prepare(result)
            return result
        finally:
            self.ended.set()

    def read(self) -> SweepResult:
        """Return the sweep that is in the folder.

        Raises
        ------
        DataError
            There is none, or one of other data or another version.
        """
        from napari_trsmi import sweep

        result = sweep.load(self.folder)
        result.check_data(self.dataset)
        self.prepare(result)
        return result

    def prepare(self, result: SweepResult) -> None:
        """Find here what would make the window wait: the table of settings, the colours of the runs."""
        done = [run for run in result.runs.values() if not run.problem]
        if done and self.pictures is None:
            self.pictures = self._pictures(done[0])
        for run in done:
            assert self.pictures is not None
            self.pictures.colors_of(run)
        _ = result.settings

    def _pictures(self, run: Outcome) -> Pictures:
        from napari_trsmi.domains.colors import domain_colors
        from napari_trsmi.graphs import spatial_graph

        coords = self.dataset.coords
        if self.reference is None:
            graph = spatial_graph(coords, run.config.graph.k_spatial, self.dataset.section)
            self.reference = run.labels, domain_colors(run.labels, graph, n=run.n_domains)
        return Pictures(Thumbnails(coords), *self.reference, self.dataset)
