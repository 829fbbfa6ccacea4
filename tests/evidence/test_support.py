from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from two_halves import CONFIG, SPATIAL, TRUTH, measured, prepared

from napari_trsmi.evidence import find_cuts, is_undecided, supported, with_support
from napari_trsmi.evidence.cuts import N_FRESH, N_WAYS, numbers_of, ways
from napari_trsmi.records import Partition, drain
from napari_trsmi.stages import assemble


def result_of(step: float, labels: np.ndarray = TRUTH):
    """The section made ready, and a result with these labels."""
    values = measured(step)
    section = prepared(values)
    posterior = np.eye(int(labels.max()) + 1, dtype=np.float32)[labels]
    embedding = np.hstack(list(values.values()))
    config = CONFIG.model_copy(update={"cluster": CONFIG.cluster.model_copy(update={"n_domains": labels.max() + 1})})
    return section, assemble(section, config, embedding, Partition(labels, posterior, "mixture", 1.0))


def test_a_clear_boundary_is_drawn_by_all_other_cuts():
    section, result = result_of(6.0)
    steps = list(find_cuts(result, section))
    assert [step.done for step in steps] == list(range(N_WAYS + N_FRESH + 1))
    assert {step.total for step in steps} == {N_WAYS + N_FRESH}
    found = drain(supported(result, section))
    assert found.boundaries["support"].min() > 0.9
    assert found.maps["support"].mean() > 0.9
    assert found.cuts.dtype == np.int16
    assert not is_undecided(found)
    assert np.array_equal(found.labels, result.labels)


def test_a_line_through_nothing_has_little_support_and_the_run_is_undecided():
    section, result = result_of(0.0)
    found = drain(supported(result, section))
    assert found.boundaries["support"].max() < 0.75
    assert found.maps["support"].mean() < 0.75
    assert is_undecided(found)


def test_support_counts_the_cuts_that_draw_an_edge_or_one_beside_it():
    _section, result = result_of(6.0)
    near, far = np.roll(TRUTH.reshape(20, 20), 1, axis=1), np.roll(TRUTH.reshape(20, 20), 4, axis=1)
    near[:, 0], far[:, :4] = 0, 0
    cuts = np.stack([TRUTH, 1 - TRUTH, near.ravel(), far.ravel()], axis=1).astype(np.int16)
    found = with_support(result, cuts, SPATIAL)
    assert set(found.boundary_edges["support"]) == {0.75}  # the far one does not count
    assert found.boundaries["support"].tolist() == [0.75]
    assert found.provenance["support"]["n_cuts"] == 4


def test_support_of_a_spot_is_the_mean_of_votes_certainty_and_agreement():
    _section, result = result_of(6.0)
    near, far = np.roll(TRUTH.reshape(20, 20), 1, axis=1), np.roll(TRUTH.reshape(20, 20), 4, axis=1)
    near[:, 0], far[:, :4] = 0, 0
    cuts = np.stack([TRUTH, 1 - TRUTH, near.ravel(), far.ravel()], axis=1).astype(np.int16)
    result.partition.posterior[5] = [0.4, 0.6]  # whose own measurement speaks for the other side
    found = with_support(result, cuts, SPATIAL)
    agreement = np.mean([adjusted_rand_score(a, b) for a, b in combinations(cuts.T, 2)])
    assert found.provenance["support"]["agreement"] == pytest.approx(agreement)
    spot = found.maps["support"].reshape(20, 20)
    assert spot[1:, :10] == pytest.approx((1 + 1 + agreement) / 3)  # numbers of domains do not matter
    assert spot[:, 10] == pytest.approx((0.5 + 1 + agreement) / 3)
    assert spot[0, 5] == pytest.approx((1 + 0.4 + agreement) / 3)
    alone = with_support(result, cuts[:, :1], SPATIAL)
    assert alone.provenance["support"]["agreement"] is None
    assert alone.maps["support"][5] == pytest.approx(0.7)


def test_spots_count_cuts_into_as_many_domains_or_the_nearest_number():
    _section, result = result_of(6.0)
    thirds = (np.arange(400) % 3).astype(np.int16)
    cuts = np.stack([TRUTH, thirds], axis=1).astype(np.int16)
    assert (with_support(result, cuts, SPATIAL).maps["support"] == 1).all()
    only = with_support(result, np.stack([thirds, thirds], axis=1), SPATIAL)
    assert sorted(set(only.maps["support"].round(3))) == pytest.approx([2 / 3, 1], abs=1e-3)


def test_least_supported_boundaries_come_first_with_their_edges():
    blocks = TRUTH + 2 * (np.arange(400) >= 200)
    _section, result = result_of(6.0, blocks)
    cuts = np.stack([blocks] * 3 + [TRUTH], axis=1).astype(np.int16)
    found = with_support(result, cuts, SPATIAL)
    assert found.boundaries["support"].is_monotonic_increasing
    assert found.boundaries["segment"].tolist() == list(range(len(found.boundaries)))
    for segment, edges in found.boundary_edges.groupby("segment"):
        row = found.boundaries.loc[segment]
        assert (row["domain_a"], row["domain_b"]) == tuple(edges[["domain_a", "domain_b"]].iloc[0])
        assert row["support"] == pytest.approx(edges["support"].mean())
        assert row["n_edges"] == len(edges)


def test_one_domain_or_no_cut_tells_nothing():
    section, result = result_of(6.0, np.zeros(400, int))
    found = drain(supported(result, section))
    assert "support" not in found.maps
    _, two = result_of(6.0)
    assert with_support(two) is two
    assert not is_undecided(two)


def test_what_was_clustered_decides_the_ways_and_none_of_them_changes_its_input():
    section, result = result_of(6.0)
    before = result.embedding.copy()
    found = list(ways(result.embedding, section, result.config))
    assert len({way.name for way in found}) == len(found) == N_WAYS + N_FRESH
    assert [way.settings.context for way in found[N_WAYS:]] == ["averaged"] * N_FRESH  # as the default on a lattice
    assert np.array_equal(before, result.embedding)
    assert numbers_of(0, 5) != numbers_of(1, 5)
    assert all(min(numbers_of(way, 2)) == 2 for way in range(N_WAYS + N_FRESH))


def test_features_that_do_not_fall_into_as_many_domains_do_not_vote():
    section, result = result_of(6.0)
    way = next(ways(result.embedding, section, result.config))
    constant = replace(way, features=np.repeat(np.eye(2), 200, axis=0))
    assert constant.cut(7, SPATIAL, 0) is None
    assert constant.cut(7, None, 0) is None
