"""The image of spot numbers, checked against distances measured one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from napari_trsmi.gui.viewer import raster
from napari_trsmi.gui.viewer.raster import Raster, make_raster, with_coarser


@pytest.fixture
def spots() -> np.ndarray:
    """Sixty places (x, y) in a wide box far from the origin."""
    return np.random.default_rng(0).uniform((500, -40), (900, 60), (60, 2))


def centres(made) -> np.ndarray:
    """(H * W, 2) centres (x, y) of the pixels."""
    rows, columns = np.indices(made.spots.shape)
    return np.column_stack(
        [made.origin[1] + columns.ravel() * made.step[1], made.origin[0] + rows.ravel() * made.step[0]]
    )


def test_a_pixel_shows_the_nearest_spot_within_reach(spots, monkeypatch):
    monkeypatch.setattr(raster, "MAX_SIDE", 300)
    reach = 30.0
    made = make_raster(spots, reach)
    distance = cdist(centres(made), spots)
    nearest, shown = distance.min(axis=1), made.spots.ravel()
    pixel = np.hypot(*made.step)
    inside = shown >= 0
    assert (distance[inside, shown[inside]] <= nearest[inside] + pixel).all()
    assert (nearest[inside] <= reach + pixel).all()
    assert (nearest[~inside] >= reach - pixel).all()


def test_every_spot_lies_in_a_pixel_of_its_own(spots):
    made = make_raster(spots, 5.0)
    rows = np.round((spots[:, 1] - made.origin[0]) / made.step[0]).astype(int)
    columns = np.round((spots[:, 0] - made.origin[1]) / made.step[1]).astype(int)
    assert np.array_equal(made.spots[rows, columns], np.arange(len(spots)))
    assert max(made.spots.shape) == raster.MAX_SIDE


def test_bins_of_a_square_grid_are_pixels():
    rows, columns = np.divmod(np.arange(12), 4)
    coords = np.column_stack([7.0 + 2.0 * columns, 5.0 + 3.0 * rows])[1:]  # the first place is empty
    made = make_raster(coords, 1.5, grid=(2.0, 3.0))
    assert np.array_equal(made.spots, np.arange(-1, 11).reshape(3, 4))
    assert (made.origin, made.step) == ((5.0, 7.0), (3.0, 2.0))


def test_a_grid_with_more_places_than_pixels_has_no_gaps(monkeypatch):
    monkeypatch.setattr(raster, "MAX_SIDE", 20)
    monkeypatch.setattr(raster, "LARGEST_SIDE", 20)
    coords = np.indices((30, 30)).reshape(2, -1).T.astype(float)
    made = make_raster(coords, 0.75, grid=(1.0, 1.0))
    assert made.spots.shape == (20, 20)
    assert (made.spots[1:-1, 1:-1] >= 0).all()


def test_looking_up_gives_each_pixel_the_value_of_its_spot():
    made = make_raster(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]), 0.5, grid=(1.0, 1.0))
    values = np.array([4, 5, 6], np.uint8)
    assert made.look_up(values, 9).tolist() == [[4, 5], [9, 6]]
    out = np.empty((2, 2), np.uint8)
    assert made.look_up(values, out=out) is out
    assert out.tolist() == [[4, 5], [0, 6]]


@pytest.fixture
def large(monkeypatch):
    """A raster with smaller copies, of spots 4 pixels apart."""
    monkeypatch.setattr(raster, "MAX_SIDE", 100)
    monkeypatch.setattr(raster, "CANVAS", 60)
    coords = np.stack(np.meshgrid(np.arange(40.0), np.arange(40.0)), axis=-1).reshape(-1, 2)
    return make_raster(coords, 0.75)


def test_many_spots_stay_apart_and_have_smaller_copies(large):
    assert max(large.spots.shape) == 160
    assert [level.shape for level in large.coarser] == [(80, 80), (40, 40)]
    assert np.array_equal(np.unique(large.spots), np.arange(-1, 1600))


def test_gaps_of_a_pixel_are_closed_in_smaller_copies(monkeypatch):
    monkeypatch.setattr(raster, "MAX_SIDE", 4)
    monkeypatch.setattr(raster, "CANVAS", 3)
    spots = np.array(
        [[-1, 1, 2, -1, -1], [3, -1, -1, -1, -1], [4, 5, -1, -1, -1], [6, 7, -1, 8, -1], [-1, -1, 9, -1, -1]]
    )
    made = with_coarser(Raster(spots, (0.0, 0.0), (1.0, 1.0)))
    assert made.coarser[0].tolist() == [[1, 2, -1], [4, 8, -1], [-1, 9, -1]]


def test_stamps_and_distances_agree(spots, monkeypatch):
    monkeypatch.setattr(raster, "MAX_SIDE", 300)
    made = make_raster(spots, 10.0)
    monkeypatch.setattr(raster, "_STAMPS", 0)
    far, distance = make_raster(spots, 10.0), cdist(centres(made), spots)
    pixel = np.hypot(*made.step)
    one, other = made.spots.ravel(), far.spots.ravel()
    assert ((one >= 0) == (other >= 0)).mean() > 0.999
    both = np.flatnonzero((one >= 0) & (other >= 0))
    assert np.abs(distance[both, one[both]] - distance[both, other[both]]).max() < pixel


def test_what_is_seen_of_a_large_raster_is_looked_up_as_the_whole_is(large):
    values = (np.arange(1600) % 7 + 1).astype(np.uint8)
    levels, whole = large.image(values), large.look_up(values)
    assert (levels[0].shape, levels[0].dtype, levels[0].ndim) == (whole.shape, np.uint8, 2)
    assert np.array_equal(levels[0][10:20, 5:9], whole[10:20, 5:9])
    drawn = whole[::4, ::4] > 0
    assert np.array_equal(np.asarray(levels[2])[drawn], whole[::4, ::4][drawn])
    assert levels[0][3, 4] == whole[3, 4]


def test_repainting_a_large_raster_paints_all_its_copies(large):
    levels = large.image(np.ones(1600, np.uint8))
    assert large.repaint(levels, np.full(1600, 5, np.uint8))
    assert all((np.asarray(level)[1:-1, 1:-1] == 5).all() for level in levels)
    assert not large.repaint(levels, np.full(1600, 5, np.uint16))


def test_colors_of_a_large_raster_are_four_bytes(large):
    colors = np.random.default_rng(0).integers(0, 1 << 32, 1600, dtype=np.uint32)
    levels, whole = large.image(colors), large.look_up(colors)
    assert levels[1].shape == (80, 80, 4)
    assert np.array_equal(levels[0][2:5, 3:9], np.ascontiguousarray(whole[2:5, 3:9])[..., None].view(np.uint8))
    assert np.array_equal(levels[0][2:5, 3:9, :3], levels[0][2:5, 3:9][..., :3])
