"""Several sections of one tissue, each with its own layout and batch; a modality and a domain can be missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.simulate.measure import categories
from napari_trsmi.data.simulate.settings import SimulationSettings
from napari_trsmi.data.simulate.slices import dataset, slices
from napari_trsmi.data.simulate.tissue import draw_tissue
from napari_trsmi.data.study import stack
from napari_trsmi.errors import ConfigError

STUDY: dict[str, Any] = {
    "n_sections": 6, "n_spots": 900, "grid": "square", "n_domains": 6, "n_genes": 300, "n_proteins": 30, "depth": 1500,
    "batch": 0.5, "background": 0.5, "told_by_all": True, "image": 0,
}  # fmt: skip
WITHHELD = "withheld"  # in the uns of a section's first table: what was measured and is not given
CHANGED = 1  # layer whose share differs between conditions
_RADIUS = 2  # column of `Tissue.islands`
_INCOMPLETE = 2  # section without its last modality; it has all domains
_VARIATION = 0.15  # of the layers' shares from section to section, in log units


def study_settings(**overrides: Any) -> SimulationSettings:
    """Return the settings of a small study, six sections of 30 x 30 spots, with single settings by name on top.

    Raises
    ------
    ConfigError
        A setting does not exist or is out of bounds.
    """
    return SimulationSettings(**STUDY | overrides)


def simulate_study(
    settings: SimulationSettings | None = None,
    *,
    conditions: int = 2,
    change: float = 2.5,
    absent: bool = True,
    incomplete: bool = True,
    **overrides: Any,
) -> Dataset:
    """Return several simulated sections as one dataset.

    Genes and proteins of a domain are the same in all sections. Outline, layers and islands differ, and so do depth and
    each feature (by `batch`) and the ambient counts (by `background`).

    Parameters
    ----------
    settings
        What the sections shall be like; `study_settings` if not given.
    conditions
        Groups of equally many sections, one after the other.
    change
        What the share of layer 2 is multiplied by in the last condition; 1 for no difference.
    absent
        The last island type is missing in every second section.
    incomplete
        The third section lacks the last modality.
    **overrides
        Single settings by name, on top of `settings`.

    Returns
    -------
    Dataset
        Sections ``"s1"``, ``"s2"``, ... with ``obs["domain"]`` (the truth), ``obs["sample"]`` (the section) and
        ``obs["condition"]``. The counts that section 3 lacks are in its first table as
        ``uns["withheld"][modality]``, (N, D) float32 in the order of that modality's features.

    Raises
    ------
    ConfigError
        A setting does not exist or is out of bounds, or sections, modalities or domains are too few.

    Examples
    --------
    >>> study = simulate_study(n_sections=4, n_spots=100, n_genes=60)
    >>> study.section_names, int((~study.modalities["adt"].measured).sum())
    (('s1', 's2', 's3', 's4'), 100)
    """
    settings = SimulationSettings(**(study_settings() if settings is None else settings).model_dump() | overrides)
    _check(settings, conditions, change, absent, incomplete)
    group = np.arange(settings.n_sections) * conditions // settings.n_sections
    drawn = []
    for s in range(settings.n_sections):
        rng = np.random.default_rng([settings.seed, 24, s])
        thickness = np.exp(_VARIATION * rng.standard_normal(settings.n_layers))
        changed = conditions > 1 and change != 1 and group[s] == conditions - 1
        if changed:
            thickness[CHANGED] *= change
        tissue, spots = draw_tissue(settings, s, thickness)
        if changed:  # islands lose as much as the other layers, so that only one domain changes beside all others
            lost = (1 - 1 / change) * tissue.membership(spots.points)[:, CHANGED].mean()
            islands = tissue.islands.copy()
            islands[:, _RADIUS] *= np.sqrt(1 - lost)
            tissue = replace(tissue, islands=islands)
        if absent and s % 2:
            kept = tissue.islands[:, -1] < settings.n_islands - 1
            tissue = replace(tissue, islands=tissue.islands[kept])
        drawn.append((tissue, spots))
    mdata = slices(settings, drawn)
    names = [f"s{s + 1}" for s in range(settings.n_sections)]
    said = [f"condition {c + 1}" for c in range(conditions)]
    sections = {}
    for s, name in enumerate(names):
        section = dataset(settings, mdata, s)
        del section.obs["section"]
        section.obs["sample"] = categories(np.full(section.n_spots, s), names)
        section.obs["condition"] = categories(np.full(section.n_spots, group[s]), said)
        if incomplete and s == _INCOMPLETE:
            section = _without(section, settings.modalities[-1])
        sections[name] = section
    return stack(sections, "simulated", keep_names=True)


def _check(settings: SimulationSettings, conditions: int, change: float, absent: bool, incomplete: bool) -> None:
    if settings.n_sections < 2:
        raise ConfigError(f"Expected a study of 2 sections or more, found n_sections={settings.n_sections}. Set more.")
    if not 1 <= conditions <= settings.n_sections:
        raise ConfigError(f"Expected 1 to {settings.n_sections} conditions, found {conditions}. Choose fewer.")
    if change <= 0:
        raise ConfigError(f"Expected change to be above 0, found {change}. Choose 1 for no difference.")
    if settings.n_domains < 3 and (absent or change != 1):
        raise ConfigError(f"Expected 3 domains or more, found n_domains={settings.n_domains}. Set more.")
    if incomplete and (len(settings.modalities) < 2 or settings.n_sections <= _INCOMPLETE):
        raise ConfigError(
            f"Expected 2 modalities and {_INCOMPLETE + 1} sections for one to lack one, found "
            f"{len(settings.modalities)} and {settings.n_sections}. Set incomplete=False, or more of them."
        )


def _without(section: Dataset, modality: str) -> Dataset:
    """Return the section without a modality, whose counts go into the `uns` of its first table."""
    modalities = dict(section.modalities)
    left_out = modalities.pop(modality).table.X.toarray()
    first = next(iter(modalities.values()))
    first.table.uns[WITHHELD] = {modality: left_out}
    return replace(section, modalities=modalities)
