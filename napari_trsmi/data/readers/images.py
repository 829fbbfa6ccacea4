"""The tissue image and the libraries in ``uns["spatial"]``, as squidpy lays them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.dataset import TissueImage
from napari_trsmi.data.readers.found import Holder
from napari_trsmi.data.squidpy_library import BLANK
from napari_trsmi.errors import ChoiceError, DataError

if TYPE_CHECKING:
    import pandas as pd

_LIBRARY_COLUMNS = ("library_id", "library", "library_key")
_IMAGE_KEYS = ("hires", "lowres")
MOSTLY = 0.9  # share of spots inside the image from which on the coordinates are taken as they are


def libraries(holders: Sequence[Holder]) -> dict[str, Mapping[str, Any]]:
    """Return {library: its images and scale factors}.

    Entries that are no library (``is_single``) are left out, and so is the stand-in that a saved result carries for
    squidpy's plots.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for holder in holders:
        spatial = holder.uns.get("spatial")
        for name, entry in spatial.items() if isinstance(spatial, Mapping) else ():
            if isinstance(entry, Mapping) and name != BLANK:
                found.setdefault(str(name), entry)
    return found


def choose_library(
    known: Sequence[str], obs: pd.DataFrame, library: str | None
) -> tuple[str | None, np.ndarray | None, list[str]]:
    """Return the library to use, (N,) bool of its spots (None for all), and notes.

    Parameters
    ----------
    known
        Libraries that have an entry in ``uns["spatial"]``.
    obs
        (N, n) annotations of the spots. A column ``library_id`` (or ``library``, ``library_key``), or any other whose
        values are all libraries, splits them.
    library
        The one asked for, or None.

    Raises
    ------
    DataError
        `library` is unknown, or there are several and none was asked for.
    """
    column = next((name for name in _LIBRARY_COLUMNS if name in obs), None)
    if column is None and len(known) > 1:
        textual = [name for name in obs if obs[name].dtype.kind not in "biuf"]
        column = next((name for name in textual if set(obs[name].astype(str)) <= set(known)), None)
    of_spot = np.array([]) if column is None else obs[column].astype(str).to_numpy()
    present = list(dict.fromkeys(of_spot))
    if len(present) < 2 and not set(present) & set(known):  # one name that may not be the one used in uns
        present = list(known)
    if library is not None and library not in present:
        raise DataError(f"Expected one of the libraries {present}, found {library!r}. Choose one of them.")
    if len(present) > 1 and library is None:
        if set(of_spot) >= set(present):
            raise ChoiceError("libraries", present)
        return present[0], None, [f"Several libraries ({', '.join(present)}) for the same spots: used {present[0]!r}."]
    chosen = library if library is not None else next(iter(present), None)
    mask = of_spot == chosen if len(set(of_spot)) > 1 else None
    return chosen, mask, []


def tissue_image(entry: Mapping[str, Any]) -> tuple[TissueImage | None, list[str]]:
    """Return the best image of a library (hires before lowres) with its scale factor, and notes."""
    images = entry.get("images")
    images = images if isinstance(images, Mapping) else {}
    key = next((key for key in (*_IMAGE_KEYS, *images) if key in images), None)
    if key is None:
        return None, []
    scalefactors = _scalefactors(entry)
    notes = []
    for name in (key, f"tissue_{key}_scalef"):
        if name in scalefactors:
            scale = float(scalefactors[name])
            break
    else:
        scale = 1.0
        notes.append(f"No scale factor for the image {key!r}: took 1 image pixel per unit of the coordinates.")
    if not (np.isfinite(scale) and scale > 0):
        raise DataError(
            f"Expected a positive scale factor for the image {key!r}, found {scale:g}. Correct uns['spatial']."
        )
    return TissueImage(as_rgb(images[key]), scale, str(key)), notes


def positive(entry: Mapping[str, Any], name: str) -> float | None:
    """Return a scale factor such as ``spot_diameter_fullres``, or None where it is missing or not positive."""
    value = _scalefactors(entry).get(name)
    return float(value) if value is not None and np.isfinite(value) and value > 0 else None


def _scalefactors(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    found = entry.get("scalefactors")
    return found if isinstance(found, Mapping) else {}


def as_rgb(pixels: Any) -> np.ndarray:
    """Return an image as (H, W, 3) uint8: grey is repeated, alpha dropped, fractions and 16 bits brought to 0..255.

    Raises
    ------
    DataError
        The array is no image.

    Examples
    --------
    >>> as_rgb(np.array([[0.0, 1.0]])).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    pixels = np.asarray(pixels)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or 0 in pixels.shape or pixels.dtype.kind not in "biuf":
        raise DataError(
            f"Expected an image of shape (H, W, 3), found {pixels.dtype} of shape {pixels.shape}. Replace it."
        )
    pixels = pixels[:, :, :3]
    if pixels.dtype != np.uint8:
        pixels = np.nan_to_num(pixels.astype(np.float32), posinf=0.0, neginf=0.0)
        top = float(pixels.max())
        largest = 1.0 if top <= 1 else 255.0 if top <= 255 else 65535.0 if top <= 65535 else top
        pixels = (np.clip(pixels / largest, 0.0, 1.0) * 255.0).round().astype(np.uint8)
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def share_inside(coords: np.ndarray, image: TissueImage) -> float:
    """Return the share of spots in [0, 1] that lie inside the image; `coords` are (N, 2) (x, y)."""
    height, width = image.pixels.shape[:2]
    at = coords * image.scale
    return float(((at >= 0) & (at <= (width, height))).all(axis=1).mean())
