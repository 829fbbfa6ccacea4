"""Fusion at its start, and the decoders' start against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from small import numbers, on_device
from torch.testing import assert_close

from napari_trsmi.config import Fusion
from napari_trsmi.model.fusion import ACTIVATIONS, MLPFusion, principal_basis, ridge


@pytest.fixture
def stacked():
    rows = torch.randn(80, 6, generator=torch.Generator().manual_seed(0))
    return on_device(rows * torch.tensor([5.0, 3, 2, 1, 0.5, 0.1]))


def test_without_a_width_the_modalities_stand_side_by_side(stacked):
    assert_close(on_device(MLPFusion(principal_basis(stacked, None), Fusion(hidden=4)))(stacked), stacked)


def test_a_smaller_width_keeps_the_leading_principal_axes(stacked):
    basis = principal_basis(stacked, 3)
    axes = PCA(3).fit(numbers(stacked)).components_
    np.testing.assert_allclose(np.abs(axes @ numbers(basis)), np.eye(3), atol=1e-2)
    assert_close(basis.T @ basis, on_device(torch.eye(3)), rtol=1e-4, atol=1e-5)


def test_a_larger_width_is_filled_with_zeros(stacked):
    basis = principal_basis(stacked, 9)
    assert basis.shape == (6, 9)
    assert_close(stacked @ basis, torch.cat([stacked, on_device(torch.zeros(80, 3))], dim=1))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [None, 3])
def test_the_mlp_is_added_to_the_skip(stacked, activation, hidden):
    torch.manual_seed(0)
    module = on_device(MLPFusion(principal_basis(stacked, 4), Fusion(hidden=hidden, activation=activation)))
    assert module.first.out_features == (hidden or 4)
    torch.nn.init.normal_(module.last.weight)
    expected = stacked @ module.skip + module.last(ACTIVATIONS[activation]()(module.first(stacked)))
    assert_close(module(stacked), expected)
    assert not torch.allclose(module(stacked), stacked @ module.skip)


def test_decoders_start_at_the_ridge_regression(stacked):
    target = on_device(torch.randn(80, 2, generator=torch.Generator().manual_seed(1))) + stacked[:, :2]
    found = ridge(stacked, target, strength=0.1)
    penalty = 0.1 * float((stacked**2).sum(0).mean())
    expected = Ridge(alpha=penalty, fit_intercept=False).fit(numbers(stacked), numbers(target)).coef_.T
    np.testing.assert_allclose(numbers(found), expected, rtol=1e-3, atol=1e-5)
