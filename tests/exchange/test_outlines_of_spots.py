import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from made_sections import COORDS, Squares, hexagonal, ringed, scattered, section, square

from napari_trsmi.exchange.outlines import regions, tiles


@pytest.mark.parametrize("kind", COORDS)
def test_polygons_are_valid_apart_and_have_the_area_of_their_spots(kind):
    dataset = section(COORDS[kind])
    labels = ringed(dataset.coords)
    ground = tiles(dataset)
    found = regions(ground, labels, 3)
    assert all(shapely.is_valid(found))
    area = shapely.area(ground.shapes)
    assert shapely.area(found) == pytest.approx([area[labels == k].sum() for k in range(3)], rel=1e-5)
    assert shapely.area(shapely.intersection(found[0], found[1])) < 1e-6 * area.sum()
    for k in range(3):
        assert shapely.contains_xy(found[k], *dataset.coords[labels == k].T).all()
        assert not shapely.contains_xy(found[k], *dataset.coords[labels != k].T).any()


@pytest.mark.parametrize("kind", ["square", "hexagonal"])
def test_holes_and_parts_are_kept(kind):
    dataset = section(COORDS[kind])
    ring, corners = regions(tiles(dataset), ringed(dataset.coords), 3)[1:]
    assert ring.geom_type == "Polygon"
    assert len(ring.interiors) == 1
    assert corners.geom_type == "MultiPolygon"
    assert len(corners.geoms) == 2


def test_the_ground_of_a_square_grid_are_squares_and_of_a_hexagonal_one_hexagons():
    assert shapely.area(tiles(section(square(step=10.0))).shapes) == pytest.approx(100.0)
    inner = tiles(section(hexagonal(step=10.0))).shapes[12 * 5 + 5]
    assert shapely.area(inner) == pytest.approx(100 * np.sqrt(3) / 2, rel=1e-6)
    assert len(shapely.get_coordinates(shapely.simplify(inner, 0.01))) == 7


def test_a_whole_grid_is_one_polygon_without_slits():
    for kind in ("square", "hexagonal"):
        dataset = section(COORDS[kind])
        (whole,) = regions(tiles(dataset), np.zeros(dataset.n_spots, int), 1)
        assert whole.geom_type == "Polygon"
        assert len(whole.interiors) == 0


def test_spots_far_from_others_reach_no_further_than_their_radius():
    coords = np.array([[0.0, 0], [10, 0], [0, 10], [10, 11], [5, 5], [500, 500]])
    ground = tiles(section(coords, spot_diameter=40.0))
    assert shapely.area(ground.shapes[-1]) == pytest.approx(np.pi * 20**2, rel=0.02)


def test_cells_have_their_outlines_and_those_without_one_a_disc():
    coords = scattered(30) * 100
    dataset = section(coords, outlines=Squares(coords, 3.0, lacking=2))
    ground = tiles(dataset)
    assert shapely.area(ground.shapes[2:]) == pytest.approx(36.0, rel=1e-3)
    assert shapely.contains_xy(ground.shapes[0], *coords[0])
    (whole,) = regions(ground, np.where(np.arange(30) < 2, -1, 0), 1)
    assert len(whole.geoms) == 28


def test_corners_are_rounded_only_if_asked():
    dataset = section(square())
    labels = ringed(dataset.coords)
    plain, smooth = (regions(tiles(dataset), labels, 3, smooth=smooth) for smooth in (False, True))
    assert all(shapely.is_valid(smooth))
    assert shapely.area(smooth) == pytest.approx(shapely.area(plain), rel=0.05)
    assert not shapely.equals(smooth[1], plain[1])
    one = regions(tiles(dataset), np.where(np.arange(144) == 70, 0, -1), 1, smooth=True)
    assert shapely.area(one)[0] > 80  # a spot alone is not rounded away


def test_spots_at_one_place_have_the_same_ground():
    coords = np.vstack([scattered(20), scattered(20)[:3]])
    ground = tiles(section(coords)).shapes
    assert shapely.equals(ground[:3], ground[20:]).all()


@given(st.integers(2, 60), st.integers(0, 5))
def test_polygons_of_any_points_are_valid_and_hold_their_spots(n, seed):
    coords = np.random.default_rng(seed).normal(size=(n, 2)) * 10.0**seed
    dataset = section(coords)
    labels = np.arange(n) % 2
    found = regions(tiles(dataset), labels, 2)
    assert all(shapely.is_valid(found))
    for k in range(2):
        assert (shapely.distance(shapely.points(coords[labels == k]), found[k]) < 1e-4 * np.ptp(coords)).all()


def test_cells_that_touch_become_one_and_others_stay_apart_also_where_they_are_many():
    coords = square(40) * 10
    coords[:2] = [[0.0, 0], [4, 0]]
    (whole,) = regions(tiles(section(coords, outlines=Squares(coords, 3.0))), np.zeros(1600, int), 1)
    assert len(whole.geoms) == 1599
    assert whole.area == pytest.approx(1600 * 36 - 12, rel=1e-3)
    assert whole.is_valid
