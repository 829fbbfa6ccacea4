from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from napari_trsmi import DataError
from napari_trsmi.domains.consensus import boundary_stability, consensus


def line(n: int) -> sparse.csr_matrix:
    """Spots in a row, each joined to the next."""
    return sparse.diags([np.ones(n - 1), np.ones(n - 1)], [-1, 1]).tocsr()


def test_runs_that_only_number_their_domains_otherwise_are_fully_stable():
    run = np.array([0, 0, 1, 1, 2, 2])
    found = consensus([run, (run + 1) % 3, (run + 2) % 3])
    assert (found.stability == 1).all()
    assert found.mean_agreement == 1
    assert (found.matched == found.matched[0]).all()


def test_a_spot_on_which_one_run_of_four_differs_has_stability_three_quarters():
    run = np.array([0, 0, 0, 1, 1, 1])
    other = np.array([0, 0, 1, 1, 1, 1])
    found = consensus([run, run, run, other], reference=run)
    assert found.stability.tolist() == [1, 1, 0.75, 1, 1, 1]
    assert found.labels.tolist() == run.tolist()


def test_most_runs_decide_the_consensus_even_against_the_reference():
    run = np.array([0, 0, 0, 1, 1, 1])
    other = np.array([0, 0, 1, 1, 1, 1])
    found = consensus([other, other, run], reference=run)
    assert found.labels.tolist() == other.tolist()


def test_a_single_run_has_no_agreement_to_speak_of():
    assert np.isnan(consensus([np.array([0, 1])]).mean_agreement)


def test_no_run_and_runs_of_other_lengths_are_refused():
    with pytest.raises(DataError, match="at least one run"):
        consensus([])
    with pytest.raises(DataError):
        consensus([np.array([0, 1]), np.array([0, 1, 1])])


@given(st.lists(st.lists(st.integers(0, 3), min_size=8, max_size=8), min_size=1, max_size=5), st.permutations(range(8)))
def test_the_order_of_the_spots_does_not_matter(runs, order):
    arrays = [np.array(run) for run in runs]
    there = consensus(arrays, reference=arrays[0])
    turned = consensus([run[list(order)] for run in arrays], reference=arrays[0][list(order)])
    assert np.allclose(there.agreement, turned.agreement)
    assert ((there.stability >= 0) & (there.stability <= 1)).all()


def test_a_boundary_one_spot_aside_is_the_same_and_a_missing_one_is_not():
    i, j, segment = np.array([2, 5]), np.array([3, 6]), np.array([0, 1])
    reference = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    aside = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2])
    missing = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1])
    edges, segments = boundary_stability(i, j, segment, [reference, aside, missing, missing], line(9))
    assert edges.tolist() == [1.0, 0.5]
    assert segments.tolist() == [1.0, 0.5]
