"""Coordinates, libraries and the tissue image."""

from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.data.dataset import TissueImage
from napari_trsmi.data.readers import from_memory
from napari_trsmi.data.readers.images import share_inside
from napari_trsmi.errors import DataError

IMAGE = np.full((40, 60, 3), 200, np.uint8)


@pytest.fixture
def table(make_table):
    return make_table()


def visium_array(n_rows=20, n_columns=100, first_row=0):
    """(N, 2) rows and columns of a Visium slide's offset array."""
    row, half = np.divmod(np.arange(n_rows * n_columns // 2), n_columns // 2)
    row = row + first_row
    return np.column_stack([row, 2 * half + row % 2])


def library(**scalefactors):
    return {"images": {"lowres": IMAGE[::2, ::2], "hires": IMAGE}, "scalefactors": scalefactors}


@pytest.mark.parametrize("key", ["spatial", "X_spatial", "spatial_coords"])
def test_coordinates_under_common_keys(table, key):
    table.obsm[key] = table.obsm.pop("spatial")
    np.testing.assert_array_equal(from_memory(table).coords, table.obsm[key])


@pytest.mark.parametrize("pair", [("x", "y"), ("pxl_col_in_fullres", "pxl_row_in_fullres"), ("array_col", "array_row")])
def test_coordinates_in_columns(table, pair):
    xy = table.obsm.pop("spatial")
    table.obs[pair[0]], table.obs[pair[1]] = xy.T
    np.testing.assert_array_equal(from_memory(table).coords, xy)


def test_global_coordinates_go_before_those_of_a_modality(make_mudata):
    mdata = make_mudata()
    mdata.obsm["spatial"] = mdata["rna"].obsm["spatial"] + 5.0
    dataset = from_memory(mdata)
    np.testing.assert_array_equal(dataset.coords, mdata.obsm["spatial"])
    assert sum("differ from those in the whole object by up to 5" in note for note in dataset.notes) == 2


def test_membership_vectors_of_mudata_are_no_coordinates(make_mudata, make_table):
    mdata = make_mudata({"spatial": make_table(spatial=False), "adt": make_table(n_features=20, prefix="protein")})
    assert mdata.obsm["spatial"].dtype == bool
    np.testing.assert_array_equal(from_memory(mdata).coords, mdata["adt"].obsm["spatial"])


def test_equal_coordinates_in_all_modalities_need_no_note(make_mudata):
    assert from_memory(make_mudata()).notes == ()


def test_coordinates_come_from_the_modality_that_has_all_of_them(make_mudata):
    mdata = make_mudata()
    mdata["rna"].obsm["spatial"][0] = np.nan
    np.testing.assert_array_equal(from_memory(mdata).coords, mdata["adt"].obsm["spatial"])


def test_array_columns_are_known_by_name_also_in_a_small_section(make_table):
    table = make_table(100)
    row, half = np.divmod(np.arange(100), 10)
    del table.obsm["spatial"]
    table.obs = table.obs.assign(array_row=row, array_col=2 * half + row % 2)
    dataset = from_memory(table)
    assert dataset.microns_per_unit == 1.0
    np.testing.assert_allclose(dataset.coords[[1, 10]], [[100.0, 0.0], [50.0, 50.0 * np.sqrt(3)]])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_array_indices_of_visium_become_an_even_lattice_in_micrometres(make_table, order):
    from scipy.spatial import KDTree

    array = visium_array()
    table = make_table(n_spots=len(array), n_features=5, prefix="protein", mean=9.0)
    table.obsm["spatial"] = array[:, order]
    dataset = from_memory(table)
    assert dataset.microns_per_unit == 1.0
    assert any("array indices" in note for note in dataset.notes)
    inner = (array[:, 0] > 0) & (array[:, 0] < 19) & (array[:, 1] > 2) & (array[:, 1] < 97)
    distances, _ = KDTree(dataset.coords).query(dataset.coords[inner], k=7)
    np.testing.assert_allclose(distances[:, 1:], 100.0)


def test_a_square_grid_is_not_taken_for_visium(make_table):
    table = make_table(n_spots=10_000, n_features=5, prefix="protein", mean=9.0)
    table.obsm["spatial"] /= 10.0
    dataset = from_memory(table)
    np.testing.assert_array_equal(dataset.coords, table.obsm["spatial"])
    assert dataset.microns_per_unit is None


def test_micrometres_per_pixel_follow_from_the_array_spacing(make_table):
    array = visium_array()
    table = make_table(n_spots=len(array), n_features=5, prefix="protein", mean=9.0)
    table.obs["array_row"], table.obs["array_col"] = array.T
    angle = np.deg2rad(20.0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    microns = array[:, ::-1] * [50.0, 50.0 * np.sqrt(3.0)]
    table.obsm["spatial"] = microns @ turn / 0.7 + 1000.0
    assert from_memory(table).microns_per_unit == pytest.approx(0.7)


def test_the_finest_image_comes_with_its_scale_factor_and_the_spot_diameter(table):
    entry = library(tissue_hires_scalef=0.5, tissue_lowres_scalef=0.25, spot_diameter_fullres=8.0)
    table.uns["spatial"] = {"V1": entry, "is_single": True}
    dataset = from_memory(table)
    assert (dataset.library, dataset.image.key, dataset.image.scale) == ("V1", "hires", 0.5)
    assert dataset.spot_diameter == 8.0
    assert dataset.notes == ()


def test_a_scale_factor_may_be_named_after_the_image(table):
    table.uns["spatial"] = {"V1": library(hires=0.5)}
    assert from_memory(table).image.scale == 0.5


def test_a_missing_scale_factor_is_told(table):
    table.uns["spatial"] = {"V1": {"images": {"hires": IMAGE}}}
    dataset = from_memory(table)
    assert dataset.image.scale == 1.0
    assert any("No scale factor" in note for note in dataset.notes)


def test_the_stand_in_for_an_image_in_a_saved_result_is_no_library(table):
    table.uns["spatial"] = {"trsmi_blank": library(tissue_hires_scalef=0.5)}
    dataset = from_memory(table)
    assert (dataset.library, dataset.image, dataset.spot_diameter) == (None, None, None)


def test_spots_outside_the_image_are_told(table):
    table.uns["spatial"] = {"V1": library(tissue_hires_scalef=10.0)}
    assert any("of the spots lie inside the image" in note for note in from_memory(table).notes)


def test_the_image_of_a_modality_is_found(make_mudata):
    mdata = make_mudata()
    mdata["rna"].uns["spatial"] = {"V1": library(tissue_hires_scalef=0.5)}
    assert from_memory(mdata).image.key == "hires"


@pytest.fixture
def two_libraries(table):
    table.obs["library_id"] = ["A"] * 20 + ["B"] * 16
    table.uns["spatial"] = {"A": library(tissue_hires_scalef=0.5), "B": library(tissue_hires_scalef=0.25)}
    return table


@pytest.mark.parametrize("column", ["library_id", "sample"])
def test_several_libraries_are_listed(two_libraries, column):
    two_libraries.obs = two_libraries.obs.rename(columns={"library_id": column})
    with pytest.raises(DataError, match=r"\['A', 'B'\]"):
        from_memory(two_libraries)
    with pytest.raises(DataError, match=r"\['A', 'B'\], found 'C'"):
        from_memory(two_libraries, library="C")


def test_one_of_several_libraries_is_chosen(two_libraries):
    dataset = from_memory(two_libraries, library="B")
    assert (dataset.n_spots, dataset.library, dataset.image.scale) == (16, "B", 0.25)
    assert dataset.obs_names.tolist() == two_libraries.obs_names[20:].tolist()


def test_libraries_that_share_their_spots_need_no_choice(two_libraries):
    del two_libraries.obs["library_id"]
    dataset = from_memory(two_libraries)
    assert (dataset.n_spots, dataset.library) == (36, "A")
    assert any("Several libraries" in note for note in dataset.notes)


def test_a_subset_of_one_library_needs_no_choice(two_libraries):
    dataset = from_memory(two_libraries[20:].copy())
    assert (dataset.n_spots, dataset.library) == (16, "B")


def test_a_library_column_with_another_name_keeps_the_image(two_libraries):
    two_libraries.obs["library_id"] = "sample1"
    del two_libraries.uns["spatial"]["B"]
    assert from_memory(two_libraries).image is not None


def test_share_inside_the_image_by_hand():
    image = TissueImage(IMAGE, 0.5)
    assert share_inside(np.array([[0.0, 0.0], [119.0, 79.0], [121.0, 10.0], [10.0, 81.0]]), image) == 0.5
