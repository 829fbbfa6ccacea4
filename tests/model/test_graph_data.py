"""Graphs in torch-geometric's form and back, and on one shared pattern."""

from __future__ import annotations

import numpy as np
import pytest
import small
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from small import on_device, section
from strategies import graphs
from torch_geometric.data import HeteroData
from torch_geometric.utils import to_scipy_sparse_matrix

from napari_trsmi.model.graph_data import SPATIAL, feature_name, feature_relation, share, to_hetero_data


@pytest.fixture(scope="module")
def one():
    return section(30)


def test_graphs_and_features_survive_torch_geometric(one, tmp_path):
    data = to_hetero_data(*one.parts)
    data.validate()
    torch.save(data.to_dict(), tmp_path / "data.pt")
    data = HeteroData.from_dict(torch.load(tmp_path / "data.pt", weights_only=True))
    assert data["spot"].num_nodes == 30
    for relation, graph in [(SPATIAL, one.spatial), *((feature_relation(m), g) for m, g in one.feature_graphs.items())]:
        edges = data[relation]
        found = to_scipy_sparse_matrix(edges.edge_index, edges.edge_weight, num_nodes=30)
        np.testing.assert_array_equal(found.toarray(), graph.toarray())
    for m, values in one.features.items():
        np.testing.assert_array_equal(data["spot"][feature_name(m)].numpy(), values)


def test_edges_between_sections_of_a_study_are_marked(one):
    of = np.repeat([0, 1], 15)
    data = to_hetero_data(*one.parts, of)
    assert "between_sections" not in to_hetero_data(*one.parts)[SPATIAL]
    for relation in (SPATIAL, *map(feature_relation, one.features)):
        start, end = data[relation].edge_index.numpy()
        np.testing.assert_array_equal(data[relation].between_sections.numpy(), of[start] != of[end])
    assert data["spot"].section.tolist() == of.tolist()


def test_the_shared_pattern_is_the_union_of_all_graphs_and_the_diagonal(one):
    graphs_shared = share(one.spatial, one.feature_graphs, small.DEVICE)
    everything = sum(one.feature_graphs.values(), one.spatial) + sparse.identity(30)
    found = graphs_shared.pattern.to_scipy(on_device(torch.ones(graphs_shared.pattern.n_edges)))
    np.testing.assert_array_equal(found.toarray() != 0, everything.toarray() != 0)
    ends = torch.stack([graphs_shared.pattern.row, graphs_shared.pattern.col])[:, graphs_shared.diagonal > 0]
    assert torch.equal(ends.cpu(), torch.arange(30).repeat(2, 1))


@given(graphs(), st.data())
def test_every_graph_comes_back_from_the_shared_pattern(spatial, data):
    n = spatial.shape[0]
    feature = data.draw(graphs(min_spots=n, max_spots=n))
    made = share(_shuffled(spatial, data), {"rna": _shuffled(feature, data)}, small.DEVICE)
    assert (made.pattern.to_scipy(made.spatial) != spatial).nnz == 0
    edges = made.features["rna"]
    assert len(edges.weight) == feature.nnz // 2
    values = edges.weight.new_zeros(made.pattern.n_edges)
    values[edges.both] = edges.weight[:, None].expand(-1, 2)
    np.testing.assert_array_equal(made.pattern.to_scipy(values).toarray(), feature.toarray())


def _shuffled(graph, data):
    """Return a graph whose entries come in any order within their rows."""
    graph = graph.copy()
    for start, end in zip(graph.indptr[:-1], graph.indptr[1:], strict=True):
        order = start + np.array(data.draw(st.permutations(range(end - start))), int)
        graph.indices[start:end], graph.data[start:end] = graph.indices[order], graph.data[order]
    graph.has_sorted_indices = False
    return graph


def test_a_feature_graph_that_is_not_symmetric_is_refused(one):
    lopsided = one.feature_graphs["rna"].copy()
    lopsided.data[0] *= 2
    with pytest.raises(ValueError, match="graph of 'rna'"):
        share(one.spatial, {"rna": lopsided}, small.DEVICE)
