"""From the tables of a file to one `Dataset`: join on barcodes, order, coordinates, image, checks."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from napari_trsmi.config import Kind
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.readers.barcodes import Renaming, aligned, common
from napari_trsmi.data.readers.coordinates import checked_coordinates, find_coordinates
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
from napari_trsmi.data.readers.sections import choose_section, libraries, note_on_places
from napari_trsmi.data.readers.twins import without_twins
from napari_trsmi.data.readers.values import checked_modality
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

log = logging.getLogger(__name__)

_OUTSIDE = ("0", "0.0", "false", "f", "no")  # R writes FALSE


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
    tables, kinds = _asked_for(found, dict(kinds or {}), modalities)
    barcodes = {key: found.barcodes_of(own) for key, own in tables.items()}
    _check_filled({key: found.tables[own] for key, own in tables.items()})
    notes = list(found.notes)
    renamings: list[Renaming] = []
    if len(tables) > 1:
        _check_unique({key: found.tables[own].obs_names for key, own in tables.items()})
        renamings, more = aligned(barcodes)
        notes += more
    barcodes = {key: _renamed(index, renamings) for key, index in barcodes.items()}
    holders = [
        holder._replace(obs=holder.obs.set_axis(_renamed(holder.obs.index, renamings))) for holder in found.holders
    ]
    holders = [holder for holder in holders if holder.obs.index.is_unique]
    names = common(barcodes)
    dropped = {key: len(index) - len(names) for key, index in barcodes.items() if len(index) > len(names)}
    for key, count in dropped.items():
        log.info("Left out %d of %d spots of %s that another modality lacks.", count, len(barcodes[key]), key)

    obs = _annotations(holders, found.tables, names)
    inside = _in_tissue(obs, notes)
    names, obs = names[inside], obs[inside]
    coordinates = find_coordinates(holders, names)
    section = choose_section(libraries(holders), obs, coordinates, library)
    notes += [*section.notes, *coordinates.notes]
    rows = section.rows & coordinates.placed
    if (lost := section.rows & ~rows).any():
        if not rows.any():
            raise DataError(
                f"Expected coordinates of the spots, found none, NaN or infinity for all {len(lost)}. Fill them in."
            )
        notes.append(f"Left out {lost.sum():,} spots without coordinates.")
    names, obs = names[rows], obs[rows]
    coordinates = checked_coordinates(replace(coordinates.at(rows), notes=[]), obs)
    notes += [*coordinates.notes, *note_on_places(coordinates.xy)]

    read = {}
    for key, own in tables.items():
        read[key], more = checked_modality(
            key,
            found.tables[own],
            barcodes[key].get_indexer(names),
            names,
            kind=kinds.get(key),
            hint=found.hints.get(own, ""),
            guessed=own in found.guessed,
        )
        notes += more
    read, more = without_twins(read)
    notes += more

    entry = section.entry or factors_of_blank(holders)
    image, more = tissue_image(entry)
    notes += [*notes_on_libraries(holders), *more]
    if image is not None and (share := share_inside(coordinates.xy, image)) < MOSTLY:
        notes.append(
            f"Only {share:.0%} of the spots lie inside the image: check its scale factor and the order of x and y."
        )
    for note in notes:
        log.info(note)
    stored = {key: _renamed(index, renamings) for key, index in found.stored.items()}
    return Dataset(
        name=name,
        modalities=read,
        coords=coordinates.xy,
        obs_names=names.to_numpy(dtype=str),
        obs=obs,
        image=image,
        spot_diameter=positive(entry, "spot_diameter_fullres"),
        microns_per_unit=coordinates.microns_per_unit or positive(entry, "microns_per_pixel"),
        library=section.library,
        library_entry=section.entry,
        sources=sources,
        dropped=dropped,
        notes=tuple(dict.fromkeys(notes)),
        embeddings=find_embeddings(holders, names),
        rows={key: index.get_indexer(names) for key, index in stored.items() if index.is_unique},
    )


def _asked_for(
    found: Found, kinds: dict[str, Kind], modalities: Sequence[str] | None
) -> tuple[dict[str, str], dict[str, Kind]]:
    """Return {name: modality in `found`} of those to use (all where `modalities` is empty), and the kinds asked for.

    A lone modality, whose name a file does not give, may be called anything in `kinds`.
    """
    tables = {key: key for key in found.tables}
    if not tables:
        raise DataError("Expected at least one modality, found none. Choose another file.")
    if len(tables) == len(kinds) == 1 and found.unnamed and not set(kinds) & set(tables):
        tables = dict(zip(kinds, tables, strict=True))
    for asked in (*kinds, *(modalities or ())):
        if asked not in tables:
            raise DataError(f"Expected modalities among {list(tables)}, found {asked!r}. Use one of these names.")
    for asked, kind in kinds.items():
        if kind not in get_args(Kind):
            raise DataError(
                f"Expected a kind among {list(get_args(Kind))} for {asked!r}, found {kind!r}. Use one of them."
            )
    return ({key: tables[key] for key in modalities} if modalities else tables), kinds


def _check_filled(tables: Mapping[str, AnnData]) -> None:
    """Raise `DataError` for a table without spots or without anything measured."""
    for key, table in tables.items():
        if table.n_obs == 0 or table.n_vars + len(table.obsm) == 0:
            what = "spots" if table.n_obs == 0 else "features"
            raise DataError(
                f"Expected {what} in modality {key!r}, found none. Choose another file or leave {key!r} out."
            )


def _check_unique(tables: Mapping[str, pd.Index]) -> None:
    """Raise `DataError` where barcodes occur twice, so that rows of one table may be those of several of another."""
    first, *others = tables.values()
    if all(first.equals(other) for other in others):
        return
    for key, index in tables.items():
        if not index.is_unique:
            twice = index[index.duplicated()]
            raise DataError(
                f"Expected unique barcodes in modality {key!r}, found {len(twice)} more than once, such as "
                f"{twice[0]!r}. Make obs_names unique."
            )


def _renamed(names: pd.Index, renamings: Sequence[Renaming]) -> pd.Index:
    return reduce(lambda left, renaming: renaming.of(left), renamings, names)


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


def _in_tissue(obs: pd.DataFrame, notes: list[str]) -> np.ndarray:
    """Return (N,) bool, the spots under tissue, where ``in_tissue`` says which, in numbers or text."""
    column = next((name for name in obs if re.sub(r"[\W_]+", "", str(name)).lower() == "intissue"), None)
    if column is None:
        return np.ones(len(obs), dtype=bool)
    outside = obs[column].astype(str).str.strip().str.lower().isin(_OUTSIDE).to_numpy()
    if outside.all():
        raise DataError(f"Expected spots under tissue, found {column} = 0 for all. Correct or remove that column.")
    if outside.any():
        notes.append(f"Left out {int(outside.sum()):,} spots that are not under tissue ({column} = 0).")
    inside: np.ndarray = ~outside
    return inside
