"""What carries one boundary: the features that differ across it, tested on counts that did not draw it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.domains.labels import upper_edges
from napari_trsmi.errors import ConfigError
from napari_trsmi.evidence.effects import LEAST, adjusted, inflation, spots_near
from napari_trsmi.evidence.splitting import holds_counts, thinned
from napari_trsmi.interrupt import check

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.config import Kind
    from napari_trsmi.data.dataset import Modality
    from napari_trsmi.data.result import Result

HOPS = 2  # how far from the boundary its sides reach; its own spots are the first
COLUMNS = (
    *("segment", "modality", "feature", "name", "effect", "low", "high", "p_adjusted", "share_a", "share_b"),
    *("side", "fresh"),
)
_CELLS = 4_000_000  # values that are dense at a time


@dataclass(frozen=True)
class Halves:
    """The counts of a section in two halves, and the domains that each of them draws.

    Attributes
    ----------
    counts
        For each half {modality: (N, D) CSR}, of the modalities that hold counts.
    labels
        For each half (N,) int, numbered as those of the result that they match; -1 everywhere where it draws none.
    """

    counts: tuple[dict[str, sparse.csr_matrix], dict[str, sparse.csr_matrix]]
    labels: tuple[np.ndarray, np.ndarray]


def count_halves(result: Result) -> Halves | None:
    """Return the counts in two halves and the domains of each, or None where no modality holds counts.

    Each count goes to either half by the toss of a coin (`splitting.thinned`). Each half is prepared and cut in the way
    of the default, without training, as `effects.boundary_effects` does with components.
    """
    from napari_trsmi.data.preprocess import denoised_features, measured_components
    from napari_trsmi.domains.comparison import match_labels
    from napari_trsmi.evidence.cuts import default_way
    from napari_trsmi.graphs import spatial_graph
    from napari_trsmi.stages import Prepared, as_cut, carriers_of, device_for

    dataset, config = result.dataset, result.config
    rng = np.random.default_rng([config.seed, 11])
    counts: tuple[dict[str, sparse.csr_matrix], dict[str, sparse.csr_matrix]] = ({}, {})
    for name, modality in dataset.modalities.items():
        if holds_counts(modality.table.X, _kind(result, modality)):
            check()
            counts[0][name], counts[1][name] = thinned(modality.table.X, rng)
    if not counts[0]:
        return None
    spatial, device = spatial_graph(result.coords, config.graph.k_spatial, dataset.section), device_for(dataset, config)
    labels = []
    for half in counts:
        check()
        modalities = {
            name: replace(one, table=_table(one, half[name])) if name in half else one
            for name, one in dataset.modalities.items()
        }
        section = replace(dataset, modalities=modalities)
        found = measured_components(section, config.preprocess, spatial, config.seed, config.study, device)
        measured, has = found.values, found.measured
        own = denoised_features(measured, spatial, config.seed, has, device) if has else {}
        carry = carriers_of(own, has, config) if has else {}
        ready = Prepared(section, measured, measured, spatial, {}, has=has, carry=carry, device=device)
        way = default_way(measured, ready, as_cut(config, result.partition))
        drawn = way.cut(result.partition.n_domains, spatial, config.seed)
        labels.append(np.full(len(result.labels), -1) if drawn is None else match_labels(drawn, result.labels))
    return Halves(counts, (labels[0], labels[1]))


def carriers(result: Result, segment: int, n_top: int = 10, halves: Halves | None = None) -> pd.DataFrame:
    """Return the features that differ across one boundary, best first in each modality.

    The counts are split into two halves, each count by the toss of a coin. One half draws the domains anew; the spots
    within `HOPS` hops of the boundary that it puts on either side are compared on the other half, feature by feature:
    normalised per spot, logged, Welch's t-test, with the variance of neither side below that of both. Testing a line
    on the counts that drew it would find a difference wherever a line is drawn.

    What this does: if counts are Poisson, the two halves are independent of each other, so which side a spot is on owes
    nothing to the chance of the counts that are tested. What it does not do: the place of the boundary, the number of
    domains and their numbering come from the whole counts; counts that vary more than Poisson ones leave the halves
    somewhat alike; both halves are of one section, and each has half its counts, so weak differences are missed. One
    toss decides: another `Config.seed` gives somewhat other numbers. Spots that resemble their neighbours count for
    less, as in `effects.boundary_effects`.

    Where values are no counts (intensities, logarithms, components), or neither half draws both domains at this
    boundary, the two domains of the result are compared on the values that drew them. Such rows say so: ``fresh`` is
    False, and their p-values are too small.

    Parameters
    ----------
    result
        Domains with boundaries.
    segment
        Number of the boundary, as in `Result.boundaries`.
    n_top
        Features per modality.
    halves
        What `count_halves` returns for the result; made here where not given, which takes most of the time.

    Returns
    -------
    Up to `n_top` rows per modality: ``segment``; ``modality``; ``feature``; ``name``, what people call it; ``effect``,
    mean of the logarithms on side b less that on side a (proteins: of centred log-ratios; components: of the values);
    ``low`` and ``high``, its 95 % interval; ``p_adjusted``, two-sided, adjusted over all features of the modality
    (Benjamini and Hochberg); ``share_a`` and ``share_b``, share of the spots of each side with any of it (NaN for
    components); ``side``, name of the domain that has more; ``fresh``. No rows where a side has fewer than 3 spots.

    Raises
    ------
    ConfigError
        There is no such boundary, or `n_top` is below 1.
    DataError
        What is given is no result.

    References
    ----------
    Neufeld et al., Inference after latent variable estimation for single-cell RNA sequencing data, Biostatistics 2024.
    Gao et al., Selective inference for hierarchical clustering, Journal of the American Statistical Association 2024.
    """
    import pandas as pd

    from napari_trsmi.data.result import check_result
    from napari_trsmi.graphs import spatial_graph

    check_result(result)
    edges = result.boundary_edges
    n = 0 if result.boundaries is None or edges is None else len(result.boundaries)
    if edges is None or not 0 <= segment < n:
        raise ConfigError(f"Expected a boundary of the result, 0 to {n - 1}, found {segment}. Choose one of them.")
    if n_top < 1:
        raise ConfigError(f"Expected n_top of at least 1 feature per modality, found {n_top}.")
    own = edges[edges["segment"] == segment].assign(segment=0)
    spatial = spatial_graph(result.coords, result.config.graph.k_spatial, result.dataset.section)
    reached, pairs = spots_near(own, 1, spatial, HOPS)
    near, (a, b) = reached.indices, pairs[0]
    halves = count_halves(result) if halves is None else halves
    drawn, tested = _drawn(halves, near, a, b)
    frames = []
    for name, modality in result.dataset.modalities.items():
        check()
        fresh = drawn is not None and name in tested
        labels = drawn if fresh and drawn is not None else result.labels
        spots = np.sort(near[np.isin(labels[near], (a, b))])
        spots = spots if modality.measured is None else spots[modality.measured[spots]]
        on_b = labels[spots] == b
        if min(on_b.sum(), (~on_b).sum()) < LEAST:
            continue
        values = (tested[name] if fresh else modality.table.X)[spots]
        found = _compared(values, on_b, upper_edges(spatial[spots][:, spots]), modality, _kind(result, modality))
        found = found[found["p_adjusted"].notna()].sort_values("t", key=np.abs, ascending=False, kind="stable")
        found["side"] = np.where(found["effect"] > 0, result.names[b], result.names[a])
        frames.append(found.head(n_top).assign(segment=segment, modality=name, fresh=fresh))
    if not frames:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


def _drawn(
    halves: Halves | None, near: np.ndarray, a: int, b: int
) -> tuple[np.ndarray | None, dict[str, sparse.csr_matrix]]:
    """Return labels that one half draws with both domains at a boundary, and the counts of the other half."""
    if halves is not None:
        for labels, others in zip(halves.labels, halves.counts[::-1], strict=True):
            if min((labels[near] == a).sum(), (labels[near] == b).sum()) >= LEAST:
                return labels, others
    return None, {}


def _compared(
    values: Any, on_b: np.ndarray, neighbours: tuple[np.ndarray, np.ndarray], modality: Modality, kind: Kind
) -> pd.DataFrame:
    """Return a row per feature of (n, D) values, each spot on side a or b."""
    import pandas as pd
    from scipy.stats import t as student

    from napari_trsmi.data import feature_names
    from napari_trsmi.domains.markers import log_normalised

    if kind == "protein" and values.min() < 0:  # transformed already
        kind = "precomputed"
    positive = values > 0
    logs = log_normalised(_table(modality, values.astype(np.float32)), kind)
    effect, error, freedom = _welch(logs.tocsc() if sparse.issparse(logs) else np.asarray(logs), on_b, neighbours)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = effect / error  # NaN where a feature is the same everywhere
    half = student.ppf(0.975, freedom) * error
    shares = [np.asarray(positive[side].sum(axis=0)).ravel() / side.sum() for side in (~on_b, on_b)]
    nothing = np.full(len(effect), np.nan)
    share_a, share_b = (nothing, nothing) if kind == "precomputed" else shares
    return pd.DataFrame(
        {
            "feature": modality.table.var_names.to_numpy(),
            "name": feature_names.labels(modality.table.var),
            "effect": effect,
            "low": effect - half,
            "high": effect + half,
            "p_adjusted": adjusted(2 * student.sf(np.abs(t), freedom)),
            "share_a": share_a,
            "share_b": share_b,
            "t": t,
        }
    )


def _welch(
    values: Any, on_b: np.ndarray, neighbours: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (D,) differences of means, their standard errors, and degrees of freedom, of (n, D) values."""
    n_a, n_b = int((~on_b).sum()), int(on_b.sum())
    i, j = neighbours
    alike = on_b[i] == on_b[j]
    i, j = i[alike], j[alike]
    found = []
    width = max(1, _CELLS // max(len(on_b), len(i)))
    for start in range(0, values.shape[1], width):
        check()
        block = values[:, start : start + width]
        block = np.asarray(block.toarray() if sparse.issparse(block) else block, float)
        mean_a, mean_b = block[~on_b].mean(axis=0), block[on_b].mean(axis=0)
        rest = block - np.where(on_b[:, None], mean_b, mean_a)
        # Some spots without a count of a rare feature do not mean that it never varies there: at least as of both.
        least = (rest**2).sum(axis=0) / (n_a + n_b - 2)
        of_a = np.maximum((rest[~on_b] ** 2).sum(axis=0) / (n_a - 1), least) / n_a
        of_b = np.maximum((rest[on_b] ** 2).sum(axis=0) / (n_b - 1), least) / n_b
        spread = np.maximum((rest**2).mean(axis=0), 1e-30)
        shared = (rest[i] * rest[j]).mean(axis=0) / spread if len(i) else np.zeros(block.shape[1])
        error = np.sqrt(inflation(shared) * (of_a + of_b))
        freedom = (of_a + of_b) ** 2 / np.maximum(of_a**2 / (n_a - 1) + of_b**2 / (n_b - 1), 1e-300)
        found.append((mean_b - mean_a, error, np.maximum(freedom, 1.0)))
    if not found:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    effect, error, freedom = (np.concatenate(part) for part in zip(*found, strict=True))
    return effect, error, freedom


def _kind(result: Result, modality: Modality) -> Kind:
    return result.config.preprocess.kinds.get(modality.name, modality.kind)


def _table(modality: Modality, values: Any) -> Any:
    """Return a table of other values, with what the spots of the modality are called where they are as many."""
    table = modality.table
    obs = table.obs if values.shape[0] == table.n_obs else None
    return type(table)(values, obs=obs, var=table.var)
