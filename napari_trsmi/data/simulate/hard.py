"""Slices on which mistakes are to be expected, by the name of what makes them hard."""

from __future__ import annotations

from typing import Any, Literal, get_args

from napari_trsmi.data.simulate.settings import SimulationSettings
from napari_trsmi.errors import ConfigError

HardName = Literal[
    "clean",
    "gradient",
    "subtle",
    "one_modality",
    "batch_line",
    "depth",
    "rim",
    "noise_modality",
    "cells",
    "few_counts",
    "many_domains",
    "few_domains",
    "lost_spots",
    "everything",
]
_SPOTS: dict[str, Any] = {"n_spots": 1800, "n_genes": 400, "depth": 2500, "image": 0}
_CELLS: dict[str, Any] = {
    "n_spots": 2000, "grid": "irregular", "modalities": ("rna",), "n_genes": 150, "depth": 200, "contrast": 2,
    "dropout": 0, "dispersion": 0.3, "ambient": 0.05, "cell_types": 12, "mixing": 0.2, "n_domains": 6, "image": 0,
}  # fmt: skip

HARD: dict[HardName, SimulationSettings] = {
    "clean": SimulationSettings(**_SPOTS),
    "gradient": SimulationSettings(**_SPOTS, gradient=2.5, gradient_share=0.25),
    "subtle": SimulationSettings(**_SPOTS, subtle=2),
    "one_modality": SimulationSettings(
        **_SPOTS, modalities=("rna", "adt", "atac"), n_domains=9, n_peaks=500, contrast=0.7
    ),
    "batch_line": SimulationSettings(**_SPOTS, batch_line=0.4),
    "depth": SimulationSettings(**_SPOTS, depth_gradient=2.0),
    "rim": SimulationSettings(**_SPOTS, rim=0.95, rim_width=5),
    "noise_modality": SimulationSettings(**_SPOTS, noise=("adt",)),
    "cells": SimulationSettings(**_CELLS),
    "few_counts": SimulationSettings(**_CELLS | {"n_genes": 50, "depth": 50, "contrast": 3}),
    "many_domains": SimulationSettings(**_SPOTS | {"n_spots": 2400}, n_domains=15),
    "few_domains": SimulationSettings(**_SPOTS | {"n_spots": 1500}, n_domains=3, contrast=0.4),
    "lost_spots": SimulationSettings(**_SPOTS, lost=0.2, holes=0.15),
    "everything": SimulationSettings(
        **_SPOTS | {"n_spots": 2400}, modalities=("rna", "adt", "atac"), noise=("atac",), n_peaks=300, n_domains=9,
        gradient=1.0, gradient_along="rim", subtle=2, batch_line=0.3, depth_gradient=1.0, rim=0.7, lost=0.1, holes=0.1,
    ),
}  # fmt: skip
"""Settings of each kind; another seed draws another slice of the kind."""


def hard_panel() -> tuple[HardName, ...]:
    """Return the names of the kinds of hard slices, ``clean`` (nothing hard in it) first and ``everything`` last.

    Examples
    --------
    >>> from napari_trsmi.data.simulate import hard_panel, hard_settings, simulate
    >>> slices = (simulate(hard_settings(name, seed=3)) for name in hard_panel())
    >>> next(slices).n_obs
    1800
    """
    return get_args(HardName)


def hard_settings(name: HardName, **overrides: Any) -> SimulationSettings:
    """Return the settings of a kind of hard slice, with single settings by name on top.

    Raises
    ------
    ConfigError
        There is no such kind, or a setting does not exist or is out of bounds.
    """
    if name not in HARD:
        raise ConfigError(f"Expected one of {', '.join(HARD)}, found {name}. Choose one of them.")
    return SimulationSettings(**HARD[name].model_dump() | overrides)
