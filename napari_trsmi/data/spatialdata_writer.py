"""The copy of a SpatialData store with a result's domains in its tables."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_trsmi.data.annotate import annotate
from napari_trsmi.data.spatialdata_store import read_stored, table_paths
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.errors import DataError, TrsmiError

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result


def write_spatialdata(result: Result, source: Path, temporary: Path) -> tuple[str, ...]:
    """Copy the whole store, elements as they are, and replace the tables that hold the analysed spots.

    Raises
    ------
    DataError
        The store no longer holds those tables, or is damaged.
    """
    shutil.copytree(source, temporary)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd about the input was said when it was read the first time
        try:
            return _label(result, source, temporary)
        except TrsmiError:
            raise
        except Exception as error:  # zarr and anndata raise whatever a damaged store makes their parts raise
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the system's, such as a full disk; zarr's own have no number
            raise DataError(
                f"Expected a sound store at {source}, found one whose tables cannot be replaced "
                f"({type(error).__name__}: {error})."
            ) from error


def _label(result: Result, source: Path, copy: Path) -> tuple[str, ...]:
    """Write the result into the tables of the copy that have all its spots, and return the keys."""
    folders = table_paths(copy)
    places = {name: rows for name, rows in result.dataset.rows.items() if len(rows) and (rows >= 0).all()}
    if not places or not places.keys() <= folders.keys():
        raise DataError(f"Expected the tables {list(places)} in {source}, found {list(folders)}. Did the file change?")
    keys: tuple[str, ...] = ()
    for name, rows in places.items():
        table = read_stored(folders[name])
        if rows.max() >= table.n_obs:
            raise DataError(f"Expected the analysed rows in {name!r} of {source}, found fewer. Did the file change?")
        keys = annotate(result, table, {"": rows})
        _replace(folders[name], table)
    _consolidate(copy)
    return keys


def _replace(folder: Path, table: Any) -> None:
    """Write a table in place of the one in a folder, in the same version of zarr and with the marks of spatialdata."""
    import zarr
    from anndata.io import write_elem

    parent = zarr.open_group(str(folder.parent), mode="r+", use_consolidated=False)
    marks = parent[folder.name].attrs.asdict()
    del parent[folder.name]
    with mudata_as_stored():
        write_elem(parent, folder.name, table)
    attributes = parent[folder.name].attrs
    attributes.update({key: value for key, value in marks.items() if key not in attributes})


def _consolidate(path: Path) -> None:
    """Gather the metadata of a store anew where they were gathered before: readers would not see new arrays."""
    import zarr

    if zarr.open_group(str(path), mode="r").metadata.consolidated_metadata is None:
        return
    zarr.consolidate_metadata(zarr.open_group(str(path), mode="r+", use_consolidated=False).store)
