"""The copy of a SpatialData store with a result's domains in its tables."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.data.annotate import annotate
from napari_trsmi.data.tables import import_spatialdata
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result


def write_spatialdata(result: Result, source: Path, temporary: Path) -> tuple[str, ...]:
    """Copy the whole store, images as they are, and replace the tables that hold the analysed spots."""
    spatialdata = import_spatialdata()
    shutil.copytree(source, temporary)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd about the input was said when it was read the first time
        store = spatialdata.read_zarr(temporary)
        fitting = [name for name, table in store.tables.items() if np.isin(result.obs_names, table.obs_names).all()]
        if not fitting:
            raise DataError(f"Expected a table with the analysed spots in {source}, found none. Did the file change?")
        keys: tuple[str, ...] = ()
        for name in fitting:
            keys = annotate(result, store.tables[name])
            store.delete_element_from_disk(name)
            store.write_element(name)
    return keys
