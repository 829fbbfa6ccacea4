"""Every kind of modality against a reference written with scanpy, scikit-learn or dense numpy."""

from __future__ import annotations

import numpy as np
import scanpy as sc
from anndata import AnnData
from counts_by_hand import SETTINGS, N
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from napari_trsmi.data.components import components
from napari_trsmi.data.dataset import Modality


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


def test_dense_counts_give_the_same_as_sparse_ones(rna):
    dense = AnnData(rna.X.toarray())
    found = components(Modality("rna", "rna", dense), "rna", SETTINGS)
    assert_same_up_to_signs(found, components(Modality("rna", "rna", rna), "rna", SETTINGS), 1e-4)
