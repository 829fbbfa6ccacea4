"""What a study is compared with: plain ways to join sections, and what is true of the modality that one lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from trivial import trivial_labels

from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.domains.labels import encode
from napari_trsmi.domains.metrics import agreement
from napari_trsmi.graphs import smooth, spatial_graph
from napari_trsmi.neighbours import nearest

NEAREST = 20
N_COMPONENTS = 20


def truth_of(dataset: Dataset, column: str, left_out: Iterable[str] = ()) -> np.ndarray:
    """Return the (N,) true labels, None where a spot is not scored."""
    labels = dataset.obs[column].astype(object)
    labels = labels.where(labels.notna(), None).map(lambda label: None if label is None else str(label))
    return labels.where(~labels.isin(list(left_out)), None).to_numpy(dtype=object)


def ari(labels: np.ndarray, truth: np.ndarray) -> float:
    """Return the adjusted Rand index x100 on the spots that are scored."""
    return 100 * float(agreement(labels, truth)["ARI"])


def by_section(study: Dataset, labels: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return the ARI x100 over all sections, ``joint``, and of each."""
    each = zip(study.section_names, study.sections, strict=True)
    return {"joint": ari(labels, truth)} | {name: ari(labels[rows], truth[rows]) for name, rows in each}


def confusions(study: Dataset, labels: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Return {section: {true domain: spots in each found domain}}, found domains in the order of the labels."""
    found, _ = encode(labels)
    names = sorted({str(name) for name in truth if name is not None})
    tables = {}
    for section, rows in zip(study.section_names, study.sections, strict=True):
        counts = {name: np.bincount(found[rows][truth[rows] == name], minlength=found.max() + 1) for name in names}
        tables[section] = {name: row.tolist() for name, row in counts.items() if row.sum()}
    return tables


def with_zeros(study: Dataset) -> Dataset:
    """Return the study as one section, in which what was not measured is 0."""
    modalities = {name: replace(one, measured=None) for name, one in study.modalities.items()}
    return replace(study, modalities=modalities, parts=(), places=(), section=None)


def plain_labels(study: Dataset, n_domains: int, seed: int) -> np.ndarray:
    """Return labels of joint components, standardised per section and carried by the nearest spots, without a network.

    Averaged over one hop of the tissue of each section, and cut by a tied mixture.
    """
    values = {name: standardised(study, one) for name, one in study.modalities.items()}
    reduced = {name: principal(found, study.modalities[name], seed) for name, found in values.items()}
    blocks = [carried(reduced, study.modalities, name, reduced[name]) for name in study.modalities]
    features = np.hstack([block / np.sqrt((block**2).sum() / len(block)) for block in blocks])
    graph = spatial_graph(study.coords, 6, study.section)
    return trivial_labels(smooth(features, graph, 1), "mixture", n_domains, seed)


def plain_prediction(study: Dataset, modality: str, seed: int, hops: int = 0) -> np.ndarray:
    """Return (N, D) logarithms of a modality, where it lacks the mean of the nearest spots by components.

    Parameters
    ----------
    hops
        Over which the components are averaged before neighbours are sought.
    """
    values = {name: standardised(study, one) for name, one in study.modalities.items()}
    reduced = {name: principal(found, study.modalities[name], seed) for name, found in values.items()}
    if hops:
        graph = spatial_graph(study.coords, 6, study.section)
        reduced = {name: smooth(found, graph, hops) for name, found in reduced.items()}
    return carried(reduced, study.modalities, modality, logarithms(study.modalities[modality].table.X))


def carried(by: dict[str, np.ndarray], modalities: dict[str, Modality], name: str, values: np.ndarray) -> np.ndarray:
    """Return `values` of modality `name`, where it was not measured the mean over the `NEAREST` spots that have it."""
    measured = modalities[name].measured
    if measured is None:
        return values
    out = values.astype(float)
    sums, times = np.zeros_like(out), np.zeros(len(out))
    for other, one in modalities.items():
        known = np.ones(len(out), bool) if one.measured is None else one.measured
        bridge, lacking = np.flatnonzero(measured & known), np.flatnonzero(~measured & known)
        if other == name or not len(bridge) or not len(lacking):
            continue
        index = nearest(by[other][bridge], NEAREST, by[other][lacking]).index
        sums[lacking] += values[bridge][index].mean(axis=1)
        times[lacking] += 1
    lacking = ~measured & (times > 0)
    out[lacking] = sums[lacking] / times[lacking, None]
    return out


def logarithms(counts: Any) -> np.ndarray:
    """Return log(1 + counts), each spot scaled to the median depth."""
    dense = np.asarray(counts.toarray() if hasattr(counts, "toarray") else counts, dtype=float)
    depth = dense.sum(axis=1)
    return np.log1p(dense / np.maximum(depth, 1)[:, None] * np.median(depth[depth > 0]))


def standardised(study: Dataset, modality: Modality) -> np.ndarray:
    """Return the logarithms with mean 0 and variance 1 in each section; 0 where it was not measured."""
    values = logarithms(modality.table.X)
    for rows in study.sections:
        own = rows if modality.measured is None else rows[modality.measured[rows]]
        if not len(own):
            continue
        spread = values[own].std(axis=0)
        values[own] = (values[own] - values[own].mean(axis=0)) / np.where(spread > 0, spread, 1)
    return values


def principal(values: np.ndarray, modality: Modality, seed: int) -> np.ndarray:
    """Return the first components of the measured rows; 0 in the others."""
    from sklearn.decomposition import PCA

    rows = np.arange(len(values)) if modality.measured is None else np.flatnonzero(modality.measured)
    width = min(N_COMPONENTS, values.shape[1] - 1)
    out = np.zeros((len(values), width))
    out[rows] = PCA(width, random_state=seed).fit_transform(values[rows])
    return out


def of_domains(study: Dataset, modality: str, truth: np.ndarray) -> np.ndarray:
    """Return (N, D) what spots of the same true domain show on average where every modality was measured."""
    values = logarithms(study.modalities[modality].table.X)
    measured = np.ones(len(values), bool)
    for one in study.modalities.values():
        measured &= True if one.measured is None else one.measured
    out = np.full(values.shape, np.nan)
    for name in np.unique(truth[truth != None]):  # noqa: E711 - elementwise
        out[truth == name] = values[measured & (truth == name)].mean(axis=0)
    return out


def correlation(predicted: np.ndarray, true: np.ndarray) -> float:
    """Return the correlation of each feature over the spots, averaged over the features that vary in both."""
    a, b = (values - values.mean(axis=0) for values in (predicted.astype(float), true.astype(float)))
    size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    varies = size > 1e-9
    return float(((a * b).sum(axis=0)[varies] / size[varies]).mean()) if varies.any() else np.nan


def halves(dataset: Dataset) -> dict[str, Dataset]:
    """Return the section cut in two at the median x."""
    right = dataset.coords[:, 0] > np.median(dataset.coords[:, 0])
    return {name: taken(dataset, np.flatnonzero(rows)) for name, rows in (("left", ~right), ("right", right))}


def taken(dataset: Dataset, rows: np.ndarray) -> Dataset:
    """Return some spots of a section."""
    modalities = {name: Modality(name, one.kind, one.table[rows].copy()) for name, one in dataset.modalities.items()}
    return replace(
        dataset,
        modalities=modalities,
        coords=dataset.coords[rows],
        obs_names=dataset.obs_names[rows],
        obs=dataset.obs.iloc[rows].copy(),
        embeddings={},
        rows={},
    )
