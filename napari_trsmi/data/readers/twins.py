"""The same measurements read twice: two modalities over the same features, one perhaps made of the other."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.config import Kind
from napari_trsmi.data.dataset import Modality
from napari_trsmi.data.readers.profile import profile_of
from napari_trsmi.errors import DataError

ALIKE = "have the same features with other values"  # what is told of two that may be of two sections
_TRIED = 100  # spots that are compared before all
_SPOTS, _FEATURES = 1000, 200  # by which it is seen whether one table is made of another
_COVERED = 0.9  # share of the features of a table that the one has which it is made of
_FOLLOWS = 0.85  # rank correlation with that, feature by feature
_FEWEST = 3  # features and
_FEW_SPOTS = 20  # spots, below which nothing is said


def without_twins(
    modalities: Mapping[str, Modality],
    moved: Collection[str] = (),
    elsewhere: Collection[str] = (),
    outright: Mapping[str, Kind | None] | None = None,
) -> tuple[dict[str, Modality], list[str]]:
    """Return the modalities without those whose features and values another one has too, and notes.

    So are values that were normalised or scaled of another modality's, which stand beside it. Two that have the same
    features but other values are kept and told. All are over the same spots in one order.

    Parameters
    ----------
    moved
        Modalities whose spots are called otherwise than those of the first but for a suffix or prefix.
    elsewhere
        Names of modalities, or of the files that they are from, whose spots lie elsewhere than others of their names.
    outright
        {modality: the kind that a person or its names gave it}; those that are not there were guessed.

    Raises
    ------
    DataError
        The same features were measured with other values at spots of other names, or at other places: two sections, no
        modalities.
    """
    left, notes = dict(modalities), []
    for first, second in combinations(modalities, 2):
        if first not in left or second not in left:
            continue
        mine, theirs = left[first], left[second]
        if (made := _made_of(mine, theirs)) is not None:
            kept, gone = (first, second) if made is theirs else (second, first)
            del left[gone]
            notes.append(f"{gone} holds the values of {kept}, normalised or scaled: used {kept} alone.")
            continue
        columns = mine.table.var_names.get_indexer(theirs.table.var_names)
        if len(columns) != mine.table.n_vars or (columns < 0).any():
            continue
        may_be_one = _may_be_one(mine, theirs, outright or {})
        if _equal(mine.table.X, theirs.table.X, columns):
            del left[second]
            notes.append(f"{first} and {second} hold the same values of the same features: used {first} alone.")
        elif may_be_one and (first in moved) != (second in moved):
            raise _two_sections(first, second, "barcodes", "that differ by a suffix or prefix")
        elif may_be_one and _is_of(first, elsewhere) != _is_of(second, elsewhere):
            raise _two_sections(first, second, "coordinates", "that differ")
        elif may_be_one and _tell_apart(theirs):
            notes.append(
                f"{first} and {second} {ALIKE}: leave one out where both are one "
                "modality, and open each as a section of a study (--section NAME=FILE) where they are two sections."
            )
    return left, notes


def _may_be_one(mine: Modality, theirs: Modality, outright: Mapping[str, Kind | None]) -> bool:
    """Return whether two modalities over the same features may be one: kinds that were guessed tell none apart."""
    if mine.kind == theirs.kind:
        return mine.kind != "precomputed"
    told = outright.get(mine.name), outright.get(theirs.name)
    return None in told or told[0] == told[1]


def _is_of(modality: str, names: Collection[str]) -> bool:
    """Return whether one of some names is that of a modality, or of the file that it is from."""
    return any(modality == name or modality.startswith(f"{name}_") for name in names)


def _two_sections(first: str, second: str, what: str, how: str) -> DataError:
    """Return the error on modalities that can only be those of two sections."""
    return DataError(
        f"Expected modalities of one section, found the same features in {first} and {second} with other values, and "
        f"{what} {how}: they look like two sections. Open each as a section of a study (--section NAME=FILE), or give "
        f"both the same {what}."
    )


def _made_of(first: Modality, second: Modality) -> Modality | None:
    """Return which of two modalities holds values that were made of the other's; None where neither does.

    Counts come before values of 0 or more, these before others; what comes later is asked whether it follows.
    """
    names = first.table.var_names.intersection(second.table.var_names)
    if len(names) < max(_FEWEST, _COVERED * min(first.table.n_vars, second.table.n_vars)):
        return None
    rows = np.arange(first.table.n_obs)
    for one in (first, second):
        rows = rows if one.measured is None else rows[one.measured[rows]]
    rows = rows[:: 1 + len(rows) // _SPOTS]
    origin, made = sorted((first, second), key=lambda one: _rank(one.table.X[rows]))
    if len(names) < _COVERED * made.table.n_vars or _rank(origin.table.X[rows]) == _rank(made.table.X[rows]):
        return None
    names = names[:: 1 + len(names) // _FEATURES]
    source, values = (_dense(one.table.X[rows][:, one.table.var_names.get_indexer(names)]) for one in (origin, made))
    totals = np.maximum(np.asarray(origin.table.X[rows].sum(axis=1), float).reshape(-1, 1), 1e-9)
    return made if _correlation(source / totals, values) > _FOLLOWS else None


def _rank(values: Any) -> int:
    """Return 0 for counts, 1 for other values of 0 or more, 2 for others."""
    profile = profile_of(values)
    return 0 if profile.counts else 1 if profile.minimum >= 0 else 2


def _dense(values: Any) -> np.ndarray:
    return np.asarray(values.toarray() if sparse.issparse(values) else values, float)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return the median rank correlation of the columns of two (n, D) tables that vary in both; 0 for hardly any."""
    from scipy.stats import rankdata

    varies = (np.ptp(first, axis=0) > 0) & (np.ptp(second, axis=0) > 0)
    if varies.sum() < _FEWEST or len(first) < _FEW_SPOTS:
        return 0.0
    ranks = [rankdata(one[:, varies], axis=0) for one in (first, second)]
    a, b = (one - one.mean(axis=0) for one in ranks)
    return float(np.median((a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))))


def _tell_apart(modality: Modality) -> bool:
    """Return whether the features of a modality are more than numbered."""
    return not all(re.fullmatch(r"\d+", name) for name in modality.table.var_names[:_TRIED])


def _equal(first: Any, second: Any, columns: np.ndarray) -> bool:
    """Return whether (N, D) `second` is `first` with its columns in the order `columns`; a few rows are tried first."""
    return all(_same(first[:rows][:, columns], second[:rows]) for rows in (_TRIED, first.shape[0]))


def _same(first: Any, second: Any) -> bool:
    if sparse.issparse(first) and sparse.issparse(second):
        return (first != second).nnz == 0
    return not sparse.issparse(first) and not sparse.issparse(second) and np.array_equal(first, second)
