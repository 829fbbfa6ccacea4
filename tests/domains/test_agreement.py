from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from napari_trsmi.domains.agreement import agreement, boundary_agreement
from napari_trsmi.errors import DataError

SCORES = ("MI", "NMI", "AMI", "FMI", "ARI", "V", "F1", "Jaccard", "Completeness", "Info", "Clust", "Class", "Overall")
two_labellings = st.integers(2, 12).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(0, 3), min_size=n, max_size=n) for _ in range(2)))
)


def brute_force(labels, truth):
    """The scores from their definitions: counts of spots, and a walk over all pairs of spots."""
    n = len(labels)
    joint = {(a, b): sum(x == (a, b) for x in zip(labels, truth, strict=True)) / n for a in labels for b in truth}
    p = {a: labels.count(a) / n for a in labels}
    q = {b: truth.count(b) / n for b in truth}
    mi = sum(w * np.log(w / p[a] / q[b]) for (a, b), w in joint.items() if w)
    entropy = [-sum(w * np.log(w) for w in d.values()) for d in (p, q)]
    mean = sum(entropy) / 2
    pairs = [(labels[i] == labels[j], truth[i] == truth[j]) for i, j in combinations(range(n), 2)]
    tp, fp, fn = (pairs.count(x) for x in ((True, True), (True, False), (False, True)))
    expected = (tp + fp) * (tp + fn) / len(pairs)
    top = (2 * tp + fp + fn) / 2
    return {
        "MI": mi,
        "V": mi / mean if mean else 1.0,
        "NMI": mi / mean if mean else 1.0,
        "FMI": (tp / np.sqrt((tp + fp) * (tp + fn)) if tp else 0.0) if tp + fp + fn else 1.0,
        "ARI": (tp - expected) / (top - expected) if top != expected else 1.0,
        "F1": 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0,
        "Jaccard": tp / (tp + fp + fn) if tp + fp + fn else 1.0,
        "Completeness": mi / entropy[0] if entropy[0] else 1.0,
    }


@given(two_labellings)
def test_scores_equal_their_definitions(pair):
    labels, truth = pair
    scores = agreement(labels, truth)
    for name, value in brute_force(labels, truth).items():
        assert scores[name] == pytest.approx(value, abs=1e-9), name


def test_averages_are_of_the_three_groups():
    s = agreement([0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 1])
    assert s["Info"] == pytest.approx((s["MI"] + s["NMI"] + s["AMI"]) / 3)
    assert s["Clust"] == pytest.approx((s["FMI"] + s["ARI"] + s["V"]) / 3)
    assert s["Class"] == pytest.approx((s["F1"] + s["Jaccard"] + s["Completeness"]) / 3)
    assert s["Overall"] == pytest.approx((s["Info"] + s["Clust"] + s["Class"]) / 3)


@given(two_labellings, st.randoms())
def test_scores_ignore_names_and_order(pair, random):
    labels, truth = pair
    order = list(range(len(labels)))
    random.shuffle(order)
    names = pd.Categorical([f"domain {9 - labels[o]}" for o in order])
    moved = agreement(names, [truth[o] * 10 for o in order])
    assert moved == pytest.approx(agreement(labels, truth), abs=1e-9)


@given(two_labellings)
def test_scores_keep_within_their_bounds(pair):
    scores = agreement(*pair)
    assert all(scores[name] <= 1 + 1e-9 for name in SCORES if name not in ("MI", "Info", "Overall"))
    assert all(scores[name] >= -1e-9 for name in ("MI", "NMI", "FMI", "V", "F1", "Jaccard", "Completeness"))


def test_a_labelling_agrees_fully_with_itself():
    scores = agreement([0, 0, 1, 2], [0, 0, 1, 2])
    assert [scores[n] for n in SCORES if n not in ("MI", "Info", "Overall")] == pytest.approx([1.0] * 10)


def test_spots_without_truth_are_left_out_and_counted():
    truth = pd.Series(["a", "a", "b", np.nan, "NA", "b"])
    mask = np.array([True, True, True, True, True, False])
    scores = agreement([0, 0, 1, 1, 0, 0], truth, mask)
    assert (scores["ARI"], scores["n_spots"], scores["n_left_out"]) == (1.0, 3, 2)


def test_no_truth_at_all_is_refused():
    with pytest.raises(DataError, match="both labels"):
        agreement([0, 1], [None, None])


def test_different_lengths_are_refused():
    with pytest.raises(DataError, match="2 spots that have labels, found shape"):
        agreement([0, 1], [0, 1, 1])


def chain(n):
    return sparse.diags([np.ones(n - 1)] * 2, [1, -1], format="csr")


def test_boundary_scores_count_edges():
    # truth changes at edges 1-2 and 3-4, the labels at 1-2 and 4-5 and 5-6
    scores = boundary_agreement([0, 0, 1, 1, 1, 0, 1], list("aabbccc"), chain(7))
    assert scores == pytest.approx(
        {"precision": 1 / 3, "recall": 1 / 2, "f1": 0.4, "floor": 2 * (1 / 3) / (1 + 1 / 3), "n_edges": 6}
    )


@pytest.mark.parametrize(
    ("shift", "tolerance", "f1"), [(1, 0, 0), (1, 1, 1), (2, 1, 0), (2, 2, 1), (3, 2, 0), (3, 3, 1)]
)
def test_tolerance_is_counted_in_steps_along_the_graph(shift, tolerance, f1):
    spots = np.arange(12)
    scores = boundary_agreement(spots >= 5, spots >= 5 + shift, chain(12), tolerance)
    assert scores["f1"] == f1


def test_a_boundary_one_row_off_on_a_grid_matches_within_one_step():
    side = 6
    line = chain(side)
    grid = sparse.csr_matrix(sparse.kron(line, sparse.eye(side)) + sparse.kron(sparse.eye(side), line))
    column = np.tile(np.arange(side), side)
    assert boundary_agreement(column > 2, column > 3, grid, 0)["f1"] == 0
    assert boundary_agreement(column > 2, column > 3, grid, 1)["f1"] == 1


def test_edges_to_unlabelled_spots_are_left_out():
    scores = boundary_agreement([0, 0, 1, 1], ["a", "a", "b", None], chain(4))
    assert (scores["f1"], scores["n_edges"]) == (1, 2)


@pytest.mark.parametrize(("labels", "expected"), [([0, 0, 0], (1, 1, 1)), ([0, 0, 1], (0, 0, 0))])
def test_truth_without_boundary_is_met_only_by_labels_without(labels, expected):
    scores = boundary_agreement(labels, [5, 5, 5], chain(3))
    assert (scores["precision"], scores["recall"], scores["f1"]) == expected


def test_negative_tolerance_is_refused():
    with pytest.raises(DataError, match="found -1"):
        boundary_agreement([0, 1], [0, 1], chain(2), -1)


@given(two_labellings, st.integers(0, 2))
def test_boundary_scores_swap_with_their_arguments_and_grow_with_tolerance(pair, tolerance):
    labels, truth = pair
    graph = chain(len(labels))
    one, other = (
        boundary_agreement(labels, truth, graph, tolerance),
        boundary_agreement(truth, labels, graph, tolerance),
    )
    assert (one["precision"], one["recall"]) == (other["recall"], other["precision"])
    wider = boundary_agreement(labels, truth, graph, tolerance + 1)
    assert wider["precision"] >= one["precision"]
    assert 0 <= one["f1"] <= 1
