"""Which spots of two datasets are the same, where one is a study and the other a section of it, or more spots."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_trsmi.errors import DataError
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset

_LEAST = 0.5  # share of the smaller section's spots, below which two are not taken for the same section
_SAME_PLACE = 0.05  # of the distance of neighbours
_MOSTLY = 0.9  # of the spots of one name lie at one place


class _Pair(NamedTuple):
    """A section of each of two datasets, by number, and (n,) rows in them of the spots that are the same."""

    own: int
    other: int
    mine: np.ndarray
    theirs: np.ndarray


def shared_with(dataset: Dataset, other: Dataset, where: str) -> tuple[np.ndarray, str]:
    """Return the (N,) row in another dataset of each spot, -1 where it lacks the spot, and what was left out.

    Sections are the same where half of the spots of the smaller have barcodes of the other, and lie at the same
    places. Of several that could be, those of one name are, then those with the same measurements.

    Parameters
    ----------
    dataset, other
        Sections or studies.
    where
        What the other one is called in sentences.

    Raises
    ------
    DataError
        No section is the same, or several could be.
    """
    parts, others = dataset.parts or (dataset,), other.parts or (other,)
    candidates = [
        _Pair(i, j, *found)
        for i, one in enumerate(parts)
        for j, two in enumerate(others)
        if (found := _same_spots(one, two)) is not None
    ]
    pairs = _one_to_one(candidates, parts, others, where)
    if not pairs:
        raise _others(dataset, other, where)
    rows = np.full(dataset.n_spots, -1)
    for pair in pairs:
        rows[dataset.sections[pair.own][pair.mine]] = other.sections[pair.other][pair.theirs]
    return rows, _told(dataset, other, where, rows, pairs)


def _same_spots(one: Dataset, other: Dataset) -> tuple[np.ndarray, np.ndarray] | None:
    """Return (n,) rows of the spots that two sections share, by barcode and place; None where they are two sections."""
    import pandas as pd

    from napari_trsmi.data.libraries import spacing
    from napari_trsmi.data.readers.barcodes import aligned

    names = {"one": pd.Index(one.obs_names.astype(str)), "other": pd.Index(other.obs_names.astype(str))}
    for renaming in aligned(names)[0]:
        names["other"] = renaming.of(names["other"])
    at = names["other"].get_indexer(names["one"])
    mine = np.flatnonzero(at >= 0)
    if len(mine) < max(1, _LEAST * min(one.n_spots, other.n_spots)):
        return None
    apart = np.linalg.norm(one.coords[mine] - other.coords[at[mine]], axis=1)
    if (apart <= _SAME_PLACE * spacing(one.coords)).mean() < _MOSTLY:
        return None
    return mine, at[mine]


def _one_to_one(
    candidates: list[_Pair], parts: tuple[Dataset, ...], others: tuple[Dataset, ...], where: str
) -> list[_Pair]:
    """Return the pairs that belong together, each section in one: the only ones, else of one name, or measurements."""
    from napari_trsmi.data.study import shared_spots

    def of_one_name(pair: _Pair) -> bool:
        return parts[pair.own].name == others[pair.other].name

    def measured_alike(pair: _Pair) -> bool:
        return shared_spots(parts[pair.own], others[pair.other]) > _LEAST * len(pair.mine)

    left, taken = candidates, list[_Pair]()
    rules: list[Callable[[_Pair], bool]] = [lambda _: True, of_one_name, measured_alike, lambda _: True]
    for rule in rules:
        fitting = [pair for pair in left if rule(pair)]
        only = [
            pair
            for pair in fitting
            if sum(pair.own == another.own or pair.other == another.other for another in fitting) == 1
        ]
        taken += only
        left = [pair for pair in left if all(pair.own != one.own and pair.other != one.other for one in taken)]
    if left:
        own, theirs = (
            sorted({pairs[number].name for number in numbers})
            for pairs, numbers in ((parts, {pair.own for pair in left}), (others, {pair.other for pair in left}))
        )
        raise DataError(
            f"Expected sections that names or measurements tell apart, found {', '.join(own)} with barcodes and places "
            f"of {', '.join(theirs)} in {where}. Give the section the same name in both."
        )
    return taken


def _others(dataset: Dataset, other: Dataset, where: str) -> DataError:
    from napari_trsmi.data.study_tables import barcodes_as_read

    common = len(np.intersect1d(barcodes_as_read(dataset).astype(str), barcodes_as_read(other).astype(str)))
    but = ", which lie at other places, or are few" if common else ""
    return DataError(
        f"Expected a result of the {dataset.n_spots} spots of {dataset.name} in {where}, found {other.n_spots} spots, "
        f"{common} of them the same{' by name' if common else ''}{but}. Compare results of the same section, or of a "
        "study and one of its sections."
    )


def _told(dataset: Dataset, other: Dataset, where: str, rows: np.ndarray, pairs: list[_Pair]) -> str:
    """Return how many spots are compared, and what is left out on either side."""
    known = rows >= 0
    n = int(known.sum())
    sections = [dataset.section_names[pair.own] for pair in sorted(pairs)] if dataset.parts else []
    of_both = f" of {many(len(sections), 'section')} ({', '.join(sections)})" if sections else ""
    left = []
    for one, missing, name in (
        (dataset, ~known, dataset.name),
        (other, ~np.isin(np.arange(other.n_spots), rows[known]), where),
    ):
        if not missing.any():
            continue
        whole = [key for key, own in zip(one.section_names, one.sections, strict=False) if missing[own].all()]
        named = f" ({', '.join(whole)} not there)" if whole else ""
        left.append(f"{int(missing.sum()):,} of {name}{named}")
    return f"{where} is compared on {many(n, 'spot')}{of_both}; left out: {' and '.join(left) or 'none'}."
