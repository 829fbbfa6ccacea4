"""A dataset of four spots, made of what a test is about."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from napari_trsmi.data.dataset import Dataset, Modality

COUNTS = np.array([[1.0, 0, 3], [0, 0, 4], [5, 0, 5], [0, 0, 0]])


def dataset_of(**tables):
    """Return a dataset of {modality: (kind, (N, D) values)}, all spots at one place."""
    modalities = {}
    for name, (kind, x) in tables.items():
        var = pd.DataFrame(index=[f"g{k}" for k in range(x.shape[1])])
        modalities[name] = Modality(name, kind, AnnData(x, var=var))
        n = x.shape[0]
    names = np.array([f"s{k}" for k in range(n)])
    return Dataset("made", modalities, np.zeros((n, 2)), names, pd.DataFrame(index=names))
