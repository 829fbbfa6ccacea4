"""What comes from other programs: columns of the spots, with how many of these they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.errors import DataError
from napari_trsmi.plural import many

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.dataset import Dataset


@dataclass(frozen=True, eq=False)
class Column:
    """A column of the spots.

    Attributes
    ----------
    name
        What it is called; free in the dataset, or one of its own columns.
    values
        (N,) a category per spot, missing for none.
    colors
        {category: ``"#rrggbb"``}, as far as the file tells.
    told
        How many spots it names, and what of the file it could not use; for the person.
    """

    name: str
    values: pd.Categorical
    colors: Mapping[str, str] = field(default_factory=dict)
    told: str = ""


def column_of(
    dataset: Dataset, name: str, codes: np.ndarray, names: list[str], colors: Mapping[str, str], source: Path, more: str
) -> Column:
    """Return a column of (N,) int codes into `names`, -1 for none, under a name that is free."""
    import pandas as pd

    named = int((codes >= 0).sum())
    used = len(np.unique(codes[codes >= 0]))
    groups = many(used, "group")
    free = free_name(dataset, name)
    told = f"{source.name} names {named:,} of {many(dataset.n_spots, 'spot')} ({groups}): column {free!r}."
    return Column(
        free,
        pd.Categorical.from_codes(codes, categories=names),
        {key: color for key, color in colors.items() if key in names},
        f"{told} {more}".strip(),
    )


def free_name(dataset: Dataset, name: str) -> str:
    """Return a name that no column of the dataset has: this, or with a number.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> free_name(SimpleNamespace(obs={"region": 0, "region 2": 0}, own_columns={}), "region")
    'region 3'
    """
    found, number = name, 1
    while found in dataset.obs:
        number += 1
        found = f"{name} {number}"
    return found


def rows_within(dataset: Dataset, section: str | None) -> tuple[Dataset, np.ndarray]:
    """Return the section that a file is about, and the rows of its spots.

    Raises
    ------
    DataError
        It is not said which section of a study, or there is no such section or no study.
    """
    if not dataset.parts:
        if section is not None:
            dataset.number_of(section)  # which refuses it
        return dataset, np.arange(dataset.n_spots)
    if section is None:
        raise DataError(
            f"Expected one section for polygons, found a study of {', '.join(dataset.section_names)}. "
            "Choose the section that they were drawn on (--section on the command line)."
        )
    number = dataset.number_of(section)
    return dataset.parts[number], dataset.sections[number]


def spread(codes: np.ndarray, rows: np.ndarray, n_spots: int) -> np.ndarray:
    """Return (n_spots,) codes with those of some rows, -1 elsewhere."""
    found = np.full(n_spots, -1)
    found[rows] = codes
    return found


def inside(coords: np.ndarray, polygons: list[Any]) -> tuple[np.ndarray, int]:
    """Return for each point the polygon that it lies in, -1 for none, and how many lie in several.

    Of several the smallest has it, as a region within another; of equal ones the last.

    Parameters
    ----------
    coords
        (N, 2) points (x, y).
    polygons
        M of shapely.
    """
    import shapely

    points, shapes = np.asarray(shapely.points(coords)), np.asarray(polygons, dtype=object)
    point, shape = shapely.STRtree(points).query(shapes, predicate="intersects")[::-1]
    order = np.lexsort((shape, -shapely.area(shapes)[shape]))
    codes = np.full(len(coords), -1)
    codes[point[order]] = shape[order]
    return codes, int((np.bincount(point, minlength=len(coords)) > 1).sum())
