"""Whether domains are real: again from other seeds, by chance alone, and in each modality alone.

Everything here runs the method of `api` again, with other seeds or on shuffled tissue. The checks are generators, as
training is: they yield a `Progress` after each run, and can be closed at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.errors import ConfigError
from napari_trsmi.records import Progress

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.domains.consensus import Consensus

Fit = Callable[["Dataset", "Config"], "Result"]
STABILITY, AGREEING = "stability", "modalities_agreeing"  # names of the maps
BY_CHANCE = "by_chance"  # column of the boundaries, which have the stability too
STABLE = 0.8  # a spot is called stable where at least this share of the runs gives it its domain
LIKELY = 0.05  # a boundary is one that chance would draw where more of the boundary by chance is as confident


@dataclass(frozen=True)
class Stability:
    """A result beside runs from other seeds.

    Attributes
    ----------
    seeds
        Seed of each of the R runs, the result's own first.
    consensus
        The runs beside the result's labels: stability per spot, agreement of every two runs.
    boundaries
        (S,) share of the runs that draw each boundary segment of the result.
    """

    seeds: tuple[int, ...]
    consensus: Consensus
    boundaries: np.ndarray


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


def seed_stability(result: Result, n_seeds: int = 5, *, fit: Fit | None = None) -> Generator[Progress, None, Stability]:
    """Run the result's settings from other seeds and return how much of the result comes out again.

    Parameters
    ----------
    result
        Counts as one of the runs.
    n_seeds
        Runs in all, at least 2.
    fit
        How to run the method: `api.fit`, or one that can be ended within a run.

    Raises
    ------
    ConfigError
        `n_seeds` is below 2.
    DataError, TrainingError
        As for `api.fit`.
    """
    from napari_trsmi import api
    from napari_trsmi.domains.consensus import boundary_stability, consensus
    from napari_trsmi.graphs import spatial_graph

    if n_seeds < 2:
        raise ConfigError(f"Expected at least 2 seeds to compare, found {n_seeds}. Raise it.")
    run, config = fit or api.fit, result.config
    if config.cluster.n_domains is None:  # the question is whether these domains come again, not how many there are
        config = _with_domains(config, result.partition.n_domains)
    seeds = tuple(config.seed + s for s in range(n_seeds))
    runs = [result.labels]
    for done, seed in enumerate(seeds[1:], start=1):
        yield Progress(done, n_seeds, f"seed {seed}")
        runs.append(run(result.dataset, config.model_copy(update={"seed": seed})).labels)
    found = consensus(runs, reference=result.labels)
    segments = np.zeros(0)
    if result.boundary_edges is not None and len(result.boundary_edges):
        edges = result.boundary_edges
        graph = spatial_graph(result.coords, config.graph.k_spatial)
        i, j, segment = (edges[name].to_numpy() for name in ("i", "j", "segment"))
        _, segments = boundary_stability(i, j, segment, runs, graph)
    return Stability(seeds, found, segments)


def chance(result: Result, n_runs: int = 3, *, fit: Fit | None = None) -> Generator[Progress, None, Chance]:
    """Run the result's settings on the section with its spots dealt to other places, and compare.

    Shuffled tissue has no domains, but any method will draw some. Where boundaries of the result are no more confident
    than those, they would appear by chance.

    Parameters
    ----------
    result
        Gives dataset, settings and number of domains.
    n_runs
        Shuffled runs, at least 1.
    fit
        How to run the method: `api.fit`, or one that can be ended within a run.

    Raises
    ------
    ConfigError
        `n_runs` is below 1.
    DataError, TrainingError
        As for `api.fit`.
    """
    from napari_trsmi import api

    if n_runs < 1:
        raise ConfigError(f"Expected at least 1 shuffled run, found {n_runs}. Raise it.")
    run, config = fit or api.fit, _with_domains(result.config, result.partition.n_domains)
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


def modality_agreement(result: Result) -> tuple[dict[str, float], np.ndarray]:
    """Return how well each modality alone finds the domains of the result.

    Each modality's components are cut into as many domains by the result's settings, without any training.

    Returns
    -------
    agreement
        {modality: adjusted Rand index with the result}.
    agreeing
        (N,) float32 share of the modalities that, matched to the result, give a spot its domain.
    """
    from sklearn.metrics import adjusted_rand_score

    from napari_trsmi.domains.comparison import match_labels
    from napari_trsmi.stages import cut, prepare

    config = result.config
    section = prepare(result.dataset, config)
    rough = config.model_copy(update={"cluster": config.cluster.model_copy(update={"method": "mixture"})})
    agreement, votes = {}, np.zeros(len(result.labels), np.float32)
    for name, features in section.features.items():
        alone = replace(section, measured={name: section.measured[name]}, features={name: features})
        labels = cut(features, alone, rough, result.partition.n_domains, None).labels
        agreement[name] = float(adjusted_rand_score(result.labels, labels))
        votes += match_labels(labels, result.labels) == result.labels
    return agreement, votes / len(section.features)


def stability_curve(
    result: Result, n_domains: Sequence[int], n_seeds: int = 5, *, fit: Fit | None = None
) -> Generator[Progress, None, pd.DataFrame]:
    """Return how much runs of different seeds agree for each number of domains.

    Each seed is trained once; its embedding is then cut into each number of domains, more roughly than a result is.

    Parameters
    ----------
    result
        Gives dataset and settings.
    n_domains
        Numbers of domains to try, each at least 2.
    n_seeds
        Runs, at least 2.
    fit
        How to run the method: `api.fit`, or one that can be ended within a run.

    Returns
    -------
    One row per number: ``n_domains``; ``stability``, ``low``, ``high``, the mean, smallest and largest adjusted Rand
    index over all pairs of seeds; see `suggested_domains`.

    Raises
    ------
    ConfigError
        Fewer than 2 seeds, or a number of domains below 2.
    """
    import pandas as pd

    from napari_trsmi import api
    from napari_trsmi.domains.consensus import consensus
    from napari_trsmi.stages import cut, prepare

    numbers = sorted(set(n_domains))
    if n_seeds < 2:
        raise ConfigError(f"Expected at least 2 seeds to compare, found {n_seeds}. Raise it.")
    if not numbers:
        raise ConfigError("Expected numbers of domains to try, found none. Give at least one.")
    check_trust(n_domains=numbers)
    run = fit or api.fit
    labels: dict[int, list[np.ndarray]] = {k: [] for k in numbers}
    cluster = result.config.cluster.model_copy(update={"method": "mixture", "n_init": 1})
    for done in range(n_seeds):
        seed = result.config.seed + done
        yield Progress(done, n_seeds, f"seed {seed}")
        config = result.config.model_copy(update={"seed": seed, "cluster": cluster})
        embedding = result.embedding if done == 0 else run(result.dataset, config).embedding
        section = prepare(result.dataset, config)
        for k in numbers:
            labels[k].append(cut(embedding, section, config, k, None).labels)
    rows = []
    for k in numbers:
        agreement = consensus(labels[k]).agreement[np.triu_indices(n_seeds, 1)]
        rows.append({"n_domains": k, "stability": agreement.mean(), "low": agreement.min(), "high": agreement.max()})
    return pd.DataFrame(rows)


def suggested_domains(curve: pd.DataFrame) -> int:
    """Return the largest number of domains about as stable as the most stable one.

    Few domains are always the most stable, and say little. So the number is the largest whose mean agreement lies
    within half the range of the pairs at the most stable number, or within 0.02, whichever is wider.
    """
    best = curve.loc[curve["stability"].idxmax()]
    room = max(0.02, float(best["high"] - best["low"]) / 2)
    return int(curve.loc[curve["stability"] >= best["stability"] - room, "n_domains"].max())


def with_trust(
    result: Result,
    stability: Stability | None = None,
    by_chance: Chance | None = None,
    curve: pd.DataFrame | None = None,
) -> Result:
    """Return the result with what was found in its maps, its boundaries and its provenance, so that all is saved.

    Agreement with each modality alone is always added: it takes no training.

    Parameters
    ----------
    stability, by_chance, curve
        What `seed_stability`, `chance` and `stability_curve` returned for this result; what is not given is left as it
        was.
    """
    trust = dict(result.provenance.get("trust", {}))
    maps, boundaries = dict(result.maps), result.boundaries
    trust["modality_agreement"], maps[AGREEING] = modality_agreement(result)
    if stability is not None:
        maps[STABILITY] = stability.consensus.stability
        trust |= {
            "seeds": list(stability.seeds),
            "seed_agreement": stability.consensus.agreement.tolist(),
            "stability": stability.consensus.mean_agreement,
            "stable_spots": float((stability.consensus.stability >= STABLE).mean()),
        }
        if boundaries is not None:
            boundaries = boundaries.assign(**{STABILITY: stability.boundaries})
    if by_chance is not None:
        trust |= {
            "confidence": by_chance.confidence,
            "confidence_by_chance": by_chance.by_chance.tolist(),
            "boundaries_by_chance": int((by_chance.boundaries > LIKELY).sum()),
            "n_boundaries": len(by_chance.boundaries),
        }
        if boundaries is not None:
            boundaries = boundaries.assign(**{BY_CHANCE: by_chance.boundaries})
    if curve is not None:
        trust |= {"curve": curve.to_dict("records"), "suggested_domains": suggested_domains(curve)}
    return replace(result, maps=maps, boundaries=boundaries, provenance={**result.provenance, "trust": trust})


def describe(result: Result) -> str:
    """Return what the checks of a result found, in lines for a person."""
    trust = result.provenance.get("trust", {})
    lines = []
    if "stability" in trust:
        lines.append(
            f"Seeds: mean ARI {trust['stability']:.2f} over {len(trust['seeds'])} runs; "
            f"{100 * trust['stable_spots']:.0f} % of the spots keep their domain in at least 4 of 5 runs."
        )
    if "confidence_by_chance" in trust:
        by_chance = ", ".join(f"{value:.2f}" for value in trust["confidence_by_chance"])
        lines.append(
            f"Chance: mean confidence {trust['confidence']:.2f}, on shuffled tissue {by_chance}; "
            f"{trust['boundaries_by_chance']} of {trust['n_boundaries']} boundaries are no more confident than 5 % of "
            "the boundary drawn by chance."
        )
    if "modality_agreement" in trust:
        alone = ", ".join(f"{name} {value:.2f}" for name, value in trust["modality_agreement"].items())
        lines.append(f"Modalities alone, ARI with the result: {alone}.")
    if "suggested_domains" in trust:
        curve = ", ".join(f"{row['n_domains']}: {row['stability']:.2f}" for row in trust["curve"])
        lines.append(f"Stability by number of domains: {curve}. Suggested: {trust['suggested_domains']}.")
    return "\n".join(lines)


def check_trust(n_seeds: int = 2, n_runs: int = 1, n_domains: Sequence[int] = ()) -> None:
    """Raise `ConfigError` where one of the numbers makes no sense, before any time is spent."""
    if n_seeds < 1 or n_runs < 0:
        raise ConfigError(f"Expected 1 seed or more and 0 shuffled runs or more, found {n_seeds} and {n_runs}.")
    if any(k < 2 for k in n_domains):
        raise ConfigError(f"Expected numbers of domains of 2 or more, found {list(n_domains)}. Leave out the others.")


def _with_domains(config: Config, n_domains: int) -> Config:
    return config.model_copy(update={"cluster": config.cluster.model_copy(update={"n_domains": n_domains})})
