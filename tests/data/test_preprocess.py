"""Every kind of modality against a reference written with scanpy, scikit-learn or dense numpy."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from anndata import AnnData
from results_by_hand import dataset_of
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from napari_trsmi.coherence import coherent_components
from napari_trsmi.config import Preprocess
from napari_trsmi.data.components import components
from napari_trsmi.data.dataset import Modality
from napari_trsmi.data.preprocess import (
    denoised_features,
    measured_components,
    measured_features,
    weighted_components,
)
from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.graphs import spatial_graph

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


@pytest.fixture(scope="module")
def rna():
    return counts_table(150, 2.0)


@pytest.fixture(scope="module")
def protein():
    return counts_table(12, 30.0, seed=1)


@pytest.fixture(scope="module")
def peaks():
    return counts_table(200, 0.5, seed=2)


def assert_same_up_to_signs(found: np.ndarray, expected: np.ndarray, tolerance: float = 1e-2) -> None:
    assert found.shape == expected.shape
    scale = np.abs(expected).max(axis=0)
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found * signs / scale, expected / scale, atol=tolerance)


# References


def test_rna_is_what_scanpy_makes_of_it(rna):
    reference = rna.copy()
    sc.pp.filter_genes(reference, min_cells=5)
    assert reference.n_vars < 150
    sc.pp.highly_variable_genes(reference, flavor="seurat_v3", n_top_genes=60)
    sc.pp.normalize_total(reference, target_sum=1e4)
    sc.pp.log1p(reference)
    reference = reference[:, reference.var["highly_variable"]].copy()
    reference.X = reference.X.toarray()
    sc.pp.scale(reference, max_value=10)
    expected = PCA(8).fit_transform(reference.X)
    assert_same_up_to_signs(components(Modality("rna", "rna", rna), "rna", SETTINGS), expected)


def test_few_genes_are_all_used(rna):
    few = rna[:, :40].copy()
    kept = np.asarray((few.X > 0).sum(axis=0)).ravel() >= 5
    values = few.X.toarray()[:, kept]
    logged = np.log1p(500.0 * values / np.maximum(values.sum(axis=1, keepdims=True), 1))
    scaled = np.minimum(StandardScaler().fit_transform(logged), 10)
    settings = SETTINGS.model_copy(update={"target_sum": 500.0})
    assert_same_up_to_signs(components(Modality("rna", "rna", few), "rna", settings), PCA(8).fit_transform(scaled))


def test_a_gene_that_is_high_everywhere_still_counts():
    rng = np.random.default_rng(0)
    high = 1000 + 200 * np.sin(np.arange(N) / 5)  # varies by 0.14 around 7 in logarithms
    counts = np.column_stack([high, np.full(N, 2000) - high, rng.poisson(0.1, (N, 20))]).astype(np.float32)
    found = components(Modality("rna", "rna", AnnData(sparse.csr_matrix(counts))), "rna", SETTINGS)
    assert max(abs(np.corrcoef(column, high)[0, 1]) for column in found.T) > 0.9


def test_a_single_count_of_a_rare_gene_is_held_to_ten_standard_deviations():
    counts = np.random.default_rng(0).poisson(5.0, (400, 12)).astype(np.float32)
    counts[:, 11] = 0
    counts[7, 11] = 3
    logged = np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True))
    scaled = StandardScaler().fit_transform(logged)
    assert scaled.max() > 19
    found = components(
        Modality("rna", "rna", AnnData(sparse.csr_matrix(counts))), "rna", SETTINGS.model_copy(update={"min_spots": 1})
    )
    assert_same_up_to_signs(found, PCA(8).fit_transform(np.minimum(scaled, 10)))


def test_rna_that_was_scaled_or_logged_before_comes_out_as_its_counts_do(rna):
    few = rna[:, :40].copy()
    settings = SETTINGS.model_copy(update={"min_spots": 1})
    expected = components(Modality("rna", "rna", few), "rna", settings)
    total = np.asarray(few.X.sum(axis=1))
    for target in (1.0, 5328.0):
        shares = AnnData(sparse.csr_matrix(target * few.X.toarray() / total))
        assert_same_up_to_signs(components(Modality("rna", "rna", shares), "rna", settings), expected)
    logged = AnnData(sparse.csr_matrix(np.log1p(1e4 * few.X.toarray() / total)))
    assert_same_up_to_signs(components(Modality("rna", "rna", logged), "rna", settings), expected)


def test_without_counts_the_genes_of_the_largest_variance_are_kept(rna):
    logged = np.log1p(1e4 * rna.X.toarray() / rna.X.toarray().sum(axis=1, keepdims=True))
    logged[:, (rna.X.toarray() > 0).sum(axis=0) < 5] = 0
    chosen = np.sort(np.argsort(-logged.var(axis=0))[:60])
    expected = PCA(8).fit_transform(np.minimum(StandardScaler().fit_transform(logged[:, chosen]), 10))
    found = components(Modality("rna", "rna", AnnData(sparse.csr_matrix(logged))), "rna", SETTINGS)
    assert_same_up_to_signs(found, expected)


def test_protein_is_the_centred_log_ratio_scaled_and_rotated(protein):
    counts = protein.X.toarray()
    geometric = np.exp(np.log1p(counts).mean(axis=1, keepdims=True))
    scaled = StandardScaler().fit_transform(np.log1p(counts / geometric))
    assert np.abs(scaled).max() < 10
    found = components(Modality("adt", "protein", protein), "protein", SETTINGS.model_copy(update={"n_components": 50}))
    assert_same_up_to_signs(found, PCA(11).fit_transform(scaled))  # all but one


def test_one_outstanding_protein_count_rules_no_component(protein):
    """It is cut off at ten standard deviations, as scanpy's `scale` does with `max_value`."""
    wild = AnnData(np.vstack([np.tile(protein.X.toarray(), (10, 1)), np.full((1, 12), 30.0)]).astype(np.float32))
    wild.X[-1, 0] = 1e7
    counts = wild.X
    ratio = np.log1p(counts / np.exp(np.log1p(counts).mean(axis=1, keepdims=True)))
    scaled = StandardScaler().fit_transform(ratio)
    assert scaled.max() > 12
    found = components(Modality("adt", "protein", wild), "protein", SETTINGS.model_copy(update={"n_components": 50}))
    assert_same_up_to_signs(found, PCA(11).fit_transform(np.clip(scaled, -10, 10)))


def lsi(counts: np.ndarray, n: int) -> np.ndarray:
    """Dense TF-IDF (logarithm of both together) and singular vectors times values."""
    frequency = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    weighted = np.log1p(1e4 * frequency * len(counts) / counts.sum(axis=0))
    u, s, _ = np.linalg.svd(weighted, full_matrices=False)
    return u[:, :n] * s[:n]


def test_chromatin_is_latent_semantic_indexing_without_its_first_component(peaks):
    counts = peaks.X.toarray()
    expected = lsi(counts[:, (counts > 0).sum(axis=0) >= 5], 9)[:, 1:]
    found = components(Modality("atac", "chromatin", peaks), "chromatin", SETTINGS)
    assert_same_up_to_signs(found, expected - expected.mean(axis=0))


def test_the_component_that_follows_depth_is_dropped(peaks):
    depth = np.log(peaks.X.toarray().sum(axis=1))
    counts = peaks.X.toarray()
    first = lsi(counts[:, (counts > 0).sum(axis=0) >= 5], 1)[:, 0]
    assert abs(np.corrcoef(first, depth)[0, 1]) > 0.8
    found = components(Modality("atac", "chromatin", peaks), "chromatin", SETTINGS)
    assert max(abs(np.corrcoef(column, depth)[0, 1]) for column in found.T) < 0.6


def test_precomputed_components_are_only_centred():
    values = np.random.default_rng(0).normal(3.0, 2.0, (N, 6)).astype(np.float32)
    for x in (values, sparse.csr_matrix(values)):
        found = components(Modality("pcs", "precomputed", AnnData(x)), "precomputed", SETTINGS)
        np.testing.assert_allclose(found, values - values.mean(axis=0), atol=1e-5)


# Whole datasets


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


def test_dense_counts_give_the_same_as_sparse_ones(rna):
    dense = AnnData(rna.X.toarray())
    found = components(Modality("rna", "rna", dense), "rna", SETTINGS)
    assert_same_up_to_signs(found, components(Modality("rna", "rna", rna), "rna", SETTINGS), 1e-4)


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


# Coherence


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
