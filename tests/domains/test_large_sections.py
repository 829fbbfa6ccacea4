"""What is done in blocks and on samples, against the same on all spots at once."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from large_section import CONFIG, JITTERED, SIDE, SPATIAL, TRUTH, K, as_large, measured, prepared  # noqa: F401
from sklearn.metrics import adjusted_rand_score

from napari_trsmi import sampling
from napari_trsmi.coherence import coherent_components_and_chance, denoise
from napari_trsmi.constraints import RowConstraint
from napari_trsmi.domains import rings
from napari_trsmi.domains.clustering import find_domains, rough_labels
from napari_trsmi.domains.mixture import fit_mixture, posterior_of
from napari_trsmi.domains.rings import principal, ring_components, ring_means
from napari_trsmi.graphs import neighbour_mean
from napari_trsmi.stages import cut

VALUES = measured()
BESIDE = np.hstack(list(VALUES.values()))
NEIGHBOURS = neighbour_mean(SPATIAL)


@pytest.mark.parametrize("context", ["averaged", "rings"])
def test_the_labels_are_those_of_a_fit_on_all_spots(as_large, context):  # noqa: F811
    section = prepared(VALUES, JITTERED) if context == "rings" else prepared(VALUES)
    config = CONFIG.model_copy(update={"cluster": CONFIG.cluster.model_copy(update={"context": context})})
    embedding = np.hstack(list(section.features.values()))
    whole = cut(embedding, section, config, K, None)
    as_large()
    found = cut(embedding, section, config, K, None)
    assert adjusted_rand_score(TRUTH, found.labels) > 0.8
    assert adjusted_rand_score(whole.labels, found.labels) > 0.97
    assert found.posterior.dtype == np.float32
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1.0, atol=1e-5)
    assert np.abs(found.posterior - whole.posterior).max(axis=1).mean() < 0.05


def test_coherent_components_come_from_all_spots(as_large):  # noqa: F811
    given = VALUES["rna"] + np.float32(3)
    whole, w, chance = coherent_components_and_chance(given, SPATIAL)
    as_large()
    found, v, luck = coherent_components_and_chance((given[:, :5].copy(), given[:, 5:].copy()), SPATIAL)
    np.testing.assert_allclose(v, w, atol=1e-5)
    assert luck == pytest.approx(chance, abs=1e-5)
    np.testing.assert_allclose(found * np.sign((found * whole).sum(axis=0)), whole, atol=2e-3)


def test_which_way_a_component_points_hangs_on_no_rounding_and_no_order(as_large):  # noqa: F811
    as_large()
    order = np.random.default_rng(0).permutation(BESIDE.shape[1])
    found, again = (coherent_components_and_chance(values, SPATIAL)[0] for values in (BESIDE, BESIDE[:, order]))
    np.testing.assert_allclose(again, found, atol=1e-3)


def test_columns_are_averaged_as_far_as_their_teleports_say(as_large, monkeypatch):  # noqa: F811
    values = np.column_stack([TRUTH, TRUTH + 3.0 * BESIDE[:, 0], BESIDE[:, 1], np.ones(len(TRUTH))])
    whole, reach = denoise(values, SPATIAL)
    as_large()
    monkeypatch.setattr("napari_trsmi.coherence.patches", lambda *_given: np.arange(len(values)))
    found, same = denoise(values, SPATIAL)
    np.testing.assert_allclose(same, reach)
    np.testing.assert_allclose(found, whole, atol=2e-3)


def test_components_of_rings_are_those_of_the_means_over_rings(as_large, monkeypatch):  # noqa: F811
    whole = principal(ring_means(BESIDE, SPATIAL))
    as_large()
    monkeypatch.setattr(rings, "some", lambda n, _seed: np.arange(n))
    found = ring_components(tuple(VALUES.values()), SPATIAL)
    np.testing.assert_allclose(found, whole, atol=2e-3)


@pytest.mark.parametrize("lacking", [False, True])
def test_the_posterior_of_blocks_is_that_of_the_whole(as_large, lacking):  # noqa: F811
    missing = np.zeros(BESIDE.shape, bool)
    missing[: 20 * SIDE, 12:] = lacking
    given = missing if lacking else None
    whole = posterior_of(BESIDE, TRUTH, K, NEIGHBOURS, 2.0, given)
    as_large()
    parts = (missing[:, :12], missing[:, 12:]) if lacking else None
    found = posterior_of(tuple(VALUES.values()), TRUTH, K, NEIGHBOURS, 2.0, parts)
    np.testing.assert_allclose(found, whole, atol=0.02)  # one stops a sweep before the other
    assert np.abs(found - whole).mean() < 1e-4


def test_every_domain_owns_a_spot_however_small(as_large):  # noqa: F811
    as_large()
    start = TRUTH.copy()
    start[1000] = K
    features = np.column_stack([BESIDE, np.where(start == K, 20.0, 0.0)])
    assert len(np.unique(fit_mixture(features, start, NEIGHBOURS).labels)) == K + 1
    assert len(np.unique(fit_mixture(features, start, NEIGHBOURS, strength=200.0, refit=False).labels)) == K + 1


def test_what_a_person_said_draws_spots_of_a_large_section(as_large):  # noqa: F811
    as_large()
    labels = fit_mixture(BESIDE, TRUTH, NEIGHBOURS, strength=1.0).labels
    moved = np.flatnonzero(labels == 0)[:30]
    target = np.flatnonzero(labels == 1)[:200]
    said = RowConstraint("belong", moved, target)
    found = fit_mixture(BESIDE, TRUTH, NEIGHBOURS, strength=1.0, constraints=[said], pull=4.0).labels
    assert (found[moved] == 1).mean() > 0.9


def test_rough_labels_show_the_domains_and_go_on_from_those_before(as_large):  # noqa: F811
    section = prepared(VALUES)
    as_large()
    embedding = np.hstack(list(section.features.values()))
    given = {"n_domains": K, "seed": 0}
    first = rough_labels(embedding, SPATIAL, CONFIG.cluster, **given)
    assert adjusted_rand_score(TRUTH, first) > 0.6
    again = rough_labels(embedding, SPATIAL, CONFIG.cluster, before=first, **given)
    assert (again == first).mean() > 0.99


@pytest.mark.slow
def test_a_cut_needs_no_second_copy_of_the_columns(as_large, monkeypatch):  # noqa: F811
    as_large()
    monkeypatch.setattr(sampling, "BLOCK", 200)
    monkeypatch.setattr(sampling, "SAMPLE", 400)
    monkeypatch.setattr("napari_trsmi.domains.features.SIMILAR_AMONG", 200)
    rng = np.random.default_rng(1)
    section = prepared(VALUES)
    wide = {name: rng.normal(size=(SIDE * SIDE, 100)).astype(np.float32) for name in VALUES}
    for name, values in wide.items():
        values[:, : VALUES[name].shape[1]] += VALUES[name]
    section = replace(section, measured=wide, features=wide)
    embedding = np.hstack(list(wide.values()))  # (4900, 200), 4 MB
    update = {"n_init": 1, "n_components": 5}
    settings = CONFIG.model_copy(update={"cluster": CONFIG.cluster.model_copy(update=update)})
    cut(embedding, section, settings, K, None)  # what is made once is made
    tracemalloc.start()
    cut(embedding, section, settings, K, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < embedding.nbytes


def test_the_field_can_be_off_and_prototypes_still_serve(as_large):  # noqa: F811
    section = prepared(VALUES)
    as_large()
    embedding = np.hstack(list(section.features.values()))
    settings = CONFIG.cluster.model_copy(update={"refinement": "off", "method": "prototypes"})
    centres = np.stack([embedding[k == TRUTH].mean(axis=0) for k in range(K)])
    found = find_domains(embedding, SPATIAL, settings, n_domains=K, prototypes=centres)
    assert adjusted_rand_score(TRUTH, found.labels) > 0.7
    assert found.strength == 0.0
