"""The encoder against a plain graph convolution."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small import dense, on_device, pattern_of, section
from torch.testing import assert_close
from torch_geometric.nn import GCNConv

from napari_trsmi.config import Encoder
from napari_trsmi.graphs import normalize
from napari_trsmi.model.encoder import RPREncoder


def settings(**changes) -> Encoder:
    return Encoder(**{"gate": 0.3, "enhancement": True, "l2_before": False, "l2_after": False, **changes})


@pytest.fixture(scope="module")
def spots(device):
    """Features, and the spatial graph with one self-loop per spot, normalised."""
    one = section(40)
    self_loop = 1.0 / one.spatial.sum(axis=1).mean()  # the multiple of the mean degree that makes the loops 1
    return on_device(one.features["rna"]), one.spatial, *pattern_of(normalize(one.spatial, self_loop))


def random_encoder(n_features: int, dim: int, encoder_settings: Encoder) -> RPREncoder:
    torch.manual_seed(0)
    encoder = on_device(RPREncoder(n_features, dim, encoder_settings))
    torch.nn.init.normal_(encoder.weight)
    return encoder


@pytest.mark.filterwarnings("ignore:Failing to pass a value to the 'type_params':DeprecationWarning")  # torch-geometric
def test_without_enhancement_it_is_a_one_layer_graph_convolution(spots):
    features, graph, pattern, values = spots
    encoder = random_encoder(5, 4, settings())  # the enhancement starts at zero
    reference = on_device(GCNConv(5, 4, bias=False))
    entries = graph.tocoo()
    with torch.no_grad():
        reference.lin.weight.copy_(encoder.weight.T)
        edges = on_device(np.stack([entries.row, entries.col]).astype(np.int64))
        expected = reference(features, edges, on_device(entries.data))
        assert_close(encoder(features, pattern, values), expected, rtol=1e-4, atol=1e-5)
        off = random_encoder(5, 4, settings(enhancement=False))
        assert_close(off(features, pattern, values), expected, rtol=1e-4, atol=1e-5)
    assert off.delta is None


def test_the_enhancement_follows_its_equation(spots):
    features, _, pattern, values = spots
    encoder = random_encoder(5, 4, settings())
    torch.nn.init.normal_(encoder.delta)
    h = features @ encoder.weight
    expected = dense(pattern, values) @ (h + 0.3 * h @ encoder.delta)
    assert_close(encoder(features, pattern, values), expected, rtol=1e-4, atol=1e-5)


def test_a_closed_gate_hides_the_enhancement(spots):
    features, _, pattern, values = spots
    encoder = random_encoder(5, 4, settings(gate=0.0))
    before = encoder(features, pattern, values)
    torch.nn.init.normal_(encoder.delta)
    assert_close(encoder(features, pattern, values), before)


def test_at_the_start_only_the_graph_acts(spots):
    features, _, pattern, values = spots
    averaged = dense(pattern, values) @ features
    assert_close(on_device(RPREncoder(5, 5, settings()))(features, pattern, values), averaged)
    assert_close(on_device(RPREncoder(5, 2, settings()))(features, pattern, values), averaged[:, :2])
    wider = on_device(RPREncoder(5, 8, settings()))(features, pattern, values)
    assert_close(wider[:, :5], averaged)
    assert not wider[:, 5:].any()


def test_rows_have_unit_length_where_asked(spots):
    features, _, pattern, values = spots
    after = random_encoder(5, 4, settings(l2_after=True))(features, pattern, values)
    assert_close(after.norm(dim=1), on_device(torch.ones(40)))
    before = random_encoder(5, 4, settings(l2_before=True))
    h = torch.nn.functional.normalize(features @ before.weight)
    assert_close(before(features, pattern, values), dense(pattern, values) @ h, rtol=1e-4, atol=1e-5)
