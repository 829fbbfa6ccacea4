"""SpatialData stores put together from made-up tables, each on a grid of its own."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from napari_trsmi.data.tables import mudata_as_stored


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Let the libraries that write a test's file warn of what they like."""
    with warnings.catch_warnings(), mudata_as_stored():
        warnings.simplefilter("ignore")
        yield


def circles(xy: np.ndarray, index: Sequence[Any] | None = None, **more: Any) -> Any:
    """Round spots of radius 3."""
    with quiet_libraries():
        from spatialdata.models import ShapesModel

        numbers = np.arange(len(xy)) if index is None else index
        return ShapesModel.parse(np.asarray(xy, float), geometry=0, radius=3.0, index=numbers, **more)


def labels(n: int, side: int = 8) -> Any:
    """A label image of n square cells, numbered from 1, that touch."""
    with quiet_libraries():
        from spatialdata.models import Labels2DModel

        rows = int(np.ceil(np.sqrt(n)))
        numbers = np.arange(1, rows * rows + 1).reshape(rows, rows)
        return Labels2DModel.parse(np.kron(numbers, np.ones((side, side), int)), dims=("y", "x"))


def annotating(table: AnnData, region: str | Sequence[str], instances: Sequence[Any]) -> AnnData:
    """The table, without coordinates of its own, as one that annotates instances of a region, or of one per row."""
    with quiet_libraries():
        from spatialdata.models import TableModel

        table = table.copy()
        table.obsm.pop("spatial", None)
        table.obs["region"] = pd.Categorical([region] * table.n_obs if isinstance(region, str) else list(region))
        table.obs["cell"] = instances
        regions = sorted(set(table.obs["region"]))
        made: AnnData = TableModel.parse(table, region=regions, region_key="region", instance_key="cell")
        return made


def write_store(path: Path, **elements: Any) -> Path:
    """Write a store of these images, labels, points, shapes and tables, and return its path."""
    with quiet_libraries():
        from spatialdata import SpatialData

        SpatialData(**elements).write(path)
    return path


def read_store(path: Path) -> Any:
    """What spatialdata itself reads from a folder."""
    with quiet_libraries():
        import spatialdata

        return spatialdata.read_zarr(path)
