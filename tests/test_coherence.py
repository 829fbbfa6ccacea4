"""Spatial coherence on signals whose coherence is known, and averaging against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_trsmi.coherence import MAX_STEPS, TELEPORTS, carried, coherent_components, denoise
from napari_trsmi.graphs import neighbour_mean, spatial_graph

SIDE = 15
rng = np.random.default_rng(0)
ROW, COLUMN = np.divmod(np.arange(SIDE * SIDE), SIDE)
GRAPH = spatial_graph(np.column_stack([COLUMN, ROW]).astype(float))
WAVE = np.column_stack([np.sin(COLUMN / 2.5), np.cos(ROW / 3.0)])  # two smooth signals
NOISE = rng.normal(size=(SIDE * SIDE, 8))


def unit(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / values.std(axis=0)


# Coherent components


def mixed(noise: float) -> np.ndarray:
    """The signals and eight columns of noise, hidden in each other by a rotation."""
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(10, 10)))[0]
    return np.hstack([unit(WAVE), noise * NOISE]) @ rotation


def test_smooth_signals_are_found_among_noise():
    components, coherence = coherent_components(mixed(1.0), GRAPH)
    assert components.shape[1] == 2
    assert (coherence > 0.8).all()
    share = np.linalg.lstsq(components, unit(WAVE), rcond=None)[1] / len(WAVE)
    assert (share < 0.05).all()  # of the signals' variance is left


def test_components_are_centred_uncorrelated_at_unit_variance_and_sorted():
    components, coherence = coherent_components(mixed(0.5) + 100.0, GRAPH)
    np.testing.assert_allclose(components.mean(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose(components.T @ components / len(components), np.eye(components.shape[1]), atol=1e-6)
    assert (np.diff(coherence) <= 0).all()
    assert ((coherence >= 0.01) & (coherence <= 0.99)).all()


def test_coherence_is_the_spatial_autocorrelation_of_a_component():
    components, coherence = coherent_components(mixed(1.0), GRAPH)
    mean = neighbour_mean(GRAPH)
    for column, w in zip(components.T, coherence, strict=True):
        assert w == pytest.approx(column @ (mean @ column) / (column @ column), abs=1e-4)


def test_without_spatial_structure_only_two_components_stay():
    shuffled = mixed(1.0)[rng.permutation(SIDE * SIDE)]
    kept = [coherent_components(shuffled, GRAPH, seed)[0].shape[1] for seed in range(5)]
    assert np.median(kept) == 2
    assert max(kept) <= 4


def test_a_rotation_or_scaling_of_the_features_changes_nothing():
    values = mixed(1.0)
    turn = np.random.default_rng(2).normal(size=(10, 10))
    one, w = coherent_components(values, GRAPH)
    other, v = coherent_components(values @ turn, GRAPH)
    np.testing.assert_allclose(w, v, atol=1e-6)
    np.testing.assert_allclose(np.abs(one.T @ other) / len(one), np.eye(2), atol=1e-4)


def test_columns_without_variance_are_harmless():
    values = np.hstack([mixed(1.0), np.ones((SIDE * SIDE, 1)), mixed(1.0)[:, :1]])
    components, w = coherent_components(values, GRAPH)
    np.testing.assert_allclose(w, coherent_components(mixed(1.0), GRAPH)[1], atol=1e-6)
    assert np.isfinite(components).all()


def test_what_no_neighbours_differ_in_keeps_a_finite_weight():
    two = sparse.block_diag([GRAPH, GRAPH]).tocsr()
    which = np.repeat([0.0, 1.0], SIDE * SIDE)[:, None]
    _, w = coherent_components(np.hstack([which, np.vstack([NOISE, NOISE[::-1]])]), two)
    assert w[0] == 0.99
    assert w[-1] >= 0.01


def test_one_column_is_one_component():
    components, w = coherent_components(WAVE[:, :1], GRAPH)
    assert components.shape == (SIDE * SIDE, 1)
    assert w[0] > 0.9


# Averaging as far as the noise asks for


def walk(teleport: float, mean: np.ndarray) -> np.ndarray:
    """(N, N) S_a of `denoise`, as a dense matrix."""
    step, power = np.zeros_like(mean), np.eye(len(mean))
    for _ in range(MAX_STEPS):
        step += teleport * power
        teleport_left = (1 - teleport) * mean
        power = power @ teleport_left
    return step + power


@pytest.fixture(scope="module")
def dense_walks():
    """{teleport: S_a} on 150 spots with uneven numbers of neighbours."""
    coords = np.random.default_rng(5).uniform(size=(150, 2))
    graph = spatial_graph(coords, 6)
    mean = neighbour_mean(graph).toarray().astype(float)
    return coords, graph, {a: walk(a, mean) for a in TELEPORTS}


def test_averaging_equals_a_dense_search_for_the_best_walk(dense_walks):
    coords, graph, walks = dense_walks
    made = np.random.default_rng(6)
    signal = np.sin(5 * coords[:, :1])
    values = signal + made.normal(size=(150, 16)) * np.repeat([0.05, 0.3, 1.0, 3.0], 4)
    degree = np.asarray(graph.sum(axis=1)).ravel()
    smoothed, reach = denoise(values, graph, seed=3)
    probes = np.random.default_rng(3).choice([-1.0, 1.0], (150, 16))  # of which the trace is estimated

    def criterion(column: np.ndarray, a: float, trace: float) -> float:
        residual = column - walks[a] @ column
        return float((degree * residual**2).mean() / (1 - trace) ** 2)

    for j, column in enumerate(values.T):
        estimated = [criterion(column, a, float((probes * (walks[a] @ probes)).mean())) for a in TELEPORTS]
        best = int(np.argmin(estimated))
        assert reach[j] == pytest.approx((1 - TELEPORTS[best]) / TELEPORTS[best])
        np.testing.assert_allclose(smoothed[:, j], walks[TELEPORTS[best]] @ column, atol=2e-3)
        exact = [criterion(column, a, np.trace(walks[a]) / 150) for a in TELEPORTS]
        assert exact[best] <= 1.03 * min(exact)


def test_a_clean_step_is_hardly_averaged_and_a_noisy_one_far():
    step = (COLUMN > SIDE // 2).astype(float)[:, None]
    noise = rng.normal(size=(SIDE * SIDE, 1))
    smoothed, reach = denoise(np.hstack([step, step + 0.5 * noise, noise]), GRAPH)
    assert reach[0] < 0.1
    assert reach[0] < reach[1] < reach[2]
    assert reach[2] > 5
    assert np.abs(smoothed[:, 0] - step[:, 0]).mean() < 0.05
    assert np.abs(smoothed[:, 1] - step[:, 0]).mean() < 0.7 * 0.5 * np.abs(noise).mean()
    assert smoothed[:, 2].std() < 0.3


def test_constants_and_the_scale_of_a_column_are_kept():
    values = WAVE + 0.5 * NOISE[:, :2]
    smoothed, reach = denoise(values, GRAPH)
    np.testing.assert_allclose(denoise(np.full((SIDE * SIDE, 1), 7.0), GRAPH)[0], 7.0)
    again, same = denoise(3.0 * values, GRAPH)
    np.testing.assert_allclose(again, 3.0 * smoothed, rtol=1e-6)
    np.testing.assert_array_equal(reach, same)


def test_every_column_is_averaged_on_its_own():
    values = np.hstack([WAVE, NOISE[:, :2]])
    together, reach = denoise(values, GRAPH)
    for j in range(4):
        alone, own = denoise(values[:, [j]], GRAPH)
        np.testing.assert_allclose(alone[:, 0], together[:, j], atol=1e-3)
        assert own[0] == pytest.approx(reach[j])


def test_spots_without_neighbours_do_no_harm():
    apart = sparse.block_diag([GRAPH, sparse.csr_matrix((3, 3))]).tocsr()
    values = np.vstack([WAVE + 0.5 * NOISE[:, :2], np.ones((3, 2))])
    smoothed, _ = denoise(values, apart)
    assert np.isfinite(smoothed).all()
    assert np.isfinite(coherent_components(values, apart)[0]).all()


def test_what_is_carried_is_the_excess_over_chance_and_never_above_one():
    assert carried(np.array([0.1, 0.05]), 0.1) == 0
    assert carried(np.array([0.05]), 0.1) == 0
    assert carried(np.array([0.15, 0.05]), 0.1) == pytest.approx(0.5)
    assert carried(np.array([0.2]), 0.1) == carried(np.array([0.9]), 0.1) == 1
    assert carried(np.array([0.8]), 0.6) == pytest.approx(1)  # few spots: no room for twice as much
