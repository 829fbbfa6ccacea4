"""A study of three small sections side by side: one with both modalities, one with each."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from napari_trsmi.data.dataset import Dataset, TissueImage
from napari_trsmi.data.simulate import simulate_dataset
from napari_trsmi.data.study import stack


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
