"""The copy of a SpatialData store with something written into its tables, such as the domains of a result."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_trsmi.data.spatialdata_store import read_stored, table_paths
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.errors import DataError, TrsmiError

Write = Callable[[Any, Mapping[str, np.ndarray]], tuple[str, ...]]
"""Writes into a table, in place, given the rows of the spots in it as `annotate` takes them; returns the keys."""


def write_spatialdata(rows: Mapping[str, np.ndarray], source: Path, temporary: Path, write: Write) -> tuple[str, ...]:
    """Copy the whole store, elements as they are, and replace the tables that hold the analysed spots.

    Parameters
    ----------
    rows
        {table: (N,) int row of each spot in it}, as `Dataset.rows`.

    Raises
    ------
    DataError
        The store no longer holds those tables, or is damaged.
    """
    shutil.copytree(source, temporary)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd about the input was said when it was read the first time
        try:
            return _label(rows, source, temporary, write)
        except TrsmiError:
            raise
        except Exception as error:  # zarr and anndata raise whatever a damaged store makes their parts raise
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the system's, such as a full disk; zarr's own have no number
            raise DataError(
                f"Expected a sound store at {source}, found one whose tables cannot be replaced "
                f"({type(error).__name__}: {error})."
            ) from error


def _label(known: Mapping[str, np.ndarray], source: Path, copy: Path, write: Write) -> tuple[str, ...]:
    """Write into the tables of the copy that have all the spots, and return the keys."""
    folders = table_paths(copy)
    places = {name: rows for name, rows in known.items() if len(rows) and (rows >= 0).all()}
    if known and not places and known.keys() <= folders.keys():
        raise DataError(f"Expected a table with all spots in {source}, found {list(folders)}, each with some of them.")
    if not places or not places.keys() <= folders.keys():
        raise DataError(f"Expected the tables {list(places)} in {source}, found {list(folders)}. Did the file change?")
    keys: tuple[str, ...] = ()
    for name, rows in places.items():
        table = read_stored(folders[name])
        if rows.max() >= table.n_obs:
            raise DataError(f"Expected the analysed rows in {name!r} of {source}, found fewer. Did the file change?")
        keys = write(table, {"": rows})
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
