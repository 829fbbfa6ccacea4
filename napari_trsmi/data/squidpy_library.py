"""What `squidpy.pl.spatial_scatter(adata, color=...)` needs in `uns["spatial"]` to draw without further arguments.

squidpy looks for one library with an image, its scale factor and a spot diameter. Data without an image get a library
with a small white one, and negative coordinates, which no image reaches, are moved up to 0. What squidpy cannot use
stays in the table under another key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.libraries import (
    BLANK,
    ESTIMATED,
    MOVED_FROM,
    as_number,
    lacks_library_level,
    libraries_in,
    made_up,
    positive,
    scale_names,
    scale_of,
    spacing,
)

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_trsmi.data.dataset import Dataset, TissueImage

_COMPLETED = {"tissue_hires_scalef", "spot_diameter_fullres", "microns_per_pixel"}
_BLANK_SIDE = 256.0
_LARGEST_SIDE = 4096


def make_drawable(table: AnnData, dataset: Dataset, rows: np.ndarray | None = None) -> None:
    """Complete ``obsm["spatial"]`` and ``uns["spatial"]`` of `table`, in place; what is there already stays.

    Several libraries in one table are left as they are: which one to draw is for the person to say.

    Parameters
    ----------
    table
        Holds spots of the dataset.
    dataset
        The analysed section.
    rows
        (N,) int row of each spot in `table`, -1 where it lacks the spot; without them spots are looked for by name.
    """
    from napari_trsmi.data.readers.images import tissue_image

    coords = _drawable_coords(table, dataset, rows)
    found = table.uns.get("spatial", {})
    libraries = {name: entry for name, entry in libraries_in(found).items() if name != BLANK}
    if len(libraries) > 1 or not np.isfinite(coords).any():
        return
    name, entry = next(iter(libraries.items()), _library_of(dataset))
    library, unused = _usable(entry)
    kept: Any = found
    if isinstance(found, Mapping):
        flags = {} if lacks_library_level(found) else {k: v for k, v in found.items() if not isinstance(v, Mapping)}
        kept = flags | ({name: unused} if unused else {})
    if not isinstance(found, Mapping) or kept:
        table.uns[MOVED_FROM] = kept
    image = dataset.image or tissue_image(entry)[0]
    if image is None and np.nanmin(coords) < 0:  # would be outside of any image
        table.obsm[MOVED_FROM] = table.obsm["spatial"]
        coords = coords - np.nanmin(coords, axis=0) + spacing(coords)
        table.obsm["spatial"] = coords
    _complete(library, dataset, coords, image)
    table.uns["spatial"] = {name: library}


def _library_of(dataset: Dataset) -> tuple[str, Mapping[str, Any]]:
    """Return name and content of the library that a section was read with, or of the blank one without an image."""
    name = dataset.library or dataset.name
    if dataset.library is not None and dataset.library_entry:
        return name, dataset.library_entry
    if dataset.image is None:
        return BLANK, {}
    factors = {f"tissue_{dataset.image.key}_scalef": float(dataset.image.scale)}
    return name, {"images": {dataset.image.key: dataset.image.pixels}, "scalefactors": factors}


def _usable(entry: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a copy of a library with what squidpy draws, and {part: what it cannot use}.

    squidpy draws the first image in the order of the alphabet, so nothing it cannot draw may stand before ``"hires"``.
    """
    library = {part: content for part, content in entry.items() if part != ESTIMATED}
    unused: dict[str, Any] = {}
    for part in ("images", "scalefactors"):
        found = entry.get(part)
        library[part] = dict(found) if isinstance(found, Mapping) else {}
        if found is not None and not isinstance(found, Mapping):
            unused[part] = found
        for name in made_up(entry):
            library[part].pop(name, None)
    images, factors = library["images"], library["scalefactors"]
    factors.update({key: number for key, value in factors.items() if (number := as_number(value)) is not None})
    for key, pixels in list(images.items()):
        scaled = scale_of(library, key) or (key == "hires" and not set(scale_names(key)) & set(factors))
        if pixels is None or (str(key) <= "hires" and not (scaled and _is_drawn(pixels))):
            del images[key]
            if pixels is not None:
                unused.setdefault("images", {})[key] = pixels
    for name in _COMPLETED & set(factors):
        if positive(library, name) is None:
            unused.setdefault("scalefactors", {})[name] = factors.pop(name)
    return library, unused


def _is_drawn(pixels: Any) -> bool:
    """Return whether matplotlib draws it as a picture in colour."""
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or 0 in pixels.shape:
        return False
    return pixels.dtype == np.uint8 or (pixels.dtype.kind == "f" and bool(0 <= pixels.min() <= pixels.max() <= 1))


def _complete(library: dict[str, Any], dataset: Dataset, coords: np.ndarray, image: TissueImage | None) -> None:
    """Add to a library what squidpy asks for and what is known of the section, in place."""
    factors, images, estimated = library["scalefactors"], library["images"], []
    if dataset.microns_per_unit is not None:
        factors.setdefault("microns_per_pixel", dataset.microns_per_unit)
    if "spot_diameter_fullres" not in factors:
        factors["spot_diameter_fullres"] = dataset.spot_diameter or 0.9 * spacing(coords)
        estimated += [] if dataset.spot_diameter else ["spot_diameter_fullres"]
    scale = _BLANK_SIDE / max(float(np.nanmax(coords)), 1.0) if image is None else float(image.scale)
    if (wanted := scale_of(library, "hires")) is None:
        factors["tissue_hires_scalef"] = wanted = scale
        estimated.append("tissue_hires_scalef")
    if "hires" not in images:
        estimated += ["hires"] if image is None or image.key in images else []
        if image is None:
            images["hires"] = _blank(coords, wanted)
        else:
            images["hires"], factors["tissue_hires_scalef"] = _resized(image.pixels, scale, wanted)
    if estimated:
        library[ESTIMATED] = np.array(estimated)


def _resized(pixels: np.ndarray, scale: float, wanted: float) -> tuple[np.ndarray, float]:
    """Return an image brought to a scale factor, and that; one that would be too large stays as it is."""
    ratio = wanted / scale
    height, width = (round(side * ratio) for side in pixels.shape[:2])
    if ratio == 1.0 or not 0 < max(height, width) <= _LARGEST_SIDE:
        return pixels, scale
    rows = np.minimum((np.arange(height) + 0.5) / ratio, pixels.shape[0] - 1).astype(int)
    columns = np.minimum((np.arange(width) + 0.5) / ratio, pixels.shape[1] - 1).astype(int)
    return pixels[rows[:, None], columns], wanted


def _blank(coords: np.ndarray, scale: float) -> np.ndarray:
    """(H, W, 3) uint8 white image that reaches one spot beyond the last."""
    width, height = np.ceil((np.nanmax(coords, axis=0) + spacing(coords)) * scale).astype(int) + 1
    return np.full((int(height), int(width), 3), 255, dtype=np.uint8)


def _drawable_coords(table: AnnData, dataset: Dataset, rows: np.ndarray | None) -> np.ndarray:
    """Return (n, 2) float64 (x, y) of the table's spots, NaN where unknown, and put them in place if need be.

    A plain array in ``obsm["spatial"]`` is left there. Anything else, such as a DataFrame with columns in an order of
    its own or a sparse matrix, which squidpy does not draw, moves to another key; the section's own coordinates, NaN
    for spots that were not analysed, take its place.
    """
    found = table.obsm.get("spatial")
    if not (isinstance(found, np.ndarray) and found.dtype.kind in "iuf" and found.ndim == 2 and found.shape[1] > 1):
        if found is not None:
            table.obsm[MOVED_FROM] = found
        table.obsm["spatial"] = found = _coords_of(table, dataset, rows)
    coords = found[:, :2].astype(np.float64)
    coords[~np.isfinite(coords)] = np.nan
    return coords


def _coords_of(table: AnnData, dataset: Dataset, rows: np.ndarray | None) -> np.ndarray:
    """(n, 2) float64 coordinates of the table's spots, NaN for spots that were not analysed."""
    from napari_trsmi.data.annotate import find_rows

    rows = find_rows(dataset, table) if rows is None else rows
    known = (rows >= 0) & (rows < table.n_obs)
    coords = np.full((table.n_obs, 2), np.nan)
    coords[rows[known]] = dataset.coords[known]
    return coords
