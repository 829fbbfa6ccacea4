"""The record of one run of a sweep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_trsmi.config import Config
from napari_trsmi.records import Emphasis


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """What a run found beside its labels, for `SweepResult.result_of`; as exact as the run found it.

    Attributes
    ----------
    embedding
        (N, d) float32.
    posterior
        (N, K) float32.
    modality_weights
        (N, M) float32, or None.
    method, strength, emphasis
        As in `Partition`.
    """

    embedding: np.ndarray
    posterior: np.ndarray
    modality_weights: np.ndarray | None = None
    method: str = ""
    strength: float = 0.0
    emphasis: Emphasis = "coherent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of one run over N spots.

    Attributes
    ----------
    key
        That of its `Trial`.
    config
        Its settings.
    problem
        Why it failed, in one sentence; empty where it did not.
    labels
        (N,) int32 domain of each spot, 0..K-1 by falling size; empty where it failed.
    confidence
        (N,) float32 posterior of the spot's own domain; empty where it failed.
    n_domains
        Number of domains K; 0 where it failed.
    scores
        {name: number}, as in `Result.scores`.
    history
        Epochs done and what the last one reported.
    seconds
        Wall-clock seconds.
    details
        The rest; None where the run failed, and where it is on file: in memory, runs of a sweep must stay small.
    """

    key: str
    config: Config
    problem: str = ""
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    confidence: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    n_domains: int = 0
    scores: dict[str, float] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    details: Details | None = None
