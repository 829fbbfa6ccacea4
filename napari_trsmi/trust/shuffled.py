"""Runs on shuffled tissue: whether boundaries like these would appear by chance."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import sparse

from napari_trsmi.errors import ConfigError
from napari_trsmi.evidence.splitting import holds_counts
from napari_trsmi.records import Progress
from napari_trsmi.trust.asked import Fit, plain_fit, unconstrained, with_domains

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

Kept = Literal["gradients", "nothing"]
"""What shuffling leaves as it is."""
PARTS = 3  # of the section along each axis, and of each part by depth
_FEWEST = 10  # spots to be dealt among each other, on average


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
    keep
        What shuffling left as it is.
    in_domain
        Share of the places that shuffling gave to a spot of the same domain of the result, as a mean over the runs.
        Near 1 the shuffled tissue still has the domains, and nothing can be told from it.
    """

    confidence: float
    by_chance: np.ndarray
    boundaries: np.ndarray
    keep: Kept
    in_domain: float


def chance(
    result: Result, n_runs: int = 3, *, keep: Kept = "gradients", fit: Fit | None = None
) -> Generator[Progress, None, Chance]:
    """Run the result's settings on the section with its spots dealt to other places, and compare.

    Any method draws domains on shuffled tissue, too. Where boundaries of the result are no more confident than those,
    they would appear by chance. What a person said about spots is left out: it holds for their places. The confidence
    is that of the model; the support of shuffled runs is not asked for, which would cost as much as half of them.

    Parameters
    ----------
    result
        Gives dataset, settings and number of domains.
    n_runs
        Shuffled runs, at least 1.
    keep
        ``"gradients"``: spots change places only within strata of like place and like depth (`strata`). What remains is
        what a section without a boundary may show all the same: values that change slowly across it, and spots with
        more counts in one part than in another. A boundary that stands out here is sharper than these. Domains wider
        than a third of the section remain as well, see `Chance.in_domain`: theirs cannot be told from a slow change.
        ``"nothing"``: spots change places all over the section, and nothing remains but their values. Slow gradients
        alone stand out from that.
    fit
        How to run the method: `asked.plain_fit`, or one that can be ended within a run.

    Raises
    ------
    ConfigError
        `n_runs` is below 1, or `keep` is neither.
    DataError, TrainingError
        As for `asked.plain_fit`.
    """
    if n_runs < 1:
        raise ConfigError(f"Expected at least 1 shuffled run, found {n_runs}. Raise it.")
    if keep not in ("gradients", "nothing"):
        raise ConfigError(f"Expected to keep gradients or nothing, found {keep!r}.")
    run, config = fit or plain_fit, unconstrained(with_domains(result.config, result.partition.n_domains))
    within = strata(result.dataset) if keep == "gradients" else _sections(result.dataset)
    by_chance, confidence, weight, in_domain = [], [], [], []
    for done in range(n_runs):
        yield Progress(done, n_runs, f"shuffled tissue {done + 1}")
        order = _dealt(within, np.random.default_rng([config.seed, done]))
        in_domain.append(float((result.labels[order] == result.labels).mean()))
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
        keep=keep,
        in_domain=float(np.mean(in_domain)),
    )


def strata(dataset: Dataset) -> np.ndarray:
    """Return (N,) int which spots are of like place and like depth.

    The section is cut into 3 x 3 tiles of equally many spots, and each tile into thirds by depth: the total counts of a
    spot, or the norm of its components where there are no counts, by rank and averaged over the modalities. Sections
    below 270 spots are cut into fewer parts. Those of a study are each cut by themselves.
    """
    n = dataset.n_spots
    parts = int(np.clip(np.cbrt(min(map(len, dataset.sections)) / _FEWEST), 1, PARTS))
    found = _sections(dataset)
    for values in (*dataset.coords.T, _depth(dataset)):
        size = np.bincount(found)
        order = np.lexsort((values, found))
        rank = np.empty(n, int)
        rank[order] = np.arange(n) - (np.cumsum(size) - size)[found[order]]
        found = found * parts + rank * parts // size[found]
    return found


def _sections(dataset: Dataset) -> np.ndarray:
    """Return (N,) int section of each spot: no spot is dealt to another one."""
    return np.zeros(dataset.n_spots, int) if dataset.section is None else dataset.section.astype(int)


def _depth(dataset: Dataset) -> np.ndarray:
    """Return (N,) how much was measured at each spot, as a mean rank."""
    from scipy.sparse import linalg
    from scipy.stats import rankdata

    ranks = np.zeros(dataset.n_spots)
    for modality in dataset.modalities.values():
        values = modality.table.X
        if holds_counts(modality.table.X, modality.kind):
            depth = values.sum(axis=1)
        else:
            depth = linalg.norm(values, axis=1) if sparse.issparse(values) else np.linalg.norm(values, axis=1)
        ranks += rankdata(np.asarray(depth).ravel())
    return ranks / max(len(dataset.modalities), 1)


def _dealt(within: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return (N,) int which spot's place each spot gets: one of its own stratum."""
    order = np.empty(len(within), int)
    order[np.argsort(within, kind="stable")] = np.lexsort((rng.random(len(within)), within))
    return order


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
