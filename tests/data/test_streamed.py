"""Components made in chunks of rows against those made at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from anndata import AnnData
from scipy import sparse

from napari_trsmi.config import Preprocess
from napari_trsmi.data import components as at_once
from napari_trsmi.data import joint, streamed
from napari_trsmi.data.dataset import Modality, measured_at
from napari_trsmi.errors import DataError
from napari_trsmi.interrupt import Interrupted, interruptible

N = 200
SETTINGS = Preprocess(min_spots=5, n_top_genes=60, n_components=8)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(streamed, "ROWS", 37)


def counts(n_features: int, seed: int = 0) -> np.ndarray:
    """Counts that follow a few programs and a depth that varies from spot to spot, with rare features among them."""
    rng = np.random.default_rng(seed)
    programs = rng.gamma(1.0, 1.0, (N, 3)) @ rng.gamma(0.3, 1.0, (3, n_features)) + 0.2
    rate = programs / programs.mean() * rng.lognormal(0, 0.5, (N, 1)) * rng.uniform(0.02, 4, n_features)
    return rng.poisson(rate).astype(np.float32)


def modality(values, kind="rna", name="m") -> Modality:
    table = AnnData(
        values,
        obs=pd.DataFrame(index=[f"s{i}" for i in range(values.shape[0])]),
        var=pd.DataFrame(index=[f"f{j}" for j in range(values.shape[1])]),
    )
    return Modality(name, kind, table)


def both(one: Modality, kind: str, monkeypatch, settings: Preprocess = SETTINGS) -> tuple[np.ndarray, np.ndarray]:
    whole = at_once.components(one, kind, settings)
    monkeypatch.setattr(at_once, "MANY", 0)
    return whole, at_once.components(one, kind, settings)


def cases():
    plain = counts(150)
    shares = plain / plain.sum(axis=1, keepdims=True)
    yield "counts", "rna", plain
    yield "few genes", "rna", plain[:, :40]
    yield "shares", "rna", shares
    yield "logarithms", "rna", np.log1p(plain / 3)
    yield "proteins", "protein", counts(12, 1) + (np.arange(12) != 4) * 3.0
    yield "transformed proteins", "protein", np.arcsinh(counts(12, 1)) - 1
    yield "peaks", "chromatin", counts(150, 2)
    yield "normalised", "precomputed", np.hstack([np.log1p(counts(150, seed)) for seed in range(4)])


@pytest.mark.parametrize(("kind", "values"), [pytest.param(*case[1:], id=case[0]) for case in cases()])
def test_components_in_chunks_are_those_made_at_once(kind, values, monkeypatch):
    whole, chunked = both(modality(sparse.csr_matrix(values, dtype=np.float32), kind), kind, monkeypatch)
    assert chunked.dtype == np.float32
    assert chunked.shape == whole.shape
    np.testing.assert_allclose(chunked, whole, atol=2e-3 * whole.std())


def test_axes_that_are_found_one_by_one_are_those_found_at_once(monkeypatch):
    values = np.random.default_rng(0).normal(size=(400, 60)) * np.linspace(1, 3, 60)
    covariance = np.cov(values, rowvar=False)
    both = [streamed._largest_axes(covariance, 7)]
    monkeypatch.setattr(streamed, "MOST_AT_ONCE", 50)
    both.append(streamed._largest_axes(covariance, 7))
    assert np.allclose(np.abs((both[0] * both[1]).sum(axis=0)), 1.0, atol=1e-9)
    assert np.array_equal(both[1], streamed._largest_axes(covariance, 7))


def test_so_are_those_of_many_dense_features(monkeypatch):
    values = np.hstack([np.log1p(counts(150, seed)) for seed in range(4)])
    whole, chunked = both(modality(values, "precomputed"), "precomputed", monkeypatch)
    np.testing.assert_allclose(chunked, whole, atol=2e-3 * whole.std())


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("by_total", [False, True])
@pytest.mark.parametrize("stored", ["rna", "protein"])
def test_sections_in_chunks_are_those_at_once(stored, standardise, by_total, monkeypatch):
    values = counts(80) if stored == "rna" else counts(12, 1) + 1
    section = np.arange(N) % 3
    values[section == 1] *= 2
    one = modality(sparse.csr_matrix(values), stored)
    how = (stored, SETTINGS, 0, section, standardise, by_total)
    whole = joint._components(one, *how)
    monkeypatch.setattr(at_once, "MANY", 0)
    chunked = joint._components(one, *how)
    whole = whole - whole.mean(axis=0)
    sign = np.sign((whole * chunked).sum(axis=0))
    np.testing.assert_allclose(chunked * sign, whole, atol=2e-3 * whole.std())


def test_the_genes_that_vary_most_are_those_of_scanpy():
    values = sparse.csr_matrix(counts(150))
    there = streamed.kept(values, 5)
    assert 60 < there.sum() < 150
    expected = sc.pp.highly_variable_genes(
        AnnData(values[:, there]), flavor="seurat_v3", n_top_genes=60, span=0.3, inplace=False
    )["highly_variable"].to_numpy()
    found = streamed.highly_variable(values, there, 60)
    np.testing.assert_array_equal(found[there], expected)
    assert not found[~there].any()


def test_counts_are_neither_copied_nor_changed(monkeypatch):
    values = sparse.csr_matrix(counts(150))
    before = values.copy()
    monkeypatch.setattr(at_once, "MANY", 0)
    copied = []
    copy = sparse.csr_matrix.copy
    monkeypatch.setattr(sparse.csr_matrix, "copy", lambda self: copied.append(self.shape[0]) or copy(self))
    at_once.components(modality(values), "rna", SETTINGS)
    assert all(n_rows <= streamed.ROWS for n_rows in copied)
    np.testing.assert_array_equal(values.data, before.data)
    np.testing.assert_array_equal(values.indices, before.indices)


def test_peaks_share_their_places_with_the_counts():
    values = sparse.csr_matrix(counts(50))
    weighted, _ = streamed.weighted_by_rarity(values, 5)
    assert np.shares_memory(weighted.indices, values.indices)


def test_what_does_not_vary_is_refused_in_chunks_too(monkeypatch):
    monkeypatch.setattr(at_once, "MANY", 0)
    with pytest.raises(DataError, match="only constant ones"):
        at_once.components(modality(sparse.csr_matrix(np.full((N, 20), 3.0, np.float32))), "rna", SETTINGS)


def test_too_many_proteins_are_refused_in_chunks_too(monkeypatch):
    monkeypatch.setattr(at_once, "MANY", 0)
    wide = sparse.random(N, at_once.MOST_DENSE + 1, 0.01, format="csr", dtype=np.float32, random_state=0)
    with pytest.raises(DataError, match="found 2001"):
        at_once.components(modality(wide, "protein"), "protein", SETTINGS)


def test_it_can_be_cancelled(monkeypatch):
    monkeypatch.setattr(at_once, "MANY", 0)
    with interruptible(lambda: True), pytest.raises(Interrupted):
        at_once.components(modality(sparse.csr_matrix(counts(150))), "rna", SETTINGS)


def test_spots_that_counted_nothing_are_found_in_chunks():
    first, second = counts(20), counts(20, 1) + 1
    first[[3, 150]] = 0
    found = measured_at(
        {"a": modality(sparse.csr_matrix(first)), "b": modality(sparse.csr_matrix(second))}, {"a": "rna", "b": "rna"}
    )
    assert np.flatnonzero(~found["a"]).tolist() == [3, 150]
