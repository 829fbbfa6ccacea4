"""A believable tissue slice with known domains, of any size in linear time and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.simulate.hard import hard_panel, hard_settings
from napari_trsmi.data.simulate.settings import SimulationSettings
from napari_trsmi.data.simulate.slices import dataset, slices
from napari_trsmi.data.simulate.study import simulate_study, study_settings
from napari_trsmi.data.simulate.tissue import draw_tissue
from napari_trsmi.errors import ConfigError

if TYPE_CHECKING:
    from mudata import MuData

__all__ = [
    "SimulationSettings",
    "hard_panel",
    "hard_settings",
    "simulate",
    "simulate_dataset",
    "simulate_study",
    "study_settings",
]


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
    settings = _settled(settings, overrides)
    return slices(settings, [draw_tissue(settings, s) for s in range(settings.n_sections)])


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
    return dataset(settings, simulate(settings))


def _settled(settings: SimulationSettings | None, overrides: dict[str, Any]) -> SimulationSettings:
    return SimulationSettings(**({} if settings is None else settings.model_dump()) | overrides)
