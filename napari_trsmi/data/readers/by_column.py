"""The sections in one table or set of tables, told apart by a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.config import Kind
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.readers.assemble import section_of
from napari_trsmi.data.readers.found import Found, Holder
from napari_trsmi.data.readers.joined import Joined, Spots, annotations_of, join, spots_of
from napari_trsmi.data.readers.sections import libraries
from napari_trsmi.data.readers.splits import (
    BARCODES,
    LEAST_SPOTS,
    Split,
    barcode_split,
    matched,
    speaks_of_sections,
    split_by,
)
from napari_trsmi.data.readers.unmeasured import is_measured
from napari_trsmi.errors import ChoiceError, DataError

if TYPE_CHECKING:
    import pandas as pd

_LISTED = 10  # columns in a sentence


def assemble_by(
    found: Found,
    column: str,
    *,
    kinds: Mapping[str, Kind] | None = None,
    modalities: Sequence[str] | None = None,
    sources: tuple[Path, ...] = (),
    spots: Spots = "all",
) -> dict[str, Dataset]:
    """Return {value of a column: the section of the spots that have it}, in the order of the table.

    Each has the coordinates and the picture of its own, and in `Dataset.rows` its rows in the tables as they lie in the
    file. A modality without a spot in a section, or with nothing but zeros there, is not one of that section.

    Raises
    ------
    DataError
        There is no such column, or it names no sections; a section cannot be used, as in `assemble`.
    """
    joined = join(found, kinds, modalities)
    names = spots_of(joined.barcodes, "all")
    obs = annotations_of(joined, names)
    split = _split(obs, column)
    known = libraries(joined.holders)
    of_name = matched(split.names, list(known))
    left = int((split.part < 0).sum())
    told = (f"Left out {left:,} spots without a value in obs[{column!r}].",) if left else ()
    sections = {}
    for name in split.names:
        here = names[split.rows(name)]
        entry = {of_name[name]: known[of_name[name]]} if name in of_name else known
        own = Joined(**{**vars(joined), "holders": list(_showing(joined.holders, entry))})
        try:
            sections[name] = section_of(own, _barcodes_in(joined, here), name, sources=sources, spots=spots)
        except ChoiceError as error:
            among = ", ".join(map(repr, error.names[:_LISTED]))
            raise DataError(
                f"Expected one section in each value of obs[{column!r}], found several in {name!r}: {among}. Name the "
                "column that tells them apart."
            ) from error
        except DataError as error:
            raise DataError(f"Section {name!r}: {error}") from error
        sections[name] = replace(sections[name], notes=(*sections[name].notes, *told))
    return sections


def _split(obs: pd.DataFrame, column: str) -> Split:
    """Return the spots by the values of a column; raises `DataError` where that makes no sections."""
    if column == BARCODES and column not in obs and (split := barcode_split(obs.index)) is not None:
        return split
    if column == BARCODES and column not in obs:
        raise DataError(
            "Expected barcodes that name the section of each spot, as 'AAAC-s1' and 'AAAC-s2' do, found "
            f"{str(obs.index[0])!r} and others that do not. Add a column to obs that names the section of each spot, "
            "and give its name."
        )
    if column not in obs:
        there = _could_be(obs)
        among = f"one of {', '.join(map(repr, there))}" if there else "none that could name sections"
        raise DataError(f"Expected the column {column!r} in obs, found {among}. Choose a column that names sections.")
    split = split_by(column, obs[column])
    if not split.names:
        raise DataError(f"Expected names of sections in obs[{column!r}], found none. Choose another column.")
    if len(split.names) > max(1, len(obs) / LEAST_SPOTS):
        raise DataError(
            f"Expected names of sections in obs[{column!r}], found {len(split.names):,} values for {len(obs):,} spots. "
            "Choose another column."
        )
    return split


def _could_be(obs: pd.DataFrame) -> list[str]:
    """Return the columns that may name sections, those that are called so first."""
    found = [
        str(column)
        for column in obs
        if obs[column].dtype.kind != "f" and 1 < obs[column].nunique() <= len(obs) / LEAST_SPOTS
    ]
    return sorted(found, key=lambda column: not speaks_of_sections(column))[:_LISTED]


def _barcodes_in(joined: Joined, names: pd.Index) -> dict[str, pd.Index]:
    """Return the barcodes of each modality that are among `names`, of those that have something there."""
    found = {}
    for key, index in joined.barcodes.items():
        inside = index.isin(names)
        if inside.any() and is_measured(joined.table(key).X, np.flatnonzero(inside)):
            found[key] = index[inside]
    return found or {key: index[index.isin(names)] for key, index in joined.barcodes.items()}


def _showing(holders: Sequence[Holder], entry: Mapping[str, Any]) -> Iterator[Holder]:
    """Yield the holders with the libraries in `entry` alone, and what else they hold there."""
    for holder in holders:
        spatial = holder.uns.get("spatial")
        if isinstance(spatial, Mapping) and len(libraries([holder])) > 1:
            left = {key: one for key, one in spatial.items() if key in entry or not isinstance(one, Mapping)}
            yield holder._replace(uns={**holder.uns, "spatial": left})
        else:
            yield holder
