"""How many domains: the number for which other cuts of the same run agree, and of which they find most again."""

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
STABLE, NO_PATTERN = 0.75, 0.6  # Jaccard indices of a cluster that is there, and of one that is none (Hennig)
POWER = 3.5  # how much agreement counts beside the number of domains; chosen on the panel of labelled files, as is
WHOLE = 0.6  # how much the agreement as a whole counts beside the domains that are found again
TELLING = 0.5  # agreement below which the cuts say nothing about the number
UNTOLD = 7  # domains where they do not: the median over the labelled sections of the panel
ABOUT = 0.75  # a number is about as good as the chosen one from this share of its score on


@dataclass(frozen=True)
class NumberCurve:
    """What other cuts of a run say, by number of domains.

    Attributes
    ----------
    numbers
        Numbers of domains, rising.
    agreement
        Mean adjusted Rand index over all pairs of cuts, for each.
    found_again
        Domains that the other cuts find again less those that they do not, for each: a domain counts 1 where its mean
        Jaccard index with the likest domain of each other cut is `STABLE` or more, -1 up to `NO_PATTERN`, and in
        between what lies on the line.

    References
    ----------
    Hennig, Cluster-wise assessment of cluster stability, Computational Statistics and Data Analysis 2007: the index of
    a single cluster, and from which on it is a pattern, or stable.
    """

    numbers: tuple[int, ...]
    agreement: tuple[float, ...]
    found_again: tuple[float, ...]

    @property
    def scores(self) -> np.ndarray:
        """What speaks for each number, 0 to 1: two shares of the most that any number has, `WHOLE` of the second.

        The first is of `found_again`, as far as that is positive and of one domain at least; the second of the
        agreement to the power of `POWER` times the logarithm of the number, since few domains agree easily and say
        little. Each alone goes wrong where the other does not: as a whole the cuts agree while they part a large domain
        anywhere, and a domain is found again or not by a hair.
        """
        found = np.clip(self.found_again, 0.0, None)
        whole = np.log(self.numbers) * np.clip(self.agreement, 0.0, 1.0) ** POWER
        scores: np.ndarray = (1.0 - WHOLE) * found / max(found.max(), 1.0) + WHOLE * whole / max(whole.max(), 1e-12)
        return scores

    @property
    def is_told(self) -> bool:
        """Whether the cuts agree on any number."""
        return max(self.agreement) >= TELLING

    @property
    def chosen(self) -> int:
        """The number for which most speaks; the one nearest to `UNTOLD` where no number is told."""
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
            "found_again": list(self.found_again),
            "score": self.scores.tolist(),
            "chosen": self.chosen,
            "about_as_good": list(self.about_as_good),
            "told": self.is_told,
        }


def number_curve(
    embedding: np.ndarray, prepared: Prepared, config: Config, numbers: Sequence[int] | None = None
) -> Generator[Progress, None, NumberCurve]:
    """Cut a section in several ways into each number of domains, and return how far they say the same.

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
    agreement, found_again = [], []
    for done, k in enumerate(tried, start=1):
        cuts = [cut for w in sampled if (cut := w.cut(k, None, config.seed)) is not None]
        agreement.append(_agreement(cuts))
        found_again.append(_found_again(cuts, k))
        yield Progress(done, len(tried), f"number of domains: {k}")
    return NumberCurve(tried, tuple(agreement), tuple(found_again))


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


def _found_again(cuts: list[np.ndarray], n_domains: int) -> float:
    """Domains of the first cut that the others find again, less those that they do not; see `NumberCurve`."""
    if len(cuts) < 2:
        return -float(n_domains)
    index = np.mean([_likest(cuts[0], other) for other in cuts[1:]], axis=0)
    return float((2.0 * np.clip((index - NO_PATTERN) / (STABLE - NO_PATTERN), 0.0, 1.0) - 1.0).sum())


def _likest(labels: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(K,) Jaccard index of each domain with the likest domain of another cut."""
    from sklearn.metrics.cluster import contingency_matrix

    both = contingency_matrix(labels, other)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    likest: np.ndarray = (both / either).max(axis=1)
    return likest
