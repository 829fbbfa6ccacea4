"""How spots of several sections mix, and what brings them together."""

from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.data.batch import harmonised, mixing, standardised

SIDE = 16
XY = np.column_stack([a.ravel() for a in np.meshgrid(np.arange(SIDE), np.arange(SIDE))]).astype(float)
SECTION = np.repeat([0, 1], SIDE * SIDE)
COORDS = np.vstack([XY, XY])


def tissue(shift: float = 0.0, seed: int = 0) -> np.ndarray:
    """Two sections of the same stripes, the second shifted."""
    rng = np.random.default_rng(seed)
    stripes = np.eye(3)[(COORDS[:, 0] // 3 % 3).astype(int)] * 3.0
    values = stripes + rng.normal(size=stripes.shape)
    values[SECTION == 1] += shift
    return values


def test_sections_of_one_tissue_mix_as_their_halves_do():
    between, within = mixing(tissue(), SECTION, COORDS)
    assert between == pytest.approx(1.0, abs=0.1)
    assert within == pytest.approx(1.0, abs=0.1)


def test_a_shift_keeps_sections_apart_and_not_their_halves():
    between, within = mixing(tissue(6.0), SECTION, COORDS)
    assert between < 0.05
    assert within > 0.9


def test_standardising_takes_a_shift_away():
    values = standardised(tissue(6.0), SECTION)
    assert mixing(values, SECTION, COORDS)[0] > 0.9
    np.testing.assert_allclose([values[s == SECTION].mean() for s in (0, 1)], 0, atol=1e-9)


def test_harmony_takes_a_shift_away():
    pytest.importorskip("harmonypy", reason="harmonypy is not installed: pip install 'napari-trsmi[harmony]'")
    values = harmonised(tissue(2.0), SECTION)
    assert values.shape == (512, 3)
    assert mixing(values, SECTION, COORDS)[0] > 3 * mixing(tissue(2.0), SECTION, COORDS)[0]
