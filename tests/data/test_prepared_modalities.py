"""Features of all modalities of a section together: their order and weight, what is refused, what is left alone."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest
from anndata import AnnData
from counts_by_hand import SETTINGS, N, counts_table, features
from results_by_hand import dataset_of
from scipy import sparse

from napari_trsmi.coherence import coherent_components
from napari_trsmi.data.components import components, logged_rna
from napari_trsmi.data.dataset import Modality
from napari_trsmi.data.preprocess import (
    denoised_features,
    measured_components,
    measured_features,
    weighted_components,
)
from napari_trsmi.data.streamed import highly_variable
from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.graphs import spatial_graph


@pytest.fixture(scope="module")
def dataset(rna, protein, peaks):
    return dataset_of({"rna": rna, "adt": protein, "atac": peaks})


@pytest.fixture(scope="module")
def spatial(dataset):
    return spatial_graph(dataset.coords)


@pytest.mark.parametrize("coherent", [True, False])
@pytest.mark.parametrize("denoise", [True, False])
def test_every_modality_is_centred_with_root_mean_square_one(dataset, spatial, coherent, denoise):
    settings = SETTINGS.model_copy(update={"coherent": coherent, "denoise": denoise})
    found = features(dataset, settings, spatial)
    carries = measured_components(dataset, settings, spatial).carried
    assert list(carries) == (["rna", "adt", "atac"] if coherent else [])
    assert list(found) == ["rna", "adt", "atac"]
    for name, values in found.items():
        weight = max(carries[name] / max(carries.values()), 0.01) if coherent else 1
        assert values.dtype == np.float32
        assert np.sqrt(np.mean(values**2)) == pytest.approx(weight, rel=1e-4)
        np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-4)


def test_modalities_are_used_in_the_order_asked_for(dataset):
    found = features(dataset, SETTINGS.model_copy(update={"modalities": ("atac", "rna")}))
    assert list(found) == ["atac", "rna"]


@pytest.mark.parametrize("change", [{"modalities": ("rna", "lipids")}, {"kinds": {"lipids": "protein"}}], ids=str)
def test_a_modality_that_is_not_there_is_named(dataset, change):
    with pytest.raises(ConfigError, match=r"among \['adt', 'atac', 'rna'\], found 'lipids'"):
        features(dataset, SETTINGS.model_copy(update=change))


def test_a_kind_can_be_overridden(dataset):
    settings = SETTINGS.model_copy(update={"modalities": ("adt",), "kinds": {"adt": "precomputed"}})
    found = features(dataset, settings)["adt"]
    counts = dataset.modalities["adt"].table.X.toarray()
    centred = counts - counts.mean(axis=0)
    np.testing.assert_allclose(found, centred / np.sqrt((centred**2).mean()), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["rna", "protein", "chromatin", "precomputed"])
def test_a_modality_that_never_varies_is_refused(dataset, kind):
    flat = AnnData(sparse.csr_matrix(np.ones((N, 7), np.float32)))
    flat_dataset = replace(dataset, modalities={"flat": Modality("flat", kind, flat)})
    with pytest.raises(DataError, match="in modality 'flat', found only constant ones"):
        features(flat_dataset, SETTINGS)


@pytest.mark.parametrize(
    ("kind", "n_features"),
    [
        ("protein", 1),
        ("precomputed", 1),
        *((k, n) for k in ("rna", "protein", "chromatin", "precomputed") for n in (2, 3)),
    ],
)
def test_very_few_features_are_enough(kind, n_features):
    counts = np.random.default_rng(0).poisson(20.0, (N, n_features)).astype(np.float32)
    found = components(Modality("few", kind, AnnData(sparse.csr_matrix(counts))), kind, SETTINGS)
    assert found.shape[0] == N
    assert 1 <= found.shape[1] <= n_features
    assert np.isfinite(found).all()


def test_a_single_protein_is_logged_not_divided_by_itself():
    counts = np.array([5, 50, 500] * (N // 3) + [5] * (N % 3), np.float32)[:, None]
    found = components(Modality("one", "protein", AnnData(sparse.csr_matrix(counts))), "protein", SETTINGS)
    steps = np.diff(found[:3, 0])  # ratios of 10 each, the second of which a ratio to itself would lose
    assert abs(steps[1] / steps[0]) == pytest.approx(np.log(501 / 51) / np.log(51 / 6), rel=1e-3)


def genes_of_one_mean():
    """Each of 300 genes counted once at ten spots of 200: seurat_v3 finds no trend of the variance over the mean."""
    rng = np.random.default_rng(0)
    counts = np.zeros((200, 300), np.float32)
    for gene in range(300):
        counts[rng.choice(200, 10, replace=False), gene] = 1
    return counts


@pytest.mark.parametrize("section", [None, np.arange(200) % 2])
def test_genes_whose_means_do_not_differ_are_chosen_all_the_same(section):
    logged = logged_rna(AnnData(sparse.csr_matrix(genes_of_one_mean())), SETTINGS, section)
    assert logged.shape == (200, SETTINGS.n_top_genes)


def test_of_genes_whose_means_do_not_differ_those_that_vary_more_than_chance_are_chosen():
    counts = genes_of_one_mean()
    counts[:, :60] = 0
    counts[:2, :60] = 5  # as many counts, at two spots
    chosen = highly_variable(sparse.csr_matrix(counts), np.ones(300, bool), 60)
    np.testing.assert_array_equal(np.flatnonzero(chosen), np.arange(60))


@pytest.mark.parametrize("kind", ["rna", "chromatin"])
def test_a_single_feature_has_no_share_that_varies(dataset, kind):
    alone = replace(dataset, modalities={"one": Modality("one", kind, counts_table(1, 20.0))})
    with pytest.raises(DataError, match="found only constant ones"):
        features(alone, SETTINGS)


def test_spots_and_features_without_counts_do_no_harm(rna, protein, peaks):
    for table, kind in ((rna, "rna"), (protein, "protein"), (peaks, "chromatin")):
        counts = table.X.toarray()
        counts[:5], counts[:, :3] = 0, 0
        found = components(Modality(kind, kind, AnnData(sparse.csr_matrix(counts))), kind, SETTINGS)
        assert np.isfinite(found).all()


def test_the_same_seed_gives_the_same_features(dataset, spatial):
    settings = SETTINGS.model_copy(update={"coherent": True, "denoise": True})
    one, other = features(dataset, settings, spatial, 3), features(dataset, settings, spatial, 3)
    for m in one:
        np.testing.assert_array_equal(one[m], other[m])


@pytest.mark.parametrize("kind", ["rna", "chromatin"])
def test_sparse_counts_are_never_made_dense_as_a_whole(rna, peaks, kind, monkeypatch):
    table = rna if kind == "rna" else peaks
    expected = components(Modality(kind, kind, table), kind, SETTINGS)

    def refuse(self, *given, **named):
        raise AssertionError(f"{type(self).__name__} of shape {self.shape} was made dense")

    for form in (sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix, sparse.csr_array, sparse.csc_array):
        for name in ("toarray", "todense"):
            monkeypatch.setattr(form, name, refuse, raising=False)
    found = components(Modality(kind, kind, table), kind, SETTINGS)
    np.testing.assert_array_equal(found, expected)


def test_the_tables_are_left_as_they_were(dataset, spatial):
    before = {name: modality.table.X.copy() for name, modality in dataset.modalities.items()}
    features(dataset, SETTINGS, spatial)
    for name, modality in dataset.modalities.items():
        assert (before[name] != modality.table.X).nnz == 0
        assert modality.table.var.columns.empty


def test_coherent_components_weigh_as_much_as_their_signal(dataset, spatial):
    values = components(dataset.modalities["rna"], "rna", SETTINGS)
    rotated, w = coherent_components(values, spatial)
    np.testing.assert_allclose(weighted_components(values, spatial), rotated * w / np.sqrt(1 - w), rtol=1e-3, atol=1e-4)


def test_a_modality_without_the_tissue_is_weighted_down_and_the_others_stay_to_the_bit(dataset, spatial):
    wave = np.sin(dataset.coords / 2).astype(np.float32)
    tables = {
        "one": AnnData(np.hstack([wave, 0.3 * np.random.default_rng(0).standard_normal((N, 4))]).astype(np.float32)),
        "noise": AnnData(np.random.default_rng(1).standard_normal((N, 6)).astype(np.float32)),
    }
    both = replace(dataset, modalities={name: Modality(name, "precomputed", each) for name, each in tables.items()})
    settings = SETTINGS.model_copy(update={"coherent": True, "denoise": True})
    made = measured_components(both, settings, spatial)
    found, carries = made.values, made.carried
    assert carries["one"] == 1
    assert carries["noise"] < 0.8
    assert np.sqrt(np.mean(found["noise"] ** 2)) == pytest.approx(carries["noise"], rel=1e-3)
    alone = replace(both, modalities={"one": both.modalities["one"]})
    np.testing.assert_array_equal(found["one"], measured_features(alone, settings, spatial)["one"])
    smoothed = denoised_features(found, spatial)
    assert np.sqrt(np.mean(smoothed["noise"] ** 2)) == pytest.approx(np.sqrt(np.mean(found["noise"] ** 2)), rel=1e-3)
    only = replace(both, modalities={"noise": both.modalities["noise"]})
    assert np.sqrt(np.mean(measured_features(only, settings, spatial)["noise"] ** 2)) == pytest.approx(1, rel=1e-4)


def test_without_a_spatial_graph_nothing_is_rotated(dataset):
    plain, asked = features(dataset, SETTINGS), features(dataset, SETTINGS.model_copy(update={"coherent": True}))
    np.testing.assert_array_equal(plain["rna"], asked["rna"])


def test_what_was_done_is_logged(dataset, caplog):
    with caplog.at_level(logging.INFO, logger="napari_trsmi"):
        features(dataset, SETTINGS)
    assert "rna (rna): 8 components" in caplog.text


@pytest.mark.parametrize("kind", ["protein", "precomputed"])
def test_a_wide_table_is_not_made_dense_when_its_kind_is_overridden(kind):
    import anndata

    counts = sparse.csr_matrix(np.tile(np.eye(30, dtype=np.float32), 67))  # 2,010 features
    with pytest.raises(DataError, match="at most 2000 proteins or precomputed features, found 2010"):
        components(Modality("rna", "rna", anndata.AnnData(counts)), kind, SETTINGS)
