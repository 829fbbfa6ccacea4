"""Two labellings of the same spots beside each other: runs, columns of the file, embeddings of other methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.config import Config, Section
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from scipy import sparse

    from napari_trsmi.data.dataset import Dataset

MOST_LABELS = 100  # different values of a column that is taken for labels
_SAME_DOMAINS = ("device", "threads", "train.preview_every", "train.checkpoint_every")


@dataclass(frozen=True, eq=False)
class Labelling:
    """Labels of the spots of a section.

    Attributes
    ----------
    title
        Where they come from: the name of a run, of a column, of an embedding.
    labels
        (N,) int in 0..K-1, -1 where a spot has none.
    names
        Name of each of the K labels.
    colors
        ``"#rrggbb"`` of each label; empty where they have no colours of their own.
    """

    title: str
    labels: np.ndarray
    names: tuple[str, ...]
    colors: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Comparison:
    """How two labellings a and b of the same spots agree; spots without a label in either are not counted.

    Attributes
    ----------
    ari, nmi
        Adjusted Rand index and normalised mutual information.
    boundary_f1, boundary_f1_near
        Agreement of the boundaries, edge by edge of the spatial graph, and with one hop of tolerance.
    matched
        (N,) int labels of b, numbered like those of a as far as they match; -1 where b has none.
    different
        (N,) bool, True where the matched labels differ.
    known
        (N,) bool, True where both have a label.
    contingency
        (Ka, Kb) int number of spots with each label of a and each label of b, as numbered there.
    """

    ari: float
    nmi: float
    boundary_f1: float
    boundary_f1_near: float
    matched: np.ndarray
    different: np.ndarray
    known: np.ndarray
    contingency: np.ndarray

    @property
    def share_different(self) -> float:
        """Share of the spots with both labels whose matched labels differ."""
        return float(self.different.sum() / self.known.sum())


def compare(a: np.ndarray, b: np.ndarray, adjacency: sparse.csr_matrix) -> Comparison:
    """Return how two labellings of the same spots agree.

    Parameters
    ----------
    a, b
        (N,) int labels, -1 where a spot has none.
    adjacency
        (N, N) CSR spatial graph, symmetric, zero diagonal.

    Raises
    ------
    DataError
        Lengths differ, or no spot has both labels.

    Examples
    --------
    >>> from scipy import sparse
    >>> chain = sparse.diags([1.0, 1.0], [-1, 1], shape=(4, 4), format="csr")
    >>> found = compare(np.array([0, 0, 1, 1]), np.array([1, 1, 1, 0]), chain)
    >>> found.matched.tolist(), found.different.tolist()
    ([0, 0, 0, 1], [False, False, True, False])
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    from napari_trsmi.domains.agreement import boundary_agreement
    from napari_trsmi.domains.comparison import match_labels
    from napari_trsmi.domains.labels import check_lengths, one_hot

    check_lengths(len(a), b=b, adjacency=adjacency)
    known = (a >= 0) & (b >= 0)
    if not known.any():
        raise DataError(f"Expected spots with both labels to compare, found none among {len(a)}.")
    matched = match_labels(b, a)
    first, second = (np.where(labels < 0, np.nan, labels) for labels in (a, b))
    exact, near = (boundary_agreement(first, second, adjacency, tolerance=t)["f1"] for t in (0, 1))
    return Comparison(
        ari=float(adjusted_rand_score(a[known], b[known])),
        nmi=float(normalized_mutual_info_score(a[known], b[known])),
        boundary_f1=exact,
        boundary_f1_near=near,
        matched=matched,
        different=known & (matched != a),
        known=known,
        contingency=(one_hot(a).T @ one_hot(b)).toarray().astype(int),
    )


# What can be compared


def label_columns(dataset: Dataset) -> tuple[str, ...]:
    """Return the columns of the file that hold labels, such as a person's annotation.

    Those are texts, categories, truth values or whole numbers of 2 to `MOST_LABELS` different values.
    """
    return tuple(str(name) for name, values in dataset.obs.items() if _is_label(values))


def _is_label(values: Any) -> bool:
    import pandas as pd

    if pd.api.types.is_float_dtype(values):
        return False
    return 2 <= values.nunique() <= min(MOST_LABELS, len(values) // 2)


def labels_of_column(dataset: Dataset, column: str) -> Labelling:
    """Return a column of the file as labels; categories keep their order, other values are sorted.

    Raises
    ------
    DataError
        There is no such column.
    """
    import pandas as pd

    from napari_trsmi.domains.labels import encode

    if column not in dataset.obs:
        known = ", ".join(map(str, dataset.obs.columns)) or "no columns"
        raise DataError(f"Expected a column of the file ({known}), found {column!r}. Use one of these.")
    values = dataset.obs[column]
    codes, names = encode(values)
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        order = [name for name in map(str, values.cat.categories) if name in set(map(str, names))]
        rank = np.array([order.index(str(name)) for name in names])
        codes, names = np.where(codes < 0, -1, rank[codes]), order
    return Labelling(column, codes, tuple(map(str, names)))


def labels_of_embedding(dataset: Dataset, key: str, config: Config, n_domains: int) -> Labelling:
    """Return the domains of an embedding of another method, found as those of TRSMI are.

    The embedding is cut by `stages.cut` as far as labels go: same clustering, same spatial refinement. Its posterior,
    for which all features would have to be prepared, is not asked for.

    Parameters
    ----------
    key
        One of `Dataset.embeddings`.
    config
        `graph`, `cluster` and `seed` are used.
    n_domains
        Number of domains.

    Raises
    ------
    DataError
        There is no such embedding, or it is not finite.
    ConfigError
        As for `domains.clustering.find_domains`; ``method="prototypes"``: other methods have none.
    """
    from napari_trsmi.domains.clustering import find_domains
    from napari_trsmi.graphs import spatial_graph

    if key not in dataset.embeddings:
        known = ", ".join(dataset.embeddings) or "none"
        raise DataError(f"Expected an embedding in obsm of the file (there is {known}), found {key!r}.")
    embedding = dataset.embeddings[key]
    if not np.isfinite(embedding).all():
        bad = int((~np.isfinite(embedding)).any(axis=1).sum())
        raise DataError(f"Expected finite values in obsm[{key!r}], found NaN or infinity for {bad} spots. Fill them.")
    spatial = spatial_graph(dataset.coords, config.graph.k_spatial)
    found = find_domains(embedding, spatial, config.cluster, n_domains=n_domains, seed=config.seed)
    return Labelling(key, found.labels, tuple(str(k + 1) for k in range(n_domains)))


def matched_colors(a: Labelling, b: Labelling, comparison: Comparison) -> tuple[str, ...]:
    """Return one colour per number in `a` and in `Comparison.matched`: those of `a`, or of `b` where `a` has none."""
    from napari_trsmi.domains.colors import carried_over, extended

    n = 1 + int(max(a.labels.max(), comparison.matched.max()))
    own = a.colors
    if not own and b.colors:
        own = carried_over(a.labels[comparison.known], len(a.names), b.labels[comparison.known], b.colors)
    return extended(own, n)[:n]


# What sets runs apart


def differences(configs: Sequence[Config]) -> list[dict[str, Any]]:
    """Return for each config the settings, by dotted name, that are not the same in all of them.

    A single config is compared with the defaults. What does not change the domains (device, threads, how often there
    is a preview or a checkpoint) is left out.

    Examples
    --------
    >>> differences([Config(seed=1), Config(cluster={"n_domains": 7})])
    [{'cluster.n_domains': None, 'seed': 1}, {'cluster.n_domains': 7, 'seed': 0}]
    """
    flat = [_flat(config) for config in configs]
    beside = flat if len(flat) > 1 else [*flat, _flat(Config())]
    names = [name for name in beside[0] if any(one[name] != beside[0][name] for one in beside)]
    return [{name: one[name] for name in names if name not in _SAME_DOMAINS} for one in flat]


def _flat(config: Config) -> dict[str, Any]:
    """Return the settings by dotted name, section by section."""
    found = {}
    for section, value in config:
        inside = dict(value) if isinstance(value, Section) else {"": value}
        found.update({f"{section}.{name}" if name else section: one for name, one in inside.items()})
    return found
