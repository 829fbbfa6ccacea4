"""Outlines filled into an image of numbers, checked against each polygon filled on its own."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path

from napari_trsmi.data.outlines import Polygons
from napari_trsmi.gui.viewer import cells, raster
from napari_trsmi.gui.viewer.cells import raster_of_cells
from napari_trsmi.interrupt import Interrupted, interruptible


def polygons_of(rings):
    starts = np.concatenate([[0], np.cumsum([len(ring) for ring in rings])])
    corners = np.concatenate(rings).reshape(-1, 2).astype(np.float32)
    return Polygons(corners, starts)


@pytest.fixture
def scattered():
    """Stars of five to nine corners, convex and not, on a loose grid; one has no outline, another one no area."""
    rng = np.random.default_rng(0)
    middles = np.stack(np.meshgrid(np.arange(6), np.arange(5)), axis=-1).reshape(-1, 2) * 12.0 + 100
    rings = []
    for middle in middles:
        angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 10)))
        rings.append(middle + rng.uniform(2, 5.5, (len(angle), 1)) * np.column_stack([np.cos(angle), np.sin(angle)]))
    rings[7] = rings[7][:0]
    rings[8] = np.repeat(rings[8][:1], 4, axis=0)
    return middles, rings


def test_a_pixel_shows_the_cell_whose_outline_it_lies_in(scattered, monkeypatch):
    monkeypatch.setattr(cells, "MAX_SIDE", 300)
    monkeypatch.setattr(cells, "_CHUNK", 7)
    middles, rings = scattered
    made = raster_of_cells(polygons_of(rings), middles, 8.0)
    rows, columns = np.indices(made.spots.shape)
    at = np.column_stack(
        [made.origin[1] + columns.ravel() * made.step[1], made.origin[0] + rows.ravel() * made.step[0]]
    )
    for number, ring in enumerate(rings):
        if number in (7, 8):
            continue
        shown = made.spots.ravel() == number
        inside = Path(ring).contains_points(at)
        assert inside.sum() > 20
        assert (shown != inside).sum() <= 0.02 * inside.sum() + 2, number


def test_cells_without_outline_are_discs_and_those_without_area_a_pixel(scattered):
    middles, rings = scattered
    made = raster_of_cells(polygons_of(rings), middles, 8.0)
    area = (made.spots == 7).sum() * made.step[0] * made.step[1]
    assert area == pytest.approx(np.pi * 4**2, rel=0.02)
    assert (made.spots == 8).sum() == 1


@pytest.mark.slow
def test_many_cells_get_pixels_enough_and_smaller_copies():
    n = 60
    middles = np.stack(np.meshgrid(np.arange(n), np.arange(n)), axis=-1).reshape(-1, 2) * 100.0
    square = np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
    made = raster_of_cells(polygons_of(list(middles[:, None] + square)), middles, 2.0)
    assert max(made.spots.shape) == raster.LARGEST_SIDE
    assert [max(level.shape) for level in made.coarser] == [5000, 2500, 1250, 625]
    assert np.array_equal(np.unique(made.spots), np.arange(-1, n * n))
    drawn = made.spots[::4, ::4] >= 0
    assert np.array_equal(made.coarser[1][drawn], made.spots[::4, ::4][drawn])


def test_filling_can_be_cancelled(scattered):
    middles, rings = scattered
    with interruptible(lambda: True), pytest.raises(Interrupted):
        raster_of_cells(polygons_of(rings), middles, 8.0)
