"""A large picture given beside a section: an OME-TIFF or OME-Zarr of the same tissue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_trsmi.data.dataset import Dataset, TissueImage
from napari_trsmi.data.pyramids import Pyramid, is_tiff, pixel_size_of
from napari_trsmi.data.readers.images import MOSTLY, share_inside
from napari_trsmi.data.readers.pixels import as_rgb
from napari_trsmi.errors import DataError

_ZARR_ATTRIBUTES = (".zattrs", "zarr.json")


def is_picture(path: Path) -> bool:
    """Return whether a path is a picture by its name, or by what the metadata of an OME-Zarr say."""
    if is_tiff(path):
        return True
    files = (path / name for name in _ZARR_ATTRIBUTES)
    try:
        content: Any = next((json.loads(file.read_text("utf-8")) for file in files if file.is_file()), {})
        attributes = content.get("attributes", content)
        return "multiscales" in attributes or "multiscales" in attributes.get("ome", {})
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):  # whoever reads it will say so
        return False


def apart(paths: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the paths of tables, and those of pictures.

    Raises
    ------
    DataError
        There are pictures and no tables.
    """
    pictures = tuple(path for path in paths if is_picture(path))
    tables = tuple(path for path in paths if path not in pictures)
    if not tables:
        raise DataError(f"Expected a section, found the picture {pictures[0]} alone. Give the file with its spots too.")
    return tables, pictures


def with_picture(dataset: Dataset, path: Path) -> Dataset:
    """Return the section over a picture, which takes the place of the one it had.

    Where the sizes of a pixel and of a unit of the coordinates are known, these say how the picture lies; else the
    coordinates are taken for pixels of its finest resolution.

    Raises
    ------
    DataError
        The picture cannot be read.
    """
    try:
        pixels, pyramid = Pyramid((path,)).overview()
    except DataError as error:
        raise DataError(f"The picture {path.name} cannot be used. {error}") from error
    shown, notes = as_rgb(pixels)
    size = pixel_size_of(path)
    finest = 1.0
    if size is not None and dataset.microns_per_unit is not None:
        finest = dataset.microns_per_unit / size
    else:
        notes.append(f"Coordinates are taken for pixels of {path.name}: no micrometres are known for one of the two.")
    image = TissueImage(shown, finest * pyramid.step, "hires", pyramid)
    if (share := share_inside(dataset.coords, image)) < MOSTLY:
        notes.append(f"Only {share:.0%} of the spots lie inside the image: check its scale and the order of x and y.")
    return replace(dataset, image=image, notes=(*dataset.notes, *notes))
