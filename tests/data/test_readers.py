"""Files and objects of every kind become the same Dataset."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from napari_trsmi.data.readers import from_memory, read
from napari_trsmi.data.tables import mudata_of
from napari_trsmi.errors import DataError

pytestmark = pytest.mark.filterwarnings(  # of the libraries that write the test files
    "ignore:zarr v3 autosharding",
    "ignore:Writing zarr v2 data",
    "ignore:Consolidated metadata",
    "ignore:From 0.4 .update",
)


@pytest.fixture
def rna(make_table):
    return make_table()


@pytest.fixture
def adt(make_table):
    return make_table(n_features=20, prefix="protein", mean=20.0, seed=1)


def with_feature_types(*parts, types):
    """One table with the features of several, told apart by feature_types."""
    from anndata import AnnData

    var = pd.concat([part.var.assign(feature_types=kind) for part, kind in zip(parts, types, strict=True)])
    stacked = sparse.hstack([part.X for part in parts], format="csr")
    return AnnData(stacked, obs=parts[0].obs.copy(), var=var, obsm=dict(parts[0].obsm))


def test_h5ad_with_one_modality(tmp_path, rna):
    rna.write_h5ad(tmp_path / "slice.h5ad")
    dataset = read(tmp_path / "slice.h5ad")
    assert dataset.name == "slice"
    assert dataset.sources == (tmp_path / "slice.h5ad",)
    assert {name: m.kind for name, m in dataset.modalities.items()} == {"rna": "rna"}
    np.testing.assert_array_equal(dataset.coords, rna.obsm["spatial"])
    np.testing.assert_array_equal(dataset.obs_names, rna.obs_names)
    assert (dataset.modalities["rna"].table.X != rna.X).nnz == 0
    assert dataset.dropped == {}


@pytest.mark.parametrize(
    ("column", "types"),
    [
        ("feature_type", ["Gene Expression", "Antibody Capture"]),
        ("feature.types", ["Gene.Expression", "Antibody.Capture"]),
        ("type", ["gene", "protein"]),
    ],
)
def test_types_of_features_are_known_in_columns_of_other_names(rna, adt, column, types):
    table = with_feature_types(rna, adt, types=types)
    table.var = table.var.rename(columns={"feature_types": column})
    dataset = from_memory(table)
    assert {key: modality.kind for key, modality in dataset.modalities.items()} == {"rna": "rna", "adt": "protein"}
    assert any(f"told apart by var['{column}']" in note for note in dataset.notes)


def test_h5ad_is_split_by_feature_types(tmp_path, make_table, rna, adt):
    peaks = make_table(n_features=50, prefix="peak", seed=2)
    tags = make_table(n_features=3, prefix="tag", seed=3)
    types = ["Gene Expression", "Antibody Capture", "Peaks", "Multiplexing Capture"]
    with_feature_types(rna, adt, peaks, tags, types=types).write_h5ad(tmp_path / "slice.h5ad")
    dataset = read(tmp_path / "slice.h5ad")
    found = {name: (m.kind, m.table.n_vars) for name, m in dataset.modalities.items()}
    assert found == {"rna": ("rna", 400), "adt": ("protein", 20), "atac": ("chromatin", 50)}
    assert any("Multiplexing Capture" in note for note in dataset.notes)
    assert (dataset.modalities["adt"].table.X != adt.X).nnz == 0


def test_features_of_an_unknown_type_do_not_mix_with_genes(make_table, rna):
    guides = make_table(n_features=3, prefix="guide", seed=3)
    dataset = from_memory(with_feature_types(rna, guides, types=["Gene Expression", "CRISPR Guide Capture"]))
    assert {name: m.table.n_vars for name, m in dataset.modalities.items()} == {"rna": 400}
    assert any("CRISPR Guide Capture" in note for note in dataset.notes)


def test_nothing_is_said_to_be_left_out_where_all_is_of_an_unknown_type(make_table):
    table = make_table()
    table.var["feature_types"] = "CRISPR Guide Capture"
    assert not any("Left out" in note for note in from_memory(table).notes)


def test_modalities_of_any_name_are_told_apart_by_a_column(rna, adt):
    table = with_feature_types(rna, adt, types=["lipids", "metabolites"])
    table.var["modality"] = table.var["feature_types"]
    assert list(from_memory(table).modalities) == ["lipids", "metabolites"]


def test_several_h5ad_are_named_after_their_kinds(tmp_path, rna, adt):
    rna.write_h5ad(tmp_path / "first.h5ad")
    del adt.obsm["spatial"]
    adt[::-1].copy().write_h5ad(tmp_path / "second.h5ad")
    dataset = read([tmp_path / "first.h5ad", tmp_path / "second.h5ad"])
    assert list(dataset.modalities) == ["rna", "adt"]
    assert dataset.name == "first + second"
    for modality in dataset.modalities.values():
        assert modality.table.obs_names.tolist() == rna.obs_names.tolist()
    assert (dataset.modalities["adt"].table.X != adt.X).nnz == 0


def test_files_of_the_same_kind_are_named_after_their_stems(tmp_path, make_table, rna):
    rna.write_h5ad(tmp_path / "exons.h5ad")
    make_table(seed=5).write_h5ad(tmp_path / "introns.h5ad")
    assert list(read([tmp_path / "exons.h5ad", tmp_path / "introns.h5ad"]).modalities) == ["exons", "introns"]


@pytest.mark.parametrize("suffix", ["h5mu", "zarr"])
def test_mudata_files_read_like_the_object(tmp_path, make_mudata, suffix):
    mdata = make_mudata()
    path = tmp_path / f"slice.{suffix}"
    mdata.write_zarr(path) if suffix == "zarr" else mdata.write_h5mu(path)
    dataset, expected = read(path), from_memory(mdata)
    assert list(dataset.modalities) == ["rna", "adt"]
    for name, modality in dataset.modalities.items():
        assert modality.kind == expected.modalities[name].kind
        assert (modality.table.X != expected.modalities[name].table.X).nnz == 0
    np.testing.assert_array_equal(dataset.coords, expected.coords)


def test_anndata_zarr_reads_like_the_object(tmp_path, rna):
    rna.write_zarr(tmp_path / "slice.zarr")
    dataset = read(tmp_path / "slice.zarr")
    assert (dataset.modalities["rna"].table.X != rna.X).nnz == 0
    np.testing.assert_array_equal(dataset.coords, rna.obsm["spatial"])


def test_zarr_of_another_kind_is_refused(tmp_path):
    import zarr

    zarr.open_group(tmp_path / "image.zarr", mode="w").create_group("0")
    with pytest.raises(DataError, match=r"Expected AnnData, MuData or SpatialData .* found a folder of another kind"):
        read(tmp_path / "image.zarr")


def test_spots_that_another_modality_lacks_are_dropped_and_counted(make_mudata, rna, adt):
    dataset = from_memory(make_mudata({"rna": rna[5:].copy(), "adt": adt[:30][::-1].copy()}))
    assert dataset.obs_names.tolist() == rna.obs_names[5:30].tolist()
    assert dataset.dropped == {"rna": 6, "adt": 5}
    np.testing.assert_array_equal(dataset.coords, rna.obsm["spatial"][5:30])
    assert (adt.X[5:30] != dataset.modalities["adt"].table.X).nnz == 0


@settings(max_examples=15)
@given(st.permutations(range(12)))
def test_row_order_of_the_second_modality_does_not_matter(order):
    from anndata import AnnData

    names = np.array([f"s{i}" for i in range(12)])
    counts = np.random.default_rng(0).poisson(3.0, (12, 8)).astype(np.float32)
    first = AnnData(counts, obs=pd.DataFrame(index=names), obsm={"spatial": np.arange(24.0).reshape(12, 2)})
    second = AnnData(counts[order], obs=pd.DataFrame(index=names[order]))
    second.var_names = [f"protein{j}" for j in range(8)]
    dataset = from_memory(mudata_of({"rna": first, "adt": second}))
    np.testing.assert_array_equal(dataset.modalities["adt"].table.X.toarray(), counts)
    assert dataset.obs_names.tolist() == names.tolist()


def test_modalities_can_be_chosen_and_kinds_overridden(make_mudata):
    dataset = from_memory(make_mudata(), modalities=["adt"], kinds={"adt": "rna"})
    assert {name: m.kind for name, m in dataset.modalities.items()} == {"adt": "rna"}


def test_the_object_given_is_not_changed(make_mudata):
    mdata = make_mudata()
    before = mdata.copy()
    mdata["rna"].var_names = ["same"] * mdata["rna"].n_vars
    dataset = from_memory(mdata)
    assert mdata["rna"].var_names[1] == "same"
    assert dataset.modalities["rna"].table.var_names[1] == "same-1"
    assert (mdata["rna"].X != before["rna"].X).nnz == 0
    assert list(mdata["adt"].obs.columns) == list(before["adt"].obs.columns)
    assert set(mdata.obsm) == set(before.obsm)


def test_annotations_are_merged_and_differing_ones_told_apart(make_mudata, rna, adt):
    rna.obs["gt"] = adt.obs["gt"] = "a"
    rna.obs["depth"], adt.obs["depth"] = 1.0, 2.0
    obs = from_memory(make_mudata({"rna": rna, "adt": adt})).obs
    assert list(obs.columns) == ["gt", "depth", "adt:depth"]
    assert obs.index.tolist() == rna.obs_names.tolist()


def test_counts_are_sparse_floats_and_components_dense(rna):
    rna.X = rna.X.toarray().astype(np.int64)
    table = from_memory(rna).modalities["rna"].table
    assert sparse.issparse(table.X)
    assert table.X.format == "csr"
    assert table.X.dtype == np.float32


def test_precomputed_features_are_used_as_they_are(make_table):
    table = make_table(n_features=10, prefix="PC_")
    table.X = np.random.default_rng(0).normal(size=table.shape)
    modality = from_memory(table).modalities["features"]
    assert modality.kind == "precomputed"
    np.testing.assert_allclose(modality.table.X, table.X, rtol=1e-6)


def test_narrow_fractions_with_negatives_are_precomputed_with_a_note(make_table):
    table = make_table(n_features=10, prefix="f")
    table.X = np.random.default_rng(0).normal(size=table.shape)
    dataset = from_memory(table)
    assert [m.kind for m in dataset.modalities.values()] == ["precomputed"]
    assert any("precomputed" in note for note in dataset.notes)


def test_components_in_obsm_stand_in_for_a_wide_table_marked_precomputed(make_table):
    table = make_table(n_features=600)
    table.X = table.X.log1p()
    table.obsm["X_pca"] = np.random.default_rng(0).normal(size=(table.n_obs, 5))
    dataset = from_memory(table, kinds={"rna": "precomputed"})
    np.testing.assert_allclose(dataset.modalities["rna"].table.X, table.obsm["X_pca"], rtol=1e-6)
    assert any("X_pca" in note for note in dataset.notes)


def test_a_counts_layer_goes_before_normalised_values(rna):
    rna.layers["counts"] = rna.X.copy()
    rna.X = rna.X.log1p()
    dataset = from_memory(rna)
    assert (rna.layers["counts"] != dataset.modalities["rna"].table.X).nnz == 0
    assert any("layers['counts']" in note for note in dataset.notes)


def test_counts_in_raw_are_found(rna):
    rna.raw = rna.copy()
    rna.X = rna.X.log1p()
    dataset = from_memory(rna[:, 10:50].copy())
    assert (rna.raw.X[:, 10:50] != dataset.modalities["rna"].table.X).nnz == 0


def test_spots_outside_the_tissue_are_left_out_with_a_note(rna):
    rna.obs["in_tissue"] = [0] * 6 + [1] * 30
    dataset = from_memory(rna)
    assert dataset.n_spots == 30
    assert any("6 spots" in note for note in dataset.notes)


def test_a_missing_spatialdata_library_is_named_with_the_command_that_installs_it(tmp_path, monkeypatch, rna):
    import zarr

    rna.obs["region"], rna.obs["cell"] = pd.Categorical(["cells"] * rna.n_obs), range(rna.n_obs)
    rna.uns["spatialdata_attrs"] = {"region": "cells", "region_key": "region", "instance_key": "cell"}
    rna.write_zarr(tmp_path / "s.zarr" / "tables" / "table")
    version = zarr.open_group(tmp_path / "s.zarr" / "tables" / "table", mode="r").metadata.zarr_format
    store = zarr.open_group(tmp_path / "s.zarr", mode="a", zarr_format=version)
    store.attrs["spatialdata_attrs"] = {"version": "0.2"}
    store.require_group("tables")
    monkeypatch.setitem(sys.modules, "spatialdata", None)
    with pytest.raises(DataError, match=r"pip install .napari-trsmi\[spatialdata\]"):
        read(tmp_path / "s.zarr")


def test_a_renamed_mudata_is_read_by_its_content(tmp_path, make_mudata):
    make_mudata().write_h5mu(tmp_path / "slice.h5mu")
    shutil.move(tmp_path / "slice.h5mu", tmp_path / "slice.h5ad")
    assert list(read(tmp_path / "slice.h5ad").modalities) == ["rna", "adt"]
