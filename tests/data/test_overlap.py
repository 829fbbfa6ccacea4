from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.data.readers.overlap import overlap, share_at_same_place


def scattered(n=400, seed=0, size=100.0):
    return np.random.default_rng(seed).random((n, 2)) * size


def test_sections_at_the_same_places_overlap():
    grid = np.stack(np.meshgrid(np.arange(10.0), np.arange(10.0)), axis=-1).reshape(-1, 2)
    assert overlap(np.concatenate([grid] * 3), np.repeat([0, 1, 2], 100))


@pytest.mark.parametrize(("n", "times"), [(400, 1.0), (40, 0.3)])
def test_sections_of_scattered_cells_overlap_also_where_one_is_small(n, times):
    xy = np.concatenate([scattered(), scattered(n, 1) * times])
    assert overlap(xy, np.repeat([0, 1], [400, n]))


@pytest.mark.parametrize("cells", [12, 400])
def test_fields_of_view_side_by_side_do_not_overlap(cells):
    xy, field = [], []
    for number in range(25):
        xy.append(scattered(cells, number, 102.0) + np.array(divmod(number, 5)) * 100.0)  # they share a strip
        field += [number] * cells
    assert not overlap(np.concatenate(xy), np.array(field))


def test_half_of_a_plane_each_is_no_overlap():
    xy = scattered(2000)
    assert not overlap(xy, (xy[:, 0] + xy[:, 1] > 100).astype(int))


def test_spots_of_no_part_are_left_out():
    xy = np.concatenate([scattered(), scattered(seed=1)])
    assert not overlap(xy, np.repeat([0, -1], 400))


def test_overlap_within_groups_is_judged_in_each():
    xy = np.concatenate([scattered(seed=seed) for seed in range(4)])
    slide, half = np.repeat([0, 1], 800), np.tile(np.repeat([0, 1], 400), 2)
    assert overlap(xy, half, slide)
    assert not overlap(xy, slide, np.repeat(np.arange(4), 400))


def test_a_large_table_is_judged_fast_enough_to_be_asked_at_every_opening():
    xy = scattered(200_000)
    part = np.random.default_rng(0).integers(0, 500, len(xy))  # pairs of parts, or of spots, would take minutes
    assert overlap(xy, part)


def test_shares_of_a_place_are_counted():
    assert share_at_same_place(np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])) == 0.5
