"""Slices as tables: what is measured in the spots of drawn tissues, and where these lie."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.dataset import Dataset, Modality, TissueImage
from napari_trsmi.data.simulate.cells import draw_compositions, draw_types
from napari_trsmi.data.simulate.counts import CHEMISTRY
from napari_trsmi.data.simulate.measure import categories, measure
from napari_trsmi.data.simulate.names import barcodes
from napari_trsmi.data.simulate.picture import paint
from napari_trsmi.data.simulate.settings import SimulationSettings
from napari_trsmi.data.simulate.technical import courses
from napari_trsmi.data.simulate.tissue import Spots, Tissue
from napari_trsmi.data.tables import mudata_of

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

logger = logging.getLogger(__name__)

MICRONS_PER_PIXEL = 0.5
_SPACING, _DIAMETER, _FIDUCIAL = 200.0, 110.0, 288.0  # 100, 55 and 144 micrometres, in full-resolution pixels
_CELL_SPACING, _CELL_DIAMETER = 30.0, 20.0  # 15 and 10 micrometres
_MARGIN = 4.0  # glass around the spots, in spots


def slices(settings: SimulationSettings, sections: Sequence[tuple[Tissue, Spots]]) -> MuData:
    """Return what is measured in the spots of these sections; see `napari_trsmi.simulate`."""
    import pandas as pd

    membership = [tissue.membership(spots.points) for tissue, spots in sections]
    domains = np.concatenate([shares.argmax(axis=1) for shares in membership])
    libraries = [f"section{s + 1}" for s in range(len(sections))]
    n = settings.n_spots
    lies = [courses(settings, tissue, spots, s) for s, (tissue, spots) in enumerate(sections)]
    shares = membership
    obs = pd.DataFrame(
        {
            "in_tissue": 1,
            "array_row": np.concatenate([spots.rows for _, spots in sections]),
            "array_col": np.concatenate([spots.columns for _, spots in sections]),
            "section": categories(np.repeat(np.arange(len(libraries)), n), libraries),
            "domain": categories(domains, settings.domain_names),
        },
        index=pd.Index(np.concatenate([barcodes(n, s) for s in range(len(sections))]), dtype=object),
    )
    if settings.grid == "irregular":
        del obs["array_row"], obs["array_col"]
    if settings.cell_types:
        compositions = draw_compositions(settings)
        types = [
            draw_types(each, compositions, np.random.default_rng([settings.seed, 18, s]))
            for s, each in enumerate(membership)
        ]
        shares = [np.eye(settings.cell_types, dtype=np.float32)[each] for each in types]
    coords, spatial = [], {}
    for s, (library, (tissue, spots)) in enumerate(zip(libraries, sections, strict=True)):
        xy, entry = _place(settings, tissue, spots, np.random.default_rng([settings.seed, 12, s]))
        coords.append(xy)
        spatial[library] = entry
    tables: dict[str, AnnData] = {}
    for modality in settings.modalities:
        table = measure(settings, modality, shares, lies, domains, obs)
        table.obsm["spatial"] = np.concatenate(coords)
        table.uns["spatial"] = spatial
        tables[modality] = table
        logger.info("Simulated %s: %d spots, %d features.", modality, *table.shape)
    mdata = mudata_of(tables)
    mdata.obs["section"] = obs["section"]
    mdata.obs["domain"] = obs["domain"]
    told = _told_apart_by(settings)
    mdata.obs["told_apart_by"] = pd.Categorical([told[d] for d in range(settings.n_domains)])[domains]
    if settings.cell_types:
        mdata.obs["cell_type"] = categories(np.concatenate(types), settings.type_names)
    for name in lies[0]:
        value = np.concatenate([each[name] for each in lies])
        mdata.obs[name] = categories(value, ("side 1", "side 2")) if name == "technical" else value
    mdata.uns["simulation"] = settings.as_json()
    return mdata


def dataset(settings: SimulationSettings, mdata: MuData, section: int = 0) -> Dataset:
    """Return one section of `slices` as a dataset."""
    library = f"section{section + 1}"
    tables = {name: mdata[name] for name in settings.modalities}
    obs = mdata.obs
    if settings.n_sections > 1:
        rows = (obs["section"] == library).to_numpy()
        tables, obs = {name: table[rows].copy() for name, table in tables.items()}, obs[rows]
        for table in tables.values():
            table.uns["spatial"] = {library: table.uns["spatial"][library]}
    first = tables[settings.modalities[0]]
    entry = first.uns["spatial"][library]
    image = None
    if settings.image:
        image = TissueImage(entry["images"]["hires"], entry["scalefactors"]["tissue_hires_scalef"])
    return Dataset(
        name="simulated",
        modalities={name: Modality(name, CHEMISTRY[name].kind, table) for name, table in tables.items()},
        coords=first.obsm["spatial"],
        obs_names=np.asarray(obs.index, dtype=str),
        obs=obs.copy(),
        image=image,
        spot_diameter=_size(settings)[1],
        microns_per_unit=MICRONS_PER_PIXEL,
        library=library,
    )


def _size(settings: SimulationSettings) -> tuple[float, float]:
    """Spacing and diameter of the spots in full-resolution pixels."""
    return (_CELL_SPACING, _CELL_DIAMETER) if settings.grid == "irregular" else (_SPACING, _DIAMETER)


def _place(
    settings: SimulationSettings, tissue: Tissue, spots: Spots, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, Any]]:
    """(N, 2) full-resolution pixels of the spots, and the library's entry in ``uns["spatial"]``."""
    corner = spots.points.min(axis=0) - _MARGIN * spots.spacing
    extent = spots.points.max(axis=0) + _MARGIN * spots.spacing - corner
    spacing, diameter = _size(settings)
    scale = spacing / spots.spacing
    entry: dict[str, Any] = {
        "scalefactors": {"spot_diameter_fullres": diameter, "fiducial_diameter_fullres": _FIDUCIAL},
        "images": {},
    }
    if settings.image:
        entry["images"]["hires"] = paint(tissue, corner, extent, settings.image, rng)
        entry["scalefactors"]["tissue_hires_scalef"] = float(settings.image / (extent.max() * scale))
    return (spots.points - corner) * scale, entry


def _told_apart_by(settings: SimulationSettings) -> list[str]:
    """For each domain the modalities that tell it from all others."""
    told = ["+".join(settings.informative)] * settings.n_domains
    for pair, modality in settings.pairs.items():
        for domain in pair:
            told[domain] = modality
    return told
