"""From the tables of a file to one `Dataset`: join on barcodes, order, coordinates, image, checks."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from napari_trsmi.config import Kind
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.readers.coordinates import find_coordinates
from napari_trsmi.data.readers.embeddings import find_embeddings
from napari_trsmi.data.readers.found import Found, Holder
from napari_trsmi.data.readers.images import (
    MOSTLY,
    factors_of_blank,
    notes_on_libraries,
    positive,
    share_inside,
    tissue_image,
)
from napari_trsmi.data.readers.sections import choose_library, libraries
from napari_trsmi.data.readers.values import checked_modality
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

log = logging.getLogger(__name__)


def assemble(
    found: Found,
    name: str,
    *,
    kinds: Mapping[str, Kind] | None = None,
    library: str | None = None,
    modalities: Sequence[str] | None = None,
    sources: tuple[Path, ...] = (),
) -> Dataset:
    """Return the `Dataset` of the tables found; see `napari_trsmi.data.readers.read` for the parameters and errors."""
    kinds = dict(kinds or {})
    tables = _asked_for(found.tables, kinds, modalities)
    names = _common_barcodes(tables)
    holders = [holder for holder in found.holders if holder.obs.index.is_unique]
    dropped = {key: table.n_obs - len(names) for key, table in tables.items() if table.n_obs > len(names)}
    for key, count in dropped.items():
        log.info("Left out %d of %d spots of %s that another modality lacks.", count, tables[key].n_obs, key)

    notes = list(found.notes)
    obs = _annotations(holders, found.tables, names)
    names, obs = _in_tissue(names, obs, notes)
    known = libraries(holders)
    library, mask, more = choose_library(list(known), obs, library)
    notes += more
    if mask is not None:
        names, obs = names[mask], obs[mask]

    coordinates = find_coordinates(holders, names, obs)
    notes += coordinates.notes
    read = {}
    for key, table in tables.items():
        rows = table.obs_names.get_indexer(names)
        read[key], more = checked_modality(key, table, rows, kinds.get(key), found.hints.get(key, ""))
        notes += more

    entry = known.get(library, {}) if library is not None else factors_of_blank(holders)
    image, more = tissue_image(entry)
    notes += [*notes_on_libraries(holders), *more]
    if image is not None and (inside := share_inside(coordinates.xy, image)) < MOSTLY:
        notes.append(
            f"Only {inside:.0%} of the spots lie inside the image: check its scale factor and the order of x and y."
        )
    for note in notes:
        log.info(note)
    return Dataset(
        name=name,
        modalities=read,
        coords=coordinates.xy,
        obs_names=names.to_numpy(dtype=str),
        obs=obs,
        image=image,
        spot_diameter=positive(entry, "spot_diameter_fullres"),
        microns_per_unit=coordinates.microns_per_unit or positive(entry, "microns_per_pixel"),
        library=library,
        library_entry=entry if library is not None else {},
        sources=sources,
        dropped=dropped,
        notes=tuple(notes),
        embeddings=find_embeddings(holders, names),
        rows={key: index.get_indexer(names) for key, index in found.stored.items() if index.is_unique},
    )


def _asked_for(
    tables: dict[str, AnnData], kinds: Mapping[str, str], modalities: Sequence[str] | None
) -> dict[str, AnnData]:
    """Return the tables named in `modalities` (all where empty), after checking the names in it and in `kinds`."""
    for asked in (*kinds, *(modalities or ())):
        if asked not in tables:
            raise DataError(f"Expected modalities among {list(tables)}, found {asked!r}. Use one of these names.")
    for asked, kind in kinds.items():
        if kind not in get_args(Kind):
            raise DataError(
                f"Expected a kind among {list(get_args(Kind))} for {asked!r}, found {kind!r}. Use one of them."
            )
    if not tables:
        raise DataError("Expected at least one modality, found none. Choose another file.")
    return {key: tables[key] for key in modalities} if modalities else tables


def _common_barcodes(tables: Mapping[str, AnnData]) -> pd.Index:
    """Return the barcodes that all tables have, in the order of the first."""
    for key, table in tables.items():
        if table.n_obs == 0 or table.n_vars + len(table.obsm) == 0:
            what = "spots" if table.n_obs == 0 else "features"
            raise DataError(
                f"Expected {what} in modality {key!r}, found none. Choose another file or leave {key!r} out."
            )
        if not table.obs_names.is_unique:
            twice = table.obs_names[table.obs_names.duplicated()]
            raise DataError(
                f"Expected unique barcodes in modality {key!r}, found {len(twice)} more than once, such as "
                f"{twice[0]!r}. Make obs_names unique."
            )
    indexes = [table.obs_names for table in tables.values()]
    common = reduce(lambda left, right: left[left.isin(right)], indexes)
    if len(common):
        return common
    examples = ", ".join(f"{index[0]!r} in {key}" for key, index in zip(tables, indexes, strict=True))
    bare = reduce(
        lambda left, right: left & right, (set(index.str.replace(r"-\d+$", "", regex=True)) for index in indexes)
    )
    way_out = (
        f"{len(bare)} agree once a suffix such as '-1' is left out: give all the same suffix."
        if bare
        else "Check that the modalities come from one section."
    )
    raise DataError(f"Expected barcodes common to {', '.join(tables)}, found none ({examples}). {way_out}")


def _annotations(holders: Sequence[Holder], tables: Mapping[str, AnnData], names: pd.Index) -> pd.DataFrame:
    """Return the annotations of all holders for the spots `names`.

    Columns of one name and the same values are kept once; where values differ, the later one is called
    ``"<holder>:<column>"``. Copies that MuData makes of its modalities' columns (``"rna:..."``) are left out.
    """
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    for holder in holders:
        obs = holder.obs.reindex(names) if not holder.obs.index.equals(names) else holder.obs
        for column, values in obs.items():
            column = str(column)
            modality, _, rest = column.partition(":")
            if modality in tables and rest in tables[modality].obs:
                continue
            if column not in columns:
                columns[column] = values
            elif not values.equals(columns[column]) and not values.isna().all():
                columns[f"{holder.name}:{column}"] = values
    return pd.DataFrame(columns, index=names)


def _in_tissue(names: pd.Index, obs: pd.DataFrame, notes: list[str]) -> tuple[pd.Index, pd.DataFrame]:
    """Return barcodes and annotations of the spots under tissue, where ``in_tissue`` says which."""
    if "in_tissue" not in obs:
        return names, obs
    outside = obs["in_tissue"].astype(str).isin(["0", "0.0", "False"]).to_numpy()
    if outside.all():
        raise DataError("Expected spots under tissue, found in_tissue = 0 for all. Correct or remove that column.")
    if outside.any():
        notes.append(f"Left out {int(outside.sum())} spots that are not under tissue (in_tissue = 0).")
    return names[np.logical_not(outside)], obs[np.logical_not(outside)]
