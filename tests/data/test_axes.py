from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.data.readers.axes import find_axes, numbers_of

KNOWN = [
    ("center_x", "center_y"),
    ("CenterX_global_px", "CenterY_global_px"),
    ("x_slide_mm", "y_slide_mm"),
    ("x_centroid", "y_centroid"),
    ("X_centroid", "Y_centroid"),
    ("x_location", "y_location"),
    ("sdimx", "sdimy"),
    ("spatial1", "spatial2"),
    ("spatial_0", "spatial_1"),
    ("coord_x", "coord_y"),
    ("xcoord", "ycoord"),
    ("xcor", "ycor"),
    ("X:X", "Y:Y"),
    ("Nuclei_Location_Center_X", "Nuclei_Location_Center_Y"),
    ("x_coor", "y_coor"),
    ("imagecol", "imagerow"),
    ("pxl_col_in_fullres", "pxl_row_in_fullres"),
    ("array_col", "array_row"),
    ("Centroid X µm", "Centroid Y µm"),
    ("Location_Center_X", "Location_Center_Y"),
    ("X", "Y"),
    ("col", "row"),
]


@pytest.mark.parametrize(("x", "y"), KNOWN)
@pytest.mark.parametrize("spelling", [str, str.upper, str.lower, lambda name: name.replace("_", ".")])
def test_names_of_all_platforms_are_known_in_any_spelling_and_order(x, y, spelling):
    x, y = spelling(x), spelling(y)
    assert [axes.columns for axes in find_axes(["area", y, x])] == [(x, y)]


@pytest.mark.parametrize(
    "names", [("umap_x", "umap_y"), ("UMAP1", "UMAP2"), ("dim_1", "dim_2"), ("x", "area"), ("width", "height")]
)
def test_other_names_are_no_coordinates(names):
    assert find_axes(names) == []


def test_the_third_coordinate_goes_with_the_others():
    assert find_axes(["z", "y", "x"])[0].columns == ("x", "y", "z")
    assert find_axes(["center_x", "center_y", "z"])[0].columns == ("center_x", "center_y", "z")
    assert find_axes(["sdimz", "sdimy", "sdimx"])[0].columns == ("sdimx", "sdimy", "sdimz")


@given(st.permutations(["x_fov_px", "y_fov_px", "x", "y", "x_global_px", "y_global_px", "array_row", "array_col"]))
def test_global_coordinates_go_before_plain_and_local_ones(columns):
    order = [axes.columns[0] for axes in find_axes(columns)]
    assert order == ["x_global_px", "x", "array_col", "x_fov_px"]


@pytest.mark.parametrize(
    ("unit", "microns"), [("um", 1.0), ("microns", 1.0), ("mm", 1000.0), ("nm", 0.001), ("px", None)]
)
def test_a_unit_in_the_name_is_known(unit, microns):
    assert find_axes([f"x_{unit}", f"y_{unit}"])[0].microns == microns


@pytest.mark.parametrize(("x", "y"), [("cx", "cy"), ("adj_x", "adj_y"), ("stage_x", "stage_y"), ("MeanX", "MeanY")])
def test_rarer_names_are_known_and_moved_ones_come_last(x, y):
    assert find_axes([x, y])[0].columns == (x, y)
    assert find_axes(["grid_x", "grid_y", x, y, "x", "y"])[-1].columns[0] in ("grid_x", "adj_x")


def test_numbered_centroids_of_image_analysis_are_row_before_column():
    assert find_axes(["centroid-0", "centroid-1"])[0].columns == ("centroid-1", "centroid-0")
    assert find_axes(["centroid_0", "centroid_1", "centroid_2"])[0].columns == (
        "centroid_2",
        "centroid_1",
        "centroid_0",
    )


def test_numbers_may_be_text_or_nullable_and_words_are_none():
    (axes,) = find_axes(["x", "y"])
    frame = pd.DataFrame({"x": pd.array([1, None], dtype="Int64"), "y": ["2", "3.5"]})
    np.testing.assert_array_equal(numbers_of(frame, axes), [[1.0, 2.0], [np.nan, 3.5]])
    assert numbers_of(pd.DataFrame({"x": ["left", "right"], "y": [1, 2]}), axes) is None
