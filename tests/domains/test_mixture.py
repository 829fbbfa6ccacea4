"""The mixture against scikit-learn's, the field against labels drawn from a Potts model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from napari_trsmi.domains import mixture
from napari_trsmi.domains.field import field_strength
from napari_trsmi.domains.mixture import fit_mixture, posterior_of
from napari_trsmi.graphs import neighbour_mean, spatial_graph

SIDE = 16
ROW, COLUMN = np.divmod(np.arange(SIDE * SIDE), SIDE)
NEIGHBOURS = neighbour_mean(spatial_graph(np.column_stack([COLUMN, ROW]).astype(float)))
STRIPES = np.minimum(COLUMN // 5, 2)


def noisy_stripes(noise: float, seed: int = 0) -> np.ndarray:
    """(256, 3) features of three striped domains."""
    rng = np.random.default_rng(seed)
    return np.array([[0, 0, 0], [3, 0, 1], [0, 3, 2.0]])[STRIPES] + noise * rng.normal(size=(SIDE * SIDE, 3))


def start(features: np.ndarray, k: int = 3) -> np.ndarray:
    from sklearn.cluster import KMeans

    return KMeans(k, n_init=3, random_state=0).fit_predict(features)


def agreement(labels: np.ndarray) -> float:
    """Share of a spot's neighbours with its label, on average."""
    same = np.eye(labels.max() + 1)[labels]
    return float((NEIGHBOURS @ same)[np.arange(len(labels)), labels].mean())


# Without a field


def test_without_a_field_it_is_a_tied_mixture():
    features = noisy_stripes(1.0)
    features[:, 2] *= 0.2
    first = start(features)
    found = fit_mixture(features, first, NEIGHBOURS, strength=0.0)
    reference = GaussianMixture(3, covariance_type="tied", tol=1e-8, max_iter=1000, random_state=0).fit(features)
    expected = reference.predict(features)
    assert adjusted_rand_score(found.labels, expected) > 0.95
    # The covariance here is diagonal: given the same parameters, the posterior must be that of Bayes' rule.
    q = found.posterior
    shares = q.mean(axis=0)
    means = q.T @ features / q.sum(axis=0)[:, None]
    variance = (features**2).mean(axis=0) - shares @ means**2
    density = np.exp(-0.5 * ((features[:, None] - means) ** 2 / variance).sum(axis=2)) * shares
    np.testing.assert_allclose(q, density / density.sum(axis=1, keepdims=True), atol=5e-3)
    assert found.strength == 0.0


def test_the_neighbours_do_not_matter_without_a_field():
    features = noisy_stripes(1.0)
    first = start(features)
    nobody = sparse.csr_matrix((SIDE * SIDE, SIDE * SIDE))
    one = fit_mixture(features, first, NEIGHBOURS, strength=0.0)
    other = fit_mixture(features, first, nobody, strength=0.0)
    np.testing.assert_array_equal(one.posterior, other.posterior)


def test_the_unit_of_a_feature_does_not_matter():
    features = noisy_stripes(1.0)
    first = start(features)
    one = fit_mixture(features, first, NEIGHBOURS, strength=2.0).posterior
    other = fit_mixture(features * [1e3, 1e-3, 1.0], first, NEIGHBOURS, strength=2.0).posterior
    np.testing.assert_allclose(one, other, atol=1e-6)


# With a field


def test_a_field_makes_neighbours_agree_and_finds_noisy_domains():
    features = noisy_stripes(1.5)
    first = start(features)
    fits = {s: fit_mixture(features, first, NEIGHBOURS, strength=s) for s in (0.0, 1.0, 2.0, 4.0)}
    shares = [agreement(fit.labels) for fit in fits.values()]
    assert (np.diff(shares) > 0).all()
    assert adjusted_rand_score(STRIPES, fits[4.0].labels) > adjusted_rand_score(STRIPES, fits[0.0].labels) + 0.2


def test_the_strength_is_read_off_the_labels_of_the_free_fit():
    features = noisy_stripes(1.5)
    first = start(features)
    free = fit_mixture(features, first, NEIGHBOURS, strength=0.0)
    found = fit_mixture(features, first, NEIGHBOURS)
    expected = field_strength(free.labels, 3, NEIGHBOURS)
    assert found.strength == pytest.approx(expected)
    np.testing.assert_array_equal(
        found.posterior, fit_mixture(features, first, NEIGHBOURS, strength=expected).posterior
    )


def test_without_refitting_domains_keep_the_means_of_the_start():
    features = noisy_stripes(0.5)
    shifted = np.where(COLUMN < 3, 0, np.where(COLUMN < 10, 1, 2))  # a start that is off by two columns
    kept = fit_mixture(features, shifted, NEIGHBOURS, strength=0.0, refit=False)
    moved = fit_mixture(features, shifted, NEIGHBOURS, strength=0.0)
    assert adjusted_rand_score(STRIPES, moved.labels) > 0.98
    assert not np.allclose(kept.posterior, moved.posterior, atol=0.05)


@settings(max_examples=30)
@given(
    st.integers(1, 5),
    st.integers(1, 4),
    st.sampled_from([None, 0.0, 0.5, 3.0, 20.0]),
    st.booleans(),
    st.integers(0, 99),
)
def test_rows_sum_to_one_and_no_domain_is_emptied(k, d, strength, refit, seed):
    rng = np.random.default_rng(seed)
    n = 36
    y, x = np.divmod(np.arange(n), 6)
    neighbours = neighbour_mean(spatial_graph(np.column_stack([x, y]).astype(float)))
    labels = rng.permutation(np.r_[np.arange(k), rng.integers(0, k, n - k)])
    features = rng.normal(size=(n, d)) + labels[:, None] * rng.uniform(0, 5)
    found = fit_mixture(features, labels, neighbours, strength=strength, refit=refit)
    assert found.posterior.shape == (n, k)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1)
    assert (found.posterior >= 0).all()
    assert set(found.labels) == set(range(k))
    assert found.strength <= (30.0 if strength is None else strength)


def test_a_field_that_would_empty_a_domain_is_weakened():
    features = noisy_stripes(0.3)
    lonely = STRIPES.copy()
    spot = 5 * SIDE + 2
    lonely[spot] = 3  # one spot with features of its own, amid the first stripe
    features[spot] = [1.5, 1.5, 1.5]
    found = fit_mixture(features, lonely, NEIGHBOURS, strength=200.0)
    assert set(found.labels) == {0, 1, 2, 3}
    assert 0 <= found.strength < 200.0


def test_a_field_is_halved_until_no_domain_is_emptied(monkeypatch):
    certain, tried = np.eye(3)[STRIPES], []

    def run(x, q, neighbours, strength, *rest):
        tried.append(strength)
        return certain if strength < 2.0 else np.eye(3)[np.zeros(len(q), int)]  # a strong field leaves one domain

    monkeypatch.setattr(mixture, "_run", run)
    found = fit_mixture(noisy_stripes(0.3), STRIPES, NEIGHBOURS, strength=10.0)
    assert tried == [0.0, 10.0, 5.0, 2.5, 1.25]
    assert found.strength == 1.25
    np.testing.assert_array_equal(found.posterior, certain)


def test_a_constant_feature_is_harmless():
    features = np.column_stack([noisy_stripes(1.0), np.full(SIDE * SIDE, 3.0), np.zeros(SIDE * SIDE)])
    first = start(features)
    with_constant = fit_mixture(features, first, NEIGHBOURS, strength=1.0).labels
    without = fit_mixture(features[:, :3], first, NEIGHBOURS, strength=1.0).labels
    assert adjusted_rand_score(with_constant, without) > 0.99


# Posterior of given domains


def test_the_posterior_of_given_domains_is_bayes_rule():
    evidence = noisy_stripes(1.5)
    means = np.stack([evidence[k == STRIPES].mean(axis=0) for k in range(3)])
    variance = ((evidence - means[STRIPES]) ** 2).mean(axis=0)
    shares = np.bincount(STRIPES) / len(STRIPES)
    density = np.exp(-0.5 * ((evidence[:, None] - means) ** 2 / variance).sum(axis=2)) * shares
    expected = density / density.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(posterior_of(evidence, STRIPES, 3, NEIGHBOURS, 0.0), expected, atol=1e-6)


def test_a_spot_that_measures_like_another_domain_is_unsure_of_its_own():
    evidence = noisy_stripes(0.5)
    odd = 5 * SIDE + 2  # amid the first stripe, with the features of the third
    evidence[odd] = [0.0, 3.0, 2.0]
    alone = posterior_of(evidence, STRIPES, 3, NEIGHBOURS, 0.0)
    assert alone[odd, 0] < 0.1
    assert np.delete(alone[np.arange(len(STRIPES)), STRIPES], odd).mean() > 0.99
    with_neighbours = posterior_of(evidence, STRIPES, 3, NEIGHBOURS, 30.0)
    assert with_neighbours[odd, 0] > 0.9
    np.testing.assert_allclose(with_neighbours.sum(axis=1), 1)


def test_noisier_measurements_leave_more_doubt():
    sure = [posterior_of(noisy_stripes(n), STRIPES, 3, NEIGHBOURS, 1.0).max(axis=1).mean() for n in (0.5, 1.5, 4.0)]
    assert sure[0] > 0.99
    assert sure[0] > sure[1] > sure[2]


# Strength of the field


def potts_sample(strength: float, k: int, seed: int, side: int = 40) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Labels by Gibbs sampling, each spot drawn given its neighbours', and the neighbours."""
    rng = np.random.default_rng(seed)
    y, x = np.divmod(np.arange(side * side), side)
    neighbours = neighbour_mean(spatial_graph(np.column_stack([x, y]).astype(float), 8))
    labels = rng.integers(0, k, side * side)
    for _ in range(30):
        for spots in (np.flatnonzero((y % 2 == a) & (x % 2 == b)) for a in (0, 1) for b in (0, 1)):
            p = np.exp(strength * (neighbours[spots] @ np.eye(k)[labels]))  # no two of these spots are neighbours
            p /= p.sum(axis=1, keepdims=True)
            labels[spots] = (p.cumsum(axis=1) > rng.uniform(size=(len(spots), 1))).argmax(axis=1)
    return labels, neighbours


@pytest.mark.parametrize("strength", [0.5, 1.5, 2.5])
def test_the_strength_of_a_simulated_field_is_recovered(strength):
    found = []
    for seed in range(4):
        labels, neighbours = potts_sample(strength, 4, seed)
        found.append(field_strength(labels, 4, neighbours))
    assert np.mean(found) == pytest.approx(strength, abs=0.25)


def test_the_strength_is_that_of_greatest_pseudo_likelihood():
    labels = np.where(np.random.default_rng(0).uniform(size=SIDE * SIDE) < 0.2, 0, STRIPES)  # of unequal size
    prior = np.bincount(labels) / len(labels)
    shares = NEIGHBOURS @ np.eye(3)[labels]

    def log_likelihood(strength: float) -> float:
        weight = prior * np.exp(strength * shares)
        return float(np.log(weight[np.arange(len(labels)), labels] / weight.sum(axis=1)).sum())

    grid = np.linspace(0, 10, 1001)
    best = grid[np.argmax([log_likelihood(s) for s in grid])]
    assert field_strength(labels, 3, NEIGHBOURS) == pytest.approx(best, abs=0.05)


def test_labels_without_spatial_structure_ask_for_no_field():
    labels = np.random.default_rng(0).integers(0, 3, SIDE * SIDE)
    assert field_strength(labels, 3, NEIGHBOURS) < 0.5


def test_labels_that_are_all_alike_or_never_broken_have_a_finite_strength():
    assert 0 <= field_strength(np.zeros(SIDE * SIDE, int), 1, NEIGHBOURS) <= 30
    assert 5 < field_strength((COLUMN > 7).astype(int), 2, NEIGHBOURS) <= 30
