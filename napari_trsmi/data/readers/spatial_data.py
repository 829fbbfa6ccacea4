"""SpatialData folders: which tables make one section, and where their spots lie.

A row of a table stands for one instance of a region. Rows of several tables are joined by region and instance alone;
what the rows are called is no matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.outlines import ShapeOutlines
from napari_trsmi.data.readers.found import Found, Holder, combined, found_in_anndata
from napari_trsmi.data.readers.opening import once
from napari_trsmi.data.readers.sections import libraries
from napari_trsmi.data.readers.spatial_choice import Part, chosen, parts_of
from napari_trsmi.data.readers.spatial_regions import Region, find_region
from napari_trsmi.data.spatialdata_store import ATTRIBUTES, ELEMENTS, element_names, open_elements, read_tables
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from spatialdata import SpatialData

    OpenRegions = Callable[[set[str]], tuple[SpatialData, list[str]]]


def from_spatialdata(path: Path, library: str | None = None, modalities: Sequence[str] | None = None) -> Found:
    """Return the tables of a SpatialData folder, with positions and image of the region they annotate.

    Each table of the chosen region is a modality. Spots sit at the centroids of the region's shapes or labels. Rows
    whose instance the region lacks, such as that of the background of a label image, are left out and counted.

    Parameters
    ----------
    path
        The ``.zarr`` folder.
    library
        Region or table to use where there are several of one assay.
    modalities
        Names of tables to use; other names are left to be looked for among the modalities in the tables.

    Raises
    ------
    ChoiceError
        There are several sections, or tables of one assay, and none was chosen.
    DataError
        The library is not installed, there is no table, or no row of a table fits the region it annotates.
    """
    tables = once(("tables", path), lambda: read_tables(path))
    if not tables:
        raise DataError(_no_table(path))
    regions = once(("regions", path), lambda: _Regions(partial(open_elements, path), _regions_of(tables)))
    return _taken(tables, regions, library, modalities)


def from_elements(
    tables: Mapping[str, AnnData],
    open_regions: OpenRegions,
    library: str | None = None,
    modalities: Sequence[str] | None = None,
) -> Found:
    """Return tables of SpatialData with positions and image of the region they annotate; see `from_spatialdata`.

    Parameters
    ----------
    tables
        {name: AnnData}.
    open_regions
        Returns, for the names of regions, what holds these and the images, and notes; called at most once.
    """
    return _taken(tables, _Regions(open_regions, _regions_of(tables)), library, modalities)


def _regions_of(tables: Mapping[str, AnnData]) -> set[str]:
    return {part.region for part in parts_of(tables)[0] if part.region is not None}


def _taken(
    tables: Mapping[str, AnnData], regions: _Regions, library: str | None, modalities: Sequence[str] | None
) -> Found:
    """Return the tables of the section that is asked for, with positions and image of its region."""
    parts, notes = parts_of(tables)
    section = chosen(parts, tables, regions, library, modalities)
    notes += section.notes
    first = section.parts[0].region
    here = None if first is None else regions(first)
    placed = section.parts if here is None else [_with_place(part, here, tables, notes) for part in section.parts]
    names = _names_of_rows(placed, tables, notes)
    found = {}
    for part, own in zip(placed, names, strict=True):
        table = tables[part.table][part.rows].copy()
        table.obs_names = own
        found[part.table] = found_in_anndata(table, part.table if len(placed) > 1 else "")
        if part.table in (modalities or ()) and len(found[part.table].tables) == 1:
            found[part.table].tables = {part.table: table}  # goes by the name it was asked for
    joined = combined(found) if len(found) > 1 else found[placed[0].table]
    holders = joined.holders
    if here is not None:
        notes += here.notes
        if here.entry["images"]:
            holders = [_with_libraries(holder, {}) for holder in holders]
        holders = [_places(here, placed, names, section.name or here.name), *holders]
    elif section.name is not None:  # goes by that name, with what picture the table itself has
        own = libraries(holders)
        holders = [_with_libraries(holder, {}) for holder in holders]
        holders[0] = _with_libraries(holders[0], {section.name: next(iter(own.values()), {})})
    stored = {part.table: _stored(tables[part.table], part, own) for part, own in zip(placed, names, strict=True)}
    joined = replace(joined, holders=holders, notes=[*joined.notes, *notes], stored=stored)
    if here is None:
        return joined
    outlines = None if here.shapes is None else ShapeOutlines(here.shapes[0], _instances(placed, names), here.shapes[1])
    return replace(joined, pyramids=here.pyramids, outlines=outlines)


class _Regions:
    """The regions of a store, found once when they are asked for."""

    def __init__(self, open_regions: OpenRegions, names: set[str]) -> None:
        self._open, self._names = open_regions, names
        self._known: dict[str, Region] = {}

    @cached_property
    def _elements(self) -> tuple[SpatialData, list[str]]:
        return self._open(self._names)

    def __call__(self, name: str) -> Region:
        if name not in self._known:
            sdata, notes = self._elements
            found = find_region(sdata, name)
            self._known[name] = replace(found, notes=(*notes, *found.notes))
        return self._known[name]


def _no_table(path: Path) -> str:
    """Return the sentence on a store without a table, which says what it has instead."""
    there = [f"{kind} {', '.join(names)}" for kind in ELEMENTS if (names := element_names(path, kind))]
    way_out = "Choose SpatialData with counts."
    if element_names(path, "points"):
        way_out = "Count the points by cell or bin first (spatialdata.aggregate), and save the table with them."
    return f"Expected a table in {path}, found only {'; '.join(there) or 'empty groups'}. {way_out}"


def _with_place(part: Part, region: Region, tables: Mapping[str, AnnData], notes: list[str]) -> Part:
    """Return the part without the rows whose instance the region lacks, with a note that counts them."""
    known = np.isfinite(region.at(part.instances)).all(axis=1)
    if known.all():
        return part
    missing = part.instances[~known]
    named = f"{', '.join(map(repr, missing[:3]))}{', ...' if len(missing) > 3 else ''}"
    if not known.any():
        key = tables[part.table].uns[ATTRIBUTES].get("instance_key")
        raise DataError(
            f"Expected the instance_key {key!r} of table {part.table!r} to name instances of region {part.region!r} "
            f"(such as {', '.join(map(repr, region.places.index[:3]))}), found only others ({named}). "
            "Correct that column."
        )
    notes.append(
        f"Left out {len(missing)} of {len(known)} rows of table {part.table!r} whose instance ({named}) region "
        f"{part.region!r} lacks."
    )
    return replace(part, rows=part.rows[known], instances=part.instances[known])


def _names_of_rows(parts: Sequence[Part], tables: Mapping[str, AnnData], notes: list[str]) -> list[pd.Index]:
    """Return what the rows of each part are called: the same for the same instance, all different within a part.

    That is their row names where these agree, else the instance.
    """
    import pandas as pd

    own = [tables[part.table].obs_names[part.rows].astype(str) for part in parts]
    if parts[0].region is None or (len(parts) == 1 and own[0].is_unique):
        return own
    for part in parts:
        if not part.instances.is_unique:
            twice = part.instances[part.instances.duplicated()][0]
            raise DataError(
                f"Expected one row for each instance of region {part.region!r} in table {part.table!r}, found several "
                f"for {twice!r}. Keep one of them."
            )
    pairs = pd.concat(
        [pd.DataFrame({"instance": part.instances, "name": name}) for part, name in zip(parts, own, strict=True)]
    )
    pairs = pairs.drop_duplicates()
    if pairs["instance"].is_unique and pairs["name"].is_unique:
        return own
    listed = ", ".join(part.table for part in parts)
    notes.append(f"Row names of {listed} repeat, or differ for one instance: spots go by their instance instead.")
    return [part.instances for part in parts]


def _with_libraries(holder: Holder, found: dict[str, Any]) -> Holder:
    """Return the holder with other libraries than its own."""
    return holder._replace(uns={**holder.uns, "spatial": found})


def _places(region: Region, parts: Sequence[Part], names: Sequence[pd.Index], library: str) -> Holder:
    """Return the region as a holder of coordinates and image for all rows."""
    import pandas as pd

    instances = _instances(parts, names)
    xy = region.at(pd.Index(instances))
    frame = pd.DataFrame(index=instances.index)
    return Holder(f"region {parts[0].region!r}", frame, {"spatial": xy}, {"spatial": {library: region.entry}})


def _instances(parts: Sequence[Part], names: Sequence[pd.Index]) -> pd.Series:
    """Return the instance of each row, by what the row is called."""
    import pandas as pd

    instances = pd.concat([pd.Series(part.instances, index=own) for part, own in zip(parts, names, strict=True)])
    return instances[~instances.index.duplicated()]


def _stored(table: AnnData, part: Part, names: pd.Index) -> pd.Index:
    """Return what each row of the whole table goes by; rows of other regions get a name that no spot has."""
    import pandas as pd

    stored = np.array([f"\0{row}" for row in range(table.n_obs)], dtype=object)
    stored[part.rows] = names
    return pd.Index(stored)
