"""Constraints on rows: which count, how far they are kept, and where a clustering starts that can keep them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.config import Config, Constraint
from napari_trsmi.constraints import RowConstraint, contradictions, row_constraints, satisfaction, satisfying
from napari_trsmi.errors import ConfigError

NAMES = np.array([f"spot{i}" for i in range(8)])


def tie(kind, spots, others=()):
    return RowConstraint(kind, np.array(spots, int), np.array(others, int))


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "together", "spots": ["a"]},
        {"kind": "together", "spots": ["a", "a"]},
        {"kind": "together", "spots": ["a", "b"], "others": ["c"]},
        {"kind": "apart", "spots": ["a"]},
        {"kind": "apart", "spots": ["a", "b"], "others": ["b"]},
        {"kind": "belong", "others": ["b"]},
    ],
)
def test_constraints_without_the_spots_they_need_are_refused(said):
    with pytest.raises(ConfigError, match=r"constraints\.0: Expected"):
        Config(constraints=[said])


def test_a_constraint_counts_from_its_start_until_it_is_taken_back():
    said = Constraint(spots=("a", "b"), start=3, until=5)
    assert [said.counts(epoch) for epoch in range(7)] == [False, False, False, True, True, False, False]


def test_rows_are_found_by_barcode_whatever_the_order():
    said = [Constraint(kind="apart", spots=("spot5", "spot1", "spot5"), others=("spot0",))]
    (found,) = row_constraints(said, NAMES)
    assert found.spots.tolist() == [1, 5]
    assert found.others.tolist() == [0]
    (found,) = row_constraints(said, NAMES[::-1])
    assert found.spots.tolist() == [2, 6]


def test_only_constraints_that_count_are_given():
    said = [Constraint(spots=("spot0", "spot1"), start=4), Constraint(spots=("spot2", "spot3"), until=4)]
    assert [found.spots.tolist() for found in row_constraints(said, NAMES, 3)] == [[2, 3]]
    assert [found.spots.tolist() for found in row_constraints(said, NAMES, 4)] == [[0, 1]]
    assert [found.spots.tolist() for found in row_constraints(said, NAMES)] == [[0, 1]]


def test_spots_of_another_section_are_refused():
    with pytest.raises(ConfigError, match="found 1 that it lacks, such as 'other'"):
        row_constraints([Constraint(spots=("spot0", "other"))], NAMES)


def test_how_far_constraints_are_kept():
    labels = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    assert satisfaction(tie("together", [0, 1, 2, 3]), labels) == 0.75
    assert satisfaction(tie("belong", [0, 3], [1, 2, 6]), labels) == 0.5
    assert satisfaction(tie("apart", [0, 1], [3, 4]), labels) == 1.0
    assert satisfaction(tie("apart", [0, 1], [2]), labels) == 0.0
    assert satisfaction(tie("apart", [0, 3], [4, 5]), labels) == 0.5


LINE = np.array([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2], [9.0], [9.1]])
START = np.array([0, 0, 0, 0, 0, 0, 1, 1])


def test_a_domain_that_holds_both_sides_is_split_between_them():
    found = satisfying(LINE, START, [tie("apart", [0], [5])])
    assert len(np.unique(found)) == 3
    assert (found[:3] == found[0]).all()
    assert (found[3:6] == found[5]).all()
    assert found[0] != found[5]


def test_with_a_fixed_number_the_closest_domains_are_joined_for_it():
    rows = np.vstack([LINE, [[9.3]], [[20.0]]])
    start = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 3])
    found = satisfying(rows, start, [tie("apart", [0], [5])], n_domains=4)
    assert sorted(np.unique(found)) == [0, 1, 2, 3]
    assert found[6] == found[8]
    assert len({found[0], found[5], found[6], found[9]}) == 4


def test_one_domain_cannot_be_split():
    start = np.zeros(8, int)
    np.testing.assert_array_equal(satisfying(LINE, start, [tie("apart", [0], [5])], n_domains=1), start)


def test_spots_start_where_they_belong():
    found = satisfying(LINE, START, [tie("belong", [4, 5], [6, 7]), tie("together", [0, 1, 6])])
    assert found.tolist() == [0, 0, 0, 0, 1, 1, 0, 1]


def test_no_domain_is_emptied():
    np.testing.assert_array_equal(satisfying(LINE, START, [tie("together", range(8))]), START)


@given(st.data())
def test_the_number_of_domains_stays_where_it_is_fixed(data):
    n, k = data.draw(st.integers(4, 30)), data.draw(st.integers(1, 4))
    rest = data.draw(st.lists(st.integers(0, k - 1), min_size=n - k, max_size=n - k))
    labels = np.array(data.draw(st.permutations([*range(k), *rest])))
    features = np.array(data.draw(st.lists(st.floats(-9, 9, width=32), min_size=n, max_size=n)))[:, None]
    said = []
    for kind in data.draw(st.lists(st.sampled_from(["together", "apart", "belong"]), max_size=3)):
        order, cut = data.draw(st.permutations(range(n))), data.draw(st.integers(2, n - 1))
        said.append(tie(kind, order[:cut], () if kind == "together" else order[cut:]))
    found = satisfying(features, labels, said, n_domains=k)
    assert np.unique(found).tolist() == list(range(k))
    free = satisfying(features, labels, said)
    assert np.unique(free).tolist() == list(range(free.max() + 1))


LABELS = np.array([0, 0, 1, 1, 2, 2, 3, 3])
CONTRADICTIONS = {
    "one domain and apart": ([tie("together", [0, 1, 2]), tie("apart", [0, 1], [2, 3])], [(0, 1)]),
    "given to a domain whole, and apart": ([tie("apart", [0], [2]), tie("belong", [0, 2], [6, 7])], [(0, 1)]),
    "two domains": ([tie("belong", [0, 1], [2]), tie("belong", [1], [4])], [(0, 1)]),
    "a chain": ([tie("together", [0, 2]), tie("together", [2, 4]), tie("apart", [0], [4])], [(0, 1, 2)]),
    "both sides to one": ([tie("apart", [0], [2]), tie("belong", [0], [6]), tie("belong", [2], [7])], [(0, 1, 2)]),
    "two by one": ([tie("belong", [0], [2]), tie("together", [0, 5]), tie("belong", [5], [6])], [(0, 1, 2)]),
    "others only": ([tie("together", [0, 1]), tie("belong", [4], [2]), tie("belong", [4], [6])], [(1, 2)]),
    "same domain twice": ([tie("belong", [0, 1], [2]), tie("belong", [1], [3])], []),
    "one side": ([tie("together", [0, 1]), tie("apart", [0, 1], [2, 3])], []),
    "twice": ([tie("together", [0, 1]), tie("together", [0, 1])], []),
    "nothing": ([], []),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_contradictions_are_found_and_nothing_else(case):
    said, expected = CONTRADICTIONS[case]
    assert contradictions(said, LABELS) == expected


@given(st.integers(0, 999))
def test_what_some_labels_keep_does_not_contradict_itself(seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(40) % 4)
    said = []
    for _ in range(5):
        one, other = rng.choice(4, 2, replace=False)
        rows, others = (rng.choice(np.flatnonzero(labels == k), 3, replace=False) for k in (one, other))
        mates = rng.choice(np.setdiff1d(np.flatnonzero(labels == one), rows), 2)
        said += [tie("together", rows), tie("apart", rows, others), tie("belong", rows, mates)]
    assert contradictions(said, labels) == []
