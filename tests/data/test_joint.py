"""Components of several sections together: what is corrected, what counts are divided by, what is predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from anndata import AnnData
from scipy import sparse

from napari_trsmi import Config
from napari_trsmi.config import Preprocess, Study
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.data.predicted import predicted
from napari_trsmi.data.preprocess import measured_components
from napari_trsmi.data.study import stack
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.stages import prepare

SIDE = 14
N = SIDE * SIDE
XY = np.column_stack([a.ravel() for a in np.meshgrid(np.arange(SIDE), np.arange(SIDE))]).astype(float)
DOMAIN = (XY[:, 0] // 5 % 3).astype(int)
PROGRAMS = {
    "rna": np.random.default_rng(0).gamma(2.0, 1.0, (3, 60)),
    "adt": np.random.default_rng(1).gamma(2.0, 4.0, (3, 12)),
}


@cache
def section(seed: int, names: tuple[str, ...], chemistry: float = 0.0) -> Dataset:
    """Stripes of three domains; `chemistry` is the spread of the log factors of the features of this section."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    tables = {}
    for name in names:
        rate = PROGRAMS[name][DOMAIN] * np.exp(chemistry * rng.normal(size=PROGRAMS[name].shape[1]))
        tables[name] = Modality(
            name,
            "rna" if name == "rna" else "protein",
            AnnData(sparse.csr_matrix(rng.poisson(rate).astype(np.float32))),
        )
    barcodes = np.array([f"s{i}" for i in range(N)])
    return Dataset("s", tables, XY, barcodes, pd.DataFrame({"truth": DOMAIN}, index=barcodes))


def study(names: Mapping[str, tuple[str, ...]], chemistry: float = 0.0) -> Dataset:
    return stack({key: section(seed, own, chemistry) for seed, (key, own) in enumerate(names.items(), 5)})


BOTH = {"a": ("rna", "adt"), "b": ("rna", "adt")}
SETTINGS = Preprocess(min_spots=1)


def components(dataset: Dataset, batch: str = "auto"):
    spatial = spatial_graph(dataset.coords, None, dataset.section)
    return measured_components(dataset, SETTINGS, spatial, 0, Study(batch=batch))


def test_sections_without_a_batch_are_corrected_by_nothing():
    dataset = study(BOTH)
    found, nothing = components(dataset), components(dataset, "none")
    assert all("nothing is corrected" in note for note in found.notes)
    for name in found.values:
        np.testing.assert_array_equal(found.values[name], nothing.values[name])


def test_where_sections_mix_as_far_as_they_can_standardising_is_not_tried(monkeypatch):
    from napari_trsmi.data import batch

    looked, mixing = [], batch.mixing

    def spied(*given):
        looked.append(mixing(*given))
        return looked[-1]

    monkeypatch.setattr(batch, "mixing", spied)
    components(study(BOTH))
    assert [batch.GAIN * before >= batch.MOST for before, _ in looked] == [True, True]
    looked.clear()
    components(study(BOTH, chemistry=0.8))
    assert len(looked) == 4


def test_sections_of_another_chemistry_are_standardised():
    dataset = study(BOTH, chemistry=0.8)
    found, asked = components(dataset), components(dataset, "standardise")
    assert all("standardised in each section, after which these mix" in note for note in found.notes)
    for name in found.values:
        np.testing.assert_array_equal(found.values[name], asked.values[name])


def test_halves_of_other_composition_are_corrected_by_nothing():
    whole = section(5, ("rna", "adt"))
    left = XY[:, 0] < 7

    def half(rows: np.ndarray) -> Dataset:
        tables = {name: replace(one, table=one.table[rows]) for name, one in whole.modalities.items()}
        return replace(whole, modalities=tables, coords=XY[rows], obs_names=whole.obs_names[rows], obs=whole.obs[rows])

    found = components(stack({"left": half(left), "right": half(~left)}))
    assert all("nothing is corrected" in note for note in found.notes)


def test_rows_of_spots_that_lack_a_modality_are_zero_and_do_not_count():
    dataset = study({"a": ("rna", "adt"), "b": ("rna",)})
    found = components(dataset, "none")
    has = found.measured["adt"]
    np.testing.assert_array_equal(has, dataset.section == 0)
    assert not found.values["adt"][~has].any()
    assert np.sqrt(np.mean(found.values["adt"][has] ** 2)) == pytest.approx(1.0, rel=1e-4)


def test_a_spot_that_counted_nothing_lacks_the_modality():
    dataset = section(5, ("rna", "adt"))
    table = dataset.modalities["adt"].table.copy()
    values = table.X.toarray()
    values[:9] = 0
    table.X = sparse.csr_matrix(values)
    dataset = replace(
        dataset, modalities={**dataset.modalities, "adt": replace(dataset.modalities["adt"], table=table)}
    )
    found = measured_components(dataset, SETTINGS, spatial_graph(dataset.coords))
    np.testing.assert_array_equal(np.flatnonzero(~found.measured["adt"]), np.arange(9))
    prepared = prepare(dataset, Config(preprocess=SETTINGS))
    assert prepared.measured["adt"][:9].any(axis=1).all()


def test_one_protein_that_some_spots_lack_is_foretold_by_rna():
    whole = section(1, ("rna", "adt"))
    one = replace(whole.modalities["adt"], table=whole.modalities["adt"].table[:, :1].copy(), measured=XY[:, 1] > 3)
    dataset = replace(whole, modalities={**whole.modalities, "adt": one})
    found = components(dataset)
    assert found.values["adt"].shape[1] == 1
    assert not found.values["adt"][XY[:, 1] <= 3].any()


def test_what_is_carried_over_is_like_the_domain_it_is_carried_over_to():
    dataset = study({"a": ("rna", "adt"), "b": ("rna",)}, chemistry=0.3)
    prepared = prepare(dataset, Config(preprocess=SETTINGS))
    truth = dataset.obs["truth"].to_numpy()
    has = prepared.has["adt"]
    means = np.stack([prepared.features["adt"][has & (truth == k)].mean(axis=0) for k in range(3)])
    carried = prepared.features["adt"][~has]
    nearest = ((carried[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == truth[~has]).mean() > 0.9


def test_predicted_proteins_follow_those_of_the_domains():
    dataset = study({"a": ("rna", "adt"), "b": ("rna",)})
    prepared = prepare(dataset, Config(preprocess=SETTINGS))
    embedding = np.hstack(list(prepared.features.values()))
    found, notes = predicted(embedding, dataset, prepared.spatial, prepared.has, {})
    values = found["adt"]
    assert notes == []
    assert np.isnan(values[prepared.has["adt"]]).all()
    expected = np.log(PROGRAMS["adt"][DOMAIN])
    expected -= expected.mean(axis=1, keepdims=True)
    found_in_b = values[~prepared.has["adt"]]
    correlation = [np.corrcoef(found_in_b[:, j], expected[:, j])[0, 1] for j in range(12)]
    assert np.median(correlation) > 0.8


@pytest.mark.parametrize("kind", ["chromatin", "precomputed"])
def test_chromatin_and_components_are_predicted_too(kind):
    dataset = study({"a": ("rna", "adt"), "b": ("rna",)})
    other = replace(dataset.modalities["adt"], kind=kind)
    dataset = replace(dataset, modalities={**dataset.modalities, "adt": other})
    spatial = spatial_graph(dataset.coords, 6, dataset.section)
    rows = np.eye(3)[dataset.obs["truth"].to_numpy(int)]
    found, notes = predicted(rows, dataset, spatial, {"adt": other.measured}, {})
    assert notes == []
    assert np.isfinite(found["adt"][~other.measured]).all()
    means = np.array([found["adt"][(rows[:, k] == 1) & ~other.measured].mean(axis=0) for k in range(3)])
    assert [int(np.corrcoef(means, np.log(PROGRAMS["adt"]))[k, 3:].argmax()) for k in range(3)] == [0, 1, 2]


def test_a_study_refuses_what_is_of_one_section():
    from napari_trsmi.errors import ConfigError

    with pytest.raises(ConfigError, match="that several sections share, found 'step'"):
        measured_components(study(BOTH), Preprocess(min_spots=1, covariates=("step",)), None)


def test_a_section_of_fewer_spots_than_neighbours_is_named():
    from napari_trsmi.errors import ConfigError

    whole = section(5, ("rna",))
    rows = np.arange(6)
    tables = {"rna": replace(whole.modalities["rna"], table=whole.modalities["rna"].table[rows])}
    small = replace(
        whole, modalities=tables, coords=XY[rows], obs_names=whole.obs_names[rows], obs=whole.obs.iloc[rows]
    )
    with pytest.raises(ConfigError, match=r"more than 6 spots in every section.* found 6 in 'small'"):
        prepare(stack({"large": section(6, ("rna",)), "small": small}), Config(preprocess=SETTINGS))


def test_spots_that_were_kept_are_not_left_out_afterwards():
    from napari_trsmi.errors import ConfigError

    dataset = section(5, ("rna", "adt"))
    partly = replace(dataset.modalities["adt"], measured=np.arange(N) > 8)
    dataset = replace(dataset, modalities={**dataset.modalities, "adt": partly})
    with pytest.raises(ConfigError, match=r"found 9 spots without 'adt'\. .* to 'all', or use trsmi fit"):
        prepare(dataset, Config(preprocess={"min_spots": 1, "spots": "common"}))


def test_a_section_without_a_modality_in_use_is_named():
    from napari_trsmi.errors import ConfigError

    with pytest.raises(ConfigError, match="one of the modalities adt in every section, found none in 'b'"):
        prepare(study({"a": ("rna", "adt"), "b": ("rna",)}), Config(preprocess={"modalities": ("adt",)}))
