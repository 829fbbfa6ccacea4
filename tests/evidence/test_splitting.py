from __future__ import annotations

import numpy as np
from two_halves import SPATIAL, TRUTH, measured

from napari_trsmi.evidence.splitting import noise_covariance, split


def test_noise_is_what_neighbours_do_not_share():
    rng = np.random.default_rng(1)
    mixing = np.array([[1.0, 0.0], [0.8, 0.5]])
    noise = rng.normal(size=(400, 2)) @ mixing.T
    trend = 30 * TRUTH[:, None] * 0 + np.arange(400)[:, None] / 400  # changes slowly from spot to spot
    found = noise_covariance(noise + trend, SPATIAL)
    assert np.allclose(found, mixing @ mixing.T, atol=0.2)


def test_a_section_without_neighbours_is_taken_to_have_no_noise():
    alone = SPATIAL * 0
    alone.eliminate_zeros()
    assert not noise_covariance(measured(1.0)["rna"], alone).any()


def test_the_halves_have_the_signal_and_noise_that_is_independent():
    rng = np.random.default_rng(2)
    noise = [[], []]
    for seed in range(40):
        values = measured(0.0, seed=seed)["rna"].astype(float)
        for of_half, half in zip(noise, split(values, SPATIAL, rng), strict=True):
            of_half.append(half)
    first, second = (np.concatenate(half).ravel() for half in noise)
    assert np.isclose(first.var(), 2.0, rtol=0.1)
    assert np.isclose(second.var(), 2.0, rtol=0.1)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02
    values = measured(0.0)["rna"].astype(float)
    assert np.allclose(sum(split(values, SPATIAL, rng)), 2 * values)  # what was there is in both


def test_a_small_share_puts_little_noise_on_the_first():
    values = measured(0.0)["rna"].astype(float)
    little, much = split(values, SPATIAL, np.random.default_rng(3), 0.5)
    assert np.isclose((little - values).var(), 0.25, rtol=0.2)
    assert np.isclose((much - values).var(), 4.0, rtol=0.2)
