"""SpatialData folders, read through the optional spatialdata library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.readers.found import Found, Holder, combined, found_in_anndata
from napari_trsmi.data.tables import import_spatialdata
from napari_trsmi.errors import ChoiceError, DataError

if TYPE_CHECKING:
    from anndata import AnnData
    from spatialdata import SpatialData

_LARGEST_IMAGE = 3000  # pixels on the longer side
_SAME = 1e-6


def from_spatialdata(path: Path, library: str | None = None) -> Found:
    """Return the tables of a SpatialData folder, with positions and image of the region they annotate.

    Each table is a modality. Spots sit at the centroids of their region's shapes or labels. Where an image is turned
    or shifted against them, the coordinates are moved into the image's own frame.

    Parameters
    ----------
    path
        The ``.zarr`` folder.
    library
        Region to use, where a table annotates several.

    Raises
    ------
    DataError
        The library is not installed, there is no table, or several regions and none was chosen.
    """
    sdata = import_spatialdata().read_zarr(path)
    if not sdata.tables:
        raise DataError(f"Expected a table in {path}, found only {list(sdata.images)}. Choose SpatialData with counts.")
    regions: dict[str, Holder] = {}
    parts = {}
    for name, table in sdata.tables.items():
        rows, region = _annotated(table, library)
        if region is not None:
            table = table[rows].copy()
            if region not in regions:
                regions[region] = _where(sdata, table, region)
        part = found_in_anndata(table, name if len(sdata.tables) > 1 else "")
        part.stored = {name: sdata.tables[name].obs_names}
        parts[name] = part
    found = combined(parts) if len(parts) > 1 else next(iter(parts.values()))
    stored = {name: index for part in parts.values() for name, index in part.stored.items()}
    return Found(found.tables, [*regions.values(), *found.holders], found.hints, found.notes, stored)


def _annotated(table: AnnData, library: str | None) -> tuple[np.ndarray, str | None]:
    """Return the rows that annotate the chosen region, and its name; None for a table that annotates nothing."""
    attributes = table.uns.get("spatialdata_attrs", {})
    key = attributes.get("region_key")
    if key not in table.obs:
        return np.arange(table.n_obs), None
    of_row = table.obs[key].astype(str).to_numpy()
    present = list(dict.fromkeys(of_row))
    if library is None and len(present) > 1:
        raise ChoiceError("regions", present)
    if library is not None and library not in present:
        raise DataError(f"Expected one of the regions {present}, found {library!r}. Choose one of them.")
    region = library or present[0]
    return np.flatnonzero(of_row == region), region


def _where(sdata: SpatialData, table: AnnData, region: str) -> Holder:
    """Return centroids, image and spot diameter of a region in the form that squidpy keeps in AnnData."""
    from spatialdata import get_centroids
    from spatialdata.transformations import get_transformation

    if region not in sdata:
        there = [*sdata.shapes, *sdata.labels]
        raise DataError(f"Expected the region {region!r} that the table annotates, found {there}. Write it again.")
    element = sdata[region]
    systems = list(get_transformation(element, get_all=True))
    system = _best_system(sdata, systems)
    centroids = get_centroids(element, coordinate_system=system).compute()
    instances = table.obs[table.uns["spatialdata_attrs"]["instance_key"]]
    xy = centroids[["x", "y"]].reindex(instances).to_numpy(np.float64)  # (N, 2)
    diameter = None
    if "radius" in getattr(element, "columns", ()):
        to_system = get_transformation(element, system).to_affine_matrix(("x", "y"), ("x", "y"))
        diameter = 2.0 * float(np.median(element["radius"])) * _stretch(to_system)
    entry: dict[str, Any] = {"images": {}, "scalefactors": {}}
    name = _best_image(sdata, system)
    if name is not None:
        pixels, level_scale, to_system = _image(sdata, name, system)
        stretch = _stretch(to_system)
        if not np.allclose(to_system, np.diag([stretch, stretch, 1.0]), atol=_SAME * stretch):
            xy = xy @ np.linalg.inv(to_system)[:2, :2].T + np.linalg.inv(to_system)[:2, 2]  # frame of the image
            diameter = None if diameter is None else diameter / stretch
            stretch = 1.0
        entry = {"images": {name: pixels}, "scalefactors": {name: level_scale / stretch}}
    if diameter is not None:
        entry["scalefactors"]["spot_diameter_fullres"] = diameter
    return Holder(f"region {region!r}", table.obs.iloc[:, :0], {"spatial": xy}, {"spatial": {region: entry}})


def _best_system(sdata: SpatialData, systems: list[str]) -> str:
    """Return a coordinate system that has an image too, ``"global"`` before others."""
    ordered = sorted(systems, key=lambda system: system != "global")
    return next((system for system in ordered if _best_image(sdata, system) is not None), ordered[0])


def _best_image(sdata: SpatialData, system: str) -> str | None:
    """Return the image to show in `system`: hires, then lowres, then any with 1, 3 or 4 channels."""
    from spatialdata.models import get_axes_names
    from spatialdata.transformations import get_transformation

    names = [
        name
        for name, image in sdata.images.items()
        if system in get_transformation(image, get_all=True)
        and get_axes_names(image) == ("c", "y", "x")
        and _levels(image)[0].sizes["c"] in (1, 3, 4)
    ]
    rank = {"hires": 0, "lowres": 1}
    return min(names, key=lambda name: next((r for word, r in rank.items() if word in name), 2), default=None)


def _levels(image: Any) -> list[Any]:
    """Return the resolutions of an image, finest first."""
    from spatialdata import get_pyramid_levels
    from xarray import DataArray

    return [image] if isinstance(image, DataArray) else list(get_pyramid_levels(image))


def _image(sdata: SpatialData, name: str, system: str) -> tuple[np.ndarray, float, np.ndarray]:
    """Return (H, W, c) pixels, pixels per finest pixel, and the (3, 3) map of finest pixels (x, y) to `system`."""
    from spatialdata.transformations import get_transformation

    levels = _levels(sdata.images[name])
    level = next((level for level in levels if max(level.sizes["x"], level.sizes["y"]) <= _LARGEST_IMAGE), levels[-1])
    step = -(-max(level.sizes["x"], level.sizes["y"]) // _LARGEST_IMAGE)  # thins out an image without small levels
    pixels = level.transpose("y", "x", "c")[::step, ::step].to_numpy()
    to_system = get_transformation(levels[0], system).to_affine_matrix(("x", "y"), ("x", "y"))
    return pixels, level.sizes["x"] / levels[0].sizes["x"] / step, to_system


def _stretch(matrix: np.ndarray) -> float:
    """Return by how much a (3, 3) affine map lengthens, on average over directions."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
