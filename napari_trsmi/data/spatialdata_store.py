"""A SpatialData store on disk: where its tables lie, how they are read, and its elements.

Tables are plain AnnData in a group of the store and are read and written as such: that keeps what the models of
spatialdata would refuse, and needs that package for shapes, labels and images alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_trsmi.data.soundness import check_matrices
from napari_trsmi.errors import DataError
from napari_trsmi.quiet import quiet

if TYPE_CHECKING:
    from anndata import AnnData
    from spatialdata import SpatialData

ATTRIBUTES = "spatialdata_attrs"  # in uns of a table: region, region_key, instance_key; in the root: the format
ELEMENTS = ("images", "labels", "shapes", "points")
_TABLES = ("tables", "table")  # before version 0.1 of the format there was one table, in a group called so
_LOGGERS = ("ome_zarr", "spatialdata", "spatialdata._logging")


def is_spatialdata(names: set[str], attributes: dict[str, Any]) -> bool:
    """Return whether a zarr group with these members and attributes is a SpatialData store, of any age."""
    return ATTRIBUTES in attributes or not names.isdisjoint({*_TABLES, *ELEMENTS})


def element_names(path: Path, kind: str) -> list[str]:
    """Return the names of the elements of one kind, such as ``"points"``, read from the folder alone."""
    import zarr

    root = zarr.open_group(str(path), mode="r")
    group = root.get(kind)
    return sorted(group.keys()) if isinstance(group, zarr.Group) else []


def table_paths(path: Path) -> dict[str, Path]:
    """Return {table: its folder}; empty where the store has none."""
    return {name: path / group / name for group in _TABLES for name in element_names(path, group)}


def read_tables(path: Path) -> dict[str, AnnData]:
    """Return {table: AnnData} of all tables in the store, as they are."""
    return {name: read_stored(folder) for name, folder in table_paths(path).items()}


def read_stored(folder: Path) -> AnnData:
    """Return one table, with what it annotates in ``uns`` also where an old store has that in the attributes alone."""
    import anndata
    import zarr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd about names and formats is for the reader to judge
        table = anndata.read_zarr(str(folder))
    check_matrices(table)
    attributes = zarr.open_group(str(folder), mode="r").attrs
    known = {key: attributes[key] for key in ("region", "region_key", "instance_key") if key in attributes}
    if known.get("region_key") is not None:
        table.uns.setdefault(ATTRIBUTES, known)
    return table


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what spatialdata and ome-zarr log and warn about to themselves; raises `DataError` without spatialdata."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_spatialdata()  # sets up its logging, which would undo what is set next
        with quiet(*_LOGGERS):
            yield


def open_elements(path: Path, regions: Collection[str]) -> tuple[SpatialData, list[str]]:
    """Return images and the kinds of elements that the regions are of, loaded when they are asked for, and notes."""
    kinds = tuple(kind for kind in ELEMENTS if not set(regions).isdisjoint(element_names(path, kind)))
    store: SpatialData
    with quietly():
        read = import_spatialdata().read_zarr
        try:
            store = read(path, selection=("images", *kinds))
        except Exception as error:  # whatever the readers of images raise: they are not needed
            store = read(path, selection=kinds or ("shapes",))
            return store, [f"No picture: the images cannot be read ({type(error).__name__}: {error})."]
        return store, []


def import_spatialdata() -> Any:
    """Return the spatialdata package; raises `DataError` where it is not installed."""
    try:
        import spatialdata
    except ImportError:
        raise DataError(
            "Expected the package spatialdata for a SpatialData .zarr, found none. "
            "Install it with: pip install 'napari-trsmi[spatialdata]'."
        ) from None
    return spatialdata
