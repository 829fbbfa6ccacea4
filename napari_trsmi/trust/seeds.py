"""Fresh measurements and seeds: whether each domain comes out again, and for which number of domains."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.errors import ConfigError
from napari_trsmi.interrupt import check
from napari_trsmi.records import Progress
from napari_trsmi.trust.asked import Fit, check_trust, plain_fit, with_domains
from napari_trsmi.trust.perturbing import perturbed

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.domains.consensus import Consensus


@dataclass(frozen=True)
class Stability:
    """A result beside runs from other seeds and of fresh measurements.

    Attributes
    ----------
    seeds
        Seed of each of the R runs, the result's own first.
    perturbed
        Whether each run but the first had a fresh measurement of the section.
    consensus
        The runs beside the result's labels: stability per spot, agreement of every two runs.
    boundaries
        (S,) share of the runs that draw each boundary segment of the result.
    embeddings
        (N, d) float32 embedding of each run: what `stability_curve` cuts into other numbers of domains.
    """

    seeds: tuple[int, ...]
    perturbed: bool
    consensus: Consensus
    boundaries: np.ndarray
    embeddings: tuple[np.ndarray, ...]


def seed_stability(
    result: Result, n_seeds: int = 5, *, perturb: bool = True, fit: Fit | None = None
) -> Generator[Progress, None, Stability]:
    """Run the result's settings on fresh measurements, from other seeds, and return how much of it comes out again.

    Parameters
    ----------
    result
        Counts as one of the runs.
    n_seeds
        Runs in all, at least 2.
    perturb
        Give every other run a fresh measurement of the section (`perturbed.perturbed`). Otherwise they differ by their
        seed alone: how much of the result is left to the start of training, whatever the data say.
    fit
        How to run the method: `asked.plain_fit`, or one that can be ended within a run.

    Raises
    ------
    ConfigError
        `n_seeds` is below 2.
    DataError, TrainingError
        As for `asked.plain_fit`.
    """
    from napari_trsmi.domains.consensus import boundary_stability, consensus
    from napari_trsmi.graphs import spatial_graph

    if n_seeds < 2:
        raise ConfigError(f"Expected at least 2 seeds to compare, found {n_seeds}. Raise it.")
    run, config = fit or plain_fit, _asked_again(result)
    seeds = tuple(config.seed + s for s in range(n_seeds))
    runs, embeddings = [result.labels], [result.embedding]
    for done, seed in enumerate(seeds[1:], start=1):
        yield Progress(done, n_seeds, f"fresh measurement, seed {seed}" if perturb else f"seed {seed}")
        other = run(_measured(result.dataset, seed, perturb), config.model_copy(update={"seed": seed}))
        runs.append(other.labels)
        embeddings.append(other.embedding)
    check()
    found = consensus(runs, reference=result.labels)
    check()
    segments = np.zeros(0)
    if result.boundary_edges is not None and len(result.boundary_edges):
        edges = result.boundary_edges
        graph = spatial_graph(result.coords, config.graph.k_spatial, result.dataset.section)
        i, j, segment = (edges[name].to_numpy() for name in ("i", "j", "segment"))
        _, segments = boundary_stability(i, j, segment, runs, graph)
    return Stability(seeds, perturb, found, segments, tuple(embeddings))


def stability_curve(
    result: Result,
    n_domains: Sequence[int],
    n_seeds: int = 5,
    *,
    perturb: bool = True,
    stability: Stability | None = None,
    fit: Fit | None = None,
) -> Generator[Progress, None, pd.DataFrame]:
    """Return how much runs on fresh measurements and of different seeds agree for each number of domains.

    Each seed is trained once, with the number of domains of the result; its embedding is then cut into each number,
    more roughly than a result is.

    Parameters
    ----------
    result
        Gives dataset and settings.
    n_domains
        Numbers of domains to try, each at least 2.
    n_seeds
        Runs, at least 2.
    perturb
        As for `seed_stability`.
    stability
        What `seed_stability` found for the same result: its runs are not made again, and further ones are perturbed if
        these are.
    fit
        How to run the method: `asked.plain_fit`, or one that can be ended within a run.

    Returns
    -------
    One row per number: ``n_domains``; ``stability``, ``low``, ``high``, the mean, smallest and largest adjusted Rand
    index over all pairs of runs; see `suggested_domains`. Its ``attrs`` say whether the runs were ``perturbed``.

    Raises
    ------
    ConfigError
        Fewer than 2 seeds, or a number of domains below 2.
    """
    import pandas as pd

    from napari_trsmi.constraints import row_constraints
    from napari_trsmi.domains.clustering import find_domains, in_context
    from napari_trsmi.domains.consensus import consensus
    from napari_trsmi.domains.features import domain_features
    from napari_trsmi.graphs import spatial_graph
    from napari_trsmi.stages import as_cut

    numbers = sorted(set(n_domains))
    if n_seeds < 2:
        raise ConfigError(f"Expected at least 2 seeds to compare, found {n_seeds}. Raise it.")
    if not numbers:
        raise ConfigError("Expected numbers of domains to try, found none. Give at least one.")
    check_trust(n_domains=numbers)
    run, config = fit or plain_fit, _asked_again(result)
    rough = in_context(as_cut(config, result.partition).cluster, result.coords, result.dataset.section).model_copy(
        update={"method": "mixture", "n_init": 1}
    )
    embeddings = [result.embedding] if stability is None else list(stability.embeddings)
    perturb = perturb if stability is None else stability.perturbed
    spatial = spatial_graph(result.coords, config.graph.k_spatial, result.dataset.section)
    constraints = row_constraints(config.constraints, result.obs_names)
    labels: dict[int, list[np.ndarray]] = {k: [] for k in numbers}
    for done in range(n_seeds):
        one = config.model_copy(update={"seed": config.seed + done, "cluster": rough})
        yield Progress(done, n_seeds, f"numbers of domains, seed {one.seed}")
        if done == len(embeddings):
            embeddings.append(run(_measured(result.dataset, one.seed, perturb), one).embedding)
        features = domain_features(embeddings[done], spatial, rough, one.seed)
        for k in numbers:
            check()
            found = find_domains(
                embeddings[done], spatial, rough, n_domains=k, constraints=constraints, features=features, seed=one.seed
            )
            labels[k].append(found.labels)
    rows = []
    for k in numbers:
        check()
        agreement = consensus(labels[k]).agreement[np.triu_indices(n_seeds, 1)]
        rows.append({"n_domains": k, "stability": agreement.mean(), "low": agreement.min(), "high": agreement.max()})
    curve = pd.DataFrame(rows)
    curve.attrs["perturbed"] = perturb
    return curve


def suggested_domains(curve: pd.DataFrame) -> int:
    """Return the largest number of domains about as stable as the most stable one.

    Few domains are always the most stable, and say little. So the number is the largest whose mean agreement lies
    within half the range of the pairs at the most stable number, or within 0.02, whichever is wider.
    """
    best = curve.loc[curve["stability"].idxmax()]
    room = max(0.02, float(best["high"] - best["low"]) / 2)
    return int(curve.loc[curve["stability"] >= best["stability"] - room, "n_domains"].max())


def _asked_again(result: Result) -> Config:
    """Return the settings, with the number of domains: whether these come again is asked, not how many there are."""
    config = result.config
    return config if config.cluster.n_domains else with_domains(config, result.partition.n_domains)


def _measured(dataset: Dataset, seed: int, perturb: bool) -> Dataset:
    """Return the data of the run of a seed; the same in every check."""
    return perturbed(dataset, np.random.default_rng([seed, 8])) if perturb else dataset
