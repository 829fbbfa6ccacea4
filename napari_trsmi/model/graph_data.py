"""The graphs of a section as one torch-geometric `HeteroData`, and their values on one shared pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.utils import from_scipy_sparse_matrix, is_undirected

from napari_trsmi.model.sparse import Pattern

SPATIAL = ("spot", "near", "spot")


def feature_relation(modality: str) -> tuple[str, str, str]:
    """Return the edge type under which the feature graph of `modality` is stored."""
    return ("spot", f"like_{modality}", "spot")


def feature_name(modality: str) -> str:
    """Return the name under which the features of `modality` are stored; its own may be an attribute of the store."""
    return f"features_{modality}"


def to_hetero_data(
    features: dict[str, np.ndarray], spatial: sparse.csr_matrix, feature_graphs: dict[str, sparse.csr_matrix]
) -> HeteroData:
    """Return features and graphs as torch-geometric data with one node type, ``"spot"``.

    Parameters
    ----------
    features
        {modality: (N, D_m)}; stored as ``data["spot"][feature_name(modality)]``, float32.
    spatial
        (N, N) CSR, symmetric, zero diagonal; stored under `SPATIAL` with ``edge_weight``.
    feature_graphs
        {modality: (N, N) CSR}, likewise under `feature_relation(modality)`.
    """
    data = HeteroData()
    data["spot"].num_nodes = spatial.shape[0]
    for name, values in features.items():
        data["spot"][feature_name(name)] = torch.as_tensor(np.ascontiguousarray(values, np.float32))
    for relation, graph in [(SPATIAL, spatial), *((feature_relation(m), g) for m, g in feature_graphs.items())]:
        index, weight = from_scipy_sparse_matrix(graph)
        data[relation].edge_index, data[relation].edge_weight = index, weight.float()
    return data


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


def share(data: HeteroData, device: torch.device) -> SharedGraphs:
    """Return the graphs in `data` as value vectors on one pattern, on `device`."""
    n = data["spot"].num_nodes
    loops = torch.arange(n).repeat(2, 1)
    pattern = Pattern(torch.cat([loops, *(data[r].edge_index for r in data.edge_types)], dim=1), n)
    spatial = torch.zeros(pattern.n_edges)
    spatial[pattern.positions(data[SPATIAL].edge_index)] = data[SPATIAL].edge_weight
    features = {}
    for relation in data.edge_types:
        if relation == SPATIAL:
            continue
        index, weight = data[relation].edge_index, data[relation].edge_weight
        if not is_undirected(index, weight, num_nodes=n):
            raise ValueError(f"Expected a symmetric graph {relation[1]!r}, found one that is not.")
        upper = index[0] < index[1]
        key = torch.minimum(index[0], index[1]) * n + torch.maximum(index[0], index[1])
        order = torch.argsort(key[upper])
        pair = torch.searchsorted(key[upper][order], key, out_int32=True)
        features[relation[1].removeprefix("like_")] = FeatureGraph(
            pattern.positions(index).to(device), pair.to(device), weight[upper][order].to(device)
        )
    return SharedGraphs(pattern.to(device), spatial.to(device), features, pattern.positions(loops.to(device)))
