"""GeoJSON as QuPath writes and reads it: polygons with a name, a colour and numbers, in pixels of the full image."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import NAMESPACE_OID, uuid5

import numpy as np

from napari_trsmi.atomic import replacing
from napari_trsmi.errors import DataError
from napari_trsmi.exchange.columns import Column, column_of, inside, rows_within, spread
from napari_trsmi.exchange.labels import Labels, by_section, labels_of
from napari_trsmi.exchange.outlines import Ground, pixels_per_unit, regions, tiles
from napari_trsmi.exchange.packed import start_of, title_of
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

COLUMN = "trsmi_column"  # in the metadata of an object: the column it is of
_MOST = 200_000_000  # bytes that are read, unpacked


CLASS = "class"  # what the column of classifications is called, after the name of the file


class Region(NamedTuple):
    """An object of a file.

    Attributes
    ----------
    column
        That it is of, where the file tells one.
    name, color
        Of the object; the colour may be None.
    kind, kind_color
        Its classification, empty where it has none, and the colour of that or None.
    polygon
        Of shapely.
    """

    column: str | None
    name: str
    color: str | None
    kind: str
    kind_color: str | None
    polygon: Any


# Writing


def write_geojson(
    source: Result | Dataset, path: str | Path, columns: Sequence[str] | None = None, *, smooth: bool = False
) -> tuple[Path, ...]:
    """Write domains and regions as polygons, and return the paths; of a study one file for each section.

    Each is an annotation of QuPath, with its name also as classification, the number of its spots, and of domains the
    mean confidence and support as measurements.

    Parameters
    ----------
    path
        Ends in ``.geojson``.
    columns
        See `exchange.labels.labels_of`.
    smooth
        Round the corners; else the polygons are the ground of the spots to the corner, see `exchange.outlines.tiles`.

    Raises
    ------
    DataError
        There is no such column, or the file cannot be written.
    """
    from napari_trsmi.data.result import Result

    labels_of(source, columns)  # before anything is written
    written = []
    for part, own in by_section(source, Path(path)):
        dataset = part.dataset if isinstance(part, Result) else part
        ground, scale = tiles(dataset), pixels_per_unit(dataset)
        features = [one for found in labels_of(part, columns) for one in _features(found, ground, scale, smooth)]
        with replacing(own) as temporary:
            text = json.dumps({"type": "FeatureCollection", "features": features}, allow_nan=False)
            temporary.write_text(text, encoding="utf-8")
        written.append(own)
    return tuple(written)


def _features(labels: Labels, ground: Ground, scale: float, smooth: bool) -> Iterator[dict[str, Any]]:
    import shapely

    polygons = regions(ground, labels.codes, len(labels.names), smooth=smooth)
    for group, (name, color, count) in enumerate(zip(labels.names, labels.colors, labels.counts, strict=True)):
        if not count or shapely.is_empty(polygons[group]):
            continue
        polygon = shapely.transform(polygons[group], lambda corners: corners * scale)
        rgb = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
        own = labels.codes == group
        means = {f"Mean {what}": round(float(np.mean(values[own])), 4) for what, values in labels.numbers.items()}
        yield {
            "type": "Feature",
            "id": _id(labels.title, name),
            "geometry": json.loads(shapely.to_geojson(polygon)),
            "properties": {
                "objectType": "annotation",
                "name": name,
                "color": rgb,
                "classification": {"name": name, "color": rgb},
                "isLocked": False,
                "measurements": {"Spots": int(count), **{k: v for k, v in means.items() if np.isfinite(v)}},
                "metadata": {COLUMN: labels.title},
            },
        }


def _id(column: str, name: str) -> str:
    return str(uuid5(NAMESPACE_OID, f"{column}/{name}"))


# Reading


def is_geojson(path: Path) -> bool:
    """Return whether a file begins as GeoJSON does; never raises."""
    try:
        start = start_of(path, 4096).decode("utf-8", "replace")
    except OSError:
        return False
    return re.search(r'"(type|geometry)"\s*:\s*("Feature(Collection)?"|"(Multi)?Polygon"|\{)', start) is not None


def read_geojson(dataset: Dataset, path: str | Path, section: str | None = None) -> list[Column]:
    """Return the columns that the polygons of a file make: spots inside have their names.

    A name is that of the object, else its classification, else "Region" with a number. Objects that one of our own
    files gave a column go to that, under their classification where it was changed and the name was not; all others to
    one called as the file, and where they have names beside classifications, to a second one of these. Where polygons
    overlap, the smallest has the spot. Polygons that cross themselves are mended.

    Parameters
    ----------
    path
        GeoJSON, as of QuPath's "Export objects": in pixels of the full image.
    section
        Of a study, the section that they were drawn on.

    Raises
    ------
    DataError
        No GeoJSON, no polygons in it, or no spot in any of them.
    """
    path = Path(path)
    part, rows = rows_within(dataset, section)
    found, told = read_regions(path)
    coords = part.coords * pixels_per_unit(part)
    columns = []
    for title in dict.fromkeys(region.column for region in found):
        own = [region for region in found if region.column == title]
        which, several = inside(coords, [region.polygon for region in own])
        more = f"{many(several, 'spot')} in more than one polygon: counted in the smallest. " if several else ""
        named = [(title or title_of(path), [(region.name, region.color) for region in own])]
        if title is None and any(region.kind not in ("", region.name) for region in own):
            named.append((f"{title_of(path)} {CLASS}", [(region.kind, region.kind_color) for region in own]))
        for called, given in named:
            names = list(dict.fromkeys(name for name, _ in given if name))
            of = np.array([names.index(name) if name else -1 for name, _ in given])
            codes = spread(np.where(which < 0, -1, of[which]), rows, dataset.n_spots)
            colors = {name: color for name, color in given if color}
            columns.append(column_of(dataset, called, codes, names, colors, path, more + told))
    if not any((column.values.codes >= 0).any() for column in columns):
        raise DataError(_missed(path, coords, [region.polygon for region in found]))
    return columns


def read_regions(path: Path) -> tuple[list[Region], str]:
    """Return the polygons of a file, and what of it was left out or mended, in sentences.

    Raises
    ------
    DataError
        No GeoJSON, or no polygons in it.
    """
    found, others, mended = [], 0, 0
    for number, feature in enumerate(_objects(path), 1):
        polygon, valid = _polygon(feature.get("geometry"))
        if polygon is None:
            others += 1
            continue
        mended += not valid
        found.append(_region(feature, polygon, number))
    if not found:
        raise DataError(
            f"Expected polygons in {path}, found none among {others} objects. Export annotations with an area."
        )
    told = [f"{others} objects without an area were left out."] if others else []
    told += [f"Mended {many(mended, 'polygon')} with edges that cross."] if mended else []
    return found, " ".join(told)


def _objects(path: Path) -> list[dict[str, Any]]:
    """Return the features of a collection, of a list of them, or the one there is; a bare geometry is one."""
    wrong = f"Expected GeoJSON in {path}, found {{}}. Export it again as GeoJSON, from QuPath: File > Export objects."
    try:
        content = start_of(path, _MOST + 1)
        if len(content) > _MOST:
            raise DataError(f"Expected a GeoJSON below {_MOST // 10**6} MB, found {path}. Export annotations only.")
        found = json.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise DataError(f"Expected a file at {path}, found that it cannot be read ({error}). Copy it again.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(wrong.format(f"no complete JSON ({error})")) from error
    if isinstance(found, dict) and "features" in found:
        found = found["features"]
    elif isinstance(found, dict):
        found = [found if "geometry" in found else {"geometry": found}]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DataError(wrong.format("other JSON"))
    return found


def _polygon(geometry: Any) -> tuple[Any, bool]:
    """Return the area of a geometry, None where it has none, and whether it was valid."""
    import shapely

    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, ValueError, TypeError):
        return None, False
    if shape is None or not np.isfinite(shapely.get_coordinates(shape)).all():
        return None, False
    valid = bool(shapely.is_valid(shape))
    shape = shape if valid else shapely.make_valid(shape)
    areas = shapely.get_parts(shapely.get_parts(shape))
    areas = areas[shapely.area(areas) > 0]
    if not len(areas):
        return None, False
    return shape if shape.geom_type in ("Polygon", "MultiPolygon") else shapely.union_all(areas), valid


def _region(feature: dict[str, Any], polygon: Any, number: int) -> Region:
    properties = feature.get("properties")
    said = properties if isinstance(properties, dict) else {}
    given = said.get("classification")
    given = given if isinstance(given, dict) else {"name": given}
    several = given.get("names")
    kind = given.get("name") or (": ".join(map(str, several)) if isinstance(several, list) else "")
    kind = "" if kind is None else str(kind)
    name, metadata = said.get("name"), said.get("metadata")
    column = metadata.get(COLUMN) if isinstance(metadata, dict) else None
    column = str(column) if column else None
    kind_color = _color(given.get("color")) or _color(given.get("colorRGB"))
    color = _color(said.get("color")) or kind_color
    if column and kind and name and feature.get("id") == _id(column, str(name)) and kind != str(name):
        name, color = kind, kind_color or color  # as we named it, and put into another class since
    return Region(column, str(name or kind or f"Region {number}"), color, kind, kind_color, polygon)


def _color(value: Any) -> str | None:
    """Return ``"#rrggbb"`` of [red, green, blue], or of the one number that QuPath wrote before version 0.4."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"#{value & 0xFFFFFF:06x}"
    if isinstance(value, list) and len(value) >= 3 and all(isinstance(v, int) and 0 <= v < 256 for v in value[:3]):
        return "#{:02x}{:02x}{:02x}".format(*value[:3])
    return None


def _missed(path: Path, coords: np.ndarray, polygons: list[Any]) -> str:
    import shapely

    def span(box: Sequence[float]) -> str:
        return f"x {box[0]:,.0f} to {box[2]:,.0f}, y {box[1]:,.0f} to {box[3]:,.0f}"

    there = span([*coords.min(axis=0), *coords.max(axis=0)])
    return (
        f"Expected polygons over the spots ({there} in pixels of the full image), found no spot in the {len(polygons)} "
        f"of {path} ({span(shapely.total_bounds(np.asarray(polygons, dtype=object)))}). Export them from the full "
        "image of this section."
    )
