"""Spots that lie far from all others are told: they make the tissue a dot."""

from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.data.readers.sections import note_on_places

GRID = np.stack(np.meshgrid(np.arange(30.0), np.arange(30.0)), axis=-1).reshape(-1, 2)


@pytest.mark.parametrize(("far", "said"), [(1, "1 spot lies far"), (3, "3 spots lie far")])
def test_spots_far_from_all_others_are_told(far, said):
    (note,) = note_on_places(np.concatenate([GRID, np.full((far, 2), 9e4) + np.arange(far)[:, None]]))
    assert said in note
    assert "9000" in note


@pytest.mark.parametrize(
    "places",
    [
        GRID,
        np.concatenate([GRID, GRID + np.array([300.0, 0.0])]),  # two pieces of tissue
        np.concatenate([GRID, GRID[:60] + np.array([200.0, 0.0])]),  # a piece that broke off
        GRID * [100.0, 1.0],
        np.zeros((0, 2)),
        GRID[:1],
    ],
)
def test_usual_sections_are_not(places):
    assert note_on_places(places) == []
