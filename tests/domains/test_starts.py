"""From where a mixture starts: not the tightest clusters, where others lead to a fit that is clearly likelier."""

from __future__ import annotations

import numpy as np
import pytest
from four_domains import SPATIAL, TRUTH, cluster, embedding
from sklearn.metrics import adjusted_rand_score

from napari_trsmi.domains import clustering, starts
from napari_trsmi.domains.clustering import find_domains
from napari_trsmi.domains.mixture import told
from napari_trsmi.domains.starts import kmeans, likeliest, started

FEW = np.arange(360) >= 300  # 60 of 360 spots are a domain of their own
WIDE = np.random.default_rng(0).uniform(-6, 6, 360)  # what all vary in, and more than in what parts the domain


def features(apart: float = 5.0) -> np.ndarray:
    """(360, 2) features: a gradient, and a small domain so far apart from the rest that it can be told."""
    noise = np.random.default_rng(1).normal(size=360)
    return np.column_stack([WIDE, apart * FEW + 0.3 * noise])


def test_the_tightest_clusters_cut_a_gradient_and_the_likeliest_do_not():
    tight = kmeans(features(), 2, 10, seed=0)
    assert adjusted_rand_score(WIDE > 0, tight) > 0.8
    assert adjusted_rand_score(FEW, started(features(), 2, cluster(n_init=10), None, seed=0)) == 1.0


@pytest.mark.parametrize("settings", [cluster(method="kmeans", n_init=10), cluster(n_init=1)], ids=["k-means", "once"])
def test_k_means_alone_and_one_start_stay_with_the_tightest(settings):
    assert adjusted_rand_score(WIDE > 0, started(features(), 2, settings, None, seed=0)) > 0.8


def test_domains_of_before_are_gone_on_from_as_they_are():
    before = 3 + FEW.astype(int)  # not what k-means finds by itself
    assert np.array_equal(FEW, started(features(), 2, cluster(n_init=1), before, seed=0))


def test_a_start_from_elsewhere_is_looked_at_too():
    found = started(features(), 2, cluster(n_init=1), None, seed=0, beside=[FEW.astype(int)])
    assert adjusted_rand_score(FEW, found) == 1.0


def test_the_first_start_stays_unless_another_is_clearly_likelier(monkeypatch):
    tight, few = (WIDE > 0).astype(int), FEW.astype(int)
    assert likeliest(features(), [tight, few], 2) == 1
    assert likeliest(features(), [few, tight], 2) == 0
    gain = told(features(), few, 2) - told(features(), tight, 2)
    monkeypatch.setattr(starts, "LIKELIER", gain + 0.01)
    assert likeliest(features(), [tight, few], 2) == 0


def test_a_start_without_all_clusters_is_not_taken():
    tight, none = (WIDE > 0).astype(int), np.zeros(360, int)
    assert likeliest(features(), [tight, none], 2) == 0
    assert likeliest(features(), [none, tight], 2) == 0
    assert likeliest(features(), [tight, none, FEW.astype(int)], 2) == 2


def test_fits_of_many_spots_are_compared_by_some(monkeypatch):
    monkeypatch.setattr(starts, "_LOOKED_AT", 90)
    seen = []
    monkeypatch.setattr(starts, "told", lambda x, *rest: seen.append(len(x)) or told(x, *rest))
    assert adjusted_rand_score(FEW, started(features(), 2, cluster(n_init=10), None, seed=0)) == 1.0
    assert set(seen) == {90}


def test_what_a_mixture_tells_is_the_gain_in_the_likelihood_whatever_the_scales():
    x, few = features(), FEW.astype(int)
    share = FEW.mean()
    spread = x.std(axis=0) / np.sqrt((1 - share) * x[~FEW].var(axis=0) + share * x[FEW].var(axis=0))
    certain = np.log(spread).sum() + share * np.log(share) + (1 - share) * np.log(1 - share)
    assert told(x, few, 2) == pytest.approx(certain, abs=1e-3)  # domains so far apart leave no spot in doubt
    assert told(x * [1e3, 1e-3] + 7.0, few, 2) == pytest.approx(told(x, few, 2), rel=1e-6)
    assert told(x, np.zeros(360, int), 1) == pytest.approx(0.0, abs=1e-9)


def test_where_the_emphasis_is_undecided_the_start_of_the_even_one_is_looked_at_too(monkeypatch):
    seen = []

    def noted(features, n_domains, settings, before, seed, beside=()):
        found = started(features, n_domains, settings, before, seed, beside)
        seen.append((settings.emphasis, found, list(beside)))
        return found

    monkeypatch.setattr(clustering, "started", noted)
    find_domains(embedding(), SPATIAL, cluster(), n_domains=4)
    assert [emphasis for emphasis, *_ in seen] == ["even", "auto"]
    assert seen[1][2][0] is seen[0][1]


def test_clear_domains_are_what_they_were():
    z = embedding()
    found = find_domains(z, SPATIAL, cluster(n_init=10), n_domains=4)
    assert adjusted_rand_score(TRUTH, found.labels) > 0.95
