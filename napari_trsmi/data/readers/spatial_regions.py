"""Where the spots of a SpatialData region are, and the picture beneath them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.pyramids import Pyramid
from napari_trsmi.data.spatialdata_store import quietly
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from spatialdata import SpatialData

_LARGEST_IMAGE = 3000  # pixels on the longer side
_SAME = 1e-6
_PRIMARIES = ("red", "green", "blue")


@dataclass(frozen=True)
class Region:
    """What is known of one region.

    Attributes
    ----------
    name
        Its name.
    places
        (n, 2) float64 x and y of its instances by their number as text, in the frame of the image where there is one.
    entry
        Image, scale factors and diameter, as squidpy keeps those of a library.
    notes
        Sentences a person should read.
    pyramids
        {image: the whole of it, on disk}, where `entry` has a small copy.
    shapes
        Polygons of the instances (a file, or a GeoSeries), and the (3, 3) map of them to `places`; None where there are
        none.
    systems
        Names of the coordinate systems it lies in.
    """

    name: str
    places: pd.DataFrame
    entry: dict[str, Any]
    notes: tuple[str, ...] = ()
    pyramids: dict[str, Pyramid] = field(default_factory=dict)
    shapes: tuple[Any, np.ndarray] | None = None
    systems: frozenset[str] = frozenset()

    def at(self, instances: pd.Index) -> np.ndarray:
        """Return (N, 2) float64 x and y of instances, NaN for those that the region lacks."""
        return self.places.reindex(instances).to_numpy(np.float64)


def as_text(values: Any) -> pd.Index:
    """Return instances as text that is the same for 1, 1.0 and "1"; missing ones are empty.

    Examples
    --------
    >>> as_text([1.0, "1", " a ", None]).tolist()
    ['1', '1', 'a', '']
    """
    import pandas as pd

    index = pd.Index(values)
    if isinstance(index.dtype, np.dtype) and index.dtype.kind in "iu":
        return pd.Index(index.astype(str), dtype=object)

    def text(value: Any) -> str:
        if pd.isna(value):
            return ""
        if isinstance(value, float | np.floating) and float(value).is_integer():
            return str(int(value))
        return (value.decode(errors="replace") if isinstance(value, bytes) else str(value)).strip()

    return pd.Index([text(value) for value in index], dtype=object)


def find_region(sdata: SpatialData, name: str) -> Region:
    """Return places and picture of a region.

    Where an image is turned or shifted against the region, the places are moved into the image's own frame.

    Raises
    ------
    DataError
        The store has no such element.
    """
    with quietly():
        if name not in sdata:
            there = [*sdata.shapes, *sdata.labels]
            raise DataError(f"Expected the region {name!r} that the table annotates, found {there}. Write it again.")
        return _region(sdata, name)


def _region(sdata: SpatialData, name: str) -> Region:
    from spatialdata.transformations import get_transformation

    element = sdata[name]
    systems = list(get_transformation(element, get_all=True))
    system, image = _system_and_image(sdata, systems)
    places, notes = _centroids(element, name, system)
    diameter = None
    if "radius" in getattr(element, "columns", ()):
        to_system = get_transformation(element, system).to_affine_matrix(("x", "y"), ("x", "y"))
        diameter = 2.0 * float(np.median(element["radius"])) * _stretch(to_system)
    entry: dict[str, Any] = {"images": {}, "scalefactors": {}}
    pyramids: dict[str, Pyramid] = {}
    moved = np.eye(3)
    if image is not None:
        pixels, level_scale, to_system, more = _picture(sdata, image, system)
        notes += more
        stretch = _stretch(to_system)
        if not np.allclose(to_system, np.diag([stretch, stretch, 1.0]), atol=_SAME * stretch):
            back = np.linalg.inv(to_system)
            moved = back
            places[["x", "y"]] = places.to_numpy() @ back[:2, :2].T + back[:2, 2]  # frame of the image
            diameter = None if diameter is None else diameter / stretch
            stretch = 1.0
        entry = {"images": {image: pixels}, "scalefactors": {image: level_scale / stretch}}
        pyramids = _pyramids(sdata, image, level_scale)
    elif len(sdata.images):
        notes.append(
            f"No picture: none of the images {', '.join(sdata.images)} is a plane (channel, y, x) in a coordinate "
            f"system of the region {name!r}, which is in {system!r}."
        )
    if diameter is not None:
        entry["scalefactors"]["spot_diameter_fullres"] = diameter
    return Region(
        name, places, entry, tuple(notes), pyramids, _polygons(sdata, name, system, moved), frozenset(systems)
    )


def _polygons(sdata: SpatialData, name: str, system: str, moved: np.ndarray) -> tuple[Any, np.ndarray] | None:
    """Return the polygons of a region and their map to where its instances are placed, None for circles and labels."""
    from spatialdata.transformations import get_transformation

    if name not in sdata.shapes or not sdata[name].geom_type.isin(("Polygon", "MultiPolygon")).all():
        return None
    to_system = get_transformation(sdata[name], system).to_affine_matrix(("x", "y"), ("x", "y"))
    file = None if sdata.path is None else Path(sdata.path) / "shapes" / name / "shapes.parquet"
    source = file if file is not None and file.is_file() else sdata[name].geometry
    return source, moved @ to_system


def _centroids(element: Any, name: str, system: str) -> tuple[pd.DataFrame, list[str]]:
    """Return (n, 2) float64 x and y of a region's instances by their text, and notes."""
    from spatialdata import get_centroids

    notes = []
    centroids = get_centroids(element, coordinate_system=system).compute()
    if "z" in centroids and centroids["z"].nunique() > 1:
        notes.append(f"Region {name!r} has a third coordinate z: left out, all its planes are seen as one.")
    places = centroids[["x", "y"]].astype(np.float64)
    places.index = as_text(centroids.index)
    if not places.index.is_unique:
        twice = places.index[places.index.duplicated()][0]
        raise DataError(
            f"Expected each instance once in region {name!r}, found {twice!r} more than once. Number them anew."
        )
    return places, notes


def _system_and_image(sdata: SpatialData, systems: Sequence[str]) -> tuple[str, str | None]:
    """Return a coordinate system, one that has an image before others and ``"global"`` before those, and the image."""
    ordered = sorted(systems, key=lambda system: system != "global")
    found = ((system, _best_image(sdata, system)) for system in ordered)
    return next((pair for pair in found if pair[1] is not None), (ordered[0], None))


def _best_image(sdata: SpatialData, system: str) -> str | None:
    """Return the image to show in `system`: hires, then lowres, then one in colours, then any."""
    from spatialdata.models import get_axes_names
    from spatialdata.transformations import get_transformation

    names = [
        name
        for name, image in sdata.images.items()
        if system in get_transformation(image, get_all=True) and get_axes_names(image) == ("c", "y", "x")
    ]

    def rank(name: str) -> int:
        for place, word in enumerate(("hires", "lowres")):
            if word in name:
                return place
        return 2 if _levels(sdata.images[name])[0].sizes["c"] in (3, 4) else 3

    return min(names, key=rank, default=None)


def _levels(image: Any) -> list[Any]:
    """Return the resolutions of an image, finest first."""
    from spatialdata import get_pyramid_levels
    from xarray import DataArray

    return [image] if isinstance(image, DataArray) else list(get_pyramid_levels(image))


def _picture(sdata: SpatialData, name: str, system: str) -> tuple[np.ndarray, float, np.ndarray, list[str]]:
    """Return (H, W, c) pixels, pixels per finest pixel, the (3, 3) map of finest pixels to `system`, and notes."""
    from spatialdata.transformations import get_transformation

    levels = _levels(sdata.images[name])
    level = next((level for level in levels if max(level.sizes["x"], level.sizes["y"]) <= _LARGEST_IMAGE), levels[-1])
    step = -(-max(level.sizes["x"], level.sizes["y"]) // _LARGEST_IMAGE)  # thins out an image without small levels
    channels, notes = _channels(name, level)
    pixels = level.transpose("y", "x", "c")[::step, ::step, channels].to_numpy()
    if len(channels) == 2:
        pixels = np.concatenate([pixels, np.zeros_like(pixels[:, :, :1])], axis=2)
    to_system = get_transformation(levels[0], system).to_affine_matrix(("x", "y"), ("x", "y"))
    return pixels, level.sizes["x"] / levels[0].sizes["x"] / step, to_system, notes


def _pyramids(sdata: SpatialData, name: str, step: float) -> dict[str, Pyramid]:
    """Return {image: the whole of it} where the store has it on disk, and what was read of it is smaller."""
    if sdata.path is None or step >= 1.0:
        return {}
    level = _levels(sdata.images[name])[0]
    names = tuple(str(channel) for channel in level.coords["c"].to_numpy()) if "c" in level.coords else ()
    shown, _ = _channels(name, level)
    colored = level.dtype == np.uint8 and shown == [0, 1, 2] and level.sizes["c"] in (3, 4) and _are_colors(names)
    return {name: Pyramid((Path(sdata.path) / "images" / name,), names, step, colored)}


def _are_colors(channels: Sequence[str]) -> bool:
    """Return whether three or four channels are red, green and blue, or have no names but their numbers."""
    lower = [channel.strip().lower() for channel in channels]
    initials = [word[0] for word in _PRIMARIES]
    return lower[:3] in ([], list(_PRIMARIES), initials, ["0", "1", "2"])


def _channels(name: str, image: Any) -> tuple[list[int], list[str]]:
    """Return which channels of an image to show, at most three, and a note where there are others.

    Channels called r, g, b or red, green, blue go in this order. Of other images one channel is grey; of several the
    first three are shown in red, green and blue, as an alpha channel comes last.
    """
    names = [str(channel) for channel in image.coords["c"].to_numpy()] if "c" in image.coords else []
    n = int(image.sizes["c"])
    lower = [channel.strip().lower() for channel in names]
    for primaries in (_PRIMARIES, tuple(word[0] for word in _PRIMARIES)):
        if set(primaries) <= set(lower):
            return [lower.index(word) for word in primaries], []
    colored = image.dtype == np.uint8 and n in (3, 4) and lower in ([], [str(i) for i in range(n)])
    if n == 1 or colored:
        return list(range(min(n, 3))), []
    shown = list(range(min(n, 3)))
    listed = ", ".join(names[i] if names else str(i) for i in shown)
    colors = ", ".join(_PRIMARIES[: len(shown)])
    return shown, [f"Image {name!r} has {n} channels: shown are {listed} in {colors}."]


def _stretch(matrix: np.ndarray) -> float:
    """Return by how much a (3, 3) affine map lengthens, on average over directions."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
