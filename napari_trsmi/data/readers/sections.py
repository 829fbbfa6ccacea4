"""Which section of several to open: the libraries in ``uns["spatial"]``, columns that name sections, planes in z."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.libraries import BLANK, libraries_in
from napari_trsmi.data.readers.found import Holder
from napari_trsmi.data.readers.overlap import fullest_place, overlap, share_at_same_place
from napari_trsmi.data.readers.splits import (
    BARCODES,
    LIBRARY_COLUMNS,
    PLANES,
    Split,
    barcode_split,
    is_field,
    matched,
    plane_split,
    section_splits,
    speaks_of_sections,
    split_by,
)
from napari_trsmi.errors import ChoiceError, DataError

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.readers.coordinates import Coordinates

_JOINT = ", "  # between the names of a section that two columns tell apart
_WHERE = {PLANES: "the third coordinate", BARCODES: "the barcodes"}
_LISTED = 20  # names in a sentence
_FAR, _NEARLY_ALL = 10.0, 0.99  # times as far from the middle as nearly all spots are: that is told
_HEAP = 10  # spots at one place from which on it is told
_MANY = 0.1  # share of spots at the place of another one from which on it is told


@dataclass(frozen=True)
class Chosen:
    """The section to open.

    Attributes
    ----------
    library
        What opens it again with ``library=``, or None for the whole.
    rows
        (N,) bool, its spots.
    entry
        Its images and scale factors, empty where there are none.
    notes
        Sentences a person should read.
    """

    library: str | None
    rows: np.ndarray
    entry: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def libraries(holders: Sequence[Holder]) -> dict[str, Mapping[str, Any]]:
    """Return {library: its images and scale factors}.

    Entries that are no library (``is_single``) are left out, and so is the stand-in that a saved result carries for
    squidpy's plots.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for holder in holders:
        for name, entry in libraries_in(holder.uns.get("spatial")).items():
            if name != BLANK:
                found.setdefault(name, entry)
    return found


def choose_section(
    known: Mapping[str, Mapping[str, Any]], obs: pd.DataFrame, coordinates: Coordinates, library: str | None
) -> Chosen:
    """Return the section to open.

    Sections are told apart by ``library_id`` (or ``library``, ``library_key``), or a column whose values mean
    libraries; by columns named after sections (batch, sample, slide, fov, ...) and the planes of a third coordinate
    only where spots of different values lie among each other. Parts that lie side by side are opened as one.

    Parameters
    ----------
    known
        {library: entry in ``uns["spatial"]``}.
    obs
        (N, n) annotations of the spots.
    coordinates
        Of the N spots.
    library
        The one asked for, or None.

    Raises
    ------
    ChoiceError
        There are several and none was asked for.
    DataError
        `library` is unknown.
    """
    named, of_name = _named(known, obs)
    splits = [split for split in section_splits(obs) if named is None or split.column != named.column]
    found_in = (named, *splits, plane_split(coordinates.z), barcode_split(obs.index))
    splits = [split for split in found_in if split is not None]
    rows = np.ones(len(obs), dtype=bool)
    if library is not None:
        library = str(library)
        found = _found(library, splits)
        if found is None and library in of_name.values():  # called as in uns
            found = _found(next(name for name, entry in of_name.items() if entry == library), splits)
        if found is None and (library not in known or of_name):
            raise _unknown(
                library, list(dict.fromkeys(name for split in splits for name in split.names)) or list(known)
            )
        rows = rows if found is None else found
    asked = _needed([split.at(rows) for split in splits], named, coordinates.at(rows))
    if asked:
        _, names = _joined(asked)
        raise ChoiceError(
            _kind(asked[0]),
            [name if library is None else f"{library}{_JOINT}{name}" for name in names],
            " and ".join(_WHERE.get(split.column, f"obs[{split.column!r}]") for split in asked),
        )
    return _chosen(library, rows, known, named, of_name)


def _kind(split: Split) -> str:
    return "libraries" if split.column in LIBRARY_COLUMNS else "planes" if split.column == PLANES else "sections"


def _named(known: Sequence[str] | Mapping[str, Any], obs: pd.DataFrame) -> tuple[Split | None, dict[str, str]]:
    """Return the split by the column that means libraries, if there is one, and {its name: library in `known`}."""
    for column in LIBRARY_COLUMNS:
        if column in obs and (split := split_by(column, obs[column])).names:
            return split, matched(split.names, list(known))
    if len(known) < 2:
        return None, {}
    for exact in (True, False):
        for column in obs:
            of_sections = speaks_of_sections(str(column))
            if of_sections or (exact and obs[column].dtype.kind not in "biuf"):  # clusters may be numbers too
                split = split_by(str(column), obs[column])
                of_name = matched(split.names, list(known))
                if split.names and of_name and (not exact or all(name in known for name in split.names)):
                    return split, of_name
    return None, {}


def _unknown(library: str, names: list[str]) -> DataError:
    there = str(names) if len(names) <= _LISTED else f"{names[:_LISTED]} and {len(names) - _LISTED} more"
    return DataError(f"Expected one of the libraries {there}, found {library!r}. Choose one of them.")


def _found(name: str, splits: Sequence[Split]) -> np.ndarray | None:
    """Return (N,) bool, the spots of a part, or of one that several splits together name; None where there is none."""
    for split in splits:
        if name in split.names:
            return split.rows(name)
    cuts = [at for at in range(len(name)) if name.startswith(_JOINT, at)]
    for cut, split in product(cuts, splits):
        if name[:cut] in split.names:
            rest = _found(name[cut + len(_JOINT) :], [other for other in splits if other is not split])
            if rest is not None and (rows := rest & split.rows(name[:cut])).any():
                return rows
    return None


def _needed(splits: Sequence[Split], named: Split | None, coordinates: Coordinates) -> list[Split]:
    """Return the splits that must be made so that no spots of different sections lie among each other."""
    splits = [split for split in splits if len(split.names) > 1]
    placed = coordinates.placed
    xy = coordinates.xy[placed]

    def mixed(split: Split, made: Sequence[Split]) -> bool:
        return overlap(xy, split.part[placed], _joined(made)[0][placed] if made else None)

    needed = [split for split in splits if named is not None and split.column == named.column]
    if needed and is_field(needed[0].column) and not mixed(needed[0], []):
        needed = []
    while left := [split for split in splits if mixed(split, needed)]:
        one = (split for split in left if not any(mixed(other, [*needed, split]) for other in left))
        needed.append(next(one, left[0]))  # the coarsest that leaves nothing mixed, else the coarsest
    return needed


def _joined(splits: Sequence[Split]) -> tuple[np.ndarray, list[str]]:
    """Return (N,) int part of each spot, -1 for none, and the names of the parts that several splits make together."""
    part, names = splits[0].part, list(splits[0].names)
    for split in splits[1:]:
        both = np.where((part >= 0) & (split.part >= 0), part * len(split.names) + split.part, -1)
        present = np.unique(both[both >= 0])
        names = [
            _JOINT.join((names[code // len(split.names)], split.names[code % len(split.names)])) for code in present
        ]
        part = np.where(both >= 0, np.searchsorted(present, both), -1)
    return part, names


def _chosen(
    library: str | None,
    rows: np.ndarray,
    known: Mapping[str, Mapping[str, Any]],
    named: Split | None,
    of_name: dict[str, str],
) -> Chosen:
    """Return the section on `rows` with what ``uns["spatial"]`` has of it."""
    notes = []
    present = () if named is None else named.at(rows).names
    if named is not None and len(present) == 1 and (lacking := rows & (named.part < 0)).any():
        notes.append(f"Left out {lacking.sum():,} spots without a value in obs[{named.column!r}].")
        rows = rows & ~lacking
    entry: str | None = None
    if len(present) == 1 and present[0] in of_name:
        entry = of_name[present[0]]
        if entry != present[0]:
            notes.append(f"Took the library {entry!r} for {present[0]!r} in obs[{named.column if named else ''!r}].")
        library = library or present[0]
    elif library in known:
        entry = library
    elif len(known) == 1:
        entry = next(iter(known))
        library = library or entry
    elif len(present) > 1 or (known and library is not None):
        notes.append(
            f"Left out the pictures of the libraries {', '.join(known)}: each is of a part of the spots, or none."
        )
    elif known:
        entry = library = next(iter(known))
        notes.append(f"Several libraries ({', '.join(known)}) for the same spots: used {entry!r}.")
    elif len(present) == 1:
        library = library or present[0]
    return Chosen(library, rows, {} if entry is None else known[entry], tuple(notes))


def note_on_places(xy: np.ndarray) -> list[str]:
    """Return notes on odd places of spots, (N, 2) finite coordinates: far from all others, or many at the same."""
    return [*_note_on_far_ones(xy), *_note_on_same_places(xy)]


def _note_on_far_ones(xy: np.ndarray) -> list[str]:
    away = np.hypot(*(xy - np.median(xy, axis=0)).T) if len(xy) else np.zeros(1)
    reach = _FAR * float(np.quantile(away, _NEARLY_ALL, method="lower"))
    far = away > reach
    if reach == 0 or not far.any():
        return []
    x, y = xy[away.argmax()]
    lie = "spots lie" if far.sum() > 1 else "spot lies"
    return [
        f"{far.sum():,} {lie} far from all others, such as at ({x:g}, {y:g}): the tissue is drawn small. Leave out "
        "what stands for no place."
    ]


def _note_on_same_places(xy: np.ndarray) -> list[str]:
    share = share_at_same_place(xy)
    (x, y), heap = fullest_place(xy) if share else ((0.0, 0.0), 0)
    if heap >= _HEAP:
        return [f"{heap:,} spots lie at one place, ({x:g}, {y:g}): leave them out if that stands for no place."]
    if share <= _MANY:
        return []
    return [
        f"{share:.0%} of the spots lie at the same place as another one: several sections or planes may be stacked: "
        "keep one, or name the section of each spot in a column of obs and train them as a study by it."
    ]
