"""Corners of cells, brought into the order of the spots."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import xenium_by_hand as by_hand

from napari_trsmi.data.outlines import Outlines, ordered
from napari_trsmi.errors import DataError


def test_corners_follow_the_order_of_the_names(tmp_path):
    by_hand.boundaries().to_parquet(tmp_path / "b.parquet")
    names = np.array(by_hand.ids())[::-1]
    corners, starts = Outlines(tmp_path / "b.parquet").of(names)
    middles = np.array([corners[a : b - 1].mean(axis=0) for a, b in itertools.pairwise(starts)])
    assert np.allclose(middles, by_hand.places()[::-1], atol=1e-3)


def test_cells_without_outline_have_no_corners_and_those_of_others_are_left_out(tmp_path):
    by_hand.boundaries().iloc[13:].to_csv(tmp_path / "b.csv.gz", index=False)
    corners, starts = Outlines(tmp_path / "b.csv.gz").of(np.array(by_hand.ids()[:4]))
    assert starts.tolist() == [0, 0, 13, 26, 39]
    assert len(corners) == 39


def test_corners_without_a_place_are_left_out():
    corners, starts = ordered(np.array([1, 0, 1]), np.array([[1.0, 1], [2, 2], [np.nan, 3]]), 2)
    assert (corners.tolist(), starts.tolist()) == ([[2, 2], [1, 1]], [0, 1, 2])


def test_outlines_of_other_cells_are_told(tmp_path):
    by_hand.boundaries().to_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataError, match="Expected outlines of the cells, found only others"):
        Outlines(tmp_path / "b.parquet").of(np.array(["x", "y"]))
    with pytest.raises(DataError, match="cannot be read"):
        Outlines(tmp_path / "missing.parquet").of(np.array(["x"]))
