"""Where the spots are: coordinates from ``obsm`` or ``obs``, compared between modalities, and their unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from napari_trsmi.data.libraries import MOVED_FROM
from napari_trsmi.data.readers.axes import Axes, find_axes, is_local, is_place, numbers_of, places_in_names, text_among
from napari_trsmi.data.readers.found import Holder
from napari_trsmi.data.readers.misnamed import misnamed
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Files we wrote may hold negative coordinates moved up in "spatial": those of the input come first.
RENUMBERED = "sorted or numbered anew"  # of the error on names that mean other spots of the same grid
_KEYS = (MOVED_FROM, "spatial", "x_spatial", "spatial_coords", "coords", "coordinates", "spatial3d", "spatial_3d", "xy")
_VISIUM_SHAPES = ((78, 128), (128, 224))  # (rows, columns) of the slides with 6.5 and 11 mm capture areas
_HALF_PITCH = 50.0  # um from one array column to the next; spots of a row are two columns, 100 um, apart
_ROW_PITCH = 50.0 * np.sqrt(3.0)  # um from one array row to the next
_DIFFERENCE = 1e-4  # share of the section's extent


class _Places(NamedTuple):
    """What one holder says of the spots: label, (N, 2) x and y, (N,) z or None, um per unit where known, its name.

    `odd` places lie where a person should know that they were taken from.
    """

    label: str
    xy: np.ndarray
    z: np.ndarray | None = None
    microns: float | None = None
    odd: bool = False
    name: str = ""


@dataclass(frozen=True)
class Coordinates:
    """Positions of the spots.

    Attributes
    ----------
    xy
        (N, 2) float64 (x, y), NaN for spots without a place.
    z
        (N,) float64 third coordinate, or None.
    microns_per_unit
        Micrometres per unit, or None where unknown.
    notes
        Sentences a person should read.
    differing
        Names of the holders that place the spots elsewhere.
    """

    xy: np.ndarray
    z: np.ndarray | None = None
    microns_per_unit: float | None = None
    notes: list[str] = field(default_factory=list)
    differing: frozenset[str] = frozenset()

    @property
    def placed(self) -> np.ndarray:
        """(N,) bool, whether a spot has a place."""
        placed: np.ndarray = np.isfinite(self.xy).all(axis=1)
        return placed

    def at(self, mask: np.ndarray) -> Coordinates:
        """Return the coordinates of the spots in (N,) bool `mask`."""
        return replace(self, xy=self.xy[mask], z=None if self.z is None else self.z[mask])


def is_coordinates(key: Any) -> bool:
    """Return whether a key of ``obsm`` is one under which coordinates lie."""
    return _is_usual(key) or is_place(key)


def find_coordinates(holders: Sequence[Holder], names: pd.Index) -> Coordinates:
    """Return the coordinates of the spots `names`, from the first holder that has all of them, or else most.

    What that holder lacks comes from the others, where they agree with it.

    Parameters
    ----------
    holders
        Where to look, in this order.
    names
        (N,) barcodes.

    Raises
    ------
    DataError
        There are no coordinates, or they are no numbers, or of another shape than (N, 2) or (N, 3).
    """
    found = [places for holder in holders if (places := _of_holder(holder, names)) is not None]
    if not found and (grid := _in_names(names)) is not None:
        found = [grid]
    if not found:
        raise DataError(_none_found(holders))
    if not any(np.isfinite(places.xy).all(axis=1).any() for places in found):
        raise DataError(_of_others(holders, found, names))
    first = max(found, key=lambda places: np.isfinite(places.xy).all(axis=1).sum())  # the first of the fullest
    xy, notes, differing = first.xy.copy(), [], set[str]()
    extent = np.ptp(xy[np.isfinite(xy).all(axis=1)], axis=0).max(initial=0.0)
    for other in found:
        apart = np.nanmax(np.abs(other.xy - first.xy), initial=0.0)
        if apart > _DIFFERENCE * extent:
            if (spot := misnamed(first.xy, other.xy)) is not None:
                raise DataError(_other_names(first, other, spot, names))
            differing.add(other.name)
            notes.append(
                f"Coordinates in {other.label} differ from those in {first.label} by up to {apart:.4g}: "
                f"used {first.label}."
            )
        else:
            xy = np.where(np.isfinite(xy).all(axis=1)[:, None], xy, other.xy)
    if first.odd:
        notes.append(f"Took the coordinates from {first.label}.")
    if first.microns not in (None, 1.0):
        notes.append(f"Coordinates in {first.label} were turned into micrometres.")
    if first.z is not None:
        notes.append(f"Left out the third coordinate, z, of {first.label}.")
    return Coordinates(xy, first.z, None if first.microns is None else 1.0, notes, frozenset(differing))


def checked_coordinates(coordinates: Coordinates, obs: pd.DataFrame) -> Coordinates:
    """Return the coordinates of one section with their unit; all its spots have a place.

    Array indices of a Visium slide, which stand on a squeezed grid, become micrometres, with a note.

    Parameters
    ----------
    coordinates
        Of N spots.
    obs
        (N, n) annotations of the spots; ``array_row`` and ``array_col`` tell the micrometres per pixel on Visium.

    Raises
    ------
    DataError
        All spots lie in one place.
    """
    xy, notes = coordinates.xy, coordinates.notes
    if len(xy) > 1 and np.ptp(xy, axis=0).max() == 0:
        raise DataError(
            f"Expected spots at different places, found all {len(xy)} at {tuple(xy[0].tolist())}. "
            "Check obsm['spatial']."
        )
    named = ["array_col", "array_row"]
    column_first = set(named) <= set(obs.columns) and np.array_equal(xy, obs[named].to_numpy())
    if (microns := _visium_microns(xy, column_first)) is not None:
        notes = [*notes, "The coordinates are array indices of a Visium slide: turned into micrometres."]
        return replace(coordinates, xy=microns, microns_per_unit=1.0, notes=notes)
    return replace(coordinates, microns_per_unit=coordinates.microns_per_unit or _microns_per_unit(xy, obs))


def _of_holder(holder: Holder, names: pd.Index) -> _Places | None:
    """Return the places of the spots `names`, NaN where the holder lacks one; None where it has no coordinates."""
    key, values, axes = _stored(holder)
    if values is None:
        return None
    rows = holder.obs.index.get_indexer(names)
    taken = values[rows] * (axes.microns or 1.0)
    taken[(rows < 0) | ~np.isfinite(taken[:, :2]).all(axis=1)] = np.nan
    label = holder.label if key in (MOVED_FROM, "spatial") else f"{key} of {holder.label}"
    odd = key in holder.obsm and not _is_usual(key)
    z = taken[:, 2] if taken.shape[1] == 3 else None
    return _Places(label, taken[:, :2], z, axes.microns, odd, holder.name)


def _stored(holder: Holder) -> tuple[str, np.ndarray | None, Axes]:
    """Return where the coordinates of a holder lie, their (n, 2 or 3) values, and what their names say."""
    placed, first = (one for one in _candidates(holder) if np.isfinite(one[1][:, :2]).all(axis=1).any()), None
    for one in placed:
        if np.nanmax(np.ptp(one[1][:, :2][np.isfinite(one[1][:, :2]).all(axis=1)], axis=0)) > 0:
            return one
        first = first or one  # all in one place: nobody filled it in
    return first or ("", None, Axes((), None))


def _candidates(holder: Holder) -> Iterator[tuple[str, np.ndarray, Axes]]:
    """Yield what may be coordinates, the likeliest first; what is within fields of view comes last."""
    lower = {str(key).lower(): key for key in reversed(list(holder.obsm))}
    usual = [lower[key] for key in _KEYS if key in lower and not _is_membership(holder.obsm[lower[key]])]
    others = [key for key in holder.obsm if not _is_usual(key) and is_place(key) and _is_plane(holder.obsm[key])]
    for key in (*usual, *(key for key in others if not is_local(key))):
        yield str(key) if key in others else str(key).lower(), *_of_array(holder.obsm[key], key, holder.label)
    for axes in find_axes(list(holder.obs.columns)):
        if (numbers := numbers_of(holder.obs, axes)) is not None:
            yield " and ".join(map(str, axes.columns[:2])), numbers, axes
    for key in (key for key in others if is_local(key)):
        yield str(key), *_of_array(holder.obsm[key], key, holder.label)


def _is_usual(key: Any) -> bool:
    return str(key).lower() in _KEYS


def _is_plane(stored: Any) -> bool:
    """Return whether an entry of ``obsm`` can be places: two or three columns of numbers."""
    shape: tuple[int, ...] = getattr(stored, "shape", ())
    if len(shape) != 2 or shape[1] not in (2, 3):
        return False
    kinds = {dtype.kind for dtype in stored.dtypes} if hasattr(stored, "dtypes") else {stored.dtype.kind}
    return kinds <= set("iuf")


def _in_names(names: pd.Index) -> _Places | None:
    """Return the places that all barcodes tell, as 12x34 on the grids of DBiT-seq does: x, then y; else None."""
    if (xy := places_in_names(names)) is None:
        return None
    return _Places(f"the barcodes, such as {str(names[0])!r}, x before y", xy, odd=True)


def _none_found(holders: Sequence[Holder]) -> str:
    """Return the sentence on tables without coordinates: what they have in place of them."""
    keys = sorted({str(key) for holder in holders for key in holder.obsm})
    way_out = f"(obsm has {keys or 'no keys'}). Add them, or open the file together with a table of barcode, x and y."
    for holder in holders:
        for axes in find_axes(list(holder.obs.columns)):
            if numbers_of(holder.obs, axes) is None:
                column, odd = text_among(holder.obs, axes)
                return (
                    f"Expected numbers as coordinates in obs[{column!r}], found text such as {odd!r}. Store them as "
                    "numbers, with a point before the decimals."
                )
    return f"Expected coordinates in obsm['spatial'] or in obs columns x and y, found none {way_out}"


def _of_others(holders: Sequence[Holder], found: Sequence[_Places], names: pd.Index) -> str:
    """Return the sentence on places that are there, and none of the spots asked for."""
    theirs = next((holder.obs.index[0] for holder in holders if holder.name == found[0].name), "")
    return (
        f"Expected places of the spots that were measured, such as {str(names[0])!r}, in {found[0].label}, found "
        f"only those of others, such as {str(theirs)!r}. Give both the same names, and check that they are of one "
        "section."
    )


def _other_names(first: _Places, other: _Places, spot: int, names: pd.Index) -> str:
    """Return the sentence on two tables that mean other spots by the same names."""
    here, there = ((round(float(x), 2), round(float(y), 2)) for x, y in (first.xy[spot], other.xy[spot]))
    return (
        f"Expected the same spots under the same names in {first.label} and {other.label}, found "
        f"{str(names[spot])!r} at {here} in one and at {there} in the other, and so for most, on the same grid of "
        f"places: one of them was {RENUMBERED}. Give both the obs_names as measured, or open "
        "each as a section of a study (--section NAME=FILE) where they are two."
    )


def _of_array(stored: Any, key: Any, label: str) -> tuple[np.ndarray, Axes]:
    """Return (n, 2 or 3) values of an entry of ``obsm``: by the names of its columns, else in the order x, y, z."""
    import pandas as pd

    names = getattr(getattr(stored, "dtype", None), "names", None)  # of a structured array
    if names:
        stored = pd.DataFrame({name: np.asarray(stored[name]).reshape(len(stored)) for name in names})
    axes = Axes((), None)
    if isinstance(stored, pd.DataFrame):
        known = find_axes(list(stored.columns))
        if known and (numbers := numbers_of(stored, known[0])) is not None:
            return numbers, known[0]
    if sparse.issparse(stored) and stored.shape[1] <= 3:  # a wide one would fill the memory, and is refused below
        stored = stored.toarray()
    try:
        values = stored if sparse.issparse(stored) else np.asarray(stored, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"Expected numbers as coordinates in {key!r} of {label}, found other values.") from None
    if values.ndim != 2 or values.shape[1] not in (2, 3):
        raise DataError(
            f"Expected (N, 2) coordinates in {key!r} of {label}, found shape {values.shape}. Keep the columns x and y."
        )
    return values, axes


def _is_membership(values: Any) -> bool:
    """Return whether this is MuData's record of which spots a modality has, kept in ``obsm`` under its name."""
    return getattr(getattr(values, "dtype", None), "kind", "") == "b"


def _visium_microns(xy: np.ndarray, column_first: bool = False) -> np.ndarray | None:
    """Return (N, 2) um where `xy` can only be (row, column) or (column, row) indices of a Visium slide, else None.

    Rows and columns of such a slide always add up to an even number. Which is which follows from the slide's shape;
    where both readings fit, or the section is too small to judge, nothing is assumed.
    """
    if len(xy) < 50 or xy.min() < 0 or (xy != np.rint(xy)).any() or (xy.sum(axis=1) % 2).any():
        return None
    if len(np.unique(xy % 2, axis=0)) < 2:  # all even or all odd: no lattice of offset rows
        return None
    first, second = xy.max(axis=0)
    for n_rows, n_columns in _VISIUM_SHAPES:
        as_row_column = first < n_rows and second < n_columns and not column_first
        as_column_row = first < n_columns and second < n_rows
        if as_row_column and as_column_row:
            return None
        if as_row_column or as_column_row:
            row, column = xy.T if as_row_column else xy.T[::-1]
            return np.column_stack([column * _HALF_PITCH, row * _ROW_PITCH])
    return None


def _microns_per_unit(xy: np.ndarray, obs: pd.DataFrame) -> float | None:
    """Return um per unit from the spacing of Visium's array, None on other platforms.

    Spots of a Visium row are 100 um apart, centre to centre. That is surer than the spot diameter in the scale
    factors, which is an estimate and covers more than the 55 um of a spot.
    """
    if not {"array_row", "array_col"} <= set(obs.columns) or len(xy) < 4:
        return None
    try:
        array = obs[["array_col", "array_row"]].to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if not np.isfinite(array).all() or (array.sum(axis=1) % 2).any() or len(np.unique(array % 2, axis=0)) < 2:
        return None
    steps, _, rank, _ = np.linalg.lstsq(array - array.mean(axis=0), xy - xy.mean(axis=0), rcond=None)  # (2, 2)
    if rank < 2:
        return None
    by_column, by_row = np.array([_HALF_PITCH, _ROW_PITCH]) / np.linalg.norm(steps, axis=1)
    return float((by_column + by_row) / 2) if np.isclose(by_column, by_row, rtol=0.05) else None
