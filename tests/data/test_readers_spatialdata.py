"""SpatialData folders: table, shapes or labels, image and the transformations between them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from napari_trsmi.data.readers import read
from napari_trsmi.data.readers.images import share_inside
from napari_trsmi.errors import DataError

pytest.importorskip("spatialdata", reason="the optional spatialdata library is not installed")

N = 36


@pytest.fixture
def write(tmp_path, make_table):
    """Write a SpatialData folder with N round spots of radius 3 at `xy`, and an image with `transformation`."""

    def write_section(xy, transformation=None, *, regions=("spots",), shape=(3, 60, 80), scale_factors=None):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries that write this test's file
            from spatialdata import SpatialData
            from spatialdata.models import Image2DModel, ShapesModel, TableModel
            from spatialdata.transformations import Identity

            pixels = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
            image = Image2DModel.parse(
                pixels,
                dims=("c", "y", "x"),
                transformations={"global": transformation or Identity()},
                scale_factors=scale_factors,
            )
            shapes = {
                region: ShapesModel.parse(xy, geometry=0, radius=3.0, index=np.arange(100, 100 + len(xy)))
                for region in regions
            }
            table = make_table(n_spots=N * len(regions), spatial=False)
            table.obs["region"] = pd.Categorical(np.repeat(regions, N))
            table.obs["instance_id"] = np.tile(np.arange(100, 100 + N)[::-1], len(regions))
            table = TableModel.parse(table, region=list(regions), region_key="region", instance_key="instance_id")
            SpatialData(images={"he": image}, shapes=shapes, tables={"table": table}).write(tmp_path / "s.zarr")
        return tmp_path / "s.zarr", pixels

    return write_section


@pytest.fixture
def xy():
    return np.random.default_rng(1).uniform(5, 55, (N, 2))


def test_spots_sit_at_their_shapes_and_the_image_is_scaled(write, xy):
    from spatialdata.transformations import Scale

    path, pixels = write(xy, Scale([4.0, 4.0], axes=("x", "y")))
    dataset = read(path)
    np.testing.assert_allclose(dataset.coords, xy[::-1])
    assert dataset.image.scale == pytest.approx(0.25)
    assert dataset.spot_diameter == pytest.approx(6.0)
    assert dataset.library == "spots"
    np.testing.assert_array_equal(dataset.image.pixels, pixels.transpose(1, 2, 0))
    assert list(dataset.modalities) == ["rna"]


def test_a_shifted_image_takes_the_spots_into_its_own_frame(write, xy):
    from spatialdata.transformations import Scale, Sequence, Translation

    moved = Sequence([Scale([2.0, 2.0], axes=("x", "y")), Translation([5.0, -3.0], axes=("x", "y"))])
    path, _ = write(xy, moved)
    dataset = read(path)
    np.testing.assert_allclose(dataset.coords * dataset.image.scale, (xy[::-1] - [5.0, -3.0]) / 2.0)
    assert dataset.spot_diameter * dataset.image.scale == pytest.approx(3.0)


def test_a_large_image_comes_at_a_smaller_level(write, xy):
    path, _ = write(xy * 50, shape=(3, 3200, 4000), scale_factors=[2])
    dataset = read(path)
    assert dataset.image.pixels.shape == (1600, 2000, 3)
    assert dataset.image.scale == pytest.approx(0.5)
    assert share_inside(dataset.coords, dataset.image) == 1.0


def test_several_regions_are_listed_and_one_is_chosen(write, xy):
    path, _ = write(xy, regions=("left", "right"))
    with pytest.raises(DataError, match=r"\['left', 'right'\]"):
        read(path)
    with pytest.raises(DataError, match="found 'middle'"):
        read(path, library="middle")
    dataset = read(path, library="right")
    assert (dataset.n_spots, dataset.library) == (N, "right")
    assert dataset.obs_names[0] == f"spot{N}-1"


def test_cells_sit_at_the_centres_of_their_labels(tmp_path, make_table):
    centres = np.array([(8 * i + 4, 8 * j + 4) for j in range(6) for i in range(6)])  # (x, y)
    labels = np.kron(np.arange(1, N + 1).reshape(6, 6), np.ones((8, 8), int))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries that write this test's file
        from spatialdata import SpatialData
        from spatialdata.models import Labels2DModel, TableModel

        table = make_table(spatial=False)
        table.obs["region"] = pd.Categorical(["cells"] * N)
        table.obs["cell"] = np.arange(1, N + 1)
        table = TableModel.parse(table, region="cells", region_key="region", instance_key="cell")
        cells = Labels2DModel.parse(labels, dims=("y", "x"))
        SpatialData(labels={"cells": cells}, tables={"table": table}).write(tmp_path / "s.zarr")
    dataset = read(tmp_path / "s.zarr")
    np.testing.assert_allclose(dataset.coords, centres)
    assert dataset.image is None
    assert dataset.spot_diameter is None


def test_a_folder_without_a_table_is_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries that write this test's file
        from spatialdata import SpatialData
        from spatialdata.models import Image2DModel

        image = Image2DModel.parse(np.zeros((3, 8, 8), np.uint8), dims=("c", "y", "x"))
        SpatialData(images={"he": image}).write(tmp_path / "s.zarr")
    with pytest.raises(DataError, match=r"Expected a table .* found only images he"):
        read(tmp_path / "s.zarr")


@pytest.mark.slow
def test_of_a_large_image_the_whole_stays_on_disk(write, xy):
    path, pixels = write(xy * 50, shape=(3, 3200, 4000), scale_factors=[2])
    dataset = read(path)
    levels = dataset.image.pyramid.levels()
    assert [level.shape for level in levels] == [(3200, 4000, 3), (1600, 2000, 3)]
    assert np.array_equal(levels[0][5:9, 7:11].compute(), pixels.transpose(1, 2, 0)[5:9, 7:11])
    assert dataset.image.pyramid.step == pytest.approx(0.5)


@pytest.mark.parametrize("turned", [False, True])
def test_polygons_are_outlines_where_the_spots_are(tmp_path, make_table, xy, turned):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from geopandas import GeoDataFrame
        from shapely import MultiPolygon, Point
        from spatialdata import SpatialData
        from spatialdata.models import Image2DModel, ShapesModel, TableModel
        from spatialdata.transformations import Scale, Sequence, Translation

        moves = Sequence([Scale([2.0, 2.0], axes=("x", "y")), Translation([5.0, -3.0], axes=("x", "y"))])
        cells = [MultiPolygon([Point(*place).buffer(1.0), Point(*place + 5).buffer(0.2)]) for place in xy]
        frame = GeoDataFrame(geometry=cells, index=np.arange(100, 100 + N))
        shapes = ShapesModel.parse(frame, transformations={"global": Scale([3.0, 3.0], axes=("x", "y"))})
        image = Image2DModel.parse(
            np.zeros((3, 90, 90), np.uint8), dims=("c", "y", "x"), transformations={"global": moves}
        )
        table = make_table(n_spots=N, spatial=False)
        table.obs["region"] = pd.Categorical(["cells"] * N)
        table.obs["instance_id"] = np.arange(100, 100 + N)[::-1]
        table = TableModel.parse(table, region="cells", region_key="region", instance_key="instance_id")
        images = {"he": image} if turned else {}
        SpatialData(images=images, shapes={"cells": shapes}, tables={"table": table}).write(tmp_path / "s.zarr")
    dataset = read(tmp_path / "s.zarr")
    corners, starts = dataset.outlines.of(dataset.obs_names)
    low, high = (edge.reduceat(corners, starts[:-1]) for edge in (np.minimum, np.maximum))
    radius = 1.0 * 3.0 / (2.0 if turned else 1.0)
    np.testing.assert_allclose(high - low, 2 * radius, rtol=1e-3)  # the largest piece alone
    expected = (3.0 * xy[::-1] - [5.0, -3.0]) / 2.0 if turned else 3.0 * xy[::-1]
    np.testing.assert_allclose((low + high) / 2, expected, atol=1e-2)
