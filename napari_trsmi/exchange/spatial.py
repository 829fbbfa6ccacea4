"""Domains and regions as shapes of a SpatialData store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_trsmi.errors import DataError
from napari_trsmi.exchange.labels import labels_of
from napari_trsmi.exchange.outlines import pixels_per_unit, regions, tiles

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

BEFORE = "trsmi_"  # in front of the name of a column: the shapes it makes


def write_shapes(
    source: Result | Dataset, path: str | Path, columns: Sequence[str] | None = None, *, smooth: bool = False
) -> tuple[Path, ...]:
    """Add polygons to a SpatialData store, made where there is none, and return its path.

    Each grouping is one element of shapes, ``trsmi_domain`` or ``trsmi_<column>``, with name, colour and number of
    spots; in a study ``trsmi_<column>_<section>``, in coordinates of the section's name. Elements of that name are
    replaced. Needs the extra spatialdata. See `write_geojson` for the other parameters.

    Raises
    ------
    DataError
        Something else lies at `path`, spatialdata is not installed, or there is nothing to write.
    """
    from napari_trsmi.data.spatialdata_store import import_spatialdata, quietly
    from napari_trsmi.data.tables import zarr_kind
    from napari_trsmi.exchange.labels import by_section

    path = Path(path)
    if path.suffix != ".zarr":
        raise DataError(f"Expected a store ending in .zarr for shapes, found {path.name}. Change the ending.")
    there = path.exists()
    if there and zarr_kind(path) != "spatialdata":
        raise DataError(f"Expected a SpatialData store at {path}, found something else. Choose another name.")
    labels_of(source, columns)  # before anything is written
    with quietly():
        spatialdata = import_spatialdata()
        elements: dict[str, Any] = {}
        for part, own in by_section(source, path):
            made = _elements(part, columns, smooth, "" if own == path else own.stem.removeprefix(f"{path.stem}."))
            elements |= made
        try:
            if not there:
                spatialdata.SpatialData(shapes=elements).write(path)
                return (path,)
            store = spatialdata.read_zarr(path, selection=("shapes",))
            for name, element in elements.items():
                if name in store.shapes:
                    del store.shapes[name]
                    store.delete_element_from_disk(name)
                store.shapes[name] = element
                store.write_element(name)
        except (OSError, ValueError) as error:
            raise DataError(f"Expected to write shapes into {path}, found: {error}.") from error
    return (path,)


def _elements(source: Result | Dataset, columns: Sequence[str] | None, smooth: bool, section: str) -> dict[str, Any]:
    """Return {name: shapes} of a section."""
    import geopandas
    import numpy as np
    from spatialdata.models import ShapesModel
    from spatialdata.transformations import Identity, Scale

    from napari_trsmi.data.result import Result

    dataset = source.dataset if isinstance(source, Result) else source
    ground, scale = tiles(dataset), pixels_per_unit(dataset)
    where = section or "global"
    placed = {where: Identity() if scale == 1 else Scale([scale, scale], axes=("x", "y"))}
    made = {}
    for labels in labels_of(source, columns):
        polygons = regions(ground, labels.codes, len(labels.names), smooth=smooth)
        kept = np.flatnonzero(labels.counts)
        frame = geopandas.GeoDataFrame(
            {
                "name": np.array(labels.names, dtype=object)[kept],
                "color": np.array(labels.colors, dtype=object)[kept],
                "n_spots": labels.counts[kept],
            },
            geometry=[polygons[k] for k in kept],
        )
        name = "".join(c if c.isalnum() or c in "_-." else "_" for c in f"{BEFORE}{labels.title}")
        made[f"{name}_{section}" if section else name] = ShapesModel.parse(frame, transformations=placed)
    return made
