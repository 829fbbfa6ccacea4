"""A square section of two halves, one modality that tells them apart and one that does not, and its short run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from napari_trsmi.config import Config
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.stages import Prepared

SIDE = 20
ROW, COLUMN = np.divmod(np.arange(SIDE * SIDE), SIDE)
COORDS = np.column_stack([COLUMN, ROW]).astype(float)
SPATIAL = spatial_graph(COORDS)
TRUTH = (COLUMN >= SIDE // 2).astype(int)
CONFIG = Config(cluster={"n_domains": 2, "n_init": 2})


def measured(step: float, noise: float = 1.0, seed: int = 0) -> dict[str, np.ndarray]:
    """{"rna": (400, 4), "adt": (400, 3)} components; the halves differ by `step` in the first of "rna" alone."""
    rng = np.random.default_rng(seed)
    rna, adt = (noise * rng.normal(size=(SIDE * SIDE, width)) for width in (4, 3))
    rna[:, 0] += step * TRUTH
    return {"rna": rna.astype(np.float32), "adt": adt.astype(np.float32)}


def prepared(values: dict[str, np.ndarray]) -> Prepared:
    """The section made ready, its features as measured."""
    names = np.array([f"spot{i}" for i in range(SIDE * SIDE)])
    dataset = Dataset("halves", {}, COORDS, names, pd.DataFrame(index=names))
    return Prepared(dataset, values, values, SPATIAL, {})
