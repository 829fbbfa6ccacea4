"""The plain records a session holds: the open section, what is shown, what colours the spots, the run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from napari_trsmi.config import Config
from napari_trsmi.gui.session.busy import nowhere
from napari_trsmi.gui.session.layout import Layout, Lying
from napari_trsmi.gui.session.runs import Runs
from napari_trsmi.records import Checkpoints, Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.records import Step

RunState = Literal["idle", "waiting", "preparing", "running", "paused", "finishing"]


@dataclass(eq=False)
class OpenSection(Lying):
    """A section in the viewer: its layers carry it in ``metadata["trsmi"]["section"]``.

    Attributes
    ----------
    dataset
        What was read.
    result
        The result that is kept, or None before the first run.
    path
        File the result was saved to or restored from; None while it is only in memory.
    runs
        All results that were kept, to go back to and to compare.
    conversions
        Sentences on what a file can only hold converted; None before the first run, whose thread finds them.
    hidden_parts
        Numbers of the sections of a study that are not drawn.
    part
        Number of the section of a study that the docks speak about; None for all.
    layout
        How the section, or those of a study, lie on the canvas.
    run
        The run on it that trains, is paused or waits in line; None where there is none.
    last_run
        The run that was begun last, unless it was cancelled: its previews can be gone back to.
    config, hidden
        Settings of the next run (None before), and numbers of the hidden domains, when another section was chosen.
    scores
        {name: colouring} of the gene sets that a person gave, see `gui.color.gene_sets`.
    picked
        (N,) bool, the spots that are chosen in an embedding; None for none.
    unfolded
        Pairs of an embedding (N, d) and its UMAP (N, 2), as far as they were worked out.
    unkept
        {name: values} of the columns of one's own that are on no file as they are.
    """

    dataset: Dataset
    result: Result | None = None
    path: Path | None = None
    runs: Runs = field(default_factory=Runs)
    conversions: tuple[str, ...] | None = None
    hidden_parts: frozenset[int] = frozenset()
    part: int | None = None
    layout: Layout = field(default_factory=Layout)
    run: Run | None = None
    last_run: Run | None = None
    config: Config | None = None
    hidden: frozenset[int] = frozenset()
    scores: dict[str, Coloring] = field(default_factory=dict)
    picked: np.ndarray | None = None
    unfolded: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    unkept: dict[str, Any] = field(default_factory=dict)

    @property
    def own_columns(self) -> tuple[str, ...]:
        """Names of the columns of ``dataset.obs`` that a person made, oldest first; see `Annotations`."""
        return tuple(self.dataset.own_columns)

    @property
    def seen(self) -> np.ndarray | None:
        """(N,) bool, the spots whose section is drawn; None for all."""
        if self.dataset.section is None or not self.hidden_parts:
            return None
        return ~np.isin(self.dataset.section, list(self.hidden_parts))

    @property
    def spoken_of(self) -> np.ndarray | None:
        """(N,) bool, the spots of the section that the docks speak about; None for all."""
        if self.dataset.section is None or self.part is None:
            return None
        chosen: np.ndarray = self.dataset.section == self.part
        return chosen


@dataclass(frozen=True, eq=False)
class Shown:
    """The domains on the canvas: those of the result, or of a preview.

    Attributes
    ----------
    labels
        (N,) int in 0..K-1.
    names, colors
        Name and ``"#rrggbb"`` of each of the K domains.
    epoch
        Epoch of the preview, or None for the result; 0 for domains of another run.
    title
        What they are where they are neither, such as a run of a sweep.
    """

    labels: np.ndarray
    names: tuple[str, ...]
    colors: tuple[str, ...]
    epoch: int | None = None
    title: str = ""

    @property
    def counts(self) -> np.ndarray:
        """(K,) number of spots per domain."""
        return self.counts_in(None)

    def counts_in(self, spots: np.ndarray | None) -> np.ndarray:
        """Return the (K,) number of spots per domain among `spots` (N,) bool; None for all."""
        labels = self.labels if spots is None else self.labels[spots]
        return np.bincount(labels[labels >= 0], minlength=len(self.names))


@dataclass(frozen=True, eq=False)
class Channel:
    """One of the features that colour the spots together.

    Attributes
    ----------
    title
        What it is, such as ``"Cd3e (rna)"``.
    color
        ``"#rrggbb"`` of a spot at the upper limit.
    values
        (N,) float numbers, NaN where there is none.
    limits
        Values that are drawn black and full.
    of
        As that of a `Coloring`.
    """

    title: str
    color: str
    values: np.ndarray
    limits: tuple[float, float]
    of: tuple[str, str] | None = None

    @property
    def shares(self) -> np.ndarray:
        """(N,) float in [0, 1]: how far each value lies between the limits."""
        low, high = self.limits
        return np.clip((self.values - low) / (high - low), 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Coloring:
    """What colours the spots: numbers, several features together, or categories.

    Attributes
    ----------
    title
        What it is, such as ``"Cd3e (rna)"`` or ``"Certainty"``; shown with the colour key.
    values
        (N,) float numbers (NaN is grey); (N, 3) float red, green, blue in [0, 1]; or (N,) int codes into `colors`, -1
        for none.
    colormap
        Name of the colour map for numbers.
    limits
        Values at the ends of the colour map; smallest and largest where not given.
    colors, names
        ``"#rrggbb"`` and name of each category; empty for numbers.
    channels
        The features whose colours add up to `values`; empty where there is one.
    beside
        Title of what is drawn beside it; "" for nothing.
    of
        What it can be made of again, see `maps.coloring_of`: a modality or kind, and a name; None where it cannot.
    """

    title: str
    values: np.ndarray
    colormap: str = "viridis"
    limits: tuple[float, float] | None = None
    colors: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    of: tuple[str, str] | None = None
    beside: str = ""


class Trainer(Protocol):
    """Handle on the thread that trains; see `gui.jobs.worker`."""

    def pause(self) -> None:
        """Stop after the current epoch, keeping the state."""

    def resume(self) -> None:
        """Go on."""

    def finish(self) -> None:
        """End training after the current epoch and return the result so far."""

    def cancel(self) -> None:
        """End training and return nothing."""


@dataclass(eq=False)
class Run:
    """One training run.

    Attributes
    ----------
    section
        What it trains on.
    config
        Its settings.
    steps
        The epochs of this run so far; those with `labels` are previews.
    colors
        ``"#rrggbb"`` of each preview domain: set by the thread before it reports the first preview, only ever extended.
    new_colors
        True where they are those of no result before: that of the run then has its own, as a command or script gives
        it, and the previews take them on.
    recolored
        True where the colours of its result are others than those of its last preview.
    trainer
        The thread.
    before
        The result that the run goes on from (see `teach.continued`), until it ends; None where it begins anew.
    earlier
        The epochs of that result, without previews.
    known
        Names of the domains of that result by their colour.
    states
        States of training to make a preview the result with; the thread adds to them.
    doing
        What the thread is doing before, between and after the epochs; None during one. It writes, the window reads.
    place
        Returns the dock that asked for it, None for none.
    state
        What it does; ``"idle"`` before it was asked for and once it has ended.
    """

    section: OpenSection
    config: Config
    steps: list[Step] = field(default_factory=list)
    colors: tuple[str, ...] = ()
    new_colors: bool = False
    recolored: bool = False
    trainer: Trainer | None = None
    before: Result | None = None
    earlier: tuple[Step, ...] = ()
    known: dict[str, str] = field(default_factory=dict)
    states: Checkpoints = field(default_factory=Checkpoints)
    state: RunState = "idle"
    doing: Progress | None = None
    place: Callable[[], Any] = nowhere

    def hear(self, text: str, done: int, total: int) -> None:
        """Take in what the thread is doing from now on."""
        self.doing = Progress(done, total, text)

    @property
    def resume(self) -> bytes | None:
        """State of training to go on from."""
        return None if self.before is None or self.before.state is None else bytes(self.before.state)

    @property
    def course(self) -> list[Step]:
        """All epochs: those of the result that it goes on from, and its own."""
        return [*self.earlier, *self.steps]

    @property
    def at_end(self) -> bool:
        """True where all epochs are done."""
        return bool(self.steps) and self.steps[-1].epoch == self.steps[-1].n_epochs

    @property
    def previews(self) -> list[Step]:
        """Steps that carry labels."""
        return [step for step in self.steps if step.labels is not None]

    def names(self, n: int) -> tuple[str, ...]:
        """Return the names of `n` preview domains: those that a person knows them by, else numbers that are free."""
        found = [self.known.get(color, "") for color in self.colors[:n]]
        free = (number for k in range(n + len(self.known)) if (number := str(k + 1)) not in self.known.values())
        return tuple(name or next(free) for name in found)

    def named(self, result: Result) -> Result:
        """Return a result made of a preview with the names that the preview has."""
        if not self.known:
            return result
        names = dict(zip(self.colors, self.names(len(self.colors)), strict=True))
        return replace(result, domain_names=tuple(names[color] for color in result.palette))

    def dressed(self, result: Result) -> Result:
        """Return the result of the run in what a person knows its domains by.

        Those are names and colours of the result that the run goes on from, or colours of the last preview.
        """
        if self.before is not None:
            from napari_trsmi.teach import like

            return like(result, self.before)
        if not self.colors:
            return result
        last = self.previews[-1].labels if self.previews else None
        if last is None:
            return replace(result, colors=(*self.colors, *result.palette)[: result.partition.n_domains])
        from napari_trsmi.domains.colors import carried_over

        if self.new_colors:
            followed = carried_over(result.labels, result.partition.n_domains, last, self.colors)
            self.recolored = followed != tuple(result.palette)
            self.colors = carried_over(last, len(self.colors), result.labels, result.palette)
            return result
        return replace(result, colors=carried_over(result.labels, result.partition.n_domains, last, self.colors))
