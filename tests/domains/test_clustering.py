"""Domains in exactly the number asked for, by every method, and what the settings change."""

from __future__ import annotations

import tracemalloc
from itertools import product

import numpy as np
import pytest
from four_domains import COLUMN, METHODS, REFINEMENTS, ROW, SIDE, SPATIAL, TRUTH, cluster, embedding, prototypes
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from napari_trsmi.coherence import coherent_components, denoise
from napari_trsmi.config import Cluster, Graph
from napari_trsmi.domains import starts
from napari_trsmi.domains.clustering import find_domains, majority, numbered_by_size
from napari_trsmi.domains.features import domain_features
from napari_trsmi.domains.mixture import Mixture, posterior_of
from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.graphs import feature_graph, neighbour_mean, smooth, spatial_graph

# Exactly K


@pytest.mark.parametrize(("method", "refinement"), list(product(METHODS, REFINEMENTS)))
@pytest.mark.parametrize("k", [1, 2, 4, 9])
def test_every_method_gives_exactly_as_many_domains_as_asked_for(method, refinement, k):
    z = embedding()
    settings_ = cluster(method=method, refinement=refinement)
    found = find_domains(z, SPATIAL, settings_, n_domains=k, prototypes=prototypes(z, k))
    sizes = np.bincount(found.labels, minlength=k)
    assert found.n_domains == k
    assert (sizes > 0).all()
    assert (np.diff(sizes) <= 0).all()  # numbered by falling size
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(found.posterior.argmax(axis=1), found.labels)
    assert found.posterior.dtype == np.float32
    assert found.method == method
    if k == 4:
        assert adjusted_rand_score(TRUTH, found.labels) > 0.9


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_an_embedding_that_is_the_same_everywhere_is_refused_in_a_sentence(value):
    with pytest.raises(DataError, match="differs between spots"):
        domain_features(np.full((SIDE * SIDE, 4), value), SPATIAL, Cluster())


def test_one_domain_holds_every_spot():
    found = find_domains(embedding(), SPATIAL, cluster(), n_domains=1)
    assert not found.labels.any()
    np.testing.assert_array_equal(found.posterior, 1)


def test_more_domains_than_spots_are_refused():
    with pytest.raises(ConfigError, match="n_domains=197 needs at least as many spots, found 196"):
        find_domains(embedding(), SPATIAL, cluster(), n_domains=197)


def test_a_domain_for_every_spot_is_possible():
    z = np.random.default_rng(0).normal(size=(20, 3))
    coords = np.random.default_rng(1).uniform(size=(20, 2))
    found = find_domains(z, spatial_graph(coords, 4), cluster(k_similar=3), n_domains=20)
    assert sorted(found.labels) == list(range(20))


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("method", ["mixture", "kmeans"])
def test_more_domains_than_distinct_spots_are_refused(method):
    z = np.eye(2)[(COLUMN > 6).astype(int)]
    with pytest.raises(ConfigError, match="n_domains=4 needs that many distinct groups of spots, found 2"):
        find_domains(z, SPATIAL, cluster(method=method), n_domains=4)


# Prototypes


def test_prototypes_decide_where_asked():
    z = embedding()
    centres = np.stack([z[k == TRUTH].mean(axis=0) for k in range(4)])
    found = find_domains(z, SPATIAL, cluster(method="prototypes"), n_domains=4, prototypes=centres)
    assert adjusted_rand_score(TRUTH, found.labels) > 0.9


def test_prototypes_are_compared_with_spots_without_a_number_per_spot_prototype_and_feature():
    rng = np.random.default_rng(0)
    n, k, d = 8_000, 40, 64
    z, centres = rng.normal(size=(n, d)).astype(np.float32), rng.normal(size=(k, d)).astype(np.float32)
    spatial = spatial_graph(np.column_stack(np.divmod(np.arange(n), 100)).astype(float), 4)
    tracemalloc.start()
    find_domains(z, spatial, cluster(method="prototypes"), n_domains=k, prototypes=centres)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < n * k * d * 8 / 4


@pytest.mark.parametrize("n_init", [1, 4])
def test_k_means_starts_as_often_as_asked_and_the_best_start_is_taken(monkeypatch, n_init):
    features = np.random.default_rng(0).normal(size=(SIDE * SIDE, 3))  # no domains: every start ends elsewhere
    ends = []
    fit = KMeans.fit
    monkeypatch.setattr(KMeans, "fit", lambda self, x: ends.append(fit(self, x)) or ends[-1])
    labels = starts.kmeans(features, 9, n_init, seed=1)
    assert len(ends) == n_init
    assert len({round(end.inertia_, 6) for end in ends}) == n_init
    best = min(ends, key=lambda end: end.inertia_)
    assert adjusted_rand_score(best.labels_, labels) == 1.0


@pytest.mark.parametrize(
    ("given_", "found"), [(None, "none"), (np.zeros((3, 5)), "3")], ids=["missing", "other number"]
)
def test_prototypes_that_are_missing_or_of_another_number_are_refused(given_, found):
    with pytest.raises(ConfigError, match=rf"needs 4 prototypes, found {found}\. Train with cluster\.n_domains=4"):
        find_domains(embedding(), SPATIAL, cluster(method="prototypes"), n_domains=4, prototypes=given_)


# What the settings change


def test_the_domain_scale_goes_from_cell_like_to_region_like():
    z = embedding(noise=2.0)
    scores, neighbours = [], []
    for scale in (0, 1, 3):
        labels = find_domains(z, SPATIAL, cluster(domain_scale=scale), n_domains=4).labels
        scores.append(adjusted_rand_score(TRUTH, labels))
        rows, columns = SPATIAL.nonzero()
        neighbours.append((labels[rows] == labels[columns]).mean())
    assert (np.diff(neighbours) > 0).all()
    assert scores[2] > scores[0] + 0.1


def test_features_follow_their_description():
    z = embedding(noise=1.0)
    components, w = coherent_components(z, SPATIAL, 3)
    components, w = components[:, :2], w[:2]
    weight = w / (1 - w)
    two = cluster(n_components=2)
    found = domain_features(z, SPATIAL, two.model_copy(update={"domain_scale": 2}), seed=3)
    np.testing.assert_allclose(found, smooth(components, SPATIAL, 2) * weight, rtol=1e-6)
    found = domain_features(z, SPATIAL, two.model_copy(update={"domain_scale": None}), seed=3)
    averaged = denoise(components, SPATIAL, 3)[0] * weight
    np.testing.assert_allclose(found, averaged, rtol=1e-6)
    similar = feature_graph(averaged, Graph(k_feature=10, metric="euclidean", edge_weights="one"), 3)
    found = domain_features(z, SPATIAL, two.model_copy(update={"domain_scale": None, "sharpen": 2}), seed=3)
    np.testing.assert_allclose(found, smooth(averaged, similar, 2), rtol=1e-6)


def test_sharpening_draws_the_spots_of_a_domain_together():
    z = embedding(noise=0.8)

    def spread(features):
        within = sum(((features[k == TRUTH] - features[k == TRUTH].mean(axis=0)) ** 2).sum() for k in range(4))
        return within / ((features - features.mean(axis=0)) ** 2).sum()

    plain, sharp = (domain_features(z, SPATIAL, cluster(sharpen=s)) for s in (0, 3))
    assert spread(sharp) < 0.9 * spread(plain)


def test_a_stronger_field_is_recorded_and_smooths():
    z = embedding(noise=0.8)
    rows, columns = SPATIAL.nonzero()
    agree = []
    for strength in (0.0, 1.0, 3.0):
        found = find_domains(z, SPATIAL, cluster(refinement="potts", strength=strength), n_domains=4)
        assert found.strength == strength
        agree.append((found.labels[rows] == found.labels[columns]).mean())
    assert (np.diff(agree) > 0).all()
    estimated = find_domains(z, SPATIAL, cluster(refinement="potts", strength=None), n_domains=4)
    assert 0 < estimated.strength < 30


@given(st.integers(0, 5))
@settings(max_examples=5)
def test_the_same_seed_gives_the_same_domains(seed):
    z = embedding(noise=1.5)
    settings_ = cluster(domain_scale=None, sharpen=1, refinement="potts", strength=None)
    one, other = (find_domains(z, SPATIAL, settings_, n_domains=4, seed=seed) for _ in range(2))
    np.testing.assert_array_equal(one.posterior, other.posterior)


def test_permuting_the_spots_permutes_the_domains():
    z = embedding()
    order = np.random.default_rng(0).permutation(SIDE * SIDE)
    settings_ = cluster(refinement="potts")
    one = find_domains(z, SPATIAL, settings_, n_domains=4).labels
    other = find_domains(z[order], SPATIAL[order][:, order], settings_, n_domains=4).labels
    assert adjusted_rand_score(one[order], other) > 0.99


def test_a_large_section_is_clustered_from_a_sample(monkeypatch):
    monkeypatch.setattr(starts, "KMEANS_SAMPLE", 80)
    found = find_domains(embedding(), SPATIAL, cluster(method="kmeans", refinement="potts"), n_domains=4)
    assert len(found.labels) == SIDE * SIDE
    assert adjusted_rand_score(TRUTH, found.labels) > 0.8


@pytest.mark.parametrize("refinement", REFINEMENTS)
def test_measured_features_decide_the_posterior_and_not_the_domains(refinement):
    z, measured = embedding(noise=0.6), embedding(noise=1.5, seed=1)
    settings_ = cluster(domain_scale=2, refinement=refinement)
    averaged = find_domains(z, SPATIAL, settings_, n_domains=4)
    found = find_domains(z, SPATIAL, settings_, n_domains=4, evidence=measured)
    np.testing.assert_array_equal(found.labels, averaged.labels)
    expected = posterior_of(measured, found.labels, 4, neighbour_mean(SPATIAL), found.strength)
    np.testing.assert_allclose(found.posterior, expected, atol=1e-5)
    assert found.confidence.mean() < averaged.confidence.mean()


# Majority and numbering


def test_the_majority_outvotes_a_lonely_spot_unless_its_domain_would_vanish():
    labels = (COLUMN > 6).astype(int)
    lonely = 5 * SIDE + 2
    labels[lonely] = 1
    voted = majority(Mixture(np.eye(2)[labels], 0.0), SPATIAL)
    assert voted.labels[lonely] == 0
    assert (np.delete(voted.labels, lonely) == np.delete(labels, lonely)).all()
    np.testing.assert_allclose(voted.posterior.sum(axis=1), 1)
    alone = np.zeros(SIDE * SIDE, int)
    alone[lonely] = 1
    assert majority(Mixture(np.eye(2)[alone], 0.0), SPATIAL).labels[lonely] == 1


def test_domains_are_numbered_by_falling_size():
    posterior = np.eye(3)[[2, 2, 2, 0, 1, 1]] * 0.7 + 0.1
    found = numbered_by_size(Mixture(posterior, 1.5), posterior, "kmeans")
    np.testing.assert_array_equal(found.labels, [0, 0, 0, 2, 1, 1])
    np.testing.assert_allclose(found.posterior[3], [0.1, 0.1, 0.8], rtol=1e-6)
    assert (found.method, found.strength) == ("kmeans", 1.5)


def four_quarters(corners, noise: float = 0.02) -> np.ndarray:
    """(196, 2) features of the four quarters of the section, scattered about `corners` (4, 2)."""
    quarter = 2 * (ROW >= SIDE // 2) + (COLUMN >= SIDE // 2)
    return np.array(corners, float)[quarter] + noise * np.random.default_rng(0).normal(size=(SIDE * SIDE, 2))


@pytest.mark.parametrize("before", [ROW >= SIDE // 2, COLUMN >= SIDE // 2])
def test_of_two_cuts_that_are_as_good_the_one_there_was_before_stays(before):
    features = four_quarters([(0, 0), (0, 1), (1, 0), (1, 1)])
    found = find_domains(features, SPATIAL, cluster(), n_domains=2, features=features, before=3 + before.astype(int))
    assert adjusted_rand_score(found.labels, before) == 1


def test_a_cut_that_is_clearly_better_replaces_the_one_there_was_before():
    features = four_quarters([(0, 0), (0, 1), (1.5, 0), (1.5, 1)])  # k-means does not leave the split of columns
    found = find_domains(features, SPATIAL, cluster(n_init=5), n_domains=2, features=features, before=COLUMN // 7)
    assert adjusted_rand_score(found.labels, ROW // 7) == 1


def test_domains_of_before_in_another_number_change_nothing():
    def labels(**before):
        return find_domains(embedding(), SPATIAL, cluster(), n_domains=4, **before).labels

    assert np.array_equal(labels(before=ROW // 5), labels())
