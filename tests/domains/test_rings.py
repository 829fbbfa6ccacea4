from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from napari_trsmi.config import Cluster
from napari_trsmi.constraints import RowConstraint
from napari_trsmi.domains import rings
from napari_trsmi.domains.clustering import find_domains, in_context
from napari_trsmi.domains.features import domain_features
from napari_trsmi.domains.rings import principal, ring_means, ring_posterior, tied_mixture, together
from napari_trsmi.errors import ConfigError
from napari_trsmi.graphs import spatial_graph

N = 900
RNG = np.random.default_rng(0)
PLACES = RNG.random((N, 2)) * 30
SPATIAL = spatial_graph(PLACES)
TRUTH = np.minimum((PLACES[:, 0] // 10).astype(int), 2)
PROFILES = 1.2 * np.eye(3)[TRUTH] + RNG.normal(0, 1.0, (N, 3))  # no cell's profile tells its domain
RINGS = Cluster(context="rings", n_init=2)


def test_the_rings_of_a_spot_in_a_row_are_the_spots_so_many_steps_away():
    row = spatial_graph(np.column_stack([np.arange(7.0), np.zeros(7)]), 2)
    row.data[:] = 5.0  # weights do not count
    line = row.multiply(np.abs(np.subtract.outer(np.arange(7), np.arange(7))) == 1).tocsr()
    line.eliminate_zeros()
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])[:, None]
    found = ring_means(values, line, 2)
    assert found[:, 0].tolist() == values[:, 0].tolist()
    assert found[:, 1].tolist() == [2, 2.5, 5, 10, 20, 40, 32]
    assert found[:, 2].tolist() == [4, 8, (1 + 16) / 2, (2 + 32) / 2, (4 + 64) / 2, 8, 16]


def test_a_spot_without_neighbours_has_zeros_around_it():
    nobody = SPATIAL[:3, :3] * 0
    nobody.eliminate_zeros()
    assert ring_means(np.ones((3, 2)), nobody, 2).tolist() == [[1, 1, 0, 0, 0, 0]] * 3


def test_cells_fall_into_domains_by_what_lies_around_them():
    by_rings = find_domains(PROFILES, SPATIAL, RINGS, n_domains=3, evidence=PROFILES, inputs=PROFILES)
    alone = tied_mixture(PROFILES, 3, 5, 0).argmax(axis=1)
    assert adjusted_rand_score(TRUTH, by_rings.labels) > 0.8
    assert adjusted_rand_score(TRUTH, alone) < 0.4
    assert np.allclose(by_rings.posterior.sum(axis=1), 1, atol=1e-5)
    assert (np.diff(np.bincount(by_rings.labels)) <= 0).all()


def test_the_context_follows_from_whether_the_spots_lie_on_a_lattice():
    lattice = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), axis=-1).reshape(-1, 2)
    assert in_context(Cluster(), lattice).context == "averaged"
    assert in_context(Cluster(), lattice[RNG.permutation(81)[:60]]).context == "averaged"
    assert in_context(Cluster(), PLACES).context == "rings"
    assert in_context(Cluster(context="averaged"), PLACES).context == "averaged"


def test_features_in_rings_are_the_components_of_a_spot_beside_its_rings():
    found = domain_features(PROFILES, SPATIAL, RINGS)
    assert np.allclose(found, principal(ring_means(PROFILES, SPATIAL)))
    again = find_domains(PROFILES, SPATIAL, RINGS, n_domains=3, features=found)
    assert adjusted_rand_score(TRUTH, again.labels) > 0.7


def test_posteriors_are_averaged_whatever_their_numbering_and_none_loses_a_domain():
    clear = np.repeat(np.eye(3), 4, axis=0)
    doubtful = 0.6 * clear + 0.4 / 3
    mean = together([clear, doubtful[:, [2, 0, 1]], clear[:, [1, 2, 0]]])
    order = mean[[0, 4, 8]].argmax(axis=1)
    assert np.allclose(mean[:, order], (2 * clear + doubtful) / 3)
    # Three runs that each have the third domain elsewhere: on average none has it anywhere.
    runs = [np.eye(3)[[0, 0, 0, 1, 1, 1]] for _ in range(3)]
    for place, run in zip((0, 1, 2), runs, strict=True):
        run[place] = [0, 0, 1]
    assert len(np.unique(together(runs).argmax(axis=1))) == 3


def test_domains_go_on_from_those_before_and_the_likeliest_start_is_taken():
    before = TRUTH.copy()
    gone_on = ring_posterior(PROFILES, SPATIAL, 3, n_init=1, before=before).argmax(axis=1)
    assert (gone_on == before).mean() > 0.9  # numbers and all
    one, many = (tied_mixture(principal(ring_means(PROFILES, SPATIAL)), 3, n, 4) for n in (1, 6))
    assert np.array_equal(many, tied_mixture(principal(ring_means(PROFILES, SPATIAL)), 3, 6, 4))
    assert one.shape == many.shape == (N, 3)


def test_large_sections_are_fitted_on_a_sample(monkeypatch):
    monkeypatch.setattr(rings, "MIXTURE_SAMPLE", 300)
    found = find_domains(PROFILES, SPATIAL, RINGS, n_domains=3, evidence=PROFILES, inputs=PROFILES)
    assert adjusted_rand_score(TRUTH, found.labels) > 0.6


def test_what_a_person_said_is_followed_among_cells():
    free = find_domains(PROFILES, SPATIAL, RINGS, n_domains=3)
    spots, others = np.flatnonzero(free.labels == 0)[:5], np.flatnonzero(free.labels == 1)[:40]
    said = RowConstraint("belong", spots, others)
    told = find_domains(PROFILES, SPATIAL, RINGS, n_domains=3, constraints=[said])
    assert (told.labels[spots] == np.bincount(told.labels[others]).argmax()).mean() >= 0.8
    assert (told.labels != free.labels).mean() < 0.05


def test_more_domains_than_there_are_groups_are_refused():
    with pytest.raises(ConfigError, match="distinct groups"):
        find_domains(np.repeat(np.eye(2), 450, axis=0), SPATIAL, RINGS, n_domains=400, features=np.eye(2)[TRUTH % 2])
