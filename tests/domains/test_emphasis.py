"""Which differences make a domain: a gradient over the whole tissue must not cut it into bands."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from four_domains import SPATIAL, TRUTH, cluster, embedding
from sklearn.metrics import adjusted_rand_score

import napari_trsmi as nt
from napari_trsmi.config import Cluster, Constraint
from napari_trsmi.data.simulate import hard_settings, simulate_dataset
from napari_trsmi.domains import clustering
from napari_trsmi.domains.clustering import find_domains
from napari_trsmi.domains.features import explained, weights
from napari_trsmi.evidence.cuts import ways
from napari_trsmi.previews import Previews
from napari_trsmi.records import Step
from napari_trsmi.stages import as_cut, cut, prepare

K = 7


@pytest.fixture(scope="module")
def graded():
    """A slice with a gradient along x that is no domain, made ready, its truth, and the settings."""
    config = nt.Config(cluster={"n_domains": K, "n_init": 4}, device="cpu")
    dataset = simulate_dataset(hard_settings("gradient"), seed=1)
    return prepare(dataset, config), dataset.obs["domain"].to_numpy(), config


def with_emphasis(config, emphasis):
    return config.model_copy(update={"cluster": config.cluster.model_copy(update={"emphasis": emphasis})})


def drawn(graded, emphasis="auto"):
    prepared, _, config = graded
    features = np.hstack(list(prepared.features.values()))
    return cut(features, prepared, with_emphasis(config, emphasis), K, None)


def test_a_gradient_without_a_boundary_does_not_make_the_domains(graded):
    found, bands = drawn(graded), drawn(graded, "coherent")
    assert found.emphasis == "even"
    assert adjusted_rand_score(graded[1], found.labels) > 0.9
    assert bands.emphasis == "coherent"
    assert adjusted_rand_score(graded[1], bands.labels) < 0.7  # what it is for


def test_what_tells_as_much_either_way_stays_coherent():
    z = embedding()
    found = find_domains(z, SPATIAL, cluster(), n_domains=4)
    coherent = find_domains(z, SPATIAL, cluster(emphasis="coherent"), n_domains=4)
    assert found.emphasis == "coherent"
    np.testing.assert_array_equal(found.labels, coherent.labels)
    np.testing.assert_array_equal(found.posterior, coherent.posterior)


@pytest.mark.parametrize("method", ["kmeans", "leiden"])
def test_only_a_mixture_decides_by_itself(graded, method):
    prepared, _, config = graded
    other = config.model_copy(update={"cluster": config.cluster.model_copy(update={"method": method})})
    found = cut(np.hstack(list(prepared.features.values())), prepared, other, K, None)
    assert found.emphasis == "coherent"


def test_what_a_person_said_does_not_decide_it(graded, monkeypatch):
    prepared, truth, config = graded
    names, rows = prepared.dataset.obs_names, [np.flatnonzero(truth == domain)[:40] for domain in np.unique(truth)[:2]]
    said = Constraint(kind="together", spots=tuple(names[np.concatenate(rows)]))
    features, judged, real = np.hstack(list(prepared.features.values())), [], clustering.explained
    monkeypatch.setattr(clustering, "explained", lambda *args: judged.append(args[1]) or real(*args))
    for constraints in ((), (said,)):
        cut(features, prepared, config.model_copy(update={"constraints": constraints}), K, None)
    np.testing.assert_array_equal(judged[:2], judged[2:])


def test_even_weights_do_not_grow_without_bound():
    w = np.array([0.99, 0.5, 0.01])
    np.testing.assert_allclose(weights(w, Cluster()), [99, 1, 0.01 / 0.99])
    np.testing.assert_allclose(weights(w, Cluster(emphasis="even")), w)


def test_what_domains_tell_does_not_hang_on_scales_or_places():
    x = np.random.default_rng(0).normal(size=(len(TRUTH), 3)) + TRUTH[:, None] * [4.0, 0.0, 0.0]
    told = explained(x, TRUTH, 4)
    assert told == pytest.approx(explained(x * [1e3, 1e-3, 1.0] + 5.0, TRUTH, 4), rel=1e-5)
    assert told > explained(x, np.random.default_rng(1).permutation(TRUTH), 4) + 0.5
    assert explained(x, np.zeros(len(x), int), 1) == pytest.approx(0.0, abs=1e-6)


def test_other_ways_to_cut_a_run_weigh_as_the_run_did(graded):
    prepared, _, config = graded
    features = np.hstack(list(prepared.features.values()))
    first = next(ways(features, prepared, as_cut(config, drawn(graded)), 0))
    labels = first.cut(K, prepared.spatial, 0)
    assert adjusted_rand_score(drawn(graded).labels, labels) > 0.9
    undecided = next(ways(features, prepared, config, 0)).cut(K, prepared.spatial, 0)
    assert adjusted_rand_score(drawn(graded).labels, undecided) < 0.7


def test_previews_weigh_as_the_first_did(graded, monkeypatch):
    prepared, _, config = graded
    features = np.hstack(list(prepared.features.values()))
    seen = []

    def noted(embedding, prepared, config, *rest):
        seen.append(config.cluster.emphasis)
        return replace(cut(embedding, prepared, config, *rest), emphasis="even")

    monkeypatch.setattr("napari_trsmi.previews.cut", noted)
    previews = Previews(prepared, config)
    for epoch in (1, 5, 10):
        step = Step(epoch, 10, {}, beta=0.0, temperature=0.1, tau_c=0.5, embedding=features)
        previews.label(step)
    assert seen == ["auto", "even", "even"]


@pytest.mark.slow
def test_a_result_says_how_it_was_cut_and_comes_back_so(graded, tmp_path, monkeypatch):
    monkeypatch.setattr(clustering, "CLEARLY", -1.0)
    prepared, _, config = graded
    short = nt.Config(cluster=config.cluster, train={"epochs": 1}, evidence={"support": False}, device="cpu")
    result = nt.fit(prepared.dataset, short)
    assert result.partition.emphasis == "even"
    result.write(tmp_path / "out.h5mu")
    record = json.loads((tmp_path / "out.run.json").read_text(encoding="utf-8"))
    assert record["emphasis"] == "even"
    assert any("even emphasis" in note for note in record["notes"])
    assert record["config"]["cluster"].get("emphasis", "auto") == "auto"
    assert nt.restore(tmp_path / "out.h5mu").partition.emphasis == "even"
