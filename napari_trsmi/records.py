"""The plain records that cross a thread or a room: floats, strings and numpy arrays, never a tensor."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse

S = TypeVar("S")
T = TypeVar("T")
Emphasis = Literal["coherent", "even"]  # see `config.Cluster.emphasis`
# Shares of spots like no domain of the study that labelled them, from which on they are told, and do not fit.
SOME_UNLIKE, MOST_UNLIKE = 0.05, 0.2
RARE = 0.01  # share of the study's spots that are as far out, below which a spot is like no domain
EVEN = (  # said of a result whose emphasis nobody asked for
    "Domains are cut with an even emphasis, which tells more of what was measured here; "
    "cluster.emphasis 'coherent' follows what changes most smoothly."
)


@dataclass(frozen=True, slots=True)
class Step:
    """What one epoch of training reports.

    Attributes
    ----------
    epoch, n_epochs
        Epochs done and planned; ``epoch`` counts from 1.
    losses
        Value of every loss term by name, ``"total"`` among them.
    beta, temperature, tau_c
        Global-to-local gate in [0, 1], alignment temperature and prototype temperature of this epoch.
    embedding
        (N, d) float32 embedding of a preview epoch, or None between previews.
    labels
        (N,) int domain labels of a preview, or None between previews.
    churn
        Share of spots in [0, 1] whose preview label changed since the preview before; NaN where there is none.
    seconds
        Seconds of training, previews included, up to the end of this epoch; pauses do not count.
    n_domains
        Number of prototypes K; None before they are seeded.
    """

    epoch: int
    n_epochs: int
    losses: dict[str, float]
    beta: float
    temperature: float
    tau_c: float
    embedding: np.ndarray | None = None
    labels: np.ndarray | None = None
    churn: float = float("nan")
    seconds: float = 0.0
    n_domains: int | None = None


@dataclass(eq=False)
class Checkpoints:
    """States of training at some epochs: first, newest, and evenly spaced ones between, as far as there is room.

    Attributes
    ----------
    budget
        Bytes that all may take together; 0 takes none.
    """

    budget: int = 200_000_000
    _states: dict[int, bytes] = field(default_factory=dict)

    @property
    def epochs(self) -> list[int]:
        """Epochs whose state is there, first to last."""
        return sorted(self._states)

    def add(self, epoch: int, state: bytes) -> None:
        """Take in the state after `epoch` epochs, see `Fit.state`."""
        if len(state) > self.budget:
            self.budget = 0  # nor will those after it have room: they need not be made
        self._states[epoch] = state
        while self._states and sum(map(len, self._states.values())) > self.budget:
            epochs = self.epochs
            gaps = np.subtract(epochs[2:], epochs[:-2])  # that each between the first and the newest would leave
            del self._states[epochs[1 + int(gaps.argmin())] if len(gaps) else epochs[0]]

    def before(self, epoch: int) -> bytes | None:
        """Return the latest state that is not after `epoch`."""
        found = [one for one in self._states if one <= epoch]
        return self._states[max(found)] if found else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job of several runs is.

    Attributes
    ----------
    done, total
        Runs done and planned.
    text
        What is under way, such as ``"seed 3"``.
    """

    done: int
    total: int
    text: str


@dataclass(frozen=True, slots=True)
class Fit:
    """What training leaves behind.

    Attributes
    ----------
    embedding
        (N, d) float32 joint embedding Z.
    prototypes
        (K, d) float32 prototypes: the learned ones, or seeded on the final embedding where the term never started.
    correspondences
        {(a, b): (N, N) CSR} soft correspondences S from modality a (rows) to b (columns); rows sum to 1.
    modality_weights
        (N, M) float32 share of each modality in a spot's embedding; rows sum to 1. Columns in `modalities` order.
    modalities
        Names of the modalities, in the order used throughout.
    history
        One `Step` per epoch, previews' labels included.
    stopped
        True when a person ended training early.
    device
        Device the run used.
    devices_left
        {device: why training does not run there} of those that ``"auto"`` tried before it.
    state
        All that training needs to go on from there, see `model.training.Trainer.state`.
    """

    embedding: np.ndarray
    prototypes: np.ndarray
    correspondences: dict[tuple[str, str], sparse.csr_matrix]
    modality_weights: np.ndarray
    modalities: tuple[str, ...]
    history: tuple[Step, ...] = ()
    stopped: bool = False
    device: str = "cpu"
    devices_left: dict[str, str] = field(default_factory=dict)
    state: bytes = b""


def left_devices(tried: dict[str, str]) -> str:
    """Return why devices were left that were tried before another was taken, in words; "" where none was.

    Examples
    --------
    >>> left_devices({"mps": "no sparse tensors"})
    'Training does not run on mps: no sparse tensors.'
    """
    return " ".join(f"Training does not run on {name}: {why}." for name, why in tried.items())


def drain(steps: Generator[S, Any, T], each: Callable[[S], str | None] | None = None) -> T:
    """Return what a generator returns, run to its end, or closed where `each` raises.

    Parameters
    ----------
    steps
        Such as `api.fit_steps`.
    each
        Hears of each step; what it returns is sent, ``"stop"`` to end early.

    Examples
    --------
    >>> def count():
    ...     yield 1
    ...     return "done"
    >>> drain(count())
    'done'
    """
    answer = None
    try:
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result
            answer = None if each is None else each(step)
    finally:
        steps.close()


@dataclass(frozen=True, slots=True)
class Partition:
    """Domains of N spots.

    Attributes
    ----------
    labels
        (N,) int in 0..K-1, numbered by falling size.
    posterior
        (N, K) float32 rows summing to 1. It weighs what was measured at the spot itself, so the most probable domain
        of a doubtful spot can be another than its label.
    method
        Name of the clustering that made it.
    strength
        Strength of the Potts field that was used; 0 for none.
    emphasis
        Which differences made a domain, see `config.Cluster`.
    """

    labels: np.ndarray
    posterior: np.ndarray
    method: str
    strength: float = 0.0
    emphasis: Emphasis = "coherent"

    @property
    def n_domains(self) -> int:
        """Number of domains K."""
        return self.posterior.shape[1]

    @property
    def confidence(self) -> np.ndarray:
        """(N,) float32 posterior of the spot's own domain, in [0, 1]."""
        return self.posterior[np.arange(len(self.labels)), self.labels]

    @property
    def runner_up(self) -> np.ndarray:
        """(N,) int most probable domain other than the spot's own; -1 where there is only one domain."""
        if self.n_domains == 1:
            return np.full(len(self.labels), -1)
        others = self.posterior.copy()
        others[np.arange(len(self.labels)), self.labels] = -1.0
        return others.argmax(axis=1)

    @property
    def entropy(self) -> np.ndarray:
        """(N,) float32 entropy of the posterior divided by log K, in [0, 1]."""
        if self.n_domains == 1:
            return np.zeros(len(self.labels), np.float32)
        p = np.clip(self.posterior, 1e-12, 1.0)
        return (-(p * np.log(p)).sum(axis=1) / np.log(self.n_domains)).astype(np.float32)
