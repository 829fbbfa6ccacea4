"""Results of several sections put together from made-up numbers, without a model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from napari_trsmi.config import Config
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.data.result import Result
from napari_trsmi.data.study import stack
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.records import Partition
from napari_trsmi.stages import Prepared


def section_of(n, *, seed=0, modalities=("rna",), **obs):
    """A section of n spots on a square grid, with random components."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(n)))
    names = np.array([f"spot{i}" for i in range(n)])
    tables = {m: AnnData(rng.normal(size=(n, 4)).astype(np.float32)) for m in modalities}
    return Dataset(
        name="section",
        modalities={m: Modality(m, "precomputed", table) for m, table in tables.items()},
        coords=np.array([divmod(i, side)[::-1] for i in range(n)], float),
        obs_names=names,
        obs=pd.DataFrame(obs, index=names),
    )


def study_of(labels, *, conditions=None, modalities=None):
    """A result over sections, from {section: (n,) labels}; each may have a condition and modalities of its own."""
    sections = {
        name: section_of(
            len(own),
            seed=number,
            **({} if modalities is None else {"modalities": modalities[name]}),
            **({} if conditions is None else {"condition": conditions[name]}),
        )
        for number, (name, own) in enumerate(labels.items())
    }
    dataset, found = stack(sections), np.concatenate(list(labels.values()))
    k = int(found.max()) + 1
    posterior = np.full((len(found), k), 0.1 / max(k - 1, 1), np.float32)
    posterior[np.arange(len(found)), found] = 0.9
    return Result(
        dataset=dataset,
        config=Config(cluster={"n_domains": k}),
        partition=Partition(found, posterior, "mixture", 1.0),
        embedding=np.eye(k, dtype=np.float32)[found],
    )


def prepared_of(result, measured):
    """What training would see of a study, from {modality: (N, D)}."""
    spatial = spatial_graph(result.coords, 4, result.dataset.section)
    has = {m: own.measured for m, own in result.dataset.modalities.items() if own.measured is not None}
    return Prepared(result.dataset, measured, measured, spatial, {}, has=has)
