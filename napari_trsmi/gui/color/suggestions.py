"""What is worth a look before anything was typed: columns of the file, small modalities, the best of large ones.

Nothing here takes longer on a larger section: a sample of the spots is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from napari_trsmi.gui.color.features import COLUMN, GENE_SET, Feature, FeatureIndex
from napari_trsmi.gui.maps import MAX_CATEGORIES, PREDICTED, SECTION

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_trsmi.data.dataset import Dataset

FEW = 300  # features that are all listed
N_BEST = 40  # of a larger modality
N_BEST_ALONE = 200  # where it is the only one that is listed
_SEEN = 2000  # spots
_CELLS = 6  # per side of the grid that the section is divided into


@dataclass(frozen=True)
class Group:
    """Features under one heading."""

    title: str
    features: list[Feature]


def suggested(dataset: Dataset, index: FeatureIndex, within: str | None = None, columns: bool = True) -> list[Group]:
    """Return what spots can be coloured by, in groups: gene sets, columns, then small modalities, then large ones.

    What was predicted is no suggestion: it is listed only where it is asked for by name.

    Parameters
    ----------
    within
        A modality, or `COLUMN`, to list alone; all where not given.
    columns
        Whether to list columns of the file.
    """
    groups = []
    if within is not None and within.endswith(PREDICTED):
        return [Group(within, index.named(within)[:N_BEST_ALONE])]
    if within in (None, GENE_SET) and (sets := index.named(GENE_SET)):
        groups.append(Group("Gene sets", sets))
    if columns and within in (None, COLUMN) and (names := worth_coloring(dataset)):
        groups.append(Group("Columns of the file", index.named(COLUMN, names)))
    sizes = {name: modality.table.n_vars for name, modality in dataset.modalities.items()}
    for name in sorted(sizes, key=lambda name: sizes[name] > FEW):
        if within not in (None, name):
            continue
        if sizes[name] <= FEW:
            groups.append(Group(f"{name}: all {sizes[name]}" if sizes[name] > 1 else name, index.named(name)))
        else:
            best = most_uneven(dataset, name, N_BEST if within is None else N_BEST_ALONE)
            title = f"{name}: the {len(best)} most uneven of {sizes[name]:,}"
            groups.append(Group(title, index.named(name, best)))
    return groups


def worth_coloring(dataset: Dataset) -> list[str]:
    """Return the columns with more than one value and not too many categories: categories first, then numbers."""
    import pandas as pd

    step = max(1, dataset.n_spots // _SEEN)
    texts = [SECTION] if dataset.parts and SECTION not in dataset.obs else []
    numbers: list[str] = []
    for name in dataset.obs.columns:
        values = dataset.obs[name]
        number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        known = values if isinstance(values.dtype, pd.CategoricalDtype) else values.iloc[::step]
        try:
            n_values = known.nunique()
        except TypeError:  # a column of lists
            continue
        if n_values > 1 and (number or n_values <= MAX_CATEGORIES):
            (numbers if number else texts).append(str(name))
    return texts + numbers


def most_uneven(dataset: Dataset, modality: str, n: int) -> list[str]:
    """Return the `n` features whose counts differ most between parts of the section, most uneven first.

    The section is divided into a grid; counts per cell are compared with what they would be if the feature had the
    same share everywhere (Pearson's chi-squared). Each section of a study is compared with itself: how they differ from
    each other may be a batch.
    """
    found, step = dataset.modalities[modality], max(1, dataset.n_spots // _SEEN)
    uneven = np.zeros(found.table.n_vars)
    for rows in dataset.sections:
        if found.measured is None or found.measured[rows].any():
            uneven += _unevenness(found.table, rows[::step], dataset.coords[rows], step)
    best = np.argsort(-uneven, kind="stable")[:n]
    return [str(found.table.var_names[j]) for j in best if uneven[j] > 0]


def _unevenness(table: AnnData, rows: np.ndarray, coords: np.ndarray, step: int) -> np.ndarray:
    """Return the (D,) chi-squared of the features over a grid: of every so-many-th spot, at `coords` of all."""
    counts = np.abs(sparse.csr_matrix(table.X[rows]).astype(np.float32))  # (n_seen, D)
    share = (coords[::step] - coords.min(axis=0)) / np.maximum(np.ptp(coords, axis=0), 1e-12)
    cells = np.minimum((_CELLS * share).astype(int), _CELLS - 1) @ (1, _CELLS)
    member = sparse.csr_matrix((np.ones(len(rows), np.float32), (cells, np.arange(len(rows)))))
    found = (member @ counts).toarray()  # (n_cells, D)
    total = found.sum()
    expected = np.outer(found.sum(axis=1), found.sum(axis=0)) / (total if total > 0 else 1.0)
    uneven: np.ndarray = np.divide((found - expected) ** 2, expected, out=np.zeros_like(found), where=expected > 0)
    return uneven.sum(axis=0)
