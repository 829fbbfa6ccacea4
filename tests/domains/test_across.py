"""Distances to a boundary and profiles over them, with answers known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_trsmi.domains.across import hops_across, profile
from napari_trsmi.errors import ConfigError

LINE = sparse.diags([1.0, 1.0], [-1, 1], shape=(8, 8)).tocsr()


def test_hops_grow_away_from_the_boundary_and_stay_in_the_domain_of_their_side():
    labels = np.array([0, 0, 0, 1, 1, 1, 2, 1])
    found = hops_across(labels, np.array([2]), np.array([3]), LINE, 9)
    assert found.tolist() == [-3, -2, -1, 1, 2, 3, 0, 0]  # domain 2 is in the way of the last spot


def test_no_spot_is_taken_beyond_the_hops_that_are_asked_for():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert hops_across(labels, np.array([3]), np.array([4]), LINE, 2).tolist() == [0, 0, -2, -1, 1, 2, 0, 0]
    with pytest.raises(ConfigError, match="hops of at least 1, found 0"):
        hops_across(labels, np.array([3]), np.array([4]), LINE, 0)


def test_the_profile_has_mean_error_and_quantiles_of_each_hop():
    values = np.array([[1.0, 5.0], [3.0, np.nan], [2.0, np.nan], [10.0, 7.0]])
    found = profile(values, np.array([-1, -1, -1, 1]), (0.0, 1.0)).set_index(["value", "hop"])
    assert found.loc[(0, -1), ["n", "mean", "low", "median", "high"]].tolist() == [3, 2, 1, 2, 3]
    assert found.loc[(0, -1), "error"] == pytest.approx(1 / np.sqrt(3))
    assert found.loc[(1, -1), ["n", "mean"]].tolist() == [1, 5]  # what was not measured does not count
    assert np.isnan(found.loc[(0, 1), "error"])
