"""Which rows of which tables of a SpatialData store make one section; where several do, which of them is asked for.

A table may annotate several regions, such as the sections of an experiment, and a region may have several tables:
modalities, or the same assay twice (filtered and not). Bins of Visium HD are tables and regions of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_trsmi.data.libraries import spacing
from napari_trsmi.data.readers.kinds import kind_from_names
from napari_trsmi.data.readers.spatial_regions import Region, as_text
from napari_trsmi.data.spatialdata_store import ATTRIBUTES
from napari_trsmi.data.streamed import row_totals
from napari_trsmi.errors import ChoiceError, DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_SAME_ASSAY = 0.5  # share of the smaller table's features that the other has, from which on they measure the same
_SAME_PLACE = 0.01  # share of the extent that places of one cell may be apart, as its outline and its label are
_MOSTLY = 0.9
_BINS = re.compile(r"(?:\d+ ?(?:um|µm|microns?)|bins?[_ -]?\d+)", re.IGNORECASE)  # what a table of bins is called after
_ANOTHER_STEP = 1.5  # between the spacings of two regions, from which on one is bins of the other
_NEAR = 0.25  # of the spacing: so far may a cell lie from itself, found anew
_LIKE = 0.6  # correlation of totals of such pairs, above which they are the same cells


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of one table that annotate one region.

    Attributes
    ----------
    table
        Name of the table.
    region
        Name of the region, None for a table that annotates none.
    rows
        (n,) int rows of the table.
    instances
        (n,) text of what each row stands for; "" where that is missing.
    """

    table: str
    region: str | None
    rows: np.ndarray
    instances: pd.Index


class Section(NamedTuple):
    """The parts that make one section, the name by which it is asked for among others, and notes."""

    parts: list[Part]
    name: str | None
    notes: tuple[str, ...]


def parts_of(tables: Mapping[str, AnnData]) -> tuple[list[Part], list[str]]:
    """Return the tables by the regions they annotate, and notes on rows that annotate none."""
    parts, notes = [], []
    for name, table in tables.items():
        attributes = table.uns.get(ATTRIBUTES) or {}
        region_key, instance_key = attributes.get("region_key"), attributes.get("instance_key")
        if region_key not in table.obs:
            parts.append(Part(name, None, np.arange(table.n_obs), as_text(table.obs_names)))
            continue
        regions = as_text(table.obs[region_key])
        instances = as_text(table.obs.get(instance_key, table.obs_names))
        for region in dict.fromkeys(regions):
            rows = np.flatnonzero(regions == region)
            if region:
                parts.append(Part(name, region, rows, instances[rows]))
            else:
                notes.append(f"Left out {len(rows)} of {table.n_obs} rows of table {name!r} that name no region.")
    return parts, notes


def chosen(
    parts: Sequence[Part],
    tables: Mapping[str, AnnData],
    find: Callable[[str], Region],
    library: str | None,
    modalities: Sequence[str] | None,
) -> Section:
    """Return the section that is asked for, or the only one there is.

    Parameters
    ----------
    parts
        All there are.
    tables
        {name: AnnData}.
    find
        Returns what is known of a region.
    library
        Name of a region, of a table, or ``"<table>/<region>"``; other names are for others to understand.
    modalities
        Names of tables, which then are modalities of one section whatever they measure.

    Raises
    ------
    ChoiceError
        There are several sections and none, or several, were asked for.
    DataError
        There are several sections, and none of that name.
    """
    by_name = bool(modalities) and set(modalities or ()) <= tables.keys()
    bare = [part for part in parts if part.region is None and part.table not in (library, *(modalities or ()))]
    parts = parts if len(bare) == len(parts) else [part for part in parts if part not in bare]
    options = _options(parts, tables, find)
    known_as = dict(zip(_offered(options), options, strict=True))
    if by_name:
        wanted = [part for name in modalities or () for part in parts if part.table == name]
        options = _groups(wanted, tables, find)
    matching = [option for option in options if library in _names(option)]
    if library is not None and not matching and len(options) > 1:
        raise DataError(f"Expected one of {', '.join(known_as)}, found {library!r}. Choose one of them.")
    found = matching or options
    if len(found) > 1:
        among = [name for name, option in known_as.items() if any(part in option for one in found for part in one)]
        if set(among) <= tables.keys():
            if not _are_sections(found, tables, find):
                raise ChoiceError("tables", among)
            among = [str(option[0].region) for option in found]
        keys = {(tables[part.table].uns.get(ATTRIBUTES) or {}).get("region_key") for part in parts}
        raise ChoiceError("regions", among, f"obs[{keys.pop()!r}]" if len(keys) == 1 else "")
    (section,) = found
    name = library if matching else next(name for name, option in known_as.items() if section[0] in option)
    notes = [f"Left out table {part.table!r}: it annotates no region." for part in bare if part not in section]
    beside = [part.table for part in parts if part not in section and part.region == section[0].region]
    if beside:
        notes.append(f"Used table {section[0].table!r} of region {section[0].region!r}, not {', '.join(beside)}.")
    return Section(section, name if len(known_as) > 1 else section[0].region, tuple(notes))


def _options(parts: Sequence[Part], tables: Mapping[str, AnnData], find: Callable[[str], Region]) -> list[list[Part]]:
    """Return the sections that can be made: of tables of one region and assay only one is taken, with all others."""
    options = []
    for group in _groups(parts, tables, find):
        twice = [part for part in group if any(_same_assay(part, other, tables) for other in group if other != part)]
        beside = [part for part in group if part not in twice]
        options += [[part, *beside] for part in twice] or [group]
    return options


def _groups(parts: Sequence[Part], tables: Mapping[str, AnnData], find: Callable[[str], Region]) -> list[list[Part]]:
    """Return the parts by region; regions that are the same cells, outlines and labels, come together."""
    regions: dict[str | None, list[Part]] = {}
    for part in parts:
        regions.setdefault(part.region, []).append(part)
    groups: list[list[Part]] = []
    for group in regions.values():
        joined = next((other for other in groups if _are_one(group, other, tables, find)), None)
        if joined is None:
            groups.append(group)
        else:
            joined += group
    return groups


def _are_one(
    group: Sequence[Part], other: Sequence[Part], tables: Mapping[str, AnnData], find: Callable[[str], Region]
) -> bool:
    """Return whether two regions hold the same cells at the same places, each with tables of its own assays."""
    first, second = group[0].region, other[0].region
    if first is None or second is None or any(_same_assay(a, b, tables) for a in group for b in other):
        return False
    if not find(first).systems & find(second).systems:  # places of two sections
        return False
    common = group[0].instances.intersection(other[0].instances)
    if len(common) < 0.5 * min(len(group[0].instances), len(other[0].instances)):
        return False
    here, there = find(first).at(common), find(second).at(common)
    apart = np.linalg.norm(here - there, axis=1)
    return bool((apart <= _SAME_PLACE * np.nanmax(np.ptp(here, axis=0), initial=1.0)).mean() >= _MOSTLY)


def _are_sections(
    options: Sequence[Sequence[Part]], tables: Mapping[str, AnnData], find: Callable[[str], Region]
) -> bool:
    """Return whether each is of a region, and a tissue, of its own: none bins, or other outlines, of another."""
    regions = [option[0].region for option in options]
    if None in regions or len(set(regions)) < len(regions):
        return False
    bare = [_BINS.sub("", str(region)) for region in regions]
    if len(set(bare)) < len(bare):
        return False
    return not any(_same_tissue(one[0], other[0], tables, find) for one, other in combinations(options, 2))


def _same_tissue(a: Part, b: Part, tables: Mapping[str, AnnData], find: Callable[[str], Region]) -> bool:
    """Return whether two regions are one tissue seen twice: bins of another size, or the same cells found anew.

    They share a coordinate system, lie over each other, and are spaced otherwise or agree in their totals.
    """
    from scipy.spatial import KDTree
    from scipy.stats import spearmanr

    first, second = find(str(a.region)), find(str(b.region))
    if not first.systems & second.systems:
        return False
    here, there = first.at(a.instances), second.at(b.instances)
    known, others = (np.isfinite(xy).all(axis=1) for xy in (here, there))
    here, there = here[known], there[others]
    if not len(here) or not len(there):
        return False
    shared = np.minimum(here.max(axis=0), there.max(axis=0)) - np.maximum(here.min(axis=0), there.min(axis=0))
    if (shared < 0.5 * np.minimum(np.ptp(here, axis=0), np.ptp(there, axis=0))).any():  # side by side
        return False
    steps = spacing(here), spacing(there)
    if max(steps) > _ANOTHER_STEP * min(steps):
        return True
    away, nearest = KDTree(there).query(here)
    near = away <= _NEAR * min(steps)
    if near.mean() < 0.5:
        return False
    mine = row_totals(tables[a.table].X)[a.rows][known][near]
    theirs = row_totals(tables[b.table].X)[b.rows][others][nearest[near]]
    return bool(spearmanr(mine, theirs).statistic > _LIKE)


def _same_assay(a: Part, b: Part, tables: Mapping[str, AnnData]) -> bool:
    """Return whether two tables measure the same features, as far as names tell."""
    if a.table == b.table:
        return True
    first, second = tables[a.table].var, tables[b.table].var
    kinds = {kind_from_names(var, name) for var, name in ((first, a.table), (second, b.table))}
    if len(kinds - {None}) > 1:
        return False
    common = first.index.intersection(second.index)
    return len(common) > _SAME_ASSAY * min(len(first), len(second))


def _names(option: Sequence[Part]) -> list[str]:
    """Return what a section can be asked for by, the shortest names that may be its own first."""
    tables = [part.table for part in option]
    regions = [part.region for part in option if part.region is not None]
    both = [f"{part.table}/{part.region}" for part in option if part.region is not None]
    return [*tables, *regions, *both] if len(option) == 1 else [*regions, *tables, *both]


def _offered(options: Sequence[Sequence[Part]]) -> list[str]:
    """Return a name for each section that no other goes by."""
    names = [_names(option) for option in options]
    return [next(name for name in own if sum(name in other for other in names) == 1) for own in names]
