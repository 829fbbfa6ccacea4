"""Domains and regions to and from other programs: QuPath, Loupe, Xenium Explorer, SpatialData, Vitessce."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.exchange.columns import Column

FORMATS = {"geojson": ".geojson", "loupe": ".csv", "xenium": ".csv", "shapes": ".zarr", "vitessce": ".json"}
"""What can be written, and the ending of each."""

__all__ = ["FORMATS", "export", "import_columns", "read_columns"]


def export(
    source: Result | Dataset,
    path: str | Path,
    format: str = "geojson",
    columns: Sequence[str] | None = None,
    *,
    smooth: bool = False,
) -> tuple[Path, ...]:
    """Write domains and columns for another program, and return the paths of what was written.

    Parameters
    ----------
    source
        A result, or a section or study without one.
    path
        With the ending of `FORMATS`; of a study most formats have a file for each section, ``x.<section>.csv``.
    format
        ``"geojson"`` for QuPath, ``"loupe"``, ``"xenium"`` for Xenium Explorer, ``"shapes"`` for SpatialData,
        ``"vitessce"``.
    columns
        Columns to write, and ``"domain"`` for the domains; where not given, the domains and all columns of one's own.
    smooth
        Round the corners of polygons.

    Raises
    ------
    DataError
        There is no such format or column, the file cannot be written, or there is neither result nor section.
    """
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.exchange import geojson, groups, spatial, vitessce

    if not isinstance(source, Result | Dataset):
        raise DataError(
            f"Expected a Result or a Dataset, found {type(source).__name__}. Give what fit, restore or read returns."
        )
    if format not in FORMATS:
        raise DataError(f"Expected a format out of {', '.join(FORMATS)}, found {format!r}. Choose one of them.")
    if format in ("geojson", "shapes"):
        write_polygons: Any = geojson.write_geojson if format == "geojson" else spatial.write_shapes
        return tuple(write_polygons(source, path, columns, smooth=smooth))
    write: Any = {"loupe": groups.write_loupe, "xenium": groups.write_xenium, "vitessce": vitessce.write_vitessce}
    return tuple(write[format](source, path, columns))


def read_columns(dataset: Dataset, path: str | Path, section: str | None = None) -> list[Column]:
    """Return the columns that a file of another program makes, see `geojson.read_geojson` and `groups.read_groups`.

    Parameters
    ----------
    dataset
        The section, or the study; of a result its `Result.dataset`.
    path
        GeoJSON of polygons, or a CSV of barcodes or selections.
    section
        Of a study, the section that the file is about.

    Raises
    ------
    DataError
        It is neither, or names no spot; or what is given is no dataset.
    """
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.exchange.geojson import is_geojson, read_geojson
    from napari_trsmi.exchange.groups import read_groups
    from napari_trsmi.exchange.packed import ending_of

    if not isinstance(dataset, Dataset):
        raise DataError(
            f"Expected a Dataset, found {type(dataset).__name__}. Give what read returns, or the dataset of a result "
            "(result.dataset)."
        )
    path = Path(path)
    if not path.is_file():
        raise DataError(f"Expected a GeoJSON or CSV at {path}, found no file. Check the name.")
    if ending_of(path) in (".geojson", ".json") or is_geojson(path):
        return read_geojson(dataset, path, section)
    return read_groups(dataset, path, section)


def import_columns(dataset: Dataset, path: str | Path, section: str | None = None) -> list[str]:
    """Add the columns that a file of another program makes to a dataset, in place, and return what there is to tell.

    Parameters and errors are those of `read_columns`.
    """
    from napari_trsmi.data.own_columns import put_column
    from napari_trsmi.domains.colors import colors_for

    told: list[str] = []
    for column in read_columns(dataset, path, section):
        colors = colors_for(list(column.values.categories), column.colors)
        put_column(dataset, column.name, column.values, colors)
        told.append(column.told)
    return told
