"""A second section like another one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from napari_trsmi.data.dataset import Dataset


def another(dataset: Dataset, seed: int = 1, **changes: Any) -> Dataset:
    """Return other spots of the same tissue: the counts drawn again, under other barcodes."""
    rng, modalities = np.random.default_rng(seed), {}
    for name, one in dataset.modalities.items():
        table = one.table.copy()
        counts = table.X
        counts.data = rng.poisson(counts.data).astype(np.float32)
        modalities[name] = replace(one, table=table)
    names = np.char.add(dataset.obs_names.astype(str), f"-{seed}")
    obs = dataset.obs.set_axis(names)
    return replace(dataset, name=f"another {seed}", modalities=modalities, obs_names=names, obs=obs, **changes)
