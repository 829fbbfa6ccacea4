"""Several sections as one dataset: features matched, sections side by side, what was not measured masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.data.dataset import Dataset, Modality, Place
from napari_trsmi.data.libraries import spacing
from napari_trsmi.data.own_columns import stacked_columns
from napari_trsmi.data.shared_features import check_one_scale, matched, n_alike
from napari_trsmi.data.stacked_annotations import stacked_annotations
from napari_trsmi.errors import DataError

_GAP = 0.08  # between sections, as a share of the widest; twice that between rows, for their names
_PERHAPS = 2  # between spacings, from which on one may be in another unit, such as pixels beside micrometres
_ANOTHER_UNIT = 20  # between spacings of two sections, from which on one is not in the unit of the other
_FEW_CARRY = 50  # spots with a modality and another one, below which that is told
_MOST_SHARED = 0.5  # of the spots of the smaller of two sections, that are spots of the other
_SEPARATOR = ":"  # between section and barcode


def stack(
    sections: Mapping[str, Dataset], name: str = "study", *, keep_names: bool = False, distinct: bool = True
) -> Dataset:
    """Return sections as one dataset, side by side at true scale.

    Parameters
    ----------
    sections
        {name: section}, in the order in which they lie; a modality may be missing in some. One section is returned as
        it is, under its name.
    name
        Name of the study.
    keep_names
        Barcodes are different in all sections and stay; else each is preceded by its section, ``"s1:AAAC-1"``.
    distinct
        Refuse the same spots twice.

    Returns
    -------
    A dataset whose `parts` are the sections. Its tables hold the features that all of theirs share, matched by name,
    symbol or identifier, and rows of zeros where a modality was not measured. Coordinates are in the unit of the first
    section; where sections do not tell how long theirs is, each is taken for the same, unless spots then lie
    `_ANOTHER_UNIT` times nearer or further than those of another.

    Raises
    ------
    DataError
        No section; a section that is itself a study; the same spots twice; a modality of two kinds; tables with too few
        features in common; sections that no shared modality joins; no spot with two modalities where one has to be
        carried over.
    """
    if not sections:
        raise DataError("Expected at least one section, found none. Choose files.")
    parts = tuple(replace(section, name=key) for key, section in sections.items())
    for part in parts:
        if part.parts:
            raise DataError(f"Expected single sections, found a study in {part.name!r}. Give its sections one by one.")
    if len(parts) == 1:
        return parts[0]
    if distinct:
        _check_different(parts)
    parts, notes = named_alike(parts)
    names = tuple(dict.fromkeys(key for part in parts for key in part.modalities))
    _check_joined(parts)
    section = np.repeat(np.arange(len(parts)), [part.n_spots for part in parts])
    notes += [f"{part.name}: {note}" for part in parts for note in part.notes]
    modalities = {}
    for key in names:
        modalities[key], more = _stacked(key, parts)
        notes += more
    notes += _check_carried(modalities)
    places, more = _placed(parts)
    named = [
        part.obs_names if keep_names else np.char.add(f"{part.name}{_SEPARATOR}", part.obs_names.astype(str))
        for part in parts
    ]
    obs_names = np.concatenate(named)
    obs = stacked_annotations(parts, obs_names)
    return Dataset(
        name=name,
        modalities=modalities,
        coords=np.vstack(
            [part.coords * place.scale + (place.x, place.y) for part, place in zip(parts, places, strict=True)]
        ),
        obs_names=obs_names,
        obs=obs,
        spot_diameter=parts[0].spot_diameter,
        microns_per_unit=parts[0].microns_per_unit,
        sources=tuple(dict.fromkeys(source for part in parts for source in part.sources)),
        marks={path: mark for part in parts for path, mark in part.marks.items()},
        notes=(*dict.fromkeys([*notes, *more]),),
        parts=parts,
        places=places,
        section=section,
        own_columns=stacked_columns(parts, obs),
    )


def _check_different(parts: Sequence[Dataset]) -> None:
    """Raise `DataError` where two sections are the same spots with the same values, or one is part of the other.

    Where their places are not the same, as in pixels and in micrometres, the values of all features have to be.
    """
    places = [set(map(tuple, np.round(part.coords, 6).tolist())) for part in parts]
    marks = [{key: _marks(one.table.X) for key, one in part.modalities.items()} for part in parts]
    for (a, at, own), (b, there, other) in combinations(zip(parts, places, marks, strict=True), 2):
        least = _MOST_SHARED * min(a.n_spots, b.n_spots)
        shared = [key for key in own if key in other]
        same = [np.intersect1d(own[key], other[key], assume_unique=True).size > least for key in shared]
        if same and all(same):
            raise _same_section(a, b)
        if len(at & there) > least and shared_spots(a, b) > least:  # the first is cheap, and true of grids alone
            raise _same_section(a, b)


def _marks(values: Any) -> np.ndarray:
    """Return a number for each row of a table that no other has, by which it is found in another of these features."""
    weights = np.random.default_rng(values.shape[1]).random(values.shape[1])
    found, times = np.unique(np.round(values @ weights, 6), return_counts=True)
    return np.asarray(found[times == 1])


def _same_section(a: Dataset, b: Dataset) -> DataError:
    """Return the error of one section under two names."""
    return DataError(f"Expected different sections, found the same one as {a.name!r} and {b.name!r}. Remove one.")


def shared_spots(a: Dataset, b: Dataset) -> int:
    """Return how many spots of two sections are the same, by place and values of the modalities that both have."""
    keys = set(a.modalities) & set(b.modalities)
    return len(_rows_of(a, keys) & _rows_of(b, keys)) if keys else 0


def _rows_of(part: Dataset, keys: set[str]) -> set[tuple[float, ...]]:
    """Return what tells the spots of a section apart: place, and sums of values and of their squares."""
    columns = [part.coords]
    for key in sorted(keys):
        values = part.modalities[key].table.X
        square = values.multiply(values) if sparse.issparse(values) else np.square(values)
        columns += [np.asarray(one.sum(axis=1, dtype=float)).reshape(-1, 1) for one in (values, square)]
    return set(map(tuple, np.round(np.hstack(columns), 6).tolist()))


def named_alike(parts: Sequence[Dataset]) -> tuple[tuple[Dataset, ...], list[str]]:
    """Return the sections with one name for what is one modality: of one kind, the same features, never together."""
    first: dict[str, tuple[str, Modality]] = {}
    for part in parts:
        for key, modality in part.modalities.items():
            first.setdefault(key, (part.name, modality))
    names = list(first)
    called: dict[str, str] = {}
    notes = []
    for position, key in enumerate(names):
        for other in names[:position]:
            (where, one), (here, modality) = first[other], first[key]
            if other in called or one.kind != modality.kind or one.kind == "precomputed":
                continue
            if any({key, other} <= set(part.modalities) for part in parts):
                continue
            shared = n_alike(one, modality)
            if 2 * shared > min(one.table.n_vars, modality.table.n_vars):
                called[key] = other
                notes.append(
                    f"{key} of {here} is taken for the {other} of {where}: they share {shared:,} features, and no "
                    "section has both."
                )
                break
    if not called:
        return tuple(parts), []
    return tuple(renamed(part, called) for part in parts), notes


def renamed(part: Dataset, called: Mapping[str, str]) -> Dataset:
    """Return a section with other names of its modalities, {name: new name}; it knows what its file calls them."""
    new = {key: called.get(key, key) for key in part.modalities}
    names = {new[key]: part.called.get(key, key) for key in part.modalities}
    return replace(
        part,
        modalities={new[key]: replace(one, name=new[key]) for key, one in part.modalities.items()},
        called={name: own for name, own in names.items() if name != own},
    )


def _check_joined(parts: Sequence[Dataset]) -> None:
    """Raise `DataError` where there are sections that no chain of shared modalities joins."""
    islands: list[tuple[set[str], list[str]]] = []
    for part in parts:
        shared = [island for island in islands if island[0] & set(part.modalities)]
        merged = (set(part.modalities), [part.name])
        for island in shared:
            merged = (merged[0] | island[0], [*island[1], *merged[1]])
            islands.remove(island)
        islands.append(merged)
    if len(islands) > 1:
        said = "; ".join(f"{', '.join(names)} ({', '.join(sorted(keys))})" for keys, names in islands)
        raise DataError(
            f"Expected sections joined by shared modalities, found {len(islands)} groups without any: {said}. "
            "Add a section with modalities of both, or train them one by one."
        )


def _check_carried(modalities: Mapping[str, Modality]) -> list[str]:
    """Return notes on modalities that hardly a spot carries to those that lack them.

    Raises
    ------
    DataError
        A modality is missing and no spot has it beside one that those spots have.
    """
    masks = {
        key: np.ones(modality.table.n_obs, bool) if modality.measured is None else modality.measured
        for key, modality in modalities.items()
    }
    notes = []
    for key, mask in masks.items():
        lacking = int((~mask).sum())
        others = np.zeros(len(mask), bool)
        for name, other in masks.items():
            others |= other & (name != key)
        carrying = int((mask & others).sum())
        if lacking and not carrying:
            raise DataError(
                f"Expected spots with {key!r} and another modality, from which it can be carried to the "
                f"{lacking:,} spots that lack it, found none. Leave {key!r} out, or add a section with both."
            )
        if lacking and carrying < _FEW_CARRY:
            notes.append(
                f"Only {carrying} spots have {key} and another modality: what it would be at the {lacking:,} spots "
                "that lack it rests on these."
            )
    return notes


def _stacked(key: str, parts: Sequence[Dataset]) -> tuple[Modality, list[str]]:
    """Return one modality over all sections, and what was noticed."""
    from anndata import AnnData

    having = [part for part in parts if key in part.modalities]
    found = [part.modalities[key] for part in having]
    kinds = {one.kind for one in found}
    if len(kinds) > 1:
        said = ", ".join(f"{part.name}: {one.kind}" for part, one in zip(having, found, strict=True))
        raise DataError(
            f"Expected {key!r} to be of one kind in all sections, found {said}. Set its kind, or put the counts of all "
            "into layers['counts']."
        )
    named = {part.name: one for part, one in zip(having, found, strict=True)}
    check_one_scale(key, named)
    columns, notes = matched(key, named)
    if found[0].kind == "precomputed" and len({part.sources for part in having}) > 1:
        notes.append(
            f"{key}: components are compared between files as they are, which is right where they were made of all "
            "sections together."
        )
    tables = {part.name: one.table[:, own] for part, one, own in zip(having, found, columns, strict=True)}
    some = next(iter(tables.values()))
    dense = all(not sparse.issparse(table.X) for table in tables.values())
    blocks: list[Any] = []
    measured = []
    for part in parts:
        if part.name in tables:
            own = part.modalities[key].measured
            blocks.append(tables[part.name].X)
            measured.append(np.ones(part.n_spots, bool) if own is None else own)
        else:
            shape = (part.n_spots, some.n_vars)
            blocks.append(np.zeros(shape, np.float32) if dense else sparse.csr_matrix(shape, dtype=np.float32))
            measured.append(np.zeros(part.n_spots, bool))
    values = np.vstack(blocks) if dense else sparse.vstack([sparse.csr_matrix(one) for one in blocks], format="csr")
    mask = np.concatenate(measured)
    return Modality(key, kinds.pop(), AnnData(values, var=some.var.copy()), None if mask.all() else mask), notes


def _placed(parts: Sequence[Dataset]) -> tuple[tuple[Place, ...], list[str]]:
    """Return where each section lies: in rows, at true scale as far as their units of length are known."""
    known = [part.microns_per_unit for part in parts]
    notes = []
    if all(known):
        scales = [own / known[0] for own in known]  # type: ignore[operator]
    else:
        steps = [spacing(part.coords) for part in parts]
        step = next((one for one, own in zip(steps, known, strict=True) if own), steps[0])
        scales = [1.0 if 1 / _ANOTHER_UNIT < step / one < _ANOTHER_UNIT else step / one for one in steps]
        other = [part.name for part, scale in zip(parts, scales, strict=True) if scale != 1.0]
        if other:
            notes.append(
                f"Spots of {', '.join(other)} lie so much nearer or further than those of other sections that "
                "coordinates must be in another unit: they are drawn as far apart."
            )
        elif any(known):
            without = ", ".join(part.name for part, own in zip(parts, known, strict=True) if not own)
            notes.append(f"No unit of length is known of {without}: all sections are drawn as if theirs were the same.")
        elif max(steps) > _PERHAPS * min(steps):
            near, far = (parts[int(at)].name for at in (np.argmin(steps), np.argmax(steps)))
            notes.append(
                f"Spots of {far} lie {max(steps) / min(steps):.3g} times as far apart as those of {near}, and no unit "
                "is known: both are drawn as they are. Bring coordinates into one unit if they are in different ones."
            )
    sizes = [np.ptp(part.coords, axis=0) * scale for part, scale in zip(parts, scales, strict=True)]
    places = []
    for part, scale, (x, y) in zip(parts, scales, in_rows(sizes), strict=True):
        low = part.coords.min(axis=0) * scale
        places.append(Place(float(scale), float(x - low[0]), float(y - low[1])))
    return tuple(places), notes


def in_rows(sizes: Sequence[np.ndarray]) -> list[tuple[float, float]]:
    """Return the upper left corner (x, y) of each section of a size (2,): rows of them, tops aligned, a gap between."""
    gap = _GAP * float(max(size.max() for size in sizes)) or 1.0
    across = len(sizes) if len(sizes) <= 4 else int(np.ceil(np.sqrt(len(sizes))))
    corners, x, y, height = [], 0.0, 0.0, 0.0
    for number, size in enumerate(sizes):
        if number and number % across == 0:
            x, y, height = 0.0, y + height + 2 * gap, 0.0
        corners.append((x, y))
        x, height = x + float(size[0]) + gap, max(height, float(size[1]))
    return corners
