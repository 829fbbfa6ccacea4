"""A believable tissue slice with known domains, of any size in linear time and memory."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.dataset import Dataset, Modality, TissueImage
from napari_trsmi.data.simulate.cells import draw_compositions, draw_types
from napari_trsmi.data.simulate.counts import CHEMISTRY
from napari_trsmi.data.simulate.hard import hard_panel, hard_settings
from napari_trsmi.data.simulate.measure import categories, measure
from napari_trsmi.data.simulate.names import barcodes
from napari_trsmi.data.simulate.picture import paint
from napari_trsmi.data.simulate.settings import SimulationSettings
from napari_trsmi.data.simulate.technical import courses
from napari_trsmi.data.simulate.tissue import Spots, Tissue, draw_tissue
from napari_trsmi.data.tables import mudata_of
from napari_trsmi.errors import ConfigError

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

__all__ = ["SimulationSettings", "hard_panel", "hard_settings", "simulate", "simulate_dataset"]

logger = logging.getLogger(__name__)

MICRONS_PER_PIXEL = 0.5
_SPACING, _DIAMETER, _FIDUCIAL = 200.0, 110.0, 288.0  # 100, 55 and 144 micrometres, in full-resolution pixels
_CELL_SPACING, _CELL_DIAMETER = 30.0, 20.0  # 15 and 10 micrometres
_MARGIN = 4.0  # glass around the spots, in spots


def simulate(settings: SimulationSettings | None = None, **overrides: Any) -> MuData:
    """Return a simulated slice as MuData, laid out as squidpy and scanpy expect it.

    Domains are curved layers and round islands. Some pairs of domains are told apart by one modality only, every second
    boundary is gradual. Counts are negative binomial with dropout and ambient noise, in CSR float32. Time is O(N D),
    memory O(counts that are not zero).

    Parameters
    ----------
    settings
        What the slice shall be like; the defaults if not given.
    **overrides
        Single settings by name, on top of `settings`.

    Returns
    -------
    MuData
        ``obs["domain"]`` (ordered categories) is the ground truth, ``obs["told_apart_by"]`` names the modalities that
        tell a spot's domain from all others, ``obs["section"]`` the section. Each modality has ``obsm["spatial"]``
        ((N, 2) float64 x and y in full-resolution pixels of the spot's own section), ``uns["spatial"][section]`` with
        ``images["hires"]`` and ``scalefactors``, ``obs["visible_domain"]`` (the domains as this modality can tell them
        apart), ``obs["array_row"]``, ``obs["array_col"]`` (of a grid), and ``var["marker_of"]`` (what it marks, or "").
        ``uns["simulation"]`` is the settings as JSON.

        Where the settings ask for it, obs also says what changes without a boundary of domains: ``technical`` (the side
        of the batch line), ``gradient`` (of expression; ``var["gradient"]`` has the log units of each feature),
        ``depth_gradient`` and ``rim`` from 0 to 1, ``depth_factor`` (what the depth is multiplied by), and
        ``cell_type``. A boundary between two spots of one domain and two sides is one that the batch line made.

    Raises
    ------
    ConfigError
        A setting does not exist or is out of bounds.

    Examples
    --------
    >>> mdata = simulate(n_spots=300, n_genes=40, image=0)
    >>> mdata.n_obs, list(mdata.mod), mdata.obs["domain"].cat.categories[-1]
    (300, ['rna', 'adt'], 'island 2')
    """
    import pandas as pd

    settings = _settled(settings, overrides)
    sections = [draw_tissue(settings, s) for s in range(settings.n_sections)]
    membership = [tissue.membership(spots.points) for tissue, spots in sections]
    domains = np.concatenate([shares.argmax(axis=1) for shares in membership])
    libraries = [f"section{s + 1}" for s in range(settings.n_sections)]
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
        index=pd.Index(np.concatenate([barcodes(n, s) for s in range(settings.n_sections)]), dtype=object),
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


def simulate_dataset(settings: SimulationSettings | None = None, **overrides: Any) -> Dataset:
    """Return one simulated section as a `Dataset`; see `simulate`.

    Raises
    ------
    ConfigError
        A setting does not exist or is out of bounds, or there is more than one section.

    Examples
    --------
    >>> simulate_dataset(n_spots=300, n_genes=40, image=200).image.pixels.dtype
    dtype('uint8')
    """
    settings = _settled(settings, overrides)
    if settings.n_sections > 1:
        raise ConfigError(f"A Dataset holds one section, found n_sections={settings.n_sections}. Set n_sections=1.")
    mdata = simulate(settings)
    first = mdata[settings.modalities[0]]
    entry = first.uns["spatial"]["section1"]
    image = None
    if settings.image:
        image = TissueImage(entry["images"]["hires"], entry["scalefactors"]["tissue_hires_scalef"])
    return Dataset(
        name="simulated",
        modalities={name: Modality(name, CHEMISTRY[name].kind, mdata[name]) for name in settings.modalities},
        coords=first.obsm["spatial"],
        obs_names=np.asarray(mdata.obs_names, dtype=str),
        obs=mdata.obs.copy(),
        image=image,
        spot_diameter=_size(settings)[1],
        microns_per_unit=MICRONS_PER_PIXEL,
        library="section1",
    )


def _settled(settings: SimulationSettings | None, overrides: dict[str, Any]) -> SimulationSettings:
    return SimulationSettings(**({} if settings is None else settings.model_dump()) | overrides)


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
