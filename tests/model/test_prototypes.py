"""Evidence of a cluster against an independent formula, and seeding where k-means fails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_t
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from napari_trsmi.model import prototypes
from napari_trsmi.model.prototypes import NormalInverseWishart, means, seed_labels


def log_predictive_product(prior: NormalInverseWishart, rows: np.ndarray) -> float:
    """log p(x_1) + log p(x_2 | x_1) + ..., each a multivariate Student t (Murphy 2007, equation 258)."""
    d = len(prior.mean)
    mean, kappa, nu, psi = prior.mean, prior.kappa, d + 2.0, np.diag(prior.scale)
    total = 0.0
    for x in rows:
        freedom = nu - d + 1
        total += multivariate_t.logpdf(x, mean, psi * (kappa + 1) / (kappa * freedom), freedom)
        psi = psi + kappa / (kappa + 1) * np.outer(x - mean, x - mean)
        mean = (kappa * mean + x) / (kappa + 1)
        kappa, nu = kappa + 1, nu + 1
    return float(total)


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(1, 15), st.integers(0, 99))
def test_the_evidence_is_the_product_of_the_predictions_of_each_spot(d, n, seed):
    rng = np.random.default_rng(seed)
    prior = NormalInverseWishart(rng.normal(size=d), rng.uniform(0.1, 3, d), kappa=float(rng.uniform(0.05, 2)))
    rows = rng.normal(size=(n, d)) * 2 + 1
    assert prior.log_evidence(rows) == pytest.approx(log_predictive_product(prior, rows), rel=1e-6, abs=1e-6)


@settings(max_examples=20)
@given(st.integers(1, 25), st.integers(1, 5), st.floats(0.01, 1))
def test_the_evidence_is_finite_even_for_fewer_spots_than_dimensions(d, n, weight):
    rows = np.random.default_rng(0).normal(size=(n, d))
    rows[0] = 0.0
    prior = NormalInverseWishart(np.zeros(d), np.full(d, 1e-9), weight=weight)
    assert np.isfinite(prior.log_evidence(rows))


def test_two_groups_far_apart_are_better_explained_apart():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(30, 3)), rng.normal(size=(30, 3))
    prior = NormalInverseWishart(np.zeros(3), np.ones(3))

    def gain(shift):
        together = prior.log_evidence(np.vstack([a, b + shift]))
        return prior.log_evidence(a) + prior.log_evidence(b + shift) - together

    assert gain(5.0) > 0
    assert gain(0.0) < 0


def test_spots_that_count_less_ask_for_more_proof():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(20, 2)), rng.normal(size=(20, 2)) + 1.5

    def gain(weight):
        prior = NormalInverseWishart(np.full(2, 0.75), np.ones(2), weight=weight)
        return prior.log_evidence(a) + prior.log_evidence(b) - prior.log_evidence(np.vstack([a, b]))

    assert gain(1.0) > gain(0.5) > gain(0.15) > 0 > gain(0.05)


# Seeding


WEIGHT = 1 / 7  # of a spot with six neighbours, as in training


def blobs(seed: int, gap: float = 9.0) -> tuple[np.ndarray, np.ndarray]:
    """A background and four factors of unequal size, as in the simulation of three modalities."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(5), [120, 60, 40, 30, 20])
    centres = gap * np.vstack([np.zeros(4), np.eye(4)])
    return centres[labels] + rng.normal(size=(len(labels), 4)), labels


def test_split_and_merge_recovers_domains_that_plain_k_means_joins():
    found, plain = [], []
    for seed in range(4):
        z, truth = blobs(seed)
        found.append(adjusted_rand_score(truth, seed_labels(z, 5, weight=WEIGHT, seed=seed)))
        k_means = KMeans(5, n_init=1, init="random", random_state=seed).fit_predict(z)
        plain.append(adjusted_rand_score(truth, k_means))
    assert min(found) > 0.98
    assert min(plain) < 0.8


def start_from(labels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the mixture propose these labels."""

    def fit_predict(self, rows):
        self.covariances_ = sum(np.cov(rows[labels == k].T) for k in range(5)) / 5
        return labels

    monkeypatch.setattr(GaussianMixture, "fit_predict", fit_predict)


def test_a_halved_and_a_joined_domain_are_mended(monkeypatch):
    z, truth = blobs(0, gap=6.0)
    bad = np.array([0, 2, 3, 4, 4])[truth]  # the two smallest joined ...
    bad[np.flatnonzero(truth == 0)[::2]] = 1  # ... and the largest halved
    start_from(bad, monkeypatch)
    assert adjusted_rand_score(truth, bad) < 0.75
    assert adjusted_rand_score(truth, seed_labels(z, 5, weight=WEIGHT)) > 0.98


@settings(max_examples=15)
@given(st.integers(1, 9), st.integers(9, 40), st.integers(1, 6), st.integers(0, 99))
def test_there_are_exactly_as_many_as_asked_for(k, n, d, seed):
    z = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    labels = seed_labels(z, k, seed=seed)
    assert sorted(np.unique(labels)) == list(range(k))
    assert np.all(np.diff(np.bincount(labels)) <= 0)  # numbered by falling size


@pytest.mark.parametrize("k", [1, 2, 4, 7])
def test_the_number_of_separated_domains_is_estimated(k):
    rng = np.random.default_rng(k)
    centres = 12 * np.array([[i % 3, i // 3, (i * i) % 5] for i in range(k)])
    truth = np.repeat(np.arange(k), rng.integers(20, 60, k))
    z = centres[truth] + rng.normal(size=(len(truth), 3))
    labels = seed_labels(z, None, weight=WEIGHT)
    assert labels.max() + 1 == k
    assert adjusted_rand_score(truth, labels) > 0.98


def test_the_number_of_unequal_domains_is_estimated():
    z, truth = blobs(0)
    assert adjusted_rand_score(truth, seed_labels(z, None, weight=WEIGHT)) > 0.98


def test_no_more_domains_are_found_than_allowed():
    rng = np.random.default_rng(0)
    z = np.repeat(20 * rng.normal(size=(12, 3)), 15, axis=0) + rng.normal(size=(180, 3))
    assert seed_labels(z, None, max_domains=5).max() + 1 == 5


def test_spots_that_are_all_alike_are_one_domain():
    assert not seed_labels(np.ones((20, 3), np.float32), None).any()


def test_seeding_is_repeatable_and_does_not_feel_a_rotation():
    z, _ = blobs(0)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    first = seed_labels(z, 5, weight=WEIGHT, seed=3)
    np.testing.assert_array_equal(first, seed_labels(z, 5, weight=WEIGHT, seed=3))
    assert adjusted_rand_score(first, seed_labels(z @ rotation, 5, weight=WEIGHT, seed=3)) > 0.98


def test_no_cluster_of_a_sample_is_left_without_a_spot(monkeypatch):
    """A ring around a blob: the mean of the ring lies in the blob, and no spot is nearest to it."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 300)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * 10 * rng.choice([1, 40], 300)[:, None]
    z = np.vstack([rng.normal(size=(300, 2)), ring])
    truth = np.repeat([0, 1], 300)
    seeded = seed_labels

    def known(rows, *given, **named):
        return (
            truth[[int(np.flatnonzero((z == row).all(axis=1))[0]) for row in rows]]
            if len(rows) == 50
            else seeded(rows, *given, **named)
        )

    monkeypatch.setattr(prototypes, "SEED_SAMPLE", 50)
    monkeypatch.setattr(prototypes, "seed_labels", known)
    monkeypatch.setattr(prototypes, "assign", lambda rows, centres: np.zeros(len(rows), int))
    labels = seeded(z, 2)
    assert set(labels) == {0, 1}
    assert np.isfinite(means(z, labels)).all()


@pytest.mark.parametrize("k", [3, 12])
def test_of_many_spots_a_sample_is_seeded_and_the_others_join_the_nearest(monkeypatch, k):
    rng = np.random.default_rng(1)
    truth = rng.integers(0, k, 900)
    z = 12 * rng.normal(size=(k, 6))[truth] + rng.normal(size=(900, 6))
    monkeypatch.setattr(prototypes, "SEED_SAMPLE", 200)
    labels = seed_labels(z, k, weight=WEIGHT)
    assert set(labels) == set(range(k))
    assert adjusted_rand_score(truth, labels) > 0.98


def test_means_by_hand():
    z = np.array([[1.0, 2.0], [3.0, 4.0], [10.0, 0.0]])
    np.testing.assert_allclose(means(z, np.array([1, 1, 0])), [[10, 0], [2, 3]])
