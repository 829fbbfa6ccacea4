"""How many domains: the number for which other cuts of the same run agree most, for what they say."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi import sampling
from napari_trsmi.config import Config
from napari_trsmi.evidence.cuts import Way, ways
from napari_trsmi.interrupt import check
from napari_trsmi.records import Progress
from napari_trsmi.sampling import is_large, patches
from napari_trsmi.stages import Prepared

SAMPLE = 2_500  # spots on which the cuts are compared
N_FRESH = 2
POWER = 3.5  # how much agreement counts beside the number of domains; chosen on the panel of labelled files
TELLING = 0.5  # agreement below which the cuts say nothing about the number
UNTOLD = 7  # domains where they do not: the median over the labelled sections of the panel
ABOUT = 0.9  # a number is about as good as the chosen one from this share of its score on


@dataclass(frozen=True)
class NumberCurve:
    """How well other cuts of a run agree, by number of domains.

    Attributes
    ----------
    numbers
        Numbers of domains, rising.
    agreement
        Mean adjusted Rand index over all pairs of cuts, for each.
    """

    numbers: tuple[int, ...]
    agreement: tuple[float, ...]

    @property
    def scores(self) -> np.ndarray:
        """Agreement to the power of `POWER` times the logarithm of each number, since few domains say little."""
        agreement = np.clip(np.asarray(self.agreement), 0.0, 1.0)
        scores: np.ndarray = np.log(self.numbers) * agreement**POWER
        return scores

    @property
    def is_told(self) -> bool:
        """Whether the cuts agree on any number."""
        return max(self.agreement) >= TELLING

    @property
    def chosen(self) -> int:
        """The number with the best score; the one nearest to `UNTOLD` where no number is told."""
        if not self.is_told:
            return min(self.numbers, key=lambda k: abs(k - UNTOLD))
        return self.numbers[int(self.scores.argmax())]

    @property
    def about_as_good(self) -> tuple[int, ...]:
        """Numbers with at least `ABOUT` of the best score; all where no number is told."""
        if not self.is_told:
            return self.numbers
        good = self.scores >= ABOUT * self.scores.max()
        return tuple(k for k, is_good in zip(self.numbers, good, strict=True) if is_good)

    def record(self) -> dict[str, Any]:
        """Return the curve as `run.json` holds it."""
        return {
            "numbers": list(self.numbers),
            "agreement": list(self.agreement),
            "chosen": self.chosen,
            "about_as_good": list(self.about_as_good),
            "told": self.is_told,
        }


def number_curve(
    embedding: np.ndarray, prepared: Prepared, config: Config, numbers: Sequence[int] | None = None
) -> Generator[Progress, None, NumberCurve]:
    """Cut a section in several ways into each number of domains, and return how well they agree.

    The cuts are those of `cuts.ways`, made without a field on at most `SAMPLE` spots; those of a large section lie in
    pieces of its tissue.

    Parameters
    ----------
    embedding
        (N, d) joint embedding.
    prepared, config
        What it was made from and with.
    numbers
        Numbers of domains, each 2 or more; 2 to `cluster.max_domains` where not given, as far as there are spots.
    """
    embedding, prepared, config = _in_pieces(embedding, prepared, config)
    most = min(config.cluster.max_domains, max(2, len(embedding) // 10))
    tried = tuple(sorted(set(numbers if numbers is not None else range(2, max(2, most) + 1))))
    rows = np.arange(len(embedding))
    if len(rows) > SAMPLE:
        rows = np.sort(np.random.default_rng(config.seed).choice(len(rows), SAMPLE, replace=False))
    yield Progress(0, len(tried), "number of domains")
    sampled = [Way(w.name, w.features[rows], w.settings) for w in ways(embedding, prepared, config, N_FRESH)]
    agreement = []
    for done, k in enumerate(tried, start=1):
        agreement.append(_agreement([cut for w in sampled if (cut := w.cut(k, None, config.seed)) is not None]))
        yield Progress(done, len(tried), f"number of domains: {k}")
    return NumberCurve(tried, tuple(agreement))


def _in_pieces(embedding: np.ndarray, prepared: Prepared, config: Config) -> tuple[np.ndarray, Prepared, Config]:
    """Return pieces of a large section as if they were all of it, its dataset aside; a smaller one as it is."""
    from napari_trsmi.domains.clustering import in_context

    if not is_large(len(embedding)):
        return embedding, prepared, config
    rows = patches(prepared.spatial, config.seed, sampling.SAMPLE // 2)
    cluster = in_context(config.cluster, prepared.dataset.coords, prepared.section)
    carry, has = {}, {}
    for name, weights in prepared.carry.items():
        own = weights[rows][:, rows].tocsr()
        total = np.asarray(own.sum(axis=1)).ravel()
        carry[name] = (sparse.diags(1.0 / np.where(total > 0, total, 1.0)) @ own).tocsr()
        has[name] = prepared.has[name][rows] | (total == 0)  # what was carried over from elsewhere stays
    pieces = replace(
        prepared,
        measured={name: values[rows] for name, values in prepared.measured.items()},
        features={name: values[rows] for name, values in prepared.features.items()},
        spatial=prepared.spatial[rows][:, rows].tocsr(),
        feature_graphs={},
        has=has,
        carry=carry,
    )
    return embedding[rows], pieces, config.model_copy(update={"cluster": cluster})


def _agreement(cuts: list[np.ndarray]) -> float:
    """Mean adjusted Rand index of every two cuts; 0 for fewer than two."""
    from sklearn.metrics import adjusted_rand_score

    check()
    found = [adjusted_rand_score(a, b) for a, b in combinations(cuts, 2)]
    return float(np.mean(found)) if found else 0.0
