"""What the values of a table are taken for, and what is told of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from results_by_hand import result_of
from scipy import sparse

from napari_trsmi import sampling
from napari_trsmi.config import Preprocess
from napari_trsmi.data.preprocess import measured_features
from napari_trsmi.data.readers import from_memory, read
from napari_trsmi.data.readers.values import _as_csr
from napari_trsmi.data.tables import read_table, write_table
from napari_trsmi.errors import DataError
from napari_trsmi.restoring import read_saved

MARKERS = ["CD3", "CD4", "CD8", "CD20", "CD68", "PanCK", "Ki67", "DAPI"]


@pytest.fixture
def intensities(make_table):
    table = make_table(n_features=8, mean=30.0)
    table.X = (table.X.toarray() * 1.37).astype(np.float32)
    table.var_names = MARKERS
    return table


def only(dataset):
    (modality,) = dataset.modalities.values()
    return modality


def trainable(dataset):
    (values,) = measured_features(dataset, Preprocess(n_components=4, coherent=False)).values()
    return np.isfinite(values).all() and len(values) == dataset.n_spots


@pytest.mark.parametrize(
    "change",
    [lambda x: x, lambda x: np.arcsinh(x / 5) - 1.0, lambda x: (x - x.mean(axis=0)) / x.std(axis=0)],
    ids=["raw", "arcsinh", "scaled"],
)
@pytest.mark.parametrize("kinds", [None, {"codex": "protein"}, {"adt": "protein"}])
def test_intensities_of_markers_are_proteins_whatever_they_are_called(intensities, change, kinds):
    intensities.X = change(intensities.X)
    dataset = from_memory(intensities, kinds=kinds)
    assert only(dataset).kind == "protein"
    assert list(dataset.modalities) == list(kinds or ["adt"])
    np.testing.assert_allclose(only(dataset).table.X.toarray(), intensities.X, rtol=1e-6)
    assert any("intensities" in note for note in dataset.notes)
    assert trainable(dataset)


def test_intensities_of_a_modality_called_protein_need_no_known_markers(make_mudata, make_table, intensities):
    intensities.var_names = [f"m{i}" for i in range(8)]
    dataset = from_memory(make_mudata({"rna": make_table(), "protein": intensities}))
    assert dataset.modalities["protein"].kind == "protein"


def test_a_guessed_kind_is_told_also_for_a_lone_table(make_table, intensities):
    assert any("judged by the names" in note for note in from_memory(intensities).notes)
    dense = make_table(n_features=20, prefix="m", mean=20.0)
    dataset = from_memory(dense)
    assert (list(dataset.modalities), only(dataset).kind) == (["adt"], "protein")
    assert any("for protein, judged by its values" in note for note in dataset.notes)
    assert not any("judged" in note for note in from_memory(dense, kinds={"adt": "protein"}).notes)


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("off", [lambda x: x + (x > 0) * 1e-6, lambda x: x * (1 - 1e-6)])
def test_counts_off_by_rounding_are_rounded_and_told(make_table, dense, off):
    table = make_table()
    counts = table.X.toarray()
    table.X = off(counts.astype(np.float64))
    table.X = table.X if dense else sparse.csr_matrix(table.X)
    dataset = from_memory(table)
    np.testing.assert_array_equal(only(dataset).table.X.toarray(), counts)
    assert any("rounded" in note for note in dataset.notes)


@pytest.mark.parametrize("dense", [False, True])
def test_many_normalised_features_are_reduced_where_called_precomputed(make_table, dense):
    table = make_table(n_features=600)
    table.X = table.X.log1p()
    table.X = table.X.toarray() - 0.1 if dense else table.X
    if dense:
        with pytest.raises(DataError, match=r"kinds=\{'rna': 'precomputed'\} \(--kinds rna precomputed\)"):
            from_memory(table)
    dataset = from_memory(table, kinds={"rna": "precomputed"})
    assert only(dataset).kind == "precomputed"
    assert any("reduced to components" in note for note in dataset.notes)
    (values,) = measured_features(dataset, Preprocess(n_components=4, coherent=False)).values()
    assert values.shape == (36, 4)


def test_a_lone_modality_takes_the_name_it_is_given(make_table):
    table = make_table()
    assert list(from_memory(table, kinds={"mine": "rna"}, modalities=["mine"]).modalities) == ["mine"]


def repeated(names):
    return [*names[:5], "HSPA14", "HSPA14", *names[7:]]


@pytest.mark.filterwarnings("ignore:Variable names are not unique")
def test_counts_in_raw_are_found_where_names_of_genes_repeat(make_table):
    counts = make_table()
    counts.var_names = repeated(counts.var_names)
    table = counts.copy()
    table.X, table.raw = table.X.log1p(), counts
    np.testing.assert_array_equal(only(from_memory(table)).table.X.toarray(), counts.X.toarray())
    some = from_memory(table[:, 4:10].copy())
    np.testing.assert_array_equal(only(some).table.X.toarray(), counts.X[:, [4, 7, 8, 9]].toarray())
    assert any("2 features whose names repeat" in note for note in some.notes)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning")
def test_counts_in_raw_of_a_mudata_zarr_are_found_and_kept(tmp_path, make_mudata):
    mdata = make_mudata()
    counts = mdata["rna"].copy()
    mdata["rna"].raw, mdata["rna"].X = counts, counts.X.log1p()
    write_table(mdata, tmp_path / "a.zarr", ".zarr")
    for found in (read(tmp_path / "a.zarr").modalities["rna"].table.X, read_table(tmp_path / "a.zarr")["rna"].raw.X):
        np.testing.assert_array_equal(found.toarray(), counts.X.toarray())


@pytest.mark.parametrize("dtype", ["float16", "float64", "uint16", "int64", "bool", ">f4", ">u2"])
def test_dense_counts_of_any_type_are_read(make_table, dtype):
    table = make_table()
    counts = table.X = table.X.toarray().astype(dtype)
    np.testing.assert_array_equal(only(from_memory(table, kinds={"rna": "rna"})).table.X.toarray(), counts)


def test_counts_in_a_layer_are_used_where_x_is_not_finite(make_table):
    table = make_table()
    table.layers["counts"] = table.X.copy()
    table.X = table.X.toarray()
    table.X[0, 0] = np.nan
    np.testing.assert_array_equal(only(from_memory(table)).table.X.toarray(), table.layers["counts"].toarray())


@pytest.mark.parametrize("key", ["protein_expression", "adt", "protein_counts", "Protein"])
@pytest.mark.parametrize("form", ["frame", "array with names", "array"])
def test_proteins_in_obsm_are_a_modality(make_table, key, form):
    table, proteins = make_table(), make_table(n_features=12, prefix="p", mean=20.0, seed=1)
    values = proteins.X.toarray()
    table.obsm[key] = (
        pd.DataFrame(values, index=table.obs_names, columns=proteins.var_names) if form == "frame" else values
    )
    if form == "array with names":
        table.uns["protein_names"] = proteins.var_names.to_numpy(dtype=str)
    dataset = from_memory(table)
    assert {name: m.kind for name, m in dataset.modalities.items()} == {"rna": "rna", "adt": "protein"}
    found = dataset.modalities["adt"].table
    np.testing.assert_array_equal(found.X.toarray(), values)
    assert list(found.var_names[:2]) == (["p0", "p1"] if form != "array" else ["protein_1", "protein_2"])
    assert any(key in note for note in dataset.notes)
    assert key not in dataset.embeddings


def test_embeddings_beside_the_genes_are_no_proteins(make_table):
    table = make_table()
    table.obsm["X_pca"] = np.random.default_rng(0).normal(size=(36, 12))
    table.uns["protein_names"] = np.array([f"p{i}" for i in range(12)])
    dataset = from_memory(table)
    assert (list(dataset.modalities), list(dataset.embeddings)) == (["rna"], ["X_pca"])


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "bool"])
def test_a_dense_table_is_made_sparse_some_rows_at_a_time(monkeypatch, dtype):
    monkeypatch.setattr(sampling, "BLOCK", 4)
    table = np.random.default_rng(0).poisson(0.5, (10, 7)).astype(dtype)
    table[3] = 0
    found, expected = _as_csr(table), sparse.csr_matrix(table)
    expected = expected if table.dtype.kind == "f" else expected.astype(np.float32)
    assert (found.dtype, found.indices.dtype, found.indptr.dtype) == (expected.dtype, np.int32, np.int32)
    for part in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, part), getattr(expected, part))


def test_embeddings_are_not_copied_and_the_same_ones_of_two_tables_are_one(make_mudata):
    mdata = make_mudata()
    values = np.random.default_rng(0).normal(size=(mdata.n_obs, 3)).astype("float32")
    values[0] = np.nan
    mdata.obsm["X_a"] = values
    for table in mdata.mod.values():
        table.obsm["X_a"] = values.copy()
    found = from_memory(mdata).embeddings
    assert list(found) == ["X_a"]
    assert np.shares_memory(found["X_a"], values)
    mdata["rna"].obsm["X_a"][5] += 1
    assert list(from_memory(mdata).embeddings) == ["X_a", "rna:X_a"]


def per_ten_thousand(counts):
    return sparse.csr_matrix(1e4 * counts / counts.sum(axis=1))


@pytest.mark.parametrize(
    ("change", "said"),
    [(per_ten_thousand, "scaled but not logged"), (lambda x: per_ten_thousand(x).log1p(), "look logged")],
    ids=["scaled", "logged"],
)
@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("kinds", [None, {"rna": "rna"}])
def test_normalised_rna_opens_with_a_note_on_how_it_looks(make_table, change, said, dense, kinds):
    table = make_table()
    table.X = change(table.X).toarray() if dense else change(table.X)
    dataset = from_memory(table, kinds=kinds)
    assert only(dataset).kind == "rna"
    assert any("no counts" in note and said in note for note in dataset.notes)
    assert trainable(dataset)


def test_normalised_rna_beside_proteins_is_told_by_itself(make_mudata, make_table, intensities):
    rna = make_table()
    rna.X = rna.X.log1p()
    dataset = from_memory(make_mudata({"rna": rna, "adt": intensities}))
    assert {name: m.kind for name, m in dataset.modalities.items()} == {"rna": "rna", "adt": "protein"}
    assert sum("no counts" in note for note in dataset.notes) == 2


def test_a_kind_that_a_person_gives_goes_before_normalised_rna(make_table):
    table = make_table(n_features=20)
    table.X = table.X.log1p()
    for kind in ("protein", "precomputed"):
        assert only(from_memory(table, kinds={"rna": kind})).kind == kind


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda x: x * 0, "only zeros"),
        (lambda x: x * np.nan, "finite"),
        (lambda x: x * 0 + 0.5, "every one constant"),
    ],
    ids=["zeros", "nan", "constant"],
)
def test_normalised_values_that_cannot_be_computed_with_are_refused(make_table, spoil, said):
    table = make_table()
    table.X = spoil(table.X.log1p().toarray())
    with pytest.raises(DataError, match=said):
        from_memory(table)


def test_a_written_copy_of_normalised_rna_opens_again(make_table, tmp_path):
    table = make_table()
    table.X = per_ten_thousand(table.X)
    table.write_h5ad(tmp_path / "a.h5ad")
    dataset = read(tmp_path / "a.h5ad")
    result_of(dataset).write(tmp_path / "b.h5ad")
    saved, again = read_saved(tmp_path / "b.h5ad")
    assert saved.labels.shape == (36,)
    np.testing.assert_array_equal(only(again).table.X.toarray(), only(dataset).table.X.toarray())
    assert only(again).kind == "rna"


@pytest.mark.parametrize("key", ["X_lsi", "X_spectral"])
def test_normalised_peaks_open_by_their_components(make_table, key):
    peaks = make_table(40, 600)
    peaks.var_names = [f"chr1:{1000 * i}-{1000 * i + 500}" for i in range(600)]
    counts = peaks.X.toarray()
    peaks.obsm[key] = np.random.default_rng(0).normal(size=(40, 12))
    assert only(from_memory(peaks)).kind == "chromatin"  # as long as counts are there
    peaks.X = np.log1p(counts * 1.3)
    dataset = from_memory(peaks)
    assert only(dataset).kind == "precomputed"
    np.testing.assert_allclose(only(dataset).table.X, peaks.obsm[key], rtol=1e-6)
    assert any(f"no counts of its peaks: used their components in obsm['{key}']" in note for note in dataset.notes)
