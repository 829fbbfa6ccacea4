from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from test_support import result_of
from two_halves import SIDE, SPATIAL, TRUTH

from napari_trsmi import edits
from napari_trsmi.errors import ConfigError
from napari_trsmi.evidence import find_tree, with_support
from napari_trsmi.evidence.tree import halved, joined

FOUR = TRUTH + 2 * (np.arange(SIDE * SIDE) >= SIDE * SIDE // 2)  # quarters
MEANS = np.array([[0.0, 0.0], [1.5, 0.0], [0.0, 8.0], [1.5, 8.0]])
FEATURES = MEANS[FOUR] + np.random.default_rng(0).normal(0, 0.3, (SIDE * SIDE, 2))


def test_domains_that_differ_least_join_first():
    merges = joined(FOUR, FEATURES)
    assert set(merges[:2]) == {(0, 1), (2, 3)}
    assert merges[2] == (0, 2)


def test_halves_that_differ_most_are_split_first_and_spots_stay_together():
    labels, splits = halved(FOUR // 2, FEATURES, SPATIAL, 4)
    assert len(splits) == 2
    assert adjusted_rand_score(labels, FOUR) > 0.97


def test_small_domains_stay_whole():
    few = np.where(np.arange(400) < 15, 1, 0)
    labels, splits = halved(few, np.eye(2)[few], SPATIAL, 9)
    assert splits == []
    assert np.array_equal(labels, few)


def test_the_cuts_of_a_tree_lie_in_each_other_and_the_result_is_one():
    section, result = result_of(6.0, FOUR)
    tree = find_tree(result, section)
    most = len(tree.merges) + 1
    assert adjusted_rand_score(tree.cut(4), result.labels) == 1
    finer = tree.cut(most)
    for k in range(most, 0, -1):
        labels = tree.cut(k)
        assert len(np.unique(labels)) == k
        assert (np.diff(np.bincount(labels)) <= 0).all()
        pairs = set(zip(finer.tolist(), labels.tolist(), strict=True))
        assert len(pairs) == len(np.unique(finer))  # each domain lies in one of the coarser cut
        finer = labels
    with pytest.raises(ConfigError, match=f"1 to {most}"):
        tree.cut(most + 1)


def test_a_split_has_the_support_of_the_boundary_that_it_draws():
    section, result = result_of(6.0, FOUR)
    cuts = np.stack([TRUTH, TRUTH, FOUR // 2, TRUTH], axis=1).astype(np.int16)
    tree = find_tree(with_support(result, cuts, SPATIAL), section, most=4)
    for (a, b), support in zip(joined(FOUR, result.embedding)[:2], tree.support, strict=False):
        assert support == pytest.approx(0.75 if a // 2 == b // 2 else 0.25, abs=0.15)
    assert np.isnan(find_tree(result, section, most=4).support).all()


def test_a_result_is_walked_up_and_down_without_training():
    section, result = result_of(6.0, FOUR)
    result = with_support(result, np.stack([FOUR, TRUTH], axis=1).astype(np.int16), SPATIAL)
    coarse = edits.nested(result, 2, section)
    assert coarse.partition.n_domains == 2
    assert len(coarse.colors) == 2
    assert coarse.provenance["edits"] == [{"edit": "nested", "n_domains": 2}]
    assert "support" in coarse.maps
    assert np.allclose(coarse.partition.posterior.sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(coarse.embedding, result.embedding)
