import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_trsmi.domains.comparison import churn, match_labels
from napari_trsmi.errors import DataError

labellings = hnp.arrays(np.int64, st.integers(1, 30), elements=st.integers(0, 6))


def test_the_largest_total_overlap_wins_over_the_largest_single_one():
    # greedily 0 -> 0 (3 spots) leaves 1 -> 1 (0 spots): 3; the best is 0 -> 1 (2) and 1 -> 0 (2): 4
    labels = np.array([0, 0, 0, 0, 0, 1, 1])
    reference = np.array([0, 0, 0, 1, 1, 0, 0])
    assert match_labels(labels, reference).tolist() == [1, 1, 1, 1, 1, 0, 0]


def test_domains_left_over_take_the_smallest_free_numbers():
    assert match_labels(np.array([5, 5, 7, 8, 9]), np.array([3, 3, 0, 0, 0])).tolist() == [3, 3, 0, 1, 2]


def test_unlabelled_spots_stay_unlabelled():
    assert match_labels(np.array([1, 1, -1, 0]), np.array([0, -1, 0, 1])).tolist() == [0, 0, -1, 1]


@given(labellings, st.permutations(range(7)))
def test_renumbering_is_undone(reference, names):
    assert match_labels(np.array(names)[reference], reference).tolist() == reference.tolist()


@given(labellings, st.randoms(use_true_random=False))
def test_matching_only_renumbers_and_never_lowers_the_overlap(labels, random):
    reference = np.array(random.choices(range(4), k=len(labels)))
    matched = match_labels(labels, reference)
    assert len(np.unique(matched)) == len(np.unique(labels)) == len(np.unique(np.stack([labels, matched]), axis=1).T)
    assert (matched == reference).sum() >= (labels == reference).sum()
    if len(np.unique(labels)) == len(np.unique(reference)):
        assert set(matched) == set(reference)


def test_churn_is_the_share_of_spots_that_moved():
    assert churn(np.array([1, 1, 0, 0]), np.array([0, 0, 1, 1])) == 0
    assert churn(np.array([1, 1, 0, 1]), np.array([0, 0, 1, 1])) == 0.25


def test_names_are_no_numbers():
    with pytest.raises(DataError, match="domain numbers"):
        match_labels(np.array(["a"]), np.array([0]))


def test_different_lengths_are_refused():
    with pytest.raises(DataError, match="found shape"):
        match_labels(np.array([0, 1]), np.array([0]))
