"""Leiden communities in exactly the number asked for."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from napari_trsmi.domains.leiden import leiden_labels
from napari_trsmi.errors import ConfigError

TRUTH = np.repeat(np.arange(4), [60, 40, 30, 20])
BLOBS = 8 * np.eye(4)[TRUTH] + np.random.default_rng(0).normal(size=(150, 4))


@pytest.mark.parametrize("n_domains", [1, 2, 3, 4, 7, 30, 150])
def test_there_are_exactly_as_many_as_asked_for(n_domains):
    labels = leiden_labels(BLOBS, n_domains, k=10)
    assert set(labels) == set(range(n_domains))


@settings(max_examples=15)
@given(st.integers(2, 40), st.data())
def test_there_are_exactly_as_many_in_any_cloud_of_spots(n, data):
    n_domains = data.draw(st.integers(1, n))
    features = np.random.default_rng(n).normal(size=(n, 3))
    assert len(set(leiden_labels(features, n_domains))) == n_domains


def test_without_igraph_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "igraph", None)
    with pytest.raises(ConfigError, match=r"pip install \"napari-trsmi\[leiden\]\"`, or use another method"):
        leiden_labels(BLOBS, 4)


def test_separated_groups_are_the_communities():
    assert adjusted_rand_score(TRUTH, leiden_labels(BLOBS, 4, k=10)) == 1.0


def test_fewer_domains_than_separate_groups_join_the_smallest_to_the_nearest():
    features = BLOBS.copy()
    features[TRUTH == 3] += 3 * np.array([0, 1, 0, -1.0])  # the smallest group, now nearest to the second
    labels = leiden_labels(features, 3, k=10)
    assert adjusted_rand_score(np.array([0, 1, 2, 1])[TRUTH], labels) == 1.0


def test_the_same_seed_gives_the_same_labels_and_leaves_other_random_numbers_alone():
    random.seed(3)
    expected = random.random()
    random.seed(3)
    one = leiden_labels(BLOBS, 6, k=10, seed=5)
    assert random.random() == expected
    random.random()
    np.testing.assert_array_equal(one, leiden_labels(BLOBS, 6, k=10, seed=5))
