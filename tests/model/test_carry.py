"""A missing modality inside the network: carried over by correspondences, and out of the loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import sparse

from napari_trsmi.model.alignment import Carry
from napari_trsmi.model.losses import reconstruction

HAS = {"b": np.array([True, True, False, False])}
A = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.9, 0.1, 0.0], [0.0, 0.8, 0.1]])
B = torch.tensor([[1.0, 2.0], [3.0, 4.0], [9.0, 9.0], [9.0, 9.0]], requires_grad=True)
WEIGHTS = sparse.csr_matrix(np.array([[0, 0, 0, 0], [0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0]]))


def carried(temperature: float) -> torch.Tensor:
    carry = Carry(WEIGHTS, "b", HAS, ("a", "b"), torch.device("cpu"))
    return carry({"a": A, "b": B}, "b", temperature)


def test_spots_that_have_it_keep_it():
    assert torch.equal(carried(0.2)[:2], B[:2])


def test_without_temperature_the_most_like_is_taken():
    torch.testing.assert_close(carried(1e-4)[2:], B[:2])


def test_a_high_temperature_takes_the_mean_of_the_candidates():
    torch.testing.assert_close(carried(1e6)[2:], B[:2].mean(0).expand(2, 2))


def test_what_was_there_before_at_spots_that_lack_it_has_no_say():
    (gradient,) = torch.autograd.grad(carried(0.2).sum(), B)
    assert not gradient[2:].any()


def test_candidates_that_share_nothing_weigh_as_at_the_start():
    has = {"a": np.array([True, True, True, False]), "b": HAS["b"]}
    weights = WEIGHTS.copy().tolil()
    weights[3, 0], weights[3, 1] = 0.25, 0.75
    carry = Carry(weights.tocsr(), "b", has, ("a", "b"), torch.device("cpu"))
    torch.testing.assert_close(carry({"a": A, "b": B}, "b", 0.2)[3], 0.25 * B[0] + 0.75 * B[1])


def test_only_what_was_measured_is_reconstructed():
    features = {"b": torch.zeros(4, 2)}
    decoded = {"b": torch.tensor([[1.0, 1.0], [1.0, 1.0], [7.0, 7.0], [7.0, 7.0]])}
    has = {"b": torch.tensor(HAS["b"])}
    assert reconstruction(features, decoded, {}, has).item() == pytest.approx(1.0)
    assert reconstruction(features, decoded, {}).item() == pytest.approx(25.0)
