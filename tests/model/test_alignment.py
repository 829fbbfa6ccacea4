"""Soft correspondences in their limits, and the spots they may point to."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small import dense, full_pattern, numbers, on_device, pattern_of, section
from torch.nn.functional import normalize
from torch.testing import assert_close

from napari_trsmi import neighbours
from napari_trsmi.config import Align
from napari_trsmi.errors import ConfigError
from napari_trsmi.model.alignment import (
    DENSE_LIMIT,
    Alignment,
    Mix,
    canonical_directions,
    context,
    search_candidates,
)
from napari_trsmi.model.sparse import Pattern

N = 50


@pytest.fixture(scope="module")
def pair(device):
    """Two encodings and a module with random queries and keys."""
    made = torch.Generator().manual_seed(0)
    za, zb = torch.randn(N, 4, generator=made), torch.randn(N, 3, generator=made)
    module = Alignment(torch.randn(4, 6, generator=made), torch.randn(3, 6, generator=made))
    return on_device(za), on_device(zb), on_device(module)


@pytest.fixture(scope="module")
def near(device):
    return pattern_of(section(N).spatial, self_loops=True)[0]


def similarity(pair):
    za, zb, module = pair
    return normalize(za @ module.query) @ normalize(zb @ module.key).T


def test_a_temperature_near_zero_picks_the_best_candidate(pair, near):
    za, zb, module = pair
    s = dense(near, module(za, zb, near, 1e-5))
    allowed = torch.where(dense(near, on_device(torch.ones(near.n_edges))) > 0, similarity(pair), -torch.inf)
    assert_close(s, torch.nn.functional.one_hot(allowed.argmax(1), N).float(), rtol=0, atol=1e-4)


def test_a_high_temperature_spreads_evenly_over_the_candidates(pair, near):
    za, zb, module = pair
    s = module(za, zb, near, 1e6)
    assert_close(s, 1.0 / near.row_sum(on_device(torch.ones(near.n_edges)))[near.row], rtol=1e-4, atol=1e-6)


def test_with_all_spots_as_candidates_it_is_the_dense_softmax(pair):
    za, zb, module = pair
    s = module(za, zb, full_pattern(N), 0.3)
    assert_close(s.reshape(N, N), (similarity(pair) / 0.3).softmax(1))


def test_the_second_modality_sees_the_transpose_of_the_same_correspondences(pair, near):
    za, zb, module = pair
    s = module(za, zb, near, 0.3)
    assert_close(context(s, near, zb, False), dense(near, s) @ zb)
    assert_close(context(s, near, za, True), dense(near, s).T @ za)


def test_gradients_flow_through_the_correspondences_as_in_the_dense_form(pair, near):
    za, zb, module = pair
    za, zb = za.clone().requires_grad_(), zb.clone().requires_grad_()
    inputs = (za, zb, module.query, module.key)
    s = module(za, zb, near, 0.3)
    found = context(s, near, zb, False).square().sum() + context(s, near, za, True).square().sum()
    logits = similarity((za, zb, module)) / 0.3
    full = torch.where(dense(near, on_device(torch.ones(near.n_edges))) > 0, logits, -torch.inf).softmax(1)
    expected = (full @ zb).square().sum() + (full.T @ za).square().sum()
    assert_close(found, expected)
    for one, other in zip(torch.autograd.grad(found, inputs), torch.autograd.grad(expected, inputs), strict=True):
        assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_mixing_starts_by_ignoring_the_other_modality(pair):
    za, zb, _ = pair
    assert_close(on_device(Mix(4, 3))(za, zb), za)


# Where correspondences start


def test_queries_and_keys_start_as_canonical_correlations():
    from sklearn.cross_decomposition import CCA

    rng = np.random.default_rng(0)
    common = rng.normal(size=(300, 2))
    a = np.hstack([common, rng.normal(size=(300, 3))]) @ rng.normal(size=(5, 5)) + 0.1 * rng.normal(size=(300, 5))
    b = np.hstack([rng.normal(size=(300, 2)), common]) @ rng.normal(size=(4, 4)) + 0.1 * rng.normal(size=(300, 4))
    query, key = canonical_directions(on_device(a).float(), on_device(b).float(), 2)
    q, k = a @ numbers(query), b @ numbers(key)
    x, y = CCA(2).fit_transform(a, b)
    for i in range(2):
        expected = np.corrcoef(x[:, i], y[:, i])[0, 1]
        assert np.corrcoef(q[:, i], k[:, i])[0, 1] == pytest.approx(expected, abs=0.02)
        assert expected > 0.8
    alike = normalize(torch.as_tensor(q - q.mean(0))) @ normalize(torch.as_tensor(k - k.mean(0))).T
    assert alike.diagonal().mean() > 0.85
    assert abs(float(alike.mean())) < 0.1


@pytest.mark.parametrize("dim", [1, 3, 9])
def test_canonical_directions_have_the_width_asked_for(dim):
    made = torch.Generator().manual_seed(0)
    a, b = on_device(torch.randn(30, 5, generator=made)), on_device(torch.randn(30, 2, generator=made))
    a[:, 4] = 1.0  # a constant column carries nothing and must do no harm
    query, key = canonical_directions(a, b, dim)
    assert query.shape == (5, dim)
    assert key.shape == (2, dim)
    assert torch.isfinite(query).all()
    assert not query[:, 2:].any()


# Candidates


def settings(candidates: str, k: int = 4) -> Align:
    return Align(candidates=candidates, k_candidates=k)


def test_graph_candidates_are_the_edges_of_the_graphs(pair, near):
    assert search_candidates(*pair, settings("graph"), near, 0) is near


def test_dense_candidates_are_all_pairs(pair, near):
    found = search_candidates(*pair, settings("dense"), near, 0)
    assert found.n_edges == N * N


def test_dense_candidates_are_refused_on_large_sections(pair):
    n = DENSE_LIMIT + 1
    loops = Pattern(torch.arange(n).repeat(2, 1), n)
    with pytest.raises(ConfigError, match=r"at most 5000 spots, found 5001\. Use 'graph' or 'ann'"):
        search_candidates(
            on_device(torch.zeros(n, 4)), on_device(torch.zeros(n, 3)), pair[2], settings("dense"), loops, 0
        )


@pytest.mark.parametrize("search", ["exact", "cells"])
def test_searched_candidates_contain_the_nearest_keys(pair, near, search, monkeypatch):
    if search == "cells":
        monkeypatch.setattr(neighbours, "EXACT_BELOW", 0)
    found = search_candidates(*pair, settings("ann"), near, 0)
    candidates = dense(found, on_device(torch.ones(found.n_edges))) > 0
    nearest = similarity(pair).topk(4, dim=1).indices
    hits = candidates.gather(1, nearest).float()
    assert hits[:, 0].mean() == 1.0
    assert hits.mean() > 0.95
    assert candidates.diagonal().all()
    assert found.n_edges <= N * (2 * 4 + 1)


def test_more_candidates_than_spots_are_all_spots(pair, near):
    assert search_candidates(*pair, settings("ann", k=10 * N), near, 0).n_edges == N * N
