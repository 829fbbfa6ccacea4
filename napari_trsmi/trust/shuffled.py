"""Runs on shuffled tissue: whether boundaries like these would appear by chance."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.errors import ConfigError
from napari_trsmi.records import Progress
from napari_trsmi.trust.asked import Fit, plain_fit, unconstrained, with_domains

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result


@dataclass(frozen=True)
class Chance:
    """A result beside the same method on shuffled tissue.

    Attributes
    ----------
    confidence
        Mean confidence of the result's spots.
    by_chance
        (R,) the same of each shuffled run.
    boundaries
        (S,) share of the boundary found by chance, by its number of edges, that is at least as confident as each
        segment of the result; near 0 for a boundary that does not appear by chance.
    """

    confidence: float
    by_chance: np.ndarray
    boundaries: np.ndarray


def chance(result: Result, n_runs: int = 3, *, fit: Fit | None = None) -> Generator[Progress, None, Chance]:
    """Run the result's settings on the section with its spots dealt to other places, and compare.

    Shuffled tissue has no domains, but any method will draw some. Where boundaries of the result are no more confident
    than those, they would appear by chance. What a person said about spots is left out: it holds for their places.

    Parameters
    ----------
    result
        Gives dataset, settings and number of domains.
    n_runs
        Shuffled runs, at least 1.
    fit
        How to run the method: `asked.plain_fit`, or one that can be ended within a run.

    Raises
    ------
    ConfigError
        `n_runs` is below 1.
    DataError, TrainingError
        As for `asked.plain_fit`.
    """
    if n_runs < 1:
        raise ConfigError(f"Expected at least 1 shuffled run, found {n_runs}. Raise it.")
    run, config = fit or plain_fit, unconstrained(with_domains(result.config, result.partition.n_domains))
    by_chance, confidence, weight = [], [], []
    for done in range(n_runs):
        yield Progress(done, n_runs, f"shuffled tissue {done + 1}")
        order = np.random.default_rng([config.seed, done]).permutation(result.dataset.n_spots)
        shuffled = run(replace(result.dataset, coords=result.dataset.coords[order], image=None), config)
        by_chance.append(float(shuffled.confidence.mean()))
        if shuffled.boundaries is not None:
            confidence.append(shuffled.boundaries["confidence"].to_numpy(float))
            weight.append(shuffled.boundaries["n_edges"].to_numpy(float))
    observed = np.zeros(0) if result.boundaries is None else result.boundaries["confidence"].to_numpy(float)
    return Chance(
        confidence=float(result.confidence.mean()),
        by_chance=np.array(by_chance),
        boundaries=share_above(np.concatenate(confidence), np.concatenate(weight), observed),
    )


def share_above(values: np.ndarray, weights: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return the share of `weights` whose value is at least each threshold; the thresholds count once themselves.

    Examples
    --------
    >>> share_above(np.array([0.1, 0.5]), np.array([8.0, 1.0]), np.array([0.3, 0.9])).tolist()
    [0.2, 0.1]
    """
    order = np.argsort(values)
    total = np.append(np.cumsum(weights[order][::-1])[::-1], 0.0)
    above = total[np.searchsorted(values[order], thresholds, side="left")]
    share: np.ndarray = (above + 1.0) / (weights.sum() + 1.0)
    return share
