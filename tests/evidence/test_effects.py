from __future__ import annotations

import numpy as np
from test_support import result_of
from two_halves import CONFIG, COORDS, SPATIAL, TRUTH, measured, prepared

from napari_trsmi.domains.boundaries import find_boundaries
from napari_trsmi.domains.labels import upper_edges
from napari_trsmi.evidence.cuts import default_way
from napari_trsmi.evidence.effects import LEAST, _compared, boundary_effects, inflation, spots_near


def test_the_modality_that_tells_the_halves_apart_has_an_effect_and_the_other_none():
    section, result = result_of(4.0)
    found = boundary_effects(result.labels, result.boundary_edges, 1, section, result.config).iloc[0]
    assert found["p_adjusted_rna"] < 1e-3
    assert found["effect_low_rna"] < found["effect_rna"] < found["effect_high_rna"]
    assert 1.5 < found["effect_rna"] < 4.5  # the noise of a half is twice that of the measurement: 4 / sqrt(2)
    assert found["p_adjusted_adt"] > 0.05
    assert found["effect_low_adt"] < 0 < found["effect_high_adt"]


def test_boundaries_drawn_in_noise_are_not_significant_on_the_other_half():
    p = []
    for seed in range(12):
        section = prepared(measured(0.0, seed=seed))
        way = default_way(section.measured, section, CONFIG)
        labels = way.cut(2, SPATIAL, 0)
        found = find_boundaries(labels, SPATIAL, section.dataset.coords)
        effects = boundary_effects(labels, found.edges, len(found.segments), section, CONFIG)
        p.append(effects.filter(like="p_adjusted").to_numpy().ravel())
    p = np.concatenate(p)
    assert np.isfinite(p).any()
    assert (p[np.isfinite(p)] < 0.05).mean() < 0.1


def test_a_boundary_that_neither_half_draws_has_no_effect():
    section, _result = result_of(0.0)
    lonely = np.where(np.arange(400) == 210, 1, 0)
    found = find_boundaries(lonely, SPATIAL, section.dataset.coords)
    effects = boundary_effects(lonely, found.edges, len(found.segments), section, CONFIG)
    assert list(effects) == [
        f"{column}_{name}"
        for name in ("rna", "adt")
        for column in ("effect", "effect_low", "effect_high", "p_adjusted")
    ]
    assert len(effects) == len(found.segments)


def test_the_sides_are_the_same_whatever_the_order_of_the_halves():
    section, result = result_of(4.0)
    one, other = (boundary_effects(TRUTH, result.boundary_edges, 1, section, CONFIG) for _ in range(2))
    assert one.equals(other)


def test_effects_are_those_of_each_boundary_looked_at_by_itself():
    rng = np.random.default_rng(3)
    drawn, tested = rng.normal(size=(2, 400, 4)) + 2.0 * np.eye(4)[np.arange(400) // 100]
    labels = np.where(rng.random(400) < 0.1, -1, rng.integers(0, 3, 400) * (np.arange(400) % 20 > 4))
    drawn_from = np.maximum(labels, 0)
    edges = find_boundaries(drawn_from, SPATIAL, COORDS).edges
    near, pairs = spots_near(edges, edges["segment"].nunique(), SPATIAL)
    found = _compared(drawn, tested, labels, near, pairs, SPATIAL)
    known = labels >= 0
    means, others = (np.stack([x[labels == k].mean(axis=0) for k in range(3)]) for x in (drawn, tested))
    within = drawn[known] - means[labels[known]]
    covariance = within.T @ within / (known.sum() - 3)
    covariance += 1e-3 * np.trace(covariance) / 4 * np.eye(4)
    i, j = upper_edges(SPATIAL)
    for s, (a, b) in enumerate(pairs):
        along = np.linalg.solve(covariance, means[b] - means[a])
        place, rest = tested @ along, (tested - others[labels]) @ along
        both = np.isin(labels, [a, b])
        spread = np.sqrt((rest[both] ** 2).sum() / (both.sum() - 2))
        alike = both[i] & (labels[i] == labels[j])
        inflated = inflation((rest[i[alike]] * rest[j[alike]]).mean() / spread**2)
        sides = [near[s].indices[labels[near[s].indices] == k] for k in (a, b)]
        if min(map(len, sides)) < LEAST:
            assert np.isnan(found[:, s]).all()
            continue
        expected = (place[sides[1]].mean() - place[sides[0]].mean()) / spread
        error = np.sqrt(inflated * sum(1 / len(side) for side in sides))
        np.testing.assert_allclose(found[:, s], [expected, error], rtol=1e-9)
