"""Coordinates by name, in part, and in several places."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_trsmi.data.readers import from_memory
from napari_trsmi.errors import DataError


@pytest.fixture
def table(make_table):
    table = make_table()
    table.obsm["spatial"] = table.obsm["spatial"] * (2.0, 1.0)
    return table


@pytest.mark.parametrize(
    ("x", "y"),
    [("x", "y"), ("X", "Y"), ("pxl_col_in_fullres", "pxl_row_in_fullres"), ("col", "row"), ("imagecol", "imagerow")],
)
def test_a_frame_in_obsm_goes_by_the_names_of_its_columns(table, x, y):
    xy = table.obsm["spatial"]
    table.obsm["spatial"] = pd.DataFrame({"area": 1.0, y: xy[:, 1], x: xy[:, 0]}, index=table.obs_names)
    np.testing.assert_array_equal(from_memory(table).coords, xy)


def test_a_frame_with_other_names_goes_by_its_order(table):
    xy = table.obsm["spatial"]
    table.obsm["spatial"] = pd.DataFrame(xy, columns=["first", "second"], index=table.obs_names)
    np.testing.assert_array_equal(from_memory(table).coords, xy)


def test_wide_sparse_coordinates_are_refused_before_they_fill_the_memory(table):
    table.obsm["spatial"] = sparse.csr_matrix((table.n_obs, 10**9))
    with pytest.raises(DataError, match=r"found shape \(\d+, 1000000000\)"):
        from_memory(table)


def test_sparse_coordinates_are_read(table):
    xy = table.obsm["spatial"]
    table.obsm["spatial"] = sparse.csr_matrix(xy)
    np.testing.assert_array_equal(from_memory(table).coords, xy)


def test_full_resolution_goes_before_other_columns(table):
    xy = table.obsm.pop("spatial")
    table.obs["x"], table.obs["y"] = 0.0, np.arange(36.0)
    table.obs["pxl_row_in_fullres"], table.obs["pxl_col_in_fullres"] = xy[:, 1], xy[:, 0]
    np.testing.assert_array_equal(from_memory(table).coords, xy)


def test_columns_that_hold_no_numbers_are_passed_over(table):
    xy = table.obsm.pop("spatial")
    table.obs["x_centroid"] = table.obs["y_centroid"] = "none"
    table.obs["x"], table.obs["y"] = [str(x) for x in xy[:, 0]], xy[:, 1]
    np.testing.assert_array_equal(from_memory(table).coords, xy)


def test_millimetres_become_micrometres(table):
    xy = table.obsm.pop("spatial")
    table.obs["x_slide_mm"], table.obs["y_slide_mm"] = xy[:, 0] / 1000.0, xy[:, 1] / 1000.0
    dataset = from_memory(table)
    np.testing.assert_allclose(dataset.coords, xy)
    assert dataset.microns_per_unit == 1.0
    assert any("micrometres" in note for note in dataset.notes)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rows_without_coordinates_are_left_out_and_counted(table, value):
    table.obsm["spatial"][[3, 7], 1] = value
    dataset = from_memory(table)
    kept = np.delete(np.arange(36), [3, 7])
    np.testing.assert_array_equal(dataset.coords, table.obsm["spatial"][kept])
    np.testing.assert_array_equal(dataset.rows[""], kept)
    assert (table.X[kept] != dataset.modalities["rna"].table.X).nnz == 0
    assert any("2 spots without coordinates" in note for note in dataset.notes)


def test_places_that_one_modality_lacks_come_from_one_that_agrees(make_mudata):
    mdata = make_mudata()
    expected = mdata["rna"].obsm["spatial"].copy()
    mdata["rna"].obsm["spatial"][:3] = np.nan
    mdata["adt"].obsm["spatial"][30:34] = np.nan
    dataset = from_memory(mdata)
    np.testing.assert_array_equal(dataset.coords, expected)


def test_spots_that_only_one_modality_places_are_left_out(make_mudata, make_table):
    adt = make_table(n_features=20, prefix="protein", mean=20.0)[4:].copy()
    dataset = from_memory(make_mudata({"rna": make_table(spatial=False), "adt": adt}), modalities=["rna"])
    assert dataset.n_spots == 32
    assert any("4 spots without coordinates" in note for note in dataset.notes)


@pytest.mark.parametrize(
    "values",
    [
        ["TRUE", "FALSE"],
        ["true", "false"],
        ["1", "0.0"],
        [True, False],
        [1.0, 0.0],
        pd.array([True, False], dtype="boolean"),
        pd.array(["TRUE", "FALSE"], dtype="string"),
        pd.Categorical(["True", "False"]),
    ],
    ids=repr,
)
def test_spots_off_tissue_are_left_out_however_that_is_written(table, values):
    table.obs["in_tissue"] = pd.Series(values).take([0] * 30 + [1] * 6).array
    dataset = from_memory(table)
    assert dataset.n_spots == 30
    assert any("6 spots" in note for note in dataset.notes)


@pytest.mark.parametrize(
    "key", ["X_centroid", "spatial_pixel", "coord", "aligned_spatial", "locations", "X_spatial_coords"]
)
def test_an_array_called_after_places_is_taken_and_told(table, key):
    xy = table.obsm[key] = table.obsm.pop("spatial")
    table.obsm["X_umap"] = xy[:, ::-1]
    dataset = from_memory(table)
    np.testing.assert_array_equal(dataset.coords, xy)
    assert any(f"from {key}" in note for note in dataset.notes)
    assert list(dataset.embeddings) == ["X_umap"]


@pytest.mark.parametrize("key", ["X_umap", "spatial_pca", "X_lsi", "image"])
def test_an_array_called_after_something_else_is_no_place(table, key):
    table.obsm[key] = table.obsm.pop("spatial")
    with pytest.raises(DataError, match="Expected coordinates"):
        from_memory(table)


def test_places_within_fields_of_view_come_after_columns_of_the_whole(table):
    xy = table.obsm.pop("spatial")
    table.obsm["spatial_fov"], table.obsm["coord_1"] = xy % 3, np.ones((table.n_obs, 5))
    table.obs["x"], table.obs["y"] = xy.T
    np.testing.assert_array_equal(from_memory(table).coords, xy)


def test_barcodes_of_a_grid_tell_the_places(table):
    xy = table.obsm.pop("spatial").astype(int) + 1
    table.obs_names = [f"{x}x{y}" for x, y in xy]
    dataset = from_memory(table)
    np.testing.assert_array_equal(dataset.coords, xy)
    assert any("from the barcodes" in note for note in dataset.notes)


@pytest.mark.parametrize("name", ["{}x{}", "X{}x{}", "s_1_{}x{}", "s1#{}x{}-1"])
def test_barcodes_off_a_grid_tell_the_places_with_their_decimals(table, name):
    xy = table.obsm.pop("spatial") + 0.907
    table.obs_names = [name.format(f"{x:.3f}", f"{y:.3f}") for x, y in xy]
    np.testing.assert_allclose(from_memory(table).coords, xy)


@pytest.mark.parametrize("name", ["s1.{}x{}", "{}x{}.1"])
def test_numbers_before_and_after_a_grid_are_no_decimals(table, name):
    xy = table.obsm.pop("spatial").astype(int) + 1
    table.obs_names = [name.format(x, y) for x, y in xy]
    np.testing.assert_array_equal(from_memory(table).coords, xy)


def test_coordinates_with_a_decimal_comma_are_refused_as_what_they_are(table):
    xy = table.obsm.pop("spatial")
    table.obs["x"], table.obs["y"] = ([f"{value:.2f}".replace(".", ",") for value in axis] for axis in xy.T)
    with pytest.raises(DataError, match=r"found text such as '0,00'.*point before the decimals"):
        from_memory(table)


def test_spots_in_a_heap_are_told_with_its_place(table):
    table.obsm["spatial"][:12] = -1.0
    assert any("12 spots lie at one place, (-1, -1)" in note for note in from_memory(table).notes)
