"""The tissue image of a library in ``uns["spatial"]``, as squidpy lays it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_trsmi.data.dataset import TissueImage
from napari_trsmi.errors import DataError

_IMAGE_KEYS = ("hires", "lowres")
MOSTLY = 0.9  # share of spots inside the image from which on the coordinates are taken as they are


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
