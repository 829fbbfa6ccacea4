"""Bad input gets one sentence: expected, found, what to do; nothing of a library's traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from napari_trsmi.data.readers import from_memory, read
from napari_trsmi.errors import DataError

pytestmark = pytest.mark.filterwarnings(
    "ignore:zarr v3 autosharding", "ignore:Writing zarr v2", "ignore:From 0.4 .update"
)


def refused(data, match, **options):
    with pytest.raises(DataError, match=match) as caught:
        read(data, **options) if isinstance(data, str | Path | list) else from_memory(data, **options)
    message = str(caught.value)
    assert message.startswith("Expected")
    assert "\n" not in message
    return message


@pytest.fixture
def table(make_table):
    return make_table()


def test_no_coordinates(make_table):
    refused(make_table(spatial=False), r"found none \(obsm has no keys\)")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_spot_with_coordinates(table, value):
    table.obs["x"] = table.obs["y"] = value
    del table.obsm["spatial"]
    refused(table, "Expected coordinates")


def test_coordinates_of_a_wrong_shape_or_type(table):
    table.obsm["spatial"] = np.ones((36, 1))
    refused(table, r"found shape \(36, 1\)")
    table.obsm["spatial"] = pd.DataFrame({"x": ["a"] * 36, "y": ["b"] * 36}, index=table.obs_names)
    refused(table, "Expected numbers as coordinates")


def test_all_spots_in_one_place(table):
    table.obsm["spatial"] = np.ones((36, 2))
    refused(table, "found all 36 at")


def test_no_common_barcodes(make_table, make_mudata):
    adt = make_table(n_features=20, prefix="protein", mean=20.0)
    adt.obs_names = [f"other{i}" for i in range(adt.n_obs)]
    refused(make_mudata({"rna": make_table(), "adt": adt}), "Check that the modalities come from one section")


def test_barcodes_that_agree_without_suffix_but_not_one_to_one(make_table, make_mudata):
    adt = make_table(n_features=20, prefix="protein", mean=20.0)
    adt.obs_names = [f"spot{i // 2}-{i % 2 + 2}" for i in range(adt.n_obs)]
    message = refused(make_mudata({"rna": make_table(), "adt": adt}), "suffix")
    assert "18 agree" in message


@pytest.mark.filterwarnings("ignore:Observation names are not unique", "ignore:.*obs_names are not unique")
def test_duplicated_barcodes_of_tables_that_are_joined(tmp_path, table, make_table):
    adt = make_table(n_features=20, prefix="protein", mean=20.0)[::-1].copy()
    table.obs_names = ["twice", "twice", *table.obs_names[2:]]
    table.write_h5ad(tmp_path / "rna.h5ad")
    adt.write_h5ad(tmp_path / "adt.h5ad")
    refused([tmp_path / "rna.h5ad", tmp_path / "adt.h5ad"], "found 1 more than once, such as 'twice'")


@pytest.mark.parametrize("dense", [False, True])
def test_negative_counts(table, dense):
    table.X.data[0] = -1
    if dense:
        table.X = table.X.toarray()
    refused(table, "Expected counts of 0 or more in modality 'rna', found -1", kinds={"rna": "rna"} if dense else None)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_counts_that_are_not_finite(table, value):
    table.X.data[0] = value
    refused(table, "Expected finite values in modality 'rna'")


@pytest.mark.parametrize("dense", [True, False])
def test_how_much_is_not_finite_is_told_and_what_to_do(table, dense):
    values = table.X.toarray()
    values[: len(values) // 2, :3] = np.nan
    table.X = values if dense else sparse.csr_matrix(values)
    share = 100 * 3 * (len(values) // 2) / values.size
    refused(table, f"in {share:.2g} % of them, in 3 of {table.n_vars} features. Leave out features that have many")


def test_precomputed_features_that_are_not_finite(make_table):
    table = make_table(n_features=5, prefix="PC")
    table.X.data[0] = np.nan
    refused(table, "Expected finite features")


def test_normalised_peaks_are_not_taken_for_counts(table):
    table.X = table.X.log1p()
    message = refused(table, "found normalised values between 0 and", kinds={"atac": "chromatin"})
    assert "layers['counts']" in message
    assert "precomputed" in message


def test_scaled_values_of_many_genes_are_not_taken_for_components(make_table):
    table = make_table(n_features=600)
    table.X = table.X.toarray() - 0.5
    refused(table, "found scaled values between -0.5")


def test_a_wide_table_is_not_precomputed(make_table):
    refused(make_table(n_features=600), "found 600 features", kinds={"rna": "precomputed"})


def test_values_that_are_no_numbers(table):
    table.X = table.X.toarray().astype(complex)
    refused(table, "found complex128", kinds={"rna": "rna"})


def test_no_spots(table):
    refused(table[:0].copy(), "Expected spots in modality")


def test_no_features(table):
    refused(table[:, :0].copy(), "Expected features in modality")
    refused(AnnData(obs=table.obs, obsm=dict(table.obsm)), "Expected features in modality")


def test_a_single_spot(table):
    refused(table[:1].copy(), "Expected two spots or more, found one in modality")


def test_only_zeros(table):
    table.X = sparse.csr_matrix(table.shape, dtype=np.float32)
    refused(table, "found only zeros")


@pytest.mark.parametrize("dense", [False, True])
def test_constant_features(make_table, dense):
    table = make_table(n_features=5, prefix="PC" if dense else "protein")
    table.X = np.tile(np.arange(5, dtype=np.float32), (36, 1))
    if not dense:
        table.X = sparse.csr_matrix(table.X)
    refused(table, "found every one constant")


def test_one_constant_feature_is_no_error(make_table):
    table = make_table(n_features=5, prefix="protein")
    table.X = table.X.toarray()
    table.X[:, 0] = 3
    assert from_memory(table).n_spots == 36


def test_nothing_under_tissue(table):
    table.obs["in_tissue"] = 0
    refused(table, "found in_tissue = 0 for all")


def test_names_that_do_not_exist(table):
    refused(table, r"among \['rna'\], found 'adt'", modalities=["adt"])
    refused(table, r"among \['rna'\], found 'adt'", kinds={"adt": "protein", "rna": "rna"})
    refused(table, "found 'genes'", kinds={"rna": "genes"})


def test_an_object_of_another_type():
    with pytest.raises(DataError, match="found ndarray"):
        from_memory(np.ones((3, 3)))


def test_a_missing_file(tmp_path):
    refused(tmp_path / "none.h5ad", "found nothing")


def test_no_path():
    refused([], "Expected a path")


def test_the_same_file_twice(tmp_path, table):
    table.write_h5ad(tmp_path / "a.h5ad")
    refused([tmp_path / "a.h5ad", tmp_path / "a.h5ad"], "found 'a' twice")


def test_a_wrong_extension(tmp_path):
    (tmp_path / "counts.csv").write_text("a,b")
    refused(tmp_path / "counts.csv", "found .csv")


def test_a_folder_of_another_kind(tmp_path):
    refused(tmp_path, "found a folder of another kind")


def test_no_permission(tmp_path, table, monkeypatch):
    table.write_h5ad(tmp_path / "a.h5ad")

    def forbid(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)  # root may read everything, so a mode would not do
    refused(tmp_path / "a.h5ad", "found no permission")


def test_a_file_that_is_not_hdf5(tmp_path):
    (tmp_path / "a.h5ad").write_text("no HDF5")
    refused(tmp_path / "a.h5ad", "Expected an HDF5 file")


def test_hdf5_of_another_kind(tmp_path):
    import h5py

    with h5py.File(tmp_path / "a.h5ad", "w") as file:
        file["matrix"] = [1.0]
    refused(tmp_path / "a.h5ad", r"found HDF5 with \['matrix'\]")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file(tmp_path, table, share):
    table.write_h5ad(tmp_path / "a.h5ad")
    content = (tmp_path / "a.h5ad").read_bytes()
    (tmp_path / "a.h5ad").write_bytes(content[: int(share * len(content))])
    refused(tmp_path / "a.h5ad", "damaged or cut short")


def test_a_file_with_a_part_missing(tmp_path, table):
    import h5py

    table.write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "a.h5ad", "a") as file:
        del file["X/indptr"]
    refused(tmp_path / "a.h5ad", "cannot be read")


def test_a_damaged_zarr(tmp_path, table):
    table.write_zarr(tmp_path / "a.zarr")
    for file in (tmp_path / "a.zarr" / "X" / "indices").rglob("*"):
        if file.is_file():
            file.write_text("{")
    refused(tmp_path / "a.zarr", "cannot be read")


def test_an_empty_zarr_folder(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    refused(tmp_path / "a.zarr", "Expected")
