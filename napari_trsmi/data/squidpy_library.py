"""What `squidpy.pl.spatial_scatter(adata, color=...)` needs in `uns["spatial"]` to draw without further arguments.

squidpy looks for one library with an image named ``"hires"``, its scale factor and a spot diameter. Data without an
image get a library with a small white one, and negative coordinates, which no image reaches, are moved up to 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_trsmi.data.dataset import Dataset

BLANK = "trsmi_blank"  # the library of data without an image: readers take no picture from it
MOVED_FROM = "spatial_input"  # obsm key of the coordinates as they were, where negative ones had to be moved
_BLANK_SIDE = 256.0
_LARGEST_SIDE = 4096
_ENOUGH = 50_000  # spots whose neighbours are looked for


def make_drawable(table: AnnData, dataset: Dataset) -> None:
    """Complete ``obsm["spatial"]`` and ``uns["spatial"]`` of `table`, in place; what is there already stays.

    Several libraries in one table are left as they are: which one to draw is for the person to say.
    """
    if "spatial" not in table.obsm:
        table.obsm["spatial"] = _coords_of(table, dataset)
    coords = np.asarray(table.obsm["spatial"], dtype=np.float64)[:, :2]
    found = table.uns.get("spatial", {})
    libraries = {
        name: {part: dict(content) if isinstance(content, dict) else content for part, content in library.items()}
        for name, library in found.items()
        if isinstance(library, dict) and name != BLANK  # flags such as "is_single" are no libraries
    }
    if len(libraries) > 1:
        return
    if not libraries:
        libraries = _library_of(dataset)
    library = next(iter(libraries.values()))
    factors = library.setdefault("scalefactors", {})
    factors.setdefault("spot_diameter_fullres", dataset.spot_diameter or 0.9 * spacing(coords))
    images = library.setdefault("images", {})
    if not images:
        if np.nanmin(coords) < 0:  # would be outside of any image
            table.obsm[MOVED_FROM] = table.obsm["spatial"]
            coords = coords - np.nanmin(coords, axis=0) + spacing(coords)
            table.obsm["spatial"] = coords
        factors.setdefault("tissue_hires_scalef", _BLANK_SIDE / max(float(np.nanmax(coords)), 1.0))
        images["hires"] = _blank(coords, float(factors["tissue_hires_scalef"]))
    elif "hires" not in images:
        _add_hires(images, factors)
    table.uns["spatial"] = libraries


def spacing(coords: np.ndarray) -> float:
    """Return the median distance from a spot of `coords` (N, 2) to its fourth nearest neighbour.

    That is the step of a square or hexagonal grid, and about the mean distance of cells scattered at random. Of many
    spots every so-many-th is asked, which takes a second at a million and not eight.
    """
    from scipy.spatial import KDTree

    known = coords[np.isfinite(coords).all(axis=1)]
    if len(known) < 2:
        return 1.0
    some = known[:: 1 + len(known) // _ENOUGH]
    distance = KDTree(known).query(some, k=min(5, len(known)))[0][:, -1]
    return float(np.median(distance)) or 1.0


def _library_of(dataset: Dataset) -> dict[str, Any]:
    """Return the dataset's image as a library, or the blank library where there is no image."""
    if dataset.image is None:
        return {BLANK: {}}
    return {
        dataset.library or dataset.name: {
            "images": {"hires": dataset.image.pixels},
            "scalefactors": {"tissue_hires_scalef": float(dataset.image.scale)},
        }
    }


def _add_hires(images: dict[str, Any], factors: dict[str, Any]) -> None:
    """Add the image that is there under the name ``"hires"``, at the size its scale factor says."""
    key, pixels = next(iter(images.items()))
    scale = float(factors.get(f"tissue_{key}_scalef", factors.get(key, 1.0)))
    ratio = float(factors.get("tissue_hires_scalef", scale)) / scale
    height, width = (round(side * ratio) for side in pixels.shape[:2])
    if ratio == 1.0 or not 0 < max(height, width) <= _LARGEST_SIDE:
        images["hires"] = pixels
        factors["tissue_hires_scalef"] = scale
        return
    rows = np.minimum((np.arange(height) + 0.5) / ratio, pixels.shape[0] - 1).astype(int)
    columns = np.minimum((np.arange(width) + 0.5) / ratio, pixels.shape[1] - 1).astype(int)
    images["hires"] = np.asarray(pixels)[rows[:, None], columns]


def _blank(coords: np.ndarray, scale: float) -> np.ndarray:
    """(H, W, 3) uint8 white image that reaches one spot beyond the last."""
    width, height = np.ceil((np.nanmax(coords, axis=0) + spacing(coords)) * scale).astype(int) + 1
    return np.full((int(height), int(width), 3), 255, dtype=np.uint8)


def _coords_of(table: AnnData, dataset: Dataset) -> np.ndarray:
    """(n, 2) float64 coordinates of the table's spots, NaN for spots that were not analysed."""
    import pandas as pd

    rows = pd.Index(dataset.obs_names).get_indexer(table.obs_names)
    coords = np.full((len(rows), 2), np.nan)
    coords[rows >= 0] = dataset.coords[rows[rows >= 0]]
    return coords
