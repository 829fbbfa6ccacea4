"""Domains of sections that measured different things: each section has its own place for them, near the common one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_trsmi.config import Cluster
from napari_trsmi.constraints import RowConstraint
from napari_trsmi.domains.by_section import fitted_by_section, unlike
from napari_trsmi.domains.clustering import find_domains
from napari_trsmi.domains.mixture import Mixture, fit_mixture
from napari_trsmi.graphs import neighbour_mean, spatial_graph

SIDE = 20
ROW, COLUMN = np.divmod(np.arange(SIDE * SIDE), SIDE)
TRUE = np.tile(COLUMN // 7, 3)
SECTION = np.repeat([0, 1, 2], SIDE * SIDE)
COORDS = np.column_stack([np.tile(COLUMN, 3) + 100 * SECTION, np.tile(ROW, 3)]).astype(float)
SPATIAL = spatial_graph(COORDS, section=SECTION)
NEIGHBOURS = neighbour_mean(SPATIAL)


def three_sections(shift: float, seed: int = 0) -> np.ndarray:
    """(1200, 3) features of three domains, which lie elsewhere in the last section, and closer together."""
    rng = np.random.default_rng(seed)
    values = np.array([[0, 0, 0], [3, 0, 1], [0, 3, 2.0]])[TRUE] + 0.9 * rng.normal(size=(len(TRUE), 3))
    values[SECTION == 2] = (1 - 0.3 * shift) * values[SECTION == 2] + shift * np.array([0.9, 0.0, 0.0])
    return values


def wrong(mixture: Mixture, rows: np.ndarray) -> int:
    return int((mixture.labels != TRUE)[rows].sum())


def both(features: np.ndarray, strength: float) -> tuple[Mixture, Mixture]:
    common = fit_mixture(features, TRUE, NEIGHBOURS, strength=strength)
    return common, fitted_by_section(features, common, NEIGHBOURS, SECTION)


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_where_sections_agree_nothing_changes(strength):
    common, own = both(three_sections(0.0), strength)
    assert own.strength == common.strength
    assert (own.labels != common.labels).mean() < 0.01
    assert np.allclose(own.posterior.sum(axis=1), 1.0)


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_a_section_whose_domains_lie_elsewhere_is_told_better_and_others_no_worse(strength):
    common, own = both(three_sections(1.0), strength)
    assert wrong(own, SECTION == 2) < 0.8 * wrong(common, SECTION == 2)
    assert wrong(own, SECTION != 2) <= wrong(common, SECTION != 2)


def test_means_are_drawn_together_as_far_as_sections_agree():
    features = three_sections(1.0)
    common, own = both(features, 0.0)
    q, of = common.posterior, SECTION == 2
    mean = q.T @ features / q.sum(axis=0)[:, None]
    sums = np.array([q[number == SECTION].T @ features[number == SECTION] for number in range(3)])
    count = np.array([q[number == SECTION].sum(axis=0) for number in range(3)])[:, :, None]
    between = (count * (sums / count - mean) ** 2).sum(axis=(0, 1)) / len(q)
    within = (features**2).mean(axis=0) - q.mean(axis=0) @ mean**2
    means = (sums[2] + within / between * mean) / (count[2] + within / between)
    shares = (count[2, :, 0] + 3 * q.mean(axis=0)) / (of.sum() + 3)
    spread = (q[of, :, None] * (features[of][:, None] - means) ** 2).sum(axis=1).mean(axis=0)
    density = np.exp(-0.5 * ((features[of][:, None] - means) ** 2 / spread).sum(axis=2)) * shares
    np.testing.assert_allclose(own.posterior[of], density / density.sum(axis=1, keepdims=True), atol=1e-6)


def test_a_domain_that_a_section_lacks_stays_away_from_it():
    features = three_sections(0.5)
    there = (SECTION != 1) | (TRUE != 2)
    common = fit_mixture(features[there], TRUE[there], NEIGHBOURS[there][:, there], strength=0.0)
    own = fitted_by_section(features[there], common, NEIGHBOURS[there][:, there], SECTION[there])
    of = SECTION[there] == 1
    assert (own.labels[of] == 2).sum() <= (common.labels[of] == 2).sum()


def test_what_a_person_said_is_followed_here_too():
    features = three_sections(1.0)
    common = fit_mixture(features, TRUE, NEIGHBOURS, strength=0.0)
    spots, guide = np.flatnonzero(TRUE == 0)[:10], np.flatnonzero(TRUE == 1)[:10]
    said = [RowConstraint("belong", spots, guide)]
    own = fitted_by_section(features, common, NEIGHBOURS, SECTION, constraints=said, pull=5.0)
    assert (own.labels[spots] == 1).all()


def test_a_step_that_would_empty_a_domain_is_not_taken():
    features = np.repeat([[0.0], [1.0]], [300, 2], axis=0) + np.random.default_rng(0).normal(0, 1.0, (302, 1))
    posterior = np.full((302, 2), [0.52, 0.48])
    posterior[:2] = [0.4, 0.6]
    mixture = Mixture(posterior, 0.0)
    found = fitted_by_section(features, mixture, sparse.csr_matrix((302, 302)), np.repeat([0, 1], 151))
    assert len(np.unique(found.labels)) == 2


def test_sections_are_unlike_where_one_lacks_a_modality():
    everywhere = np.arange(6) % 2 == 0
    section = np.array([0, 0, 0, 1, 1, 1])
    assert unlike(section, {}) is None
    assert unlike(section, {"adt": everywhere}) is None
    assert unlike(section, {"rna": everywhere, "adt": section == 0}) is section
    assert unlike(section, {"adt": section == 1}) is section
    assert unlike(None, {"adt": everywhere}) is None


def test_domains_are_found_so_only_where_it_is_asked_for():
    embedding = three_sections(1.0).astype(np.float32)
    settings = Cluster(context="averaged", n_init=2)
    plain, own = (
        find_domains(embedding, SPATIAL, settings, n_domains=3, section=section) for section in (None, SECTION)
    )
    assert (plain.labels != own.labels).any()
    majority = settings.model_copy(update={"refinement": "majority"})
    same = [find_domains(embedding, SPATIAL, majority, n_domains=3, section=one) for one in (None, SECTION)]
    assert np.array_equal(same[0].labels, same[1].labels)
