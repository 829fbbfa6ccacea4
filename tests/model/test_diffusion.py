"""Diffusion against torch-geometric's APPNP, local refinement against its equation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small import dense, on_device, pattern_of, section
from torch.testing import assert_close
from torch_geometric.nn import APPNP

from napari_trsmi.config import Diffusion
from napari_trsmi.graphs import normalize
from napari_trsmi.model import diffusion
from napari_trsmi.model.diffusion import LocalRefinement, MultiScaleDiffusion, appnp_weights, multi_scale

SCALES = ((2, 0.2), (4, 0.15), (8, 0.1), (0, 0.5), (3, 0.0), (1, 1.0))


@pytest.fixture(scope="module")
def spots(device):
    """(N, 5) features and a normalised graph."""
    one = section(40)
    return on_device(one.features["rna"]), *pattern_of(normalize(one.spatial, 0.5))


@pytest.mark.filterwarnings("ignore:Failing to pass a value to the 'type_params':DeprecationWarning")  # torch-geometric
def test_every_scale_of_the_shared_chain_is_appnp(spots):
    h, pattern, values = spots
    edges = torch.stack([pattern.row, pattern.col]).long()  # as older torch-geometric asks for
    for (steps, teleport), found in zip(SCALES, multi_scale(pattern, values, h, SCALES), strict=True):
        reference = on_device(APPNP(steps, teleport, normalize=False))
        assert_close(found, reference(h, edges, values), rtol=1e-4, atol=1e-5)


def test_all_scales_share_the_products_of_the_longest(spots, monkeypatch):
    h, pattern, values = spots
    calls = []
    product = diffusion.product
    monkeypatch.setattr(diffusion, "product", lambda *given: calls.append(1) or product(*given))
    multi_scale(pattern, values, h, SCALES)
    assert len(calls) == 8


def test_full_teleport_is_the_identity(spots):
    h, pattern, values = spots
    for found in multi_scale(pattern, values, h, ((1, 1.0), (5, 1.0), (0, 0.3))):
        assert_close(found, h)


@given(st.integers(0, 30), st.floats(0, 1))
def test_the_weights_of_the_powers_sum_to_one(steps, teleport):
    weights = appnp_weights(steps, teleport)
    assert len(weights) == steps + 1
    assert min(weights) >= 0
    assert sum(weights) == pytest.approx(1.0)


def test_the_module_starts_as_the_mean_over_the_scales_of_each_modality(spots):
    h, pattern, values = spots
    parts = {"rna": h, "adt": h[:, :2] ** 2}
    module = on_device(MultiScaleDiffusion({"rna": 5, "adt": 2}, Diffusion(scales=SCALES)))
    found = module(parts, pattern, values)
    for m, part in parts.items():
        assert_close(found[m], torch.stack(multi_scale(pattern, values, part, SCALES)).mean(0))


def test_the_module_projects_the_concatenated_scales(spots):
    h, pattern, values = spots
    module = on_device(MultiScaleDiffusion({"rna": 5}, Diffusion(scales=SCALES[:2])))
    torch.nn.init.normal_(module.weights["rna"])
    expected = torch.cat(multi_scale(pattern, values, h, SCALES[:2]), dim=1) @ module.weights["rna"]
    assert_close(module({"rna": h}, pattern, values)["rna"], expected)


def test_diffusion_smooths_more_the_further_it_reaches(spots):
    h, pattern, values = spots
    roughness = [
        float((z - dense(pattern, values) @ z).norm() / z.norm()) for z in multi_scale(pattern, values, h, SCALES[:3])
    ]
    assert np.all(np.diff(roughness) < 0)


# Local refinement


def test_local_refinement_starts_as_a_small_step_to_the_neighbours(spots):
    h, pattern, values = spots
    neighbours = dense(pattern, values) @ h
    assert_close(
        on_device(LocalRefinement(5, 0.2))(h, pattern, values), h + 0.2 * (neighbours - h), rtol=1e-4, atol=1e-5
    )


def test_local_refinement_follows_its_equation(spots):
    h, pattern, values = spots
    module = on_device(LocalRefinement(5, 0.7))
    for parameter in (module.base, module.graph):
        torch.nn.init.normal_(parameter)
    concatenated = torch.cat([h, dense(pattern, values) @ h], dim=1)
    expected = h @ module.base + 0.7 * concatenated @ module.graph
    assert_close(module(h, pattern, values), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("gate", "used"), [(-3.0, 0.0), (0.0, 0.0), (1.0, 1.0), (7.0, 1.0)])
def test_the_local_gate_stays_between_zero_and_one(spots, gate, used):
    h, pattern, values = spots
    module, within = on_device(LocalRefinement(5, 0.5)), on_device(LocalRefinement(5, used))
    with torch.no_grad():
        module.gate.fill_(gate)  # where training has taken it
    assert_close(module(h, pattern, values), within(h, pattern, values))
