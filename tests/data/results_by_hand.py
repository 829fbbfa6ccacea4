"""Results put together from made-up data, without a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from napari_trsmi.config import Config, Kind
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.data.result import Result
from napari_trsmi.records import Partition, Step

KINDS: dict[str, Kind] = {"rna": "rna", "adt": "protein", "atac": "chromatin"}


def dataset_of(tables: dict[str, AnnData], *, source: Path | None = None) -> Dataset:
    """Join the tables on their barcodes, as a reader would."""
    first = next(iter(tables.values()))
    names = [name for name in first.obs_names if all(name in table.obs_names for table in tables.values())]
    tables = {name: table[names].copy() for name, table in tables.items()}
    first = next(iter(tables.values()))
    return Dataset(
        name="section",
        modalities={name: Modality(name, KINDS[name], table) for name, table in tables.items()},
        coords=np.asarray(first.obsm["spatial"], dtype=np.float64),
        obs_names=np.array(names),
        obs=first.obs.copy(),
        sources=() if source is None else (source,),
    )


def result_of(dataset: Dataset, n_domains: int = 3, seed: int = 0) -> Result:
    """A smooth random partition of the section, with all that a run gives back."""
    rng = np.random.default_rng(seed)
    n = dataset.n_spots
    centres = dataset.coords[rng.choice(n, n_domains, replace=False)]
    distance = np.linalg.norm(dataset.coords[:, None] - centres[None], axis=2) / np.ptp(dataset.coords)
    posterior = np.exp(-12 * distance)
    posterior /= posterior.sum(axis=1, keepdims=True)
    modalities = list(dataset.modalities)
    neighbours = sparse.random(n, n, min(1.0, 6 / n), format="csr", dtype=np.float32, random_state=seed)
    return Result(
        dataset=dataset,
        config=Config(seed=7, cluster={"n_domains": n_domains}),
        partition=Partition(posterior.argmax(axis=1), posterior.astype(np.float32), "mixture", 1.5),
        embedding=rng.normal(size=(n, 4)).astype(np.float32),
        correspondences={(a, b): neighbours for a in modalities for b in modalities if a != b},
        modality_weights=rng.dirichlet(np.ones(len(modalities)), n).astype(np.float32),
        boundaries=pd.DataFrame(
            {
                "domain_a": [0, 0],
                "domain_b": [min(1, n_domains - 1), min(2, n_domains - 1)],
                "n_edges": [3, 1],
                "x": [20.5, 30.5],
                "y": [10.5, 40.5],
                "length": [3.5, 1.0],
                "confidence": [0.75, 0.5],
                "contrast": [0.5, np.nan],
                "review": "keep",
            }
        ),
        history=(Step(1, 1, {"total": 0.5}, 0.9, 0.2, 0.5),),
        scores={"pas": 0.1},
    )


def with_colors(result: Result) -> Result:
    """The same result with colours chosen by hand."""
    return replace(result, colors=tuple(f"#0000{k:02x}" for k in range(result.partition.n_domains)))
