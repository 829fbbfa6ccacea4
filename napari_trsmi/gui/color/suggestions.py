"""What is worth a look before anything was typed: columns of the file, small modalities, the best of large ones.

Nothing here takes longer on a larger section: a sample of the spots is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_trsmi.gui.finding.features import COLUMN, GENE_SET, Feature, FeatureIndex
from napari_trsmi.gui.finding.maps import MAX_CATEGORIES, PREDICTED, SECTION
from napari_trsmi.gui.finding.uneven import most_uneven

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset

FEW = 300  # features that are all listed
N_BEST = 40  # of a larger modality
N_BEST_ALONE = 200  # where it is the only one that is listed
_SEEN = 2000  # spots


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
        Whether to list columns.
    """
    groups = []
    if within is not None and within.endswith(PREDICTED):
        return [Group(within, index.named(within)[:N_BEST_ALONE])]
    if within in (None, GENE_SET) and (sets := index.named(GENE_SET)):
        groups.append(Group("Gene sets", sets))
    if columns and within in (None, COLUMN) and (names := worth_coloring(dataset)):
        own = [name for name in names if name in dataset.own_columns]
        for title, some in (("Your own columns", own), ("Columns of the file", [n for n in names if n not in own])):
            groups += [Group(title, index.named(COLUMN, some))] if some else []
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
    """Return the columns that tell spots apart and have not too many categories: categories first, then numbers.

    One value that some spots lack tells them apart, as a single region does.
    """
    import pandas as pd

    step = max(1, dataset.n_spots // _SEEN)
    texts = [SECTION] if dataset.parts and SECTION not in dataset.obs else []
    numbers: list[str] = []
    for name in dataset.obs.columns:
        values = dataset.obs[name]
        number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        known = values if isinstance(values.dtype, pd.CategoricalDtype) else values.iloc[::step]
        try:
            n_values, has_missing = known.nunique(), known.hasnans
        except TypeError:  # a column of lists
            continue
        if n_values + has_missing > 1 and (number or n_values <= MAX_CATEGORIES):
            (numbers if number else texts).append(str(name))
    return texts + numbers
