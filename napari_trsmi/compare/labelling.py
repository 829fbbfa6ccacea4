"""What can be compared: runs, results on file, columns of the file, embeddings of other methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_trsmi.config import Config
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

Kind = Literal["run", "file", "column", "embedding"]
MOST_LABELS = 100  # different values of a column that is taken for labels
_MOST_COMPARED = 1000  # of a column that a person names: tables of labels by labels are dense


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
    notes
        Sentences a person should read: on how many spots it is compared, where it is of others too.
    """

    title: str
    labels: np.ndarray
    names: tuple[str, ...]
    colors: tuple[str, ...] = ()
    kind: Kind = "run"
    config: Config | None = None
    notes: tuple[str, ...] = ()


def labels_of_result(result: Result, title: str, kind: Kind = "run") -> Labelling:
    """Return the domains of a result as labels."""
    return Labelling(title, result.labels, result.names, result.palette, kind, result.config)


def labels_of_file(dataset: Dataset, path: str | Path) -> Labelling:
    """Return the domains in a saved result as labels, in the order of the dataset; see `labels_of_other`.

    Raises
    ------
    DataError
        The file holds no result, or one of other spots.
    """
    from napari_trsmi.data.saved import read_result
    from napari_trsmi.restoring import restore

    saved = read_result(path)
    title = str(Path(path).absolute())
    order = {name: row for row, name in enumerate(saved.obs_names.tolist())}
    rows = np.array([order.get(name, -1) for name in dataset.obs_names.tolist()])
    if (rows >= 0).all() and len(rows) == len(order):
        return Labelling(title, saved.labels[rows], saved.names, saved.colors, "file", saved.config)
    return labels_of_other(dataset, restore(path), title, "file")


def labels_of_other(dataset: Dataset, result: Result, title: str, kind: Kind = "run") -> Labelling:
    """Return the domains of a result over other spots as labels of those that it shares with a dataset.

    One may be a study and the other one of its sections, or both studies with sections in common. Sections are matched
    by barcodes and places, and by their names where several are alike in these. `Labelling.notes` say on how many spots
    the two are compared, and what is left out.

    Parameters
    ----------
    dataset
        What the labels are for: a section or a study.
    result
        Over other sections, or more or fewer spots.
    title, kind
        As in `Labelling`.

    Raises
    ------
    DataError
        Not one section is the same in both, or names and measurements do not tell which of several is.
    """
    from napari_trsmi.compare.shared import shared_with

    rows, told = shared_with(dataset, result.dataset, title)
    labels = np.where(rows >= 0, result.labels[rows], -1)
    return Labelling(title, labels, result.names, result.palette, kind, result.config, (told,))


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
        There is no such column, or it has too many different values.
    """
    import pandas as pd

    from napari_trsmi.domains.labels import encode

    if column not in dataset.obs:
        known = ", ".join(map(str, dataset.obs.columns)) or "no columns"
        raise DataError(f"Expected a column of the file ({known}), found {column!r}. Use one of these.")
    values = dataset.obs[column]
    if (n := values.nunique()) > _MOST_COMPARED:
        raise DataError(f"Expected at most {_MOST_COMPARED:,} labels in {column!r}, found {n:,}. Use another column.")
    codes, names = encode(values)
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        order = [name for name in map(str, values.cat.categories) if name in set(map(str, names))]
        rank = np.array([order.index(str(name)) for name in names])
        codes, names = np.where(codes < 0, -1, rank[codes]), order
    texts, own = tuple(map(str, names)), dataset.own_columns.get(column, {})
    colors = tuple(own[name] for name in texts) if set(texts) <= set(own) else ()
    return Labelling(column, codes, texts, colors, kind="column")


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
    from napari_trsmi.domains.clustering import find_domains, in_context
    from napari_trsmi.graphs import spatial_graph

    if key not in dataset.embeddings:
        known = ", ".join(dataset.embeddings) or "none"
        raise DataError(f"Expected an embedding in obsm of the file (there is {known}), found {key!r}.")
    embedding = dataset.embeddings[key]
    if not np.isfinite(embedding).all():
        bad = int((~np.isfinite(embedding)).any(axis=1).sum())
        raise DataError(f"Expected finite values in obsm[{key!r}], found NaN or infinity for {bad} spots. Fill them.")
    spatial, cluster = (
        spatial_graph(dataset.coords, config.graph.k_spatial, dataset.section),
        in_context(config.cluster, dataset.coords, dataset.section),
    )
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
