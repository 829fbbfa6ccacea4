"""The same measurements read twice: two modalities over the same features."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.data.dataset import Modality

_TRIED = 100  # spots that are compared before all


def without_twins(modalities: Mapping[str, Modality]) -> tuple[dict[str, Modality], list[str]]:
    """Return the modalities without those whose features and values an earlier one has too, and notes.

    Two that have the same features but other values are kept and told. All are over the same spots in one order.
    """
    left, notes = dict(modalities), []
    for first, second in combinations(modalities, 2):
        if first not in left or second not in left:
            continue
        mine, theirs = left[first], left[second]
        columns = mine.table.var_names.get_indexer(theirs.table.var_names)
        if len(columns) != mine.table.n_vars or (columns < 0).any():
            continue
        if _equal(mine.table.X, theirs.table.X, columns):
            del left[second]
            notes.append(f"{first} and {second} hold the same values of the same features: used {first} alone.")
        elif mine.kind == theirs.kind != "precomputed" and _tell_apart(theirs):
            notes.append(
                f"{first} and {second} have the same features with other values: leave one out where both are one "
                "modality."
            )
    return left, notes


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
