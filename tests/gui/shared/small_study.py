"""A study of three small sections side by side: one with both modalities, one with each."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from napari_trsmi.data.dataset import Dataset, TissueImage
from napari_trsmi.data.simulate import simulate_dataset
from napari_trsmi.data.study import stack

if TYPE_CHECKING:
    from napari_trsmi import Result


@cache
def small_study(n_spots: int = 120) -> Dataset:
    """Return sections ``a`` (rna, adt), ``b`` (rna) and ``c`` (adt), of which ``a`` and ``c`` have an image."""
    import numpy as np

    parts = {}
    for seed, (name, kept) in enumerate({"a": ("rna", "adt"), "b": ("rna",), "c": ("adt",)}.items()):
        part = simulate_dataset(n_spots=n_spots, modalities=("rna", "adt"), seed=seed)
        image = None if name == "b" else TissueImage(np.full((20, 30, 3), 200, np.uint8), 0.01)
        parts[name] = replace(part, modalities={key: part.modalities[key] for key in kept}, image=image)
    return stack(parts)


@cache
def trained_study() -> Result:
    """Return domains of a very short run on such a study, whose pictures tell left from right and up from down."""
    import numpy as np

    import napari_trsmi as nt

    shade = np.zeros((40, 60, 3), np.uint8)
    shade[..., 0], shade[..., 1] = np.arange(60) * 4, np.arange(40)[:, None] * 6
    parts = {}
    for part in small_study().parts:
        scale = 39 / (1.1 * float(part.coords.max()))
        parts[part.name] = replace(part, image=None if part.image is None else TissueImage(shade, scale))
    settings = {"cluster": {"n_domains": 3, "n_init": 1}, "train": {"epochs": 2}, "preprocess": {"n_components": 6}}
    return nt.fit(stack(parts), nt.Config(**settings, evidence={"support": False}))
