"""Two labellings of the same spots beside each other: runs, columns of the file, embeddings of other methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_trsmi.config import Config, Section
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from scipy import sparse

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

Kind = Literal["run", "file", "column", "embedding"]
SCORES = ("ari", "nmi", "boundary_f1", "boundary_f1_near", "n_spots", "n_different")  # numbers of a comparison

MOST_LABELS = 100  # different values of a column that is taken for labels
_MOST_CELLS = 1600  # of a contingency table that is kept
_SAME_DOMAINS = ("device", "threads", "train.preview_every", "train.checkpoint_every")


@dataclass(frozen=True, eq=False)
class Labelling:
    """Labels of the spots of a section.

    Attributes
    ----------
    title
        Where they come from: the name of a run, of a column, of an embedding, or the path of a file.
    labels
        (N,) int in 0..K-1, -1 where a spot has none.
    names
        Name of each of the K labels.
    colors
        ``"#rrggbb"`` of each label; empty where they have no colours of their own.
    kind
        What `title` is the name of.
    config
        Settings of the run that found them; None where there are none.
    """

    title: str
    labels: np.ndarray
    names: tuple[str, ...]
    colors: tuple[str, ...] = ()
    kind: Kind = "run"
    config: Config | None = None


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
        return self.n_different / self.n_spots

    @property
    def n_spots(self) -> int:
        """Number of spots with both labels."""
        return int(self.known.sum())

    @property
    def n_different(self) -> int:
        """Number of those whose matched labels differ."""
        return int(self.different.sum())

    @property
    def scores(self) -> dict[str, float]:
        """Return {name: number} for each of `SCORES`."""
        return {name: getattr(self, name) for name in SCORES}


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


def labels_of_result(result: Result, title: str, kind: Kind = "run") -> Labelling:
    """Return the domains of a result as labels."""
    return Labelling(title, result.labels, result.names, result.palette, kind, result.config)


def labels_of_file(dataset: Dataset, path: str | Path) -> Labelling:
    """Return the domains in a saved result of the same spots as labels, in the order of the dataset.

    Raises
    ------
    DataError
        The file holds no result, or one of other spots.
    """
    from napari_trsmi.data.saved import read_result

    saved = read_result(path)
    order = {name: row for row, name in enumerate(saved.obs_names.tolist())}
    rows = np.array([order.get(name, -1) for name in dataset.obs_names.tolist()])
    common = int((rows >= 0).sum())
    if not common == len(rows) == len(order):
        raise DataError(
            f"Expected a result of the {len(rows)} spots of {dataset.name} in {path}, found {len(order)} spots, "
            f"{common} of them the same. Compare results of the same section."
        )
    title = str(Path(path).absolute())
    return Labelling(title, saved.labels[rows], saved.names, saved.colors, "file", saved.config)


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
    return Labelling(column, codes, tuple(map(str, names)), kind="column")


def labels_of_embedding(dataset: Dataset, key: str, config: Config, n_domains: int) -> Labelling:
    """Return the domains of an embedding of another method, found as those of TRSMI are.

    The embedding is cut by `stages.cut` as far as labels go: same clustering, same spatial refinement. Its posterior,
    for which all features would have to be prepared, is not asked for. Prototypes belong to the network of TRSMI: where
    they are set, the embedding is cut by a mixture.

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
        As for `domains.clustering.find_domains`.
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
    spatial, cluster = spatial_graph(dataset.coords, config.graph.k_spatial), config.cluster
    if cluster.method == "prototypes":
        cluster = cluster.model_copy(update={"method": "mixture"})
    found = find_domains(embedding, spatial, cluster, n_domains=n_domains, seed=config.seed)
    return Labelling(key, found.labels, tuple(str(k + 1) for k in range(n_domains)), kind="embedding")


def labellings(
    a: Labelling | str, b: Labelling | str, cut: Callable[[str, int], Labelling], n_domains: int
) -> tuple[Labelling, Labelling]:
    """Return two labellings; an embedding is cut into as many domains as the other one has labels.

    Parameters
    ----------
    a, b
        Labels that are there already, or the key of an embedding.
    cut
        Returns the domains of an embedding, given its key and their number; see `labels_of_embedding`.
    n_domains
        Number of domains where both are embeddings.
    """
    sizes = [len(one.names) for one in (a, b) if isinstance(one, Labelling)]
    n = sizes[0] if sizes else n_domains
    first, second = (one if isinstance(one, Labelling) else cut(one, n) for one in (a, b))
    return first, second


def matched_colors(a: Labelling, b: Labelling, comparison: Comparison) -> tuple[str, ...]:
    """Return one colour per number in `a` and in `Comparison.matched`: those of `a`, or of `b` where `a` has none."""
    from napari_trsmi.domains.colors import carried_over, extended

    n = 1 + int(max(a.labels.max(), comparison.matched.max()))
    own = a.colors
    if not own and b.colors:
        own = carried_over(a.labels[comparison.known], len(a.names), b.labels[comparison.known], b.colors)
    return extended(own, n)[:n]


# What is kept of a comparison


def with_comparison(result: Result, other: Labelling, comparison: Comparison) -> Result:
    """Return the result with a comparison in ``provenance["comparisons"]``, so that it is saved.

    Parameters
    ----------
    other
        What the result was compared with; what was known of it before, by kind and name, is replaced.
    comparison
        What `compare` returned for the labels of the result and of `other`, in this order.
    """
    return with_records(result, [record(comparison, labels_of_result(result, ""), other)])


def with_records(result: Result, records: Iterable[dict[str, Any]]) -> Result:
    """Return the result with comparisons that `record` returned; see `with_comparison`."""
    known = result.provenance.get("comparisons", ())
    kept = {(one["kind"], one["name"]): one for one in (*known, *records)}
    return replace(result, provenance={**result.provenance, "comparisons": list(kept.values())}) if kept else result


def record(comparison: Comparison, own: Labelling, other: Labelling, *, turned: bool = False) -> dict[str, Any]:
    """Return what a result keeps of a comparison, ready for JSON.

    Parameters
    ----------
    comparison
        Of `own` and `other`.
    own
        The labels of the result.
    other
        What they were compared with.
    turned
        True where the comparison was made the other way round, of `other` and `own`.

    Returns
    -------
    ``kind`` and ``name`` of the other; `SCORES`; ``n_labels`` of the other; ``differs``, its settings that are not
    those of the result; and, unless they are too many, its ``labels`` and ``contingency``: the number of spots by
    domain of the result (rows, in their order) and label of the other (columns).
    """
    from napari_trsmi.data.provenance import plain

    found: dict[str, Any] = {"kind": other.kind, "name": other.title, **comparison.scores, "n_labels": len(other.names)}
    if own.config is not None and other.config is not None:
        found["differs"] = plain(differences([own.config, other.config])[1])
        if "constraints" in found["differs"]:  # how many; the spots they name are too many to repeat
            found["differs"]["constraints"] = len(found["differs"]["constraints"])
    if len(own.names) * len(other.names) <= _MOST_CELLS:
        counts = comparison.contingency.T if turned else comparison.contingency
        missing = [(0, len(side.names) - n) for side, n in zip((own, other), counts.shape, strict=True)]
        found |= {"labels": list(other.names), "contingency": np.pad(counts, missing).tolist()}
    return found


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
