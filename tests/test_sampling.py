"""Samples and pieces of tissue, and columns that stand side by side without a copy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csgraph

from napari_trsmi import sampling
from napari_trsmi.graphs import spatial_graph

SIDE = 30
ROW, COLUMN = np.divmod(np.arange(SIDE * SIDE), SIDE)
SPATIAL = spatial_graph(np.column_stack([COLUMN, ROW]).astype(float))


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLE", 200)
    monkeypatch.setattr(sampling, "BLOCK", 64)
    monkeypatch.setattr(sampling, "PATCH", 50)


def test_pieces_hold_every_spot_once_and_each_is_of_one_piece():
    found = sampling.pieces(SPATIAL, 100)
    assert np.array_equal(np.sort(np.concatenate(found)), np.arange(SIDE * SIDE))
    assert all(50 < len(rows) < 200 for rows in found)
    assert all(np.ptp(ROW[rows]) < 25 and np.ptp(COLUMN[rows]) < 25 for rows in found)


def test_spots_without_neighbours_are_in_a_piece_too():
    lonely = SPATIAL.copy().tolil()
    lonely[5], lonely[:, 5] = 0, 0
    found = sampling.pieces(lonely.tocsr(), 100)
    assert sorted(np.concatenate(found)) == list(range(SIDE * SIDE))
    assert min(map(len, found)) > 1


def test_a_sample_of_patches_has_neighbours_and_is_the_same_for_one_seed(large):
    rows = sampling.patches(SPATIAL, 3)
    assert 200 <= len(rows) < 260
    assert np.array_equal(rows, sampling.patches(SPATIAL, 3))
    assert not np.array_equal(rows, sampling.patches(SPATIAL, 4))
    inside = SPATIAL[rows][:, rows]
    assert csgraph.connected_components(inside)[0] <= 4
    assert np.diff(inside.indptr).mean() > 0.7 * np.diff(SPATIAL.indptr).mean()


def test_blocks_cover_all_rows_in_their_order(large):
    assert [rows.start for rows in sampling.blocks(150)] == [0, 64, 128]
    assert np.array_equal(np.concatenate([np.arange(150)[rows] for rows in sampling.blocks(150)]), np.arange(150))


def test_columns_of_a_large_section_stay_the_arrays_they_are(large):
    one, two = np.ones((201, 2), np.float32), np.zeros((201, 3), np.float32)
    beside = sampling.side_by_side([one, two])
    assert beside[0] is one
    assert beside[1] is two
    assert sampling.side_by_side([one[:200], two[:200]]).shape == (200, 5)
    assert sampling.width(beside) == 5
    parts = sampling.parts_of(beside)
    turn = np.arange(10.0).reshape(5, 2)
    np.testing.assert_allclose(sampling.times(parts, turn), np.hstack([one, two]) @ turn)


def test_all_rows_in_order_are_no_copy_and_others_are():
    values = np.arange(8.0).reshape(4, 2)
    assert sampling.taken(values, np.arange(4)) is values
    assert np.array_equal(sampling.taken(values, np.array([0, 2, 1, 3])), values[[0, 2, 1, 3]])
    assert np.array_equal(sampling.taken(values, np.arange(3)), values[:3])
