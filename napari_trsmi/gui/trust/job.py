"""The checks of `trust` in a thread of their own, which takes turns with training and can be ended within an epoch."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from napari_trsmi.gui.jobs.worker import Thread
from napari_trsmi.interrupt import Interrupted, interruptible
from napari_trsmi.records import Progress, drain
from napari_trsmi.reviews import same_segments
from napari_trsmi.telling import heard
from napari_trsmi.trust import BY_CHANCE, STABILITY

if TYPE_CHECKING:
    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.records import Step
    from napari_trsmi.trust import Kept

T = TypeVar("T")

BUSY = "Checking the domains…"
WAITING = "Waiting for training to end"
_COURTESY = 0.1  # seconds between two runs in which training that waits gets its turn


@dataclass(frozen=True)
class Wanted:
    """What a person asks for.

    Attributes
    ----------
    n_seeds
        Runs to compare, the result among them; 1 for none.
    n_shuffled
        Runs on shuffled tissue.
    n_domains
        Numbers of domains to try; none leaves the curve out.
    perturb
        Fresh measurements in the runs to compare.
    keep
        What shuffling leaves as it is.
    n_sections
        Sections of a study to leave out in turn; 0 for none.
    """

    n_seeds: int = 5
    n_shuffled: int = 3
    n_domains: tuple[int, ...] = ()
    perturb: bool = True
    keep: Kept = "gradients"
    n_sections: int = 0

    @property
    def n_runs(self) -> int:
        """Runs of the method that this takes."""
        of_curve = int(self.n_seeds == 1 and bool(self.n_domains))
        return self.n_seeds - 1 + self.n_shuffled + of_curve + self.n_sections


@dataclass(eq=False)
class TrustJob:
    """The checks of one result. The thread writes how far it is, the window reads it.

    Attributes
    ----------
    result
        What is questioned.
    wanted
        The checks.
    done, share
        Runs done, and share of the one under way.
    text
        The run under way, such as ``"seed 3"``.
    doing
        What it is doing.
    seconds
        Seconds spent in runs that are done.
    dropped
        True where nobody wants the outcome any more.
    """

    result: Result
    wanted: Wanted
    done: int = 0
    share: float = 0.0
    text: str = ""
    doing: Progress = field(default_factory=lambda: Progress(0, 0, ""))
    seconds: float = 0.0
    dropped: bool = False
    thread: Thread = field(default_factory=Thread)
    _began: float | None = None  # when the run under way began

    @property
    def progress(self) -> float:
        """Share of all runs that is done, from 0 to 1."""
        return (self.done + self.share) / self.wanted.n_runs if self.wanted.n_runs else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds that the rest will take, judged by what is done; None before anything is."""
        began = self._began
        spent = self.seconds + (0.0 if began is None else time.perf_counter() - began)
        return spent * (1 / self.progress - 1) if self.progress > 0 else None

    def stop(self) -> None:
        """End after this epoch and keep the checks that are complete."""
        self.thread.cancel()

    def drop(self, *_: Any) -> None:
        """End after this epoch with nothing."""
        self.dropped = True
        self.thread.cancel()

    @property
    def stopped(self) -> bool:
        """True where it was ended before its time."""
        return self.thread.left.is_set()

    def work(self) -> Result | None:
        """Return the result with what was found in it; None where no check came to its end."""
        from napari_trsmi.trust import chance, seed_stability, stability_curve, with_trust, without_each_section

        result, wanted = self.result, self.wanted
        found: dict[str, Any] = {}
        try:
            with interruptible(self.thread.left.is_set), heard(self._hear):
                if wanted.n_seeds > 1:
                    runs = seed_stability(result, wanted.n_seeds, perturb=wanted.perturb, fit=self._fit)
                    found["stability"] = self._follow(runs)
                if wanted.n_shuffled:
                    shuffled = chance(result, wanted.n_shuffled, keep=wanted.keep, fit=self._fit)
                    found["by_chance"] = self._follow(shuffled)
                if wanted.n_domains:
                    n_seeds, known = max(wanted.n_seeds, 2), found.get("stability")
                    curve = stability_curve(
                        result, wanted.n_domains, n_seeds, perturb=wanted.perturb, stability=known, fit=self._fit
                    )
                    found["curve"] = self._follow(curve)
                if wanted.n_sections:
                    found["sections"] = self._follow(without_each_section(result, fit=self._fit))
                self.text = "each modality alone"
                self._hear("Finding domains of each modality alone")
                return with_trust(result, **found)
        except Interrupted:
            pass
        finally:
            self.thread.ended.set()
        return None if self.dropped or not found else with_trust(result, **found, alone=False)

    def _follow(self, check: Generator[Progress, None, T]) -> T:
        def see(progress: Progress) -> None:
            self.text = progress.text
            self._leave_if_stopped()

        return drain(check, see)

    def _hear(self, text: str, done: int = 0, total: int = 0) -> None:
        self.doing = Progress(done, total, text)

    def _leave_if_stopped(self) -> None:
        if self.stopped:
            raise Interrupted

    def _fit(self, dataset: Dataset, config: Config) -> Result:
        """Run the method as `api.fit` does, while no other run trains."""
        from napari_trsmi.api import fit_steps

        self._hear(WAITING)
        if not self.thread.take_turn():
            raise Interrupted
        self._began = time.perf_counter()

        def see(step: Step) -> None:
            self.share = step.epoch / (step.n_epochs + 1)  # domains and boundaries come after the last epoch
            self._hear("epoch", step.epoch, step.n_epochs)
            self._leave_if_stopped()

        try:
            result = drain(fit_steps(dataset, config, previews=False), see)
        finally:
            self.thread.give_turn()
            self.seconds += time.perf_counter() - self._began
            self._began, self.share = None, 0.0
        self.done += 1
        self.thread.left.wait(_COURTESY)
        return result


def carried_over(trusted: Result, current: Result) -> Result:
    """Return `current`, which has the domains of `trusted` but may have been edited since, with what was found."""
    boundaries = current.boundaries
    if boundaries is not None and trusted.boundaries is not None:
        rows = same_segments(boundaries, trusted.boundaries)  # support that came meanwhile ranks them anew
        columns = [name for name in (STABILITY, BY_CHANCE) if name in trusted.boundaries]
        found = {name: np.where(rows < 0, np.nan, trusted.boundaries[name].to_numpy()[rows]) for name in columns}
        boundaries = boundaries.assign(**found)
    return replace(
        current,
        maps={**current.maps, **trusted.maps},
        boundaries=boundaries,
        provenance={**current.provenance, "trust": trusted.provenance["trust"]},
    )
