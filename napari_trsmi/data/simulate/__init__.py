"""A believable tissue slice with known domains, of any size in linear time and memory."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.dataset import Dataset, Modality, TissueImage
from napari_trsmi.data.simulate.counts import CHEMISTRY, draw_counts, draw_profiles, groups_seen
from napari_trsmi.data.simulate.names import barcodes, feature_names
from napari_trsmi.data.simulate.picture import paint
from napari_trsmi.data.simulate.settings import ModalityName, SimulationSettings
from napari_trsmi.data.simulate.tissue import Spots, Tissue, draw_tissue
from napari_trsmi.data.tables import mudata_of
from napari_trsmi.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData

__all__ = ["SimulationSettings", "simulate", "simulate_dataset"]

logger = logging.getLogger(__name__)

MICRONS_PER_PIXEL = 0.5
_SPACING, _DIAMETER, _FIDUCIAL = 200.0, 110.0, 288.0  # 100, 55 and 144 micrometres, in full-resolution pixels
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
        apart), ``obs["array_row"]``, ``obs["array_col"]``, and ``var["marker_of"]`` (what a feature marks, or "").
        ``uns["simulation"]`` is the settings as JSON.

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
    obs = pd.DataFrame(
        {
            "in_tissue": 1,
            "array_row": np.concatenate([spots.rows for _, spots in sections]),
            "array_col": np.concatenate([spots.columns for _, spots in sections]),
            "section": _categories(np.repeat(np.arange(len(libraries)), n), libraries),
            "domain": _categories(domains, settings.domain_names),
        },
        index=pd.Index(np.concatenate([barcodes(n, s) for s in range(settings.n_sections)]), dtype=object),
    )
    coords, spatial = [], {}
    for s, (library, (tissue, spots)) in enumerate(zip(libraries, sections, strict=True)):
        xy, entry = _place(settings, tissue, spots, np.random.default_rng([settings.seed, 12, s]))
        coords.append(xy)
        spatial[library] = entry
    tables: dict[str, AnnData] = {}
    for modality in settings.modalities:
        table = _measure(settings, modality, membership, domains, obs)
        table.obsm["spatial"] = np.concatenate(coords)
        table.uns["spatial"] = spatial
        tables[modality] = table
        logger.info("Simulated %s: %d spots, %d features.", modality, *table.shape)
    mdata = mudata_of(tables)
    mdata.obs["section"] = obs["section"]
    mdata.obs["domain"] = obs["domain"]
    told = _told_apart_by(settings)
    mdata.obs["told_apart_by"] = pd.Categorical([told[d] for d in range(settings.n_domains)])[domains]
    mdata.uns["simulation"] = json.dumps(settings.model_dump(mode="json"))
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
        spot_diameter=_DIAMETER,
        microns_per_unit=MICRONS_PER_PIXEL,
        library="section1",
    )


def _settled(settings: SimulationSettings | None, overrides: dict[str, Any]) -> SimulationSettings:
    return SimulationSettings(**({} if settings is None else settings.model_dump()) | overrides)


def _categories(codes: np.ndarray, names: Any) -> pd.Categorical:
    import pandas as pd

    return pd.Categorical.from_codes(codes, list(names), ordered=True)


def _place(
    settings: SimulationSettings, tissue: Tissue, spots: Spots, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, Any]]:
    """(N, 2) full-resolution pixels of the spots, and the library's entry in ``uns["spatial"]``."""
    corner = spots.points.min(axis=0) - _MARGIN * spots.spacing
    extent = spots.points.max(axis=0) + _MARGIN * spots.spacing - corner
    scale = _SPACING / spots.spacing
    entry: dict[str, Any] = {
        "scalefactors": {"spot_diameter_fullres": _DIAMETER, "fiducial_diameter_fullres": _FIDUCIAL},
        "images": {},
    }
    if settings.image:
        entry["images"]["hires"] = paint(tissue, corner, extent, settings.image, rng)
        entry["scalefactors"]["tissue_hires_scalef"] = float(settings.image / (extent.max() * scale))
    return (spots.points - corner) * scale, entry


def _measure(
    settings: SimulationSettings,
    modality: ModalityName,
    membership: list[np.ndarray],
    domains: np.ndarray,
    obs: pd.DataFrame,
) -> AnnData:
    """Return the table of one modality over the spots of all sections."""
    import anndata
    import pandas as pd
    from scipy import sparse

    chemistry, code = CHEMISTRY[modality], list(CHEMISTRY).index(modality)
    rng = np.random.default_rng([settings.seed, 13, code])
    n_features = {"rna": settings.n_genes, "adt": settings.n_proteins, "atac": settings.n_peaks}[modality]
    groups = groups_seen(settings, modality)
    profiles, marked = draw_profiles(chemistry, groups, n_features, settings.contrast, rng)
    names = feature_names(modality, n_features, rng)
    counts = []
    for s, shares in enumerate(membership):
        rng = np.random.default_rng([settings.seed, 14, code, s])
        seen, depth = profiles, settings.depth * chemistry.share
        if s:  # the first section is the reference
            seen = profiles * np.exp(settings.batch * rng.standard_normal(n_features))
            seen /= seen.sum(axis=1, keepdims=True)
            depth *= np.exp(settings.batch * rng.normal())
        per_spot = depth * np.exp(0.3 * rng.standard_normal(len(shares)) - 0.045)  # mean: depth
        counts.append(draw_counts(shares, seen, per_spot, settings, rng))
    members = [" / ".join(np.array(settings.domain_names)[groups == g]) for g in range(groups.max() + 1)]
    var = pd.DataFrame(
        {"feature_types": chemistry.feature_type, "marker_of": [members[g] if g >= 0 else "" for g in marked]},
        index=pd.Index(names, dtype=object),
    )
    table = anndata.AnnData(sparse.vstack(counts, format="csr"), obs=obs.copy(), var=var)
    table.obs["visible_domain"] = _categories(groups[domains], members)
    return table


def _told_apart_by(settings: SimulationSettings) -> list[str]:
    """For each domain the modalities that tell it from all others."""
    told = ["+".join(settings.modalities)] * settings.n_domains
    for pair, modality in settings.pairs.items():
        for domain in pair:
            told[domain] = modality
    return told
