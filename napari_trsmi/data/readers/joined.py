"""The tables of a file under one set of barcodes: which spots they have in common, or have together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from napari_trsmi.config import Kind
from napari_trsmi.data.readers.barcodes import Renaming, aligned, common
from napari_trsmi.data.readers.found import WHOLE, Found, Holder
from napari_trsmi.data.readers.values import holds_features
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_FEW = 0.1  # share of the barcodes of the smaller of two tables below which that is told

Spots = Literal["all", "common"]
"""Which spots are read: those that at least one modality has, or those that all have."""


@dataclass(frozen=True)
class Joined:
    """Tables whose rows go by the barcodes of the first.

    Attributes
    ----------
    found
        What the file holds.
    tables
        {modality: its name in `found`} of those to use.
    kinds
        {modality: kind} asked for.
    barcodes
        {modality: (n,) barcode of each of its rows}.
    holders
        Where coordinates, annotations and images are looked for.
    stored
        {table as it lies in the file: (n,) barcode of each of its rows}.
    notes
        Sentences a person should read.
    moved
        Modalities that share no barcode with the first but for a suffix or prefix.
    """

    found: Found
    tables: dict[str, str]
    kinds: dict[str, Kind]
    barcodes: dict[str, pd.Index]
    holders: list[Holder]
    stored: dict[str, pd.Index]
    notes: list[str]
    moved: frozenset[str] = frozenset()

    def table(self, name: str) -> AnnData:
        """Return the table of a modality as it lies in the file."""
        return self.found.tables[self.tables[name]]


def join(
    found: Found, kinds: Mapping[str, Kind] | None, modalities: Sequence[str] | None, *, of_several: bool = False
) -> Joined:
    """Return the tables under the barcodes of the first.

    Parameters
    ----------
    kinds, modalities
        As in `napari_trsmi.data.readers.read`.
    of_several
        Whether this is one section of several, which may lack a modality that is named there.

    Raises
    ------
    DataError
        A name or kind does not exist, a table is empty, or barcodes that are to be matched occur twice.
    """
    if of_several:
        kinds = {key: kind for key, kind in (kinds or {}).items() if key in found.tables}
        modalities = [key for key in modalities or () if key in found.tables]
    notes = list(found.notes)
    if not modalities and (bare := _without_features(found, kinds or {})):
        modalities = [key for key in found.tables if key not in bare]
        notes.append(f"Left out {', '.join(bare)}: no features of it were measured.")
    tables, checked = _asked_for(found, dict(kinds or {}), modalities)
    barcodes = {key: found.barcodes_of(own) for key, own in tables.items()}
    _check_filled({key: found.tables[own] for key, own in tables.items()})
    renamings: list[Renaming] = []
    if len(tables) > 1:
        _check_unique({key: found.tables[own].obs_names for key, own in tables.items()})
        _check_transposed({key: found.tables[own] for key, own in tables.items()})
        if not _through_others(barcodes):
            renamings, more = aligned(barcodes)
            notes += [*more, *_few_shared({key: _renamed(index, renamings) for key, index in barcodes.items()})]
    holders = [
        holder._replace(obs=holder.obs.set_axis(_renamed(holder.obs.index, renamings))) for holder in found.holders
    ]
    joined = {key: _renamed(index, renamings) for key, index in barcodes.items()}
    holders = [_met(holder, joined, notes) for holder in holders]
    return Joined(
        found,
        tables,
        checked,
        joined,
        [holder for holder in holders if holder.obs.index.is_unique],
        {key: _renamed(index, renamings) for key, index in found.stored.items()},
        notes,
        frozenset(key for key, index in barcodes.items() if not index.isin(next(iter(barcodes.values()))).any()),
    )


def _met(holder: Holder, barcodes: Mapping[str, pd.Index], notes: list[str]) -> Holder:
    """Return a holder that shares no barcode with any table under those of the first, as far as suffixes are all."""
    if any(holder.obs.index.isin(index).any() for index in barcodes.values()):
        return holder
    first, reference = next(iter(barcodes.items()))
    renamings, more = aligned({first: reference, holder.label: holder.obs.index})
    notes += more
    return holder._replace(obs=holder.obs.set_axis(_renamed(holder.obs.index, renamings)))


def spots_of(barcodes: Mapping[str, pd.Index], spots: Spots) -> pd.Index:
    """Return the barcodes that all tables have, or with ``"all"`` those that one has, those of the first table first.

    Raises
    ------
    DataError
        No barcode is in all of them, or with ``"all"`` no chain of shared barcodes joins them.
    """
    if spots == "common" or not _chained(list(barcodes.values())):
        return common(barcodes)
    return reduce(lambda left, right: left.append(right[~right.isin(left)]), barcodes.values())


def _check_transposed(tables: Mapping[str, AnnData]) -> None:
    """Raise `DataError` where the features of one table, and none of its spots, are called as the spots of another."""
    for name, table in tables.items():
        for other in tables.values():
            if other is table or table.obs_names.isin(other.obs_names).any():  # those may all be mere numbers
                continue
            if 2 * table.var_names.isin(other.obs_names).sum() >= min(table.n_vars, other.n_obs) > 0:
                raise DataError(
                    f"Expected the spots in the rows of {name}, found their barcodes in its columns, such as "
                    f"{str(table.var_names[0])!r}. Transpose it (adata.T in Python)."
                )


def _through_others(barcodes: Mapping[str, pd.Index]) -> bool:
    """Return whether some tables share no barcode with each other, but are joined through others that do with both.

    These are of different spots, however alike their barcodes are but for a prefix.
    """
    indexes = list(barcodes.values())
    apart = any(not index.isin(other).any() for i, index in enumerate(indexes) for other in indexes[:i])
    return apart and _chained(indexes)


def _chained(indexes: list[pd.Index]) -> bool:
    """Return whether each table shares barcodes with another, so that a chain of these joins all."""
    reached, rest = indexes[0], indexes[1:]
    while near := [index for index in rest if index.isin(reached).any()]:
        rest = [index for index in rest if not any(index is one for one in near)]
        reached = reduce(lambda left, right: left.append(right), [reached, *near])
    return not rest


def _asked_for(
    found: Found, kinds: dict[str, Kind], modalities: Sequence[str] | None
) -> tuple[dict[str, str], dict[str, Kind]]:
    """Return {name: modality in `found`} of those to use (all where `modalities` is empty), and the kinds asked for.

    A lone modality, whose name a file does not give, may be called anything in `kinds`.
    """
    tables = {key: key for key in found.tables}
    if not tables:
        raise DataError(
            f"Expected at least one modality, found none. {' '.join([*found.notes, 'Choose'])} another file; one of "
            "places goes with the counts of its spots, both opened together."
        )
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


def _without_features(found: Found, kinds: Mapping[str, Kind]) -> list[str]:
    """Return the modalities that hold nothing to train on, such as receptors of T cells, where others do."""
    bare = [key for key, table in found.tables.items() if not holds_features(table) and key not in kinds]
    return bare if len(bare) < len(found.tables) else []


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


def _few_shared(barcodes: Mapping[str, pd.Index]) -> list[str]:
    """Return a note on each table that shares hardly any barcode with the first."""
    (first, reference), *others = barcodes.items()
    notes = []
    for key, index in others:
        shared = int(index.isin(reference).sum())
        if 0 < shared < _FEW * min(len(index), len(reference)):
            notes.append(
                f"Only {shared:,} barcodes are in both {first} ({len(reference):,}) and {key} ({len(index):,}): check "
                "that they are of one section."
            )
    return notes


def _renamed(names: pd.Index, renamings: Sequence[Renaming]) -> pd.Index:
    return reduce(lambda left, renaming: renaming.of(left), renamings, names)


def annotations_of(joined: Joined, names: pd.Index) -> pd.DataFrame:
    """Return the annotations of all holders for the spots `names`.

    Columns of one name and the same values are kept once, and where a holder lacks spots, filled from the next; where
    values differ, the later one is called ``"<holder>:<column>"``. Copies that MuData makes of its modalities' columns
    (``"rna:..."``) are left out.
    """
    import pandas as pd

    tables = {key: joined.table(key) for key in joined.tables}
    columns: dict[str, pd.Series] = {}
    lacking: dict[str, np.ndarray] = {}
    for holder in joined.holders:
        obs = holder.obs.reindex(names) if not holder.obs.index.equals(names) else holder.obs
        lacks = ~names.isin(holder.obs.index)
        for column, values in obs.items():
            column = str(column)
            modality, _, rest = column.partition(":")
            if holder.label == WHOLE and modality in tables and rest in tables[modality].obs:
                continue
            if column not in columns:
                columns[column], lacking[column] = values, lacks
                continue
            missing = lacks | lacking[column]
            if _agree(values, columns[column], missing):
                if (lacking[column] & ~lacks).any():
                    columns[column] = _filled(columns[column], values, lacking[column])
                    lacking[column] = lacking[column] & lacks
            elif not values.isna().all():
                columns[f"{holder.name}:{column}"] = values
    return pd.DataFrame(columns, index=names)


def _agree(values: pd.Series, others: pd.Series, missing: np.ndarray) -> bool:
    """Return whether two columns are the same but for missing spots, which turn integers and booleans into others.

    Categories are compared by what spots have: each modality has those of its own spots.
    """
    import pandas as pd

    if not missing.any() and not isinstance(values.dtype, pd.CategoricalDtype):
        return values.equals(others)
    return values[~missing].astype(object).equals(others[~missing].astype(object))


def _filled(values: pd.Series, others: pd.Series, where: np.ndarray) -> pd.Series:
    """Return values with those of `others` `where` they are missing; categories stay categories."""
    import pandas as pd

    categorical = isinstance(values.dtype, pd.CategoricalDtype)
    filled = values.astype(object).where(~where, others.astype(object))
    return filled.astype("category") if categorical else filled.infer_objects()
