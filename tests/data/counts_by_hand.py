"""Tables of counts that follow a few programs, and what the network would see of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from napari_trsmi.config import Preprocess
from napari_trsmi.data.preprocess import denoised_features, measured_features

N = 120
SETTINGS = Preprocess(min_spots=5, n_top_genes=60, n_components=8, coherent=False, denoise=False)


def features(dataset, settings, spatial=None, seed=0):
    """What the network would see."""
    measured = measured_features(dataset, settings, spatial, seed)
    return denoised_features(measured, spatial, seed) if settings.denoise and spatial is not None else measured


def counts_table(n_features: int, mean: float, seed: int = 0, n_programs: int = 3) -> AnnData:
    """Counts that follow a few programs and a depth that varies from spot to spot, with rare features among them."""
    rng = np.random.default_rng(seed)
    programs = rng.gamma(1.0, 1.0, (N, n_programs)) @ rng.gamma(0.3, 1.0, (n_programs, n_features)) + 0.2
    rate = mean * programs / programs.mean() * rng.lognormal(0, 0.5, (N, 1)) * rng.uniform(0.02, 2, n_features)
    side = int(np.ceil(np.sqrt(N)))
    y, x = np.divmod(np.arange(N), side)
    return AnnData(
        sparse.csr_matrix(rng.poisson(rate).astype(np.float32)),
        obs=pd.DataFrame(index=[f"s{i}" for i in range(N)]),
        var=pd.DataFrame(index=[f"f{j}" for j in range(n_features)]),
        obsm={"spatial": np.column_stack([x, y]).astype(float)},
    )
