"""A study as it stands in tables: each spot with its section, and the barcode and place that it was read with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.dataset import Place
from napari_trsmi.data.libraries import BLANK, MOVED_FROM, libraries_in
from napari_trsmi.data.squidpy_library import make_drawable

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

SECTION, BARCODE = "trsmi_section", "trsmi_barcode"


def coords_as_read(dataset: Dataset) -> np.ndarray:
    """Return (N, 2) float64 (x, y) of the spots, each in the coordinates of its own section."""
    return np.vstack([part.coords for part in dataset.parts]) if dataset.parts else dataset.coords


def barcodes_as_read(dataset: Dataset) -> np.ndarray:
    """Return (N,) str barcode of each spot in its own section."""
    return np.concatenate([part.obs_names for part in dataset.parts]) if dataset.parts else dataset.obs_names


def sections_with(dataset: Dataset, barcodes: np.ndarray) -> list[str]:
    """Return the sections of a study that have some of these barcodes, letter by letter."""
    return [part.name for part in dataset.parts if np.isin(part.obs_names, barcodes).any()]


def sections_frame(dataset: Dataset, rows: np.ndarray) -> pd.DataFrame:
    """Return section and barcode of the spots `rows`, missing where that is -1; without columns for one section."""
    import pandas as pd

    if dataset.section is None:
        return pd.DataFrame(index=range(len(rows)))
    known = rows >= 0
    return pd.DataFrame(
        {
            SECTION: pd.Categorical.from_codes(
                np.where(known, dataset.section[rows], -1), categories=list(dataset.section_names)
            ),
            BARCODE: np.where(known, barcodes_as_read(dataset)[rows], ""),
        }
    )


def as_saved(study: Dataset, places: Sequence[Sequence[float]]) -> Dataset:
    """Return a study that was read from a saved result as it was saved: barcodes of each section, and where it lies."""
    parts = []
    for part in study.parts:
        names = part.obs[BARCODE].astype(str).to_numpy(dtype=str) if BARCODE in part.obs else part.obs_names
        if len(set(names)) == part.n_spots:
            for modality in part.modalities.values():
                modality.table.obs_names = names
            part = replace(part, obs_names=names, obs=part.obs.set_axis(names))
        parts.append(part)
    found = [Place(*place) for place in places]
    if len(found) != len(parts) or not np.isfinite(found).all() or min(place.scale for place in found) <= 0:
        found = list(study.places)
    lying = [part.coords * place.scale + (place.x, place.y) for part, place in zip(parts, found, strict=True)]
    return replace(study, parts=tuple(parts), places=tuple(found), coords=np.vstack(lying))


def boundaries_as_read(result: Result, segments: pd.DataFrame) -> pd.DataFrame:
    """Return boundaries with the section of each in front, and places and lengths in its own coordinates."""
    from scipy.spatial import cKDTree

    dataset = result.dataset
    if dataset.section is None:
        return segments
    of_segment = dataset.section[cKDTree(dataset.coords).query(segments[["x", "y"]].to_numpy(float))[1]]
    scale, x, y = np.array([dataset.places[number] for number in of_segment], float).reshape(-1, 3).T
    own = segments.assign(
        x=(segments["x"] - x) / scale, y=(segments["y"] - y) / scale, length=segments["length"] / scale
    )
    own.insert(0, "section", np.array(dataset.section_names)[of_segment])
    return own


def draw_sections(table: AnnData, dataset: Dataset, rows: np.ndarray) -> None:
    """Give each section of a table its library in ``uns["spatial"]``, in place, as `make_drawable` does for one.

    Libraries that are there already stay, and no other are made then.

    Parameters
    ----------
    table
        Holds spots of the study.
    rows
        (N,) int row of each spot in `table`, -1 where it lacks the spot.
    """
    import anndata
    import pandas as pd

    coords = np.full((table.n_obs, 2), np.nan)
    known = rows >= 0
    coords[rows[known]] = coords_as_read(dataset)[known]
    found = table.obsm.get("spatial")
    if not (isinstance(found, np.ndarray) and found.dtype.kind in "iuf" and found.ndim == 2 and found.shape[1] > 1):
        if found is not None:
            table.obsm[MOVED_FROM] = found
        table.obsm["spatial"] = coords
    if any(name != BLANK for name in libraries_in(table.uns.get("spatial"))):
        return
    drawn, moved = coords.copy(), False
    libraries: dict[str, Any] = {}
    for part, spots in zip(dataset.parts, dataset.sections, strict=True):
        own = rows[spots]
        there = own >= 0
        if not there.any():
            continue
        small = anndata.AnnData(
            obs=pd.DataFrame(index=part.obs_names[there]), obsm={"spatial": np.array(part.coords[there])}
        )
        make_drawable(small, part, np.where(there, np.cumsum(there) - 1, -1))
        libraries[part.name] = next(iter(small.uns["spatial"].values()))
        drawn[own[there]] = small.obsm["spatial"]
        moved = moved or MOVED_FROM in small.obsm
    if moved:
        table.obsm[MOVED_FROM] = table.obsm["spatial"]
        table.obsm["spatial"] = drawn
    table.uns["spatial"] = libraries
