"""Where the spots are: coordinates from ``obsm`` or ``obs``, compared between modalities, and their unit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from napari_trsmi.data.readers.found import Holder
from napari_trsmi.data.squidpy_library import MOVED_FROM
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

# Files we wrote may hold negative coordinates moved up in "spatial": those of the input come first.
COORDINATE_KEYS = (MOVED_FROM, "spatial", "X_spatial", "spatial_coords", "coords", "coordinates")
_OBS_PAIRS = (  # (x, y)
    ("pxl_col_in_fullres", "pxl_row_in_fullres"),
    ("imagecol", "imagerow"),
    ("x_centroid", "y_centroid"),
    ("x", "y"),
    ("X", "Y"),
    ("array_col", "array_row"),
)
_VISIUM_SHAPES = ((78, 128), (128, 224))  # (rows, columns) of the slides with 6.5 and 11 mm capture areas
_HALF_PITCH = 50.0  # um from one array column to the next; spots of a row are two columns, 100 um, apart
_ROW_PITCH = 50.0 * np.sqrt(3.0)  # um from one array row to the next
_DIFFERENCE = 1e-4  # share of the section's extent


class Coordinates(NamedTuple):
    """Positions of the spots: (N, 2) float64 (x, y), um per unit where known, and notes."""

    xy: np.ndarray
    microns_per_unit: float | None
    notes: list[str]


def find_coordinates(holders: Sequence[Holder], names: pd.Index, obs: pd.DataFrame) -> Coordinates:
    """Return the coordinates of the spots `names`, from the first holder that has all of them.

    Array indices of a Visium slide, which stand on a squeezed grid, become micrometres, with a note.

    Parameters
    ----------
    holders
        Where to look, in this order.
    names
        (N,) barcodes.
    obs
        (N, n) annotations of the spots; ``array_row`` and ``array_col`` tell the micrometres per pixel on Visium.

    Raises
    ------
    DataError
        There are no coordinates, some are NaN or infinite, or all spots lie in one place.
    """
    found = [(holder.label, xy) for holder in holders if (xy := _of_holder(holder, names)) is not None]
    if not found:
        keys = sorted({str(key) for holder in holders for key in holder.obsm})
        raise DataError(
            f"Expected coordinates in obsm['spatial'] or in obs columns x and y, found none "
            f"(obsm has {keys or 'no keys'}). Add them as an (N, 2) array of x and y."
        )
    label, xy = next(((label, xy) for label, xy in found if np.isfinite(xy).all()), found[0])
    bad = int((~np.isfinite(xy)).any(axis=1).sum())
    if bad:
        raise DataError(
            f"Expected finite coordinates, found none, NaN or infinity for {bad} of {len(xy)} spots in {label}. "
            "Remove those spots or fill in their coordinates."
        )
    extent = np.ptp(xy, axis=0).max()
    if len(xy) > 1 and extent == 0:
        raise DataError(
            f"Expected spots at different places, found all {len(xy)} at {tuple(xy[0])}. Check obsm['spatial']."
        )
    notes = []
    for other, theirs in found:
        apart = np.nanmax(np.abs(theirs - xy), initial=0.0)
        if apart > _DIFFERENCE * extent:
            notes.append(f"Coordinates in {other} differ from those in {label} by up to {apart:.4g}: used {label}.")
    if (microns := _visium_microns(xy)) is not None:
        notes.append("The coordinates are array indices of a Visium slide: turned into micrometres.")
        return Coordinates(microns, 1.0, notes)
    return Coordinates(xy, _microns_per_unit(xy, obs), notes)


def _of_holder(holder: Holder, names: pd.Index) -> np.ndarray | None:
    """Return (N, 2) float64 (x, y) of the spots `names`, NaN where the holder lacks one; None where it has no key."""
    values = None
    for key in COORDINATE_KEYS:
        if key in holder.obsm and not _is_membership(holder.obsm[key]):
            values = holder.obsm[key]
            break
    else:
        for pair in _OBS_PAIRS:
            if set(pair) <= set(holder.obs.columns):
                key, values = " and ".join(pair), holder.obs[list(pair)]
                break
    if values is None:
        return None
    try:
        xy = np.asarray(values.toarray() if sparse.issparse(values) else values, dtype=np.float64)  # (N, 2 or 3)
    except (TypeError, ValueError):
        raise DataError(f"Expected numbers as coordinates in {key!r} of {holder.label}, found other values.") from None
    if xy.ndim != 2 or xy.shape[1] not in (2, 3):
        raise DataError(
            f"Expected (N, 2) coordinates in {key!r} of {holder.label}, found shape {xy.shape}. "
            "Keep the columns x and y."
        )
    if xy.shape[1] == 3:
        log.info("Left out the third coordinate in %s of %s.", key, holder.label)
    rows = holder.obs.index.get_indexer(names)
    taken = xy[rows, :2]
    taken[rows < 0] = np.nan
    return taken


def _is_membership(values: Any) -> bool:
    """Return whether this is MuData's record of which spots a modality has, kept in ``obsm`` under its name."""
    return getattr(getattr(values, "dtype", None), "kind", "") == "b"


def _visium_microns(xy: np.ndarray) -> np.ndarray | None:
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
        as_row_column = first < n_rows and second < n_columns
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
