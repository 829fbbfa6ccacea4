"""From the tables of a file to one `Dataset`: join on barcodes, order, coordinates, image, checks."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.config import Kind
from napari_trsmi.data.dataset import Dataset, Modality, measured_at
from napari_trsmi.data.own_columns import own_columns_in
from napari_trsmi.data.readers.coordinates import checked_coordinates, find_coordinates
from napari_trsmi.data.readers.embeddings import find_embeddings
from napari_trsmi.data.readers.found import Found, lean_table
from napari_trsmi.data.readers.images import (
    MOSTLY,
    factors_of_blank,
    notes_on_libraries,
    positive,
    share_inside,
    tissue_image,
)
from napari_trsmi.data.readers.joined import Joined, Spots, annotations_of, join, spots_of
from napari_trsmi.data.readers.kinds import kind_from_names
from napari_trsmi.data.readers.sections import choose_section, libraries, note_on_places
from napari_trsmi.data.readers.twins import without_twins
from napari_trsmi.data.readers.unmeasured import NotFiniteError, is_measured, without_a_number
from napari_trsmi.data.readers.values import checked_modality
from napari_trsmi.data.streamed import row_totals
from napari_trsmi.errors import DataError
from napari_trsmi.plural import many

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

_OUTSIDE = ("0", "0.0", "false", "f", "no", "n", "out", "outside", "off", "off tissue", "not in tissue", "background")
_INSIDE = (
    "1",
    "1.0",
    "true",
    "t",
    "yes",
    "y",
    "in",
    "inside",
    "on",
    "on tissue",
    "in tissue",
    "tissue",
    "under tissue",
)
_UNKNOWN = ("nan", "none", "na", "")  # of spots that another modality has


def assemble(
    found: Found,
    name: str,
    *,
    kinds: Mapping[str, Kind] | None = None,
    library: str | None = None,
    modalities: Sequence[str] | None = None,
    sources: tuple[Path, ...] = (),
    spots: Spots = "common",
    of_several: bool = False,
) -> Dataset:
    """Return the `Dataset` of the tables found; see `napari_trsmi.data.readers.read` for the parameters and errors.

    With `of_several` it is one section of several, and may lack modalities that `kinds` and `modalities` name.
    """
    joined = join(found, kinds, modalities, of_several=of_several)
    return section_of(
        joined,
        joined.barcodes,
        name,
        library=library,
        sources=sources,
        spots=spots,
        of_several=of_several or library is not None,
    )


def section_of(
    joined: Joined,
    barcodes: Mapping[str, pd.Index],
    name: str,
    *,
    library: str | None = None,
    sources: tuple[Path, ...] = (),
    spots: Spots = "common",
    of_several: bool = False,
) -> Dataset:
    """Return the `Dataset` of some of the barcodes of joined tables, given for each modality that is to be used.

    One of several sections may lack a modality, or have nothing but zeros of it.
    """
    notes = list(joined.notes)
    names = spots_of(barcodes, spots)
    dropped = {key: lost for key, index in barcodes.items() if (lost := int((~index.isin(names)).sum()))}
    for key, count in dropped.items():
        log.info("Left out %d of %d spots of %s that another modality lacks.", count, len(barcodes[key]), key)

    obs = annotations_of(joined, names)
    inside = _in_tissue(obs, notes)
    names, obs = names[inside], obs[inside]
    coordinates = find_coordinates(joined.holders, names)
    section = choose_section(libraries(joined.holders), obs, coordinates, library)
    notes += [*section.notes, *coordinates.notes]
    rows = section.rows & coordinates.placed
    if (lost := section.rows & ~rows).any():
        if not rows.any():
            raise DataError(
                f"Expected coordinates of the spots, found none, NaN or infinity for all {len(lost)}. Fill them in."
            )
        notes.append(f"Left out {lost.sum():,} spots without coordinates.")
    names, obs = names[rows], obs[rows]
    elsewhere = coordinates.differing
    coordinates = checked_coordinates(replace(coordinates.at(rows), notes=[]), obs)
    notes += [*coordinates.notes, *note_on_places(coordinates.xy)]

    modalities, more = _modalities(joined, list(barcodes), names, spots, of_several, elsewhere)
    notes += more
    if spots == "all":
        modalities, more = _without_empty(modalities)
        notes += more
    elif not (whole := _counted_in_all(modalities, dropped, notes)).all():
        names, obs, coordinates = names[whole], obs[whole], coordinates.at(whole)
        modalities = {key: replace(one, table=one.table[whole].copy()) for key, one in modalities.items()}
    notes += _notes_on_blank(modalities)
    entry = section.entry or factors_of_blank(joined.holders)
    image, more = tissue_image(entry)
    notes += [*notes_on_libraries(joined.holders), *more]
    if image is not None and image.key in joined.found.pyramids:
        image = replace(image, pyramid=joined.found.pyramids[image.key])
    if image is not None and (share := share_inside(coordinates.xy, image)) < MOSTLY:
        notes.append(
            f"Only {share:.0%} of the spots lie inside the image: check its scale factor and the order of x and y."
        )
    for note in notes:
        log.info(note)
    return Dataset(
        name=name,
        modalities=modalities,
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
        embeddings=find_embeddings(joined.holders, names),
        rows={key: index.get_indexer(names) for key, index in joined.stored.items() if index.is_unique},
        outlines=joined.found.outlines,
        own_columns=own_columns_in(joined.holders, obs),
    )


def _modalities(
    joined: Joined, keys: Sequence[str], names: pd.Index, spots: Spots, of_several: bool, elsewhere: Collection[str]
) -> tuple[dict[str, Modality], list[str]]:
    """Return the modalities over the spots `names`, with rows of zeros where one lacks a spot, and notes.

    One of several sections does without what was measured at none of its spots, as long as anything was. `elsewhere`
    are the names of files or modalities that place the spots elsewhere than others.
    """
    read, notes = {}, []
    outright: dict[str, Kind | None] = {}
    said: dict[str, list[str]] = {}  # of each modality, which may yet be left out
    rows_in = {key: joined.barcodes[key].get_indexer(names) for key in keys}
    lacking = [key for key in keys if of_several and not is_measured(joined.table(key).X, rows_in[key])]
    if len(lacking) == len(keys):
        lacking = []
    for key in lacking:
        notes.append(f"{key} was measured at no spot: left out.")
    for key in (key for key in keys if key not in lacking):
        own = joined.tables[key]
        table, rows = joined.found.tables[own], rows_in[key]
        told: dict[str, Any] = {
            "kind": joined.kinds.get(key),
            "hint": joined.found.hints.get(own, ""),
            "guessed": own in joined.found.guessed,
        }
        called = "" if told["guessed"] else key
        outright[key] = told["kind"] or kind_from_names(table.var, called, told["hint"])
        measured = rows >= 0
        try:
            modality, more = checked_modality(key, table, rows[measured], names[measured], **told)
        except NotFiniteError:
            empty, columns = without_a_number(table, rows[measured])
            stays = spots == "all" and len(keys) > 1  # a spot that another modality has
            if empty.all() or (empty.any() and not stays) or not (empty.any() or columns.any()):
                raise
            measured[measured] = ~empty
            filled = f"{key}: NaN throughout and left out: {many(int(columns.sum()), 'feature')}."
            table = table[:, ~columns]
            modality, more = checked_modality(key, table, rows[measured], names[measured], **told)
            more = [*more, filled] if columns.any() else more
        read[key] = modality if measured.all() else spread(modality, measured, names)
        said[key] = list(more)
        if not measured.all():
            said[key].append(f"{key} was not measured at {int((~measured).sum()):,} spots.")
    read, more = without_twins(read, joined.moved, elsewhere, outright)
    return read, [*notes, *(note for key in read for note in said[key]), *more]


def _without_empty(modalities: dict[str, Modality]) -> tuple[dict[str, Modality], list[str]]:
    """Return the modalities with spots at which one counted nothing, and another did, as not measured, and notes."""
    found, notes = dict(modalities), []
    for key, mask in measured_at(modalities, {key: one.kind for key, one in modalities.items()}).items():
        known = np.ones(len(mask), bool) if modalities[key].measured is None else modalities[key].measured
        if empty := int((known & ~mask).sum()):
            found[key] = replace(modalities[key], measured=mask)
            notes.append(f"{key} counted nothing at {empty:,} spots: there it is taken as not measured.")
    return found, notes


def _counted_in_all(modalities: Mapping[str, Modality], dropped: dict[str, int], notes: list[str]) -> np.ndarray:
    """Return (N,) bool, the spots at which every modality counted something, or none did; tell and count the others.

    Raises
    ------
    DataError
        There is no such spot.
    """
    masks = measured_at(modalities, {key: one.kind for key, one in modalities.items()})
    n_spots = next(iter(modalities.values())).table.n_obs
    whole = np.logical_and.reduce([np.ones(n_spots, bool), *masks.values()])
    if not whole.any():
        raise DataError(
            f"Expected spots at which {' and '.join(masks)} counted something, found none. Keep spots that lack one "
            "(preprocess.spots all)."
        )
    for key, mask in masks.items():
        notes.append(f"Left out {many(int((~mask).sum()), 'spot')} at which {key} counted nothing.")
    for key in modalities:
        if lost := int((masks.get(key, True) & ~whole).sum()):
            dropped[key] = dropped.get(key, 0) + lost
    return whole


def _notes_on_blank(modalities: Mapping[str, Modality]) -> list[str]:
    """Return a note where there are spots at which nothing was counted in any modality."""
    if any(one.kind == "precomputed" for one in modalities.values()):  # components may be 0
        return []
    blank = np.logical_and.reduce([row_totals(one.table.X) == 0 for one in modalities.values()])
    if not blank.any():
        return []
    return [
        f"Nothing was counted at {many(int(blank.sum()), 'spot')}, in any modality: such spots say nothing of the "
        "tissue, and may make a domain of their own. Leave them out of the file to be rid of them."
    ]


def spread(modality: Modality, measured: np.ndarray, names: pd.Index) -> Modality:
    """Return a modality over the (N,) spots `names`, of which it has those `measured`; the others are rows of 0."""
    values = modality.table.X
    if sparse.issparse(values):
        counts = np.zeros(len(names), np.int64)
        counts[measured] = np.diff(values.indptr)
        pointers = np.concatenate([[0], np.cumsum(counts)])
        wide: Any = sparse.csr_matrix((values.data, values.indices, pointers), shape=(len(names), values.shape[1]))
    else:
        wide = np.zeros((len(names), values.shape[1]), values.dtype)
        wide[measured] = values
    return replace(modality, table=lean_table(wide, names, modality.table.var), measured=measured)


def _in_tissue(obs: pd.DataFrame, notes: list[str]) -> np.ndarray:
    """Return (N,) bool, the spots under tissue, where ``in_tissue`` says which, in numbers or text."""
    column = next((name for name in obs if re.sub(r"[\W_]+", "", str(name)).lower() == "intissue"), None)
    if column is None:
        return np.ones(len(obs), dtype=bool)
    given = obs[column].astype(str).str.strip()
    texts = given.str.lower().str.replace(r"[\W_]+(?!\d)", " ", regex=True).str.strip()  # not_in_tissue
    outside = texts.isin(_OUTSIDE).to_numpy()
    word = given[outside].iloc[0] if outside.any() else ""
    if outside.all():
        raise DataError(f"Expected spots under tissue, found {column} = {word} for all. Correct or remove that column.")
    if outside.any():
        notes.append(f"Left out {int(outside.sum()):,} spots that are not under tissue ({column} = {word}).")
    if (unknown := ~texts.isin((*_OUTSIDE, *_INSIDE, *_UNKNOWN))).any():
        notes.append(
            f"{column} is {given[unknown].iloc[0]!r} at {many(int(unknown.sum()), 'spot')}, which says neither that "
            "they are under tissue nor that they are not: kept them. Write 1 and 0 there."
        )
    inside: np.ndarray = ~outside
    return inside
