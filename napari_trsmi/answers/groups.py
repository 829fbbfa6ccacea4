"""Groups of spots: a domain, one side of a boundary, a section, a value of a column, or any spots by mask or row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

Where = str | np.ndarray | Sequence[int]
"""How a group is named: see `group_of`."""

REST = "rest"
_WAYS = "domain:NAME, boundary:NUMBER:DOMAIN, section:NAME or COLUMN=VALUE"


@dataclass(frozen=True)
class Group:
    """Some spots and what to call them.

    Attributes
    ----------
    name
        Such as ``"domain 3"``.
    spots
        (N,) bool.
    redrawn
        Of a group that the domains of a result make: its spots, (N,) bool, for other labels (N,) of the same numbers.
        None for one that does not depend on them.
    """

    name: str
    spots: np.ndarray
    redrawn: Callable[[np.ndarray], np.ndarray] | None = None

    @property
    def n_spots(self) -> int:
        """Number of its spots."""
        return int(self.spots.sum())


def group_of(where: Where | Group, dataset: Dataset, result: Result | None = None, name: str = "") -> Group:
    """Return the group that is meant.

    Parameters
    ----------
    where
        ``"domain:NAME"``, or the name alone; ``"boundary:NUMBER:DOMAIN"``, the spots of a domain that lie within
        `carriers.HOPS` hops of one of its boundaries (number as in `Result.boundaries`); ``"section:NAME"`` of a study;
        ``"COLUMN=VALUE"`` of ``obs``; (N,) bool; or int rows.
    dataset
        The section or study.
    result
        Its domains, where there are any.
    name
        What to call spots that are given by mask or row.

    Raises
    ------
    DataError
        There is no such thing.
    """
    if isinstance(where, Group):
        return where
    if not isinstance(where, str):
        return Group(name or "these spots", _mask(np.asarray(where), dataset.n_spots))
    if where.startswith("section:"):
        return _section(where.removeprefix("section:"), dataset)
    if where.startswith("boundary:"):
        return _side(where, result)
    if result is not None and (where.startswith("domain:") or where in result.names):
        return _domain(where.removeprefix("domain:"), result)
    if where.startswith("domain:"):
        raise DataError("Expected domains to choose from, found a section without. Give a result.")
    return _value(where, dataset)


def rest_of(group: Group) -> Group:
    """Return all other spots; of a group that domains make, those that have a domain."""
    inside = group.redrawn
    if inside is None:
        return Group(REST, ~group.spots)
    return Group(REST, ~group.spots, lambda labels: (labels >= 0) & ~inside(labels))


def within(group: Group, dataset: Dataset, section: str) -> Group:
    """Return the spots of a group that are in one section of a study."""
    inside, redrawn = dataset.section == dataset.number_of(section), group.redrawn
    name = f"{group.name} in {section}"
    if redrawn is None:
        return Group(name, group.spots & inside)
    return Group(name, group.spots & inside, lambda labels: redrawn(labels) & inside)


def apart(a: Group, b: Group) -> tuple[Group, Group, int]:
    """Return two groups without the spots that are in both, and how many those are.

    Raises
    ------
    DataError
        Then one would be empty.
    """
    both = a.spots & b.spots
    left = [_without(one, other) for one, other in ((a, b), (b, a))]
    for group, own in ((a, left[0]), (b, left[1])):
        if not own.spots.any():
            found = "no spot" if not group.spots.any() else "no spot that is not also in the other group"
            raise DataError(f"Expected spots in {group.name}, found {found}. Choose another group.")
    return left[0], left[1], int(both.sum())


def _without(group: Group, other: Group) -> Group:
    def redrawn(labels: np.ndarray) -> np.ndarray:
        own = group.spots if group.redrawn is None else group.redrawn(labels)
        return own & ~(other.spots if other.redrawn is None else other.redrawn(labels))

    made = group.redrawn is not None or other.redrawn is not None
    return Group(group.name, group.spots & ~other.spots, redrawn if made else None)


def _mask(given: np.ndarray, n_spots: int) -> np.ndarray:
    if given.dtype == bool:
        if given.shape != (n_spots,):
            raise DataError(f"Expected a mask of {n_spots} spots, found shape {given.shape}. Give one value per spot.")
        return given
    if given.size and (given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= n_spots):
        raise DataError(f"Expected rows from 0 to {n_spots - 1}, found others. Give rows of spots, or a mask.")
    mask = np.zeros(n_spots, bool)
    mask[given.astype(int)] = True
    return mask


def _domain(name: str, result: Result) -> Group:
    if name not in result.names:
        raise DataError(f"Expected a domain out of {', '.join(result.names)}, found {name!r}. Choose one of them.")
    number = result.names.index(name)
    return Group(f"domain {name}", result.labels == number, lambda labels: labels == number)


def _side(where: str, result: Result | None) -> Group:
    from napari_trsmi.evidence.carriers import HOPS
    from napari_trsmi.evidence.effects import spots_near
    from napari_trsmi.graphs import spatial_graph

    number, _, name = where.removeprefix("boundary:").partition(":")
    edges = None if result is None else result.boundary_edges
    if result is None or result.boundaries is None or edges is None:
        raise DataError("Expected domains with boundaries, found none. Give a result.")
    n = len(result.boundaries)
    if not number.isdigit() or int(number) >= n:
        raise DataError(f"Expected a boundary from 0 to {n - 1}, found {number!r}. Choose one of them.")
    own = edges[edges["segment"] == int(number)].assign(segment=0)
    spatial = spatial_graph(result.coords, result.config.graph.k_spatial, result.dataset.section)
    reached, pairs = spots_near(own, 1, spatial, HOPS)
    sides = {result.names[k]: k for k in pairs[0]}
    if name not in sides:
        raise DataError(
            f"Expected the side of {' or '.join(sides)} of boundary {number}, found {name!r}. Choose one of the two."
        )
    near, side = np.zeros(len(result.labels), bool), sides[name]
    near[reached.indices] = True
    called = f"side of {name} of boundary {number}"
    return Group(called, near & (result.labels == side), lambda labels: near & (labels == side))


def _section(name: str, dataset: Dataset) -> Group:
    if dataset.section is None:
        raise DataError("Expected a study of several sections, found one section. Choose something else.")
    return Group(f"section {name}", dataset.section == dataset.number_of(name))


def _value(where: str, dataset: Dataset) -> Group:
    columns = [str(column) for column in dataset.obs if where.startswith(f"{column}=")]
    if not columns and "=" in where:
        there = ", ".join(map(str, dataset.obs.columns[:8])) or "none"
        raise DataError(
            f"Expected a column of obs such as {there}, found {where.partition('=')[0]!r}. Choose one that is there."
        )
    if not columns:
        raise DataError(f"Expected spots as {_WAYS}, found {where!r}. Name them in one of these ways.")
    column = max(columns, key=len)
    value = where.removeprefix(f"{column}=")
    values = dataset.obs[column]
    spots = ((values.astype(str) == value) & values.notna()).to_numpy(bool)
    if not spots.any():
        found = ", ".join(values.dropna().astype(str).unique()[:8])
        raise DataError(f"Expected a value of {column} such as {found}, found {value!r}. Choose one that it has.")
    return Group(f"{column} {value}", spots)
