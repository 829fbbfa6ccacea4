"""The graphs of a section on one shared pattern, and as torch-geometric data for networks of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_trsmi.model.sparse import Pattern

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

SPATIAL = ("spot", "near", "spot")


def feature_relation(modality: str) -> tuple[str, str, str]:
    """Return the edge type under which the feature graph of `modality` is stored."""
    return ("spot", f"like_{modality}", "spot")


def feature_name(modality: str) -> str:
    """Return the name under which the features of `modality` are stored; its own may be an attribute of the store."""
    return f"features_{modality}"


@dataclass(frozen=True)
class FeatureGraph:
    """One modality's feature graph on the shared pattern.

    Attributes
    ----------
    positions
        (n,) int32 entries of the pattern that are feature edges, both directions.
    pair
        (n,) int32 number of the undirected edge each entry belongs to.
    weight
        (n / 2,) float32 weight of each undirected edge at the start.
    """

    positions: Tensor
    pair: Tensor
    weight: Tensor


@dataclass(frozen=True)
class SharedGraphs:
    """All graphs of a section on the union of their edges and the diagonal.

    Attributes
    ----------
    pattern
        The union pattern.
    spatial
        (E,) unnormalised values of A_S, zero where there is no spatial edge and on the diagonal.
    features
        {modality: FeatureGraph}.
    diagonal
        (N,) int32 positions of the diagonal.
    """

    pattern: Pattern
    spatial: Tensor
    features: dict[str, FeatureGraph]
    diagonal: Tensor


def share(
    spatial: sparse.csr_matrix, feature_graphs: dict[str, sparse.csr_matrix], device: torch.device
) -> SharedGraphs:
    """Return graphs as value vectors on one pattern, on `device`.

    Parameters
    ----------
    spatial
        (N, N) CSR, symmetric, zero diagonal.
    feature_graphs
        {modality: (N, N) CSR}, likewise.
    """
    n = spatial.shape[0]
    loops = torch.arange(n).repeat(2, 1)
    near, near_weight = _edges(spatial)
    alike = {name: _edges(graph) for name, graph in feature_graphs.items()}
    pattern = Pattern(torch.cat([loops, near, *(index for index, _ in alike.values())], dim=1), n)
    values = torch.zeros(pattern.n_edges)
    values[pattern.positions(near)] = near_weight
    features = {}
    for name, (index, weight) in alike.items():
        if abs(feature_graphs[name] - feature_graphs[name].T).nnz:
            raise ValueError(f"Expected a symmetric feature graph of {name!r}, found one that is not.")
        upper = index[0] < index[1]
        key = torch.minimum(index[0], index[1]) * n + torch.maximum(index[0], index[1])
        order = torch.argsort(key[upper])
        pair = torch.searchsorted(key[upper][order], key, out_int32=True)
        features[name] = FeatureGraph(
            pattern.positions(index).to(device), pair.to(device), weight[upper][order].to(device)
        )
    return SharedGraphs(pattern.to(device), values.to(device), features, pattern.positions(loops.to(device)))


def _edges(graph: sparse.csr_matrix) -> tuple[Tensor, Tensor]:
    """(2, E) int64 ends and (E,) float32 weights of a graph."""
    entries = graph.tocoo()
    index = torch.from_numpy(np.stack([entries.row, entries.col]).astype(np.int64))
    return index, torch.from_numpy(entries.data.astype(np.float32))


def to_hetero_data(
    features: dict[str, np.ndarray], spatial: sparse.csr_matrix, feature_graphs: dict[str, sparse.csr_matrix]
) -> HeteroData:
    """Return features and graphs as torch-geometric data with one node type, ``"spot"``, for other networks.

    Parameters
    ----------
    features
        {modality: (N, D_m)}; stored as ``data["spot"][feature_name(modality)]``, float32.
    spatial
        (N, N) CSR, symmetric, zero diagonal; stored under `SPATIAL` with ``edge_weight``.
    feature_graphs
        {modality: (N, N) CSR}, likewise under `feature_relation(modality)`.
    """
    from torch_geometric.data import HeteroData  # takes longer to import than a small run to prepare
    from torch_geometric.utils import from_scipy_sparse_matrix

    data = HeteroData()
    data["spot"].num_nodes = spatial.shape[0]
    for name, values in features.items():
        data["spot"][feature_name(name)] = torch.as_tensor(np.ascontiguousarray(values, np.float32))
    for relation, graph in [(SPATIAL, spatial), *((feature_relation(m), g) for m, g in feature_graphs.items())]:
        index, weight = from_scipy_sparse_matrix(graph)
        data[relation].edge_index, data[relation].edge_weight = index, weight.float()
    return data
