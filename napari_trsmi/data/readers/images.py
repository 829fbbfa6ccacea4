"""The tissue image of a library in ``uns["spatial"]``, as squidpy lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_trsmi.data.dataset import TissueImage
from napari_trsmi.data.libraries import (
    BLANK,
    MOVED_FROM,
    lacks_library_level,
    libraries_in,
    made_up,
    positive,
    scale_names,
    scale_of,
)
from napari_trsmi.data.readers.found import Holder
from napari_trsmi.data.readers.pixels import as_rgb
from napari_trsmi.errors import DataError

__all__ = ["MOSTLY", "kind_of", "positive", "share_inside", "tissue_image"]

_FLAGS = ("is_single",)  # entries of the CELLxGENE schema beside the libraries
_IMAGE_KEYS = ("hires", "lowres")
MOSTLY = 0.9  # share of spots inside the image from which on the coordinates are taken as they are


def notes_on_libraries(holders: Sequence[Holder]) -> list[str]:
    """Return what a person should know of a ``uns["spatial"]`` that is not as squidpy lays it out."""
    notes = []
    for spatial in (holder.uns.get("spatial") for holder in holders):
        if spatial is None:
            continue
        if not isinstance(spatial, Mapping):
            what = kind_of(spatial)
        elif lacks_library_level(spatial):
            notes.append("uns['spatial'] has no level of libraries: took its images and scale factors for one library.")
            continue
        else:
            other = [name for name, entry in spatial.items() if not isinstance(entry, Mapping) and name not in _FLAGS]
            what = f"{', '.join(map(repr, other[:3]))} without images and scale factors" if other else ""
        if what:
            notes.append(f"uns['spatial'] holds {what}: no library. A saved copy has it in uns[{MOVED_FROM!r}].")
    return list(dict.fromkeys(notes))


def factors_of_blank(holders: Sequence[Holder]) -> Mapping[str, Any]:
    """Return what the library that a saved result without image carries for squidpy's plots says of the section."""
    blanks = (libraries_in(holder.uns.get("spatial")).get(BLANK, {}) for holder in holders)
    return next((blank for blank in blanks if made_up(blank)), {})


def tissue_image(entry: Mapping[str, Any]) -> tuple[TissueImage | None, list[str]]:
    """Return the best image of a library (hires before lowres, without a scale factor last) with its factor, and notes.

    What is no picture, or has a scale factor that is none, is passed over for the next one, and told.
    """
    images = entry.get("images")
    if images is None:
        return None, []
    if not isinstance(images, Mapping):
        return None, [f"Left out the image: uns['spatial'] has no images by name but {kind_of(images)}."]
    invented = made_up(entry)
    keys = [key for key in dict.fromkeys((*_IMAGE_KEYS, *images)) if key in images and key not in invented]
    keys.sort(key=lambda key: scale_of(entry, key) is None and _given_scale(entry, key) is None)  # those last
    notes = []
    for key in keys:
        try:
            pixels, more = as_rgb(images[key])
        except DataError as error:
            notes.append(f"Left out the image {key!r}. {error}")
            continue
        scale = scale_of(entry, key)
        if scale is None and (given := _given_scale(entry, key)) is not None:
            notes.append(
                f"Left out the image {key!r}. Expected a positive scale factor, found {given!s:.40}. "
                "Correct uns['spatial']."
            )
            continue
        if scale is None:
            scale = 1.0
            more.append(f"No scale factor for the image {key!r}: took 1 image pixel per unit of the coordinates.")
        return TissueImage(pixels, scale, str(key)), [*notes, *more]
    return None, notes


def _given_scale(entry: Mapping[str, Any], key: str) -> Any:
    """Return what stands for the scale factor of an image, whatever it is; None where nothing does."""
    factors = entry.get("scalefactors")
    factors = factors if isinstance(factors, Mapping) else {}
    return next((factors[name] for name in scale_names(key) if name in factors and name not in made_up(entry)), None)


def kind_of(value: Any) -> str:
    """Return a word or two on what an object is, for a sentence."""
    shape = getattr(value, "shape", ())
    return f"an array of shape {tuple(shape)}" if shape else type(value).__name__


def share_inside(coords: np.ndarray, image: TissueImage) -> float:
    """Return the share of spots in [0, 1] that lie inside the image; `coords` are (N, 2) (x, y)."""
    height, width = image.pixels.shape[:2]
    at = coords * image.scale
    return float(((at >= 0) & (at <= (width, height))).all(axis=1).mean())
