"""What spots can be coloured by: a feature, a column of the file, several features together, and the maps of a result.

Everything is computed from the tables as they are, when it is asked for: nothing is converted or kept. One column of a
sparse table of 50,000 spots and 20,000 genes takes 30 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data import feature_names
from napari_trsmi.errors import DataError
from napari_trsmi.evidence import SUPPORT
from napari_trsmi.gui.session.state import Channel, Coloring
from napari_trsmi.normalised import scale_of
from napari_trsmi.trust import AGREEING, STABILITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_trsmi.data.dataset import Dataset, Modality
    from napari_trsmi.data.result import Result

TARGET_SUM = 1e4  # counts per spot after normalisation, as for the markers
MAX_CATEGORIES = 100
CHANNEL_COLORS = ("#ff00ff", "#00ff00", "#00ffff")  # of features shown together; also colour-blind eyes tell them apart
LOW, HIGH = 0.0, 99.0  # percentiles at which one of several features is black and full
CLIP = 1.0  # percent of the values beyond each end of the colour map
CERTAINTY, WEIGHT = "Certainty", "Weight of "
PREDICTED = ", predicted"  # after the name of a modality: what it would be where it was not measured
COLUMN = "column"  # what stands for a modality where a feature is a column of the file
GENE_SET, MAP = "gene set", "map"  # where it is the score of a set, or a map of the result
SECTION = "section of the study"  # that a spot is in, as a column


def coloring_of(
    dataset: Dataset, of: tuple[str, str], result: Result | None = None, scores: Mapping[str, Coloring] | None = None
) -> Coloring:
    """Return the spots coloured by something: a modality and its feature, or `COLUMN`, `GENE_SET` or `MAP` and a name.

    Parameters
    ----------
    result
        What holds the maps, and what was predicted.
    scores
        The scores of gene sets by name.

    Raises
    ------
    DataError
        There is no such thing to colour by.
    """
    kind, name = of
    if kind == COLUMN:
        return obs_coloring(dataset, name)
    if kind == GENE_SET:
        if scores is None or name not in scores:
            raise DataError(f"Expected a gene set of this section, found {name!r}. Make it anew.")
        return scores[name]
    if kind == MAP:
        found = {} if result is None else result_maps(result)
        if name not in found:
            raise DataError(f"Expected a map of the result, found {name!r}, which it does not have.")
        return found[name]
    if result is not None and kind.endswith(PREDICTED):
        return predicted_coloring(result, kind, name)
    return feature_coloring(dataset, kind, name)


def feature_coloring(dataset: Dataset, modality: str, name: str) -> Coloring:
    """Return the spots coloured by one feature of a modality.

    Counts are shown as log1p of counts per `TARGET_SUM` of the spot's total in the table, and the title says so;
    precomputed components, tables with negative values and RNA that looks logged, as they are. Spots at which the
    modality was not measured have no value.

    Raises
    ------
    DataError
        There is no such modality or feature.
    """
    if modality not in dataset.modalities:
        raise DataError(f"Expected a modality out of {', '.join(dataset.modalities)}, found {modality!r}.")
    found = dataset.modalities[modality]
    (at,) = np.nonzero(found.table.var_names == name)
    if len(at) == 0:
        raise DataError(f"Expected a feature of {modality}, found {name!r}, which it does not have.")
    values, note = scaled(found, _column(found.table.X, int(at[0])))
    shown = feature_names.label(found.table.var, name)
    return Coloring(f"{shown} ({modality}{note})", values, limits=clipped_limits(values), of=(modality, name))


def scaled(found: Modality, values: np.ndarray) -> tuple[np.ndarray, str]:
    """Return (N,) or (N, g) `values` of a modality as they are shown, and what titles say of it.

    See `feature_coloring`; NaN at spots where the modality was not measured.
    """
    logged = found.kind == "rna" and scale_of(found.table.X) == "logged"
    as_stored = logged or found.kind == "precomputed" or found.table.X.min() < 0
    each = (-1, *[1] * (values.ndim - 1))
    if not as_stored:
        total = np.asarray(found.table.X.sum(axis=1), dtype=float).ravel()
        values = np.log1p(TARGET_SUM * values / np.where(total > 0, total, 1.0).reshape(each))
    if found.measured is not None:
        values = np.where(found.measured.reshape(each), values, np.nan)
    return values, "" if as_stored else ", log1p"


def predicted_coloring(result: Result, modality: str, name: str) -> Coloring:
    """Return the spots coloured by what a feature of a modality would be where it was not measured; grey elsewhere.

    Parameters
    ----------
    modality
        Its name and `PREDICTED`.

    Raises
    ------
    DataError
        Nothing was predicted for the modality, or it has no such feature.
    """
    key = modality.removesuffix(PREDICTED)
    if key not in result.predicted:
        raise DataError(f"Expected a modality that was predicted, found {key!r}. Choose another.")
    table = result.dataset.modalities[key].table
    (at,) = np.nonzero(table.var_names == name)
    if len(at) == 0:
        raise DataError(f"Expected a feature of {key}, found {name!r}, which it does not have.")
    values = np.asarray(result.predicted[key][:, int(at[0])], float)
    title = f"{feature_names.label(table.var, name)} ({modality})"
    return Coloring(title, values, limits=clipped_limits(values), of=(modality, name))


def obs_coloring(dataset: Dataset, column: str) -> Coloring:
    """Return the spots coloured by a column of the file: numbers by a colour map, all else as categories.

    Categories are in their own order where the column has one, else sorted; past the end of the palette its colours
    come again.

    Raises
    ------
    DataError
        There is no such column, or it has more than `MAX_CATEGORIES` categories.
    """
    import pandas as pd

    from napari_trsmi.domains.colors import PALETTE

    if column == SECTION and column not in dataset.obs and dataset.section is not None:
        names = dataset.section_names
        palette = tuple(PALETTE[k % len(PALETTE)] for k in range(len(names)))
        return Coloring(column, dataset.section.astype(int), colors=palette, names=names, of=(COLUMN, column))
    if column not in dataset.obs:
        raise DataError(f"Expected a column of the file, found {column!r}, which it does not have.")
    found = dataset.obs[column]
    if pd.api.types.is_numeric_dtype(found) and not pd.api.types.is_bool_dtype(found):
        values = found.to_numpy(float, na_value=np.nan)
        return Coloring(column, values, limits=clipped_limits(values), of=(COLUMN, column))
    if not isinstance(found.dtype, pd.CategoricalDtype):
        found = found.where(found.isna(), found.astype(str)).astype("category")
    found = found.cat.remove_unused_categories()
    names = tuple(str(name) for name in found.cat.categories)
    if len(names) > MAX_CATEGORIES:
        raise DataError(
            f"Expected at most {MAX_CATEGORIES} categories to tell apart by colour, found {len(names)} in {column}."
        )
    own = dataset.own_columns.get(column, {})
    colors = tuple(own.get(name) or PALETTE[k % len(PALETTE)] for k, name in enumerate(names))
    return Coloring(column, found.cat.codes.to_numpy(int), colors=colors, names=names, of=(COLUMN, column))


def channel(single: Coloring, color: str, low: float = LOW, high: float = HIGH) -> Channel:
    """Return a feature to be shown together with others, in a colour that is full from a percentile on.

    Parameters
    ----------
    single
        Numbers.
    low, high
        Percentiles of the values that are not zero; 0 reaches to the smallest value of all.
    """
    known = single.values[np.isfinite(single.values)]
    counted = known[known != 0] if (known != 0).any() else known
    if len(counted) == 0:
        return Channel(single.title, color, single.values, (0.0, 1.0), single.of)
    least = float(known.min()) if low <= 0 else float(np.percentile(counted, low))
    most = float(np.percentile(counted, high))
    return Channel(single.title, color, single.values, (least, most if most > least else least + 1.0), single.of)


def together(channels: Sequence[Channel]) -> Coloring:
    """Return the spots coloured by several features at once: their colours add up.

    Spots that lack a value of one of them have no colour.
    """
    from matplotlib.colors import to_rgb

    parts = [one.shares[:, None] * to_rgb(one.color) for one in channels]
    title = " + ".join(one.title for one in channels)
    return Coloring(title, np.minimum(np.sum(parts, axis=0), 1.0), channels=tuple(channels))


class Maps(Mapping[str, Coloring]):
    """{title: colouring}, each made when it is asked for: of a million spots one takes a tenth of a second."""

    def __init__(self, makers: Mapping[str, Callable[[], Coloring]]) -> None:
        self._makers = makers

    def __getitem__(self, title: str) -> Coloring:
        return replace(self._makers[title](), of=(MAP, title))

    def __contains__(self, title: object) -> bool:
        return title in self._makers  # that of a mapping would make the map

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def result_maps(result: Result) -> Maps:
    """Return {title: colouring} of everything about a result that spots can be coloured by, support first.

    The weights of the modalities share their limits, so that their maps can be compared.
    """
    partition, weights = result.partition, result.modality_weights
    made: dict[str, Callable[[], Coloring]] = {
        CERTAINTY: lambda: _numbers(CERTAINTY, partition.confidence, (0.0, 1.0)),
        "Entropy": lambda: replace(_numbers("Entropy", partition.entropy, (0.0, 1.0)), colormap="magma"),
        "Runner-up domain": lambda: Coloring(
            "Runner-up domain", partition.runner_up, colors=result.palette, names=result.names
        ),
    }

    def weight(name: str, column: int) -> Coloring:
        assert weights is not None
        low, high = (float(v) for v in np.quantile(weights, (0.01, 0.99)))
        return _numbers(WEIGHT + name, weights[:, column], (low, high))

    for column, name in enumerate(() if weights is None else list(result.dataset.modalities)[: weights.shape[1]]):
        made[WEIGHT + name] = partial(weight, name, column)
    for name, values in result.maps.items():
        limits = (0.0, 1.0) if name in (SUPPORT, STABILITY, AGREEING) else None  # shares of cuts, runs, modalities
        one = {map_title(name): partial(_numbers, map_title(name), values, limits)}
        made = one | made if name == SUPPORT else made | one
    return Maps(made)


def _numbers(title: str, values: np.ndarray, limits: tuple[float, float] | None) -> Coloring:
    return Coloring(title, np.asarray(values, float), limits=limits)


def map_title(name: str) -> str:
    """Return the title of a map in `Result.maps`.

    Examples
    --------
    >>> map_title("modalities_agreeing")
    'Modalities agreeing'
    >>> map_title("predicted_adt_spread")
    'Spread of predicted adt'
    """
    if name.startswith("predicted_") and name.endswith("_spread"):
        return f"Spread of predicted {name.removeprefix('predicted_').removesuffix('_spread')}"
    return name.replace("_", " ").capitalize()


def clipped_limits(values: np.ndarray, percent: float = CLIP) -> tuple[float, float]:
    """Return the ends of the colour map: all values but `percent` at each end.

    Percentiles are taken over the values that are not zero, because most spots miss most genes; where there are zeros,
    the colour map reaches to them.
    """
    known = values[np.isfinite(values)]
    counted = known[known != 0]
    if len(counted) == 0:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(counted, (percent, 100 - percent)))
    if len(counted) < len(known):
        low, high = min(low, 0.0), max(high, 0.0)
    return (low, high) if high > low else (low, low + 1.0)


def _column(table: Any, j: int) -> np.ndarray:
    """(N,) float64 column of a dense or sparse table; every other way of slicing CSR takes several times as long."""
    if getattr(table, "format", "") == "csr":
        (at,) = np.nonzero(table.indices == j)
        rows = np.searchsorted(table.indptr, at, side="right") - 1
        return np.bincount(rows, weights=table.data[at], minlength=table.shape[0])
    column = table[:, [j]]
    return np.asarray(column.toarray() if hasattr(column, "toarray") else column, dtype=float).ravel()
