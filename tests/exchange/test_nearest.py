import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.data.simulate import simulate_dataset
from napari_trsmi.exchange.nearest import nearest_within


def cut_one_by_one(points, reach):
    """The same, each piece cut with a circle of its own."""
    around = shapely.box(*(points.min(axis=0) - 3 * reach), *(points.max(axis=0) + 3 * reach))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=around, ordered=True))
    return shapely.intersection(cells, shapely.buffer(shapely.points(points), reach, quad_segs=64))


@pytest.mark.parametrize("reach", [0.3, 1.0, 3.0, 30.0])
def test_pieces_are_what_is_nearest_within_reach(reach):
    points = np.random.default_rng(0).uniform(0, 30, (400, 2))
    found, wanted = nearest_within(points, reach), cut_one_by_one(points, reach)
    assert shapely.is_valid(found).all()
    assert shapely.area(shapely.symmetric_difference(found, wanted)) == pytest.approx(0, abs=0.007 * np.pi * reach**2)


@given(st.integers(2, 80), st.integers(0, 50), st.sampled_from([0.05, 0.2, 0.6, 2.0]))
def test_pieces_share_their_borders_to_the_last_bit(n, seed, reach):
    points = np.unique(np.random.default_rng(seed).normal(size=(n, 2)).round(2), axis=0)
    if len(points) < 2:
        return
    found = nearest_within(points, reach)
    assert shapely.coverage_is_valid(found)
    assert shapely.contains_xy(found, *points.T).all()
    whole = shapely.coverage_union_all(found)
    assert whole.area == pytest.approx(shapely.area(found).sum())
    assert whole.area == pytest.approx(shapely.union_all(found).area)


def test_a_point_that_no_border_is_near_has_a_whole_disc():
    found = nearest_within(np.array([[0.0, 0], [100, 0]]), 1.0)
    assert shapely.area(found) == pytest.approx(np.pi, rel=0.01)


def test_points_in_line_have_strips():
    found = nearest_within(np.column_stack([np.arange(5.0), np.zeros(5)]), 2.0)
    assert shapely.coverage_is_valid(found)
    assert shapely.get_coordinates(found[2])[:, 0].min() == 1.5


def test_a_gap_in_a_flipped_hexagonal_grid_leaves_the_pieces_around_it_whole():
    coords = simulate_dataset(n_spots=400, modalities=("rna",)).coords
    for about in (5800.0, 2900.0, 5801.0):
        found = nearest_within(np.unique(coords * [-1, 1] + [about, 0], axis=0), 120.0)
        assert shapely.coverage_union_all(found).area == pytest.approx(shapely.area(found).sum())
        assert shapely.area(found).min() > 0.9 * np.median(shapely.area(found))
