"""A section of 4,900 spots that is taken for a large one, and a fixture that does so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_trsmi import sampling
from napari_trsmi.config import Config
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.domains import features
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.stages import Prepared

SIDE, K = 70, 5
ROW, COLUMN = np.divmod(np.arange(SIDE * SIDE), SIDE)
_RNG = np.random.default_rng(0)
JITTERED = np.column_stack([COLUMN, ROW]) + _RNG.uniform(-0.3, 0.3, (SIDE * SIDE, 2))
COORDS = np.column_stack([COLUMN + 0.5 * (ROW % 2), ROW * np.sqrt(0.75)])
SPATIAL = spatial_graph(COORDS)
TRUTH = (
    np.stack([np.sin(COLUMN / 9 + k) * np.cos(ROW / (8 + k) + 2 * k) for k in range(K)], axis=1)
    + np.linspace(0, 0.2, K)
).argmax(axis=1)
CONFIG = Config(cluster={"n_domains": K, "n_init": 3, "context": "averaged"})


def measured(noise: float = 1.6, seed: int = 0) -> dict[str, np.ndarray]:
    """{"rna": (4900, 12), "adt": (4900, 6)} float32 components of five domains under noise."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, width in (("rna", 12), ("adt", 6)):
        values = rng.normal(size=(K, width))[TRUTH] + noise * rng.normal(size=(SIDE * SIDE, width))
        found[name] = (values - values.mean(axis=0)).astype(np.float32)
    return found


def prepared(values: dict[str, np.ndarray], coords: np.ndarray = COORDS) -> Prepared:
    """The section made ready, its features averaged over the tissue."""
    from napari_trsmi.coherence import denoise

    names = np.array([f"spot{i}" for i in range(SIDE * SIDE)])
    spatial = spatial_graph(coords)
    features = {name: denoise(own, spatial)[0].astype(np.float32) for name, own in values.items()}
    return Prepared(Dataset("large", {}, coords, names, pd.DataFrame(index=names)), values, features, spatial, {})


@pytest.fixture
def as_large(monkeypatch):
    """Return a function after which sections above 1,500 spots are taken for large ones."""

    def take() -> None:
        for name, size in {"SAMPLE": 1_500, "BLOCK": 600, "PATCH": 200}.items():
            monkeypatch.setattr(sampling, name, size)
        monkeypatch.setattr(features, "SIMILAR_AMONG", 1_000)

    return take
