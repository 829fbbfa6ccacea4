"""How a section is cut into tiles, in which order they are visited, and what lies around one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.graphs import spatial_graph
from napari_trsmi.interrupt import Interrupted, interruptible
from napari_trsmi.tiles import Tiles, halo, spatial_tiles, visits


@given(st.integers(1, 300), st.integers(1, 80), st.integers(0, 5))
def test_tiles_are_as_few_as_can_be_and_of_nearly_one_size(n, most, seed):
    coords = np.random.default_rng(seed).random((n, 2))
    sizes = np.bincount(spatial_tiles(coords, most))
    assert len(sizes) == -(-n // most)
    assert sizes.max() <= most
    assert sizes.max() - sizes.min() <= np.ceil(np.log2(len(sizes) + 1))


def test_spots_at_one_place_are_cut_too():
    assert np.bincount(spatial_tiles(np.zeros((10, 2)), 4)).max() <= 4


def test_a_tile_is_a_rectangle_of_tissue():
    y, x = np.divmod(np.arange(400), 40)  # 40 x 10
    coords = np.column_stack([x, y]).astype(float)
    number = spatial_tiles(coords, 100)
    for tile in range(4):
        assert np.ptp(coords[number == tile], axis=0).tolist() == [9, 9]
    assert [x[number == tile].min() for tile in range(4)] == [0, 10, 20, 30]  # neighbours in number are neighbours


def test_no_tile_holds_spots_of_two_sections():
    coords, section = np.tile(np.random.default_rng(0).random((50, 2)), (2, 1)), np.repeat([0, 1], 50)
    number = spatial_tiles(coords, 30, section)
    assert number.max() == 3
    assert not set(number[:50]) & set(number[50:])


def test_cutting_is_heard():
    with interruptible(lambda: True), pytest.raises(Interrupted):
        spatial_tiles(np.random.default_rng(0).random((50, 2)), 10)


def test_tiles_that_differ_are_visited_first():
    number = np.repeat(np.arange(6, dtype=np.int32), 10)
    look = np.repeat([0.0, 0.0, 0.0, 0.0, 5.0, -5.0], 10)
    tiles = Tiles(number, np.column_stack([np.repeat(np.arange(6.0), 10), np.zeros(60)]))
    order = visits(tiles, {"rna": look[:, None]})
    assert sorted(order) == list(range(6))
    assert {4, 5} <= set(order[:3])


def test_the_rows_of_tiles_are_all_rows_once():
    number = np.array([1, 0, 1, 2, 0], np.int32)
    assert [rows.tolist() for rows in Tiles(number, np.zeros((5, 2))).rows] == [[1, 4], [0, 2], [3]]


def test_spots_that_follow_each_other_lie_near_to_each_other():
    coords = np.random.default_rng(0).random((4096, 2)) * 64
    order = Tiles(np.zeros(4096, np.int32), coords).rows[0]
    assert sorted(order) == list(range(4096))
    assert np.median(np.linalg.norm(np.diff(coords[order], axis=0), axis=1)) < 1.5  # 30 in the order of the file


def test_a_halo_is_what_so_many_steps_reach():
    coords = np.column_stack([np.arange(20.0), np.zeros(20)])
    spatial = spatial_graph(coords, 2)
    steps = np.zeros(20)
    for _ in range(3):
        steps[np.unique(spatial[np.flatnonzero((steps > 0) | np.isin(np.arange(20), [9, 10]))].indices)] = 1
    expected = np.setdiff1d(np.flatnonzero(steps), [9, 10])
    assert halo(spatial, np.array([9, 10]), 3).tolist() == expected.tolist()
    assert halo(spatial, np.array([9, 10]), 0).tolist() == []
