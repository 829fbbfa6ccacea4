"""The graphs of a section on one shared pattern, and as torch-geometric data for networks of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_trsmi.model.edges import FeatureGraph
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
        (E,) float32, 1 on the diagonal and 0 elsewhere.
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
    near, *alike = (sorted_columns(graph) for graph in (spatial, *feature_graphs.values()))
    joined = union([near, *alike])
    pattern = Pattern.of(joined)
    values = torch.zeros(pattern.n_edges)
    values[places(joined, near)] = torch.from_numpy(near.data.astype(np.float32))
    features = {}
    for name, graph in zip(feature_graphs, alike, strict=True):
        if abs(graph - graph.T).nnz:
            raise ValueError(f"Expected a symmetric feature graph of {name!r}, found one that is not.")
        at = places(joined, graph)
        upper = torch.from_numpy(graph.indices > np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr)))
        both = torch.stack([at[upper], pattern.transpose[at[upper]]], dim=1)
        weight = torch.from_numpy(graph.data.astype(np.float32))[upper]
        features[name] = FeatureGraph(both.to(device), weight.to(device))
    return SharedGraphs(pattern.to(device), values.to(device), features, (pattern.row == pattern.col).float())


def sorted_columns(graph: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return a CSR matrix whose columns rise in every row and come once: itself where they do."""
    graph = graph.tocsr()
    if not graph.has_canonical_format:
        graph = graph.copy()
        graph.sum_duplicates()
    return graph


def union(graphs: Sequence[sparse.csr_matrix]) -> sparse.csr_matrix:
    """Return the (N, N) CSR union of the entries of (N, N) graphs and the diagonal, each with its number from 1 on."""
    joined = sparse.identity(graphs[0].shape[0], np.int8, format="csr")
    for graph in graphs:
        joined = joined + sparse.csr_matrix((np.ones(graph.nnz, np.int8), graph.indices, graph.indptr), graph.shape)
    return sparse.csr_matrix(
        (np.arange(1, joined.nnz + 1, dtype=np.int32), joined.indices, joined.indptr), joined.shape
    )


def places(joined: sparse.csr_matrix, graph: sparse.csr_matrix) -> Tensor:
    """Return (n,) int32 the entry of a `union` that each entry of one of its graphs is."""
    there = sparse.csr_matrix((np.ones(graph.nnz, np.int32), graph.indices, graph.indptr), graph.shape)
    return torch.from_numpy(there.multiply(joined).tocsr().data - 1)


def to_hetero_data(
    features: dict[str, np.ndarray],
    spatial: sparse.csr_matrix,
    feature_graphs: dict[str, sparse.csr_matrix],
    section: np.ndarray | None = None,
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
    section
        (N,) int section of each spot of a study, ``data["spot"].section``; edges between two sections are then marked,
        ``data[relation].between_sections``, (E,) bool.
    """
    from torch_geometric.data import HeteroData  # takes longer to import than a small run to prepare
    from torch_geometric.utils import from_scipy_sparse_matrix

    data = HeteroData()
    data["spot"].num_nodes = spatial.shape[0]
    if section is not None:
        data["spot"].section = torch.as_tensor(np.asarray(section, np.int64))
    for name, values in features.items():
        data["spot"][feature_name(name)] = torch.as_tensor(np.ascontiguousarray(values, np.float32))
    for relation, graph in [(SPATIAL, spatial), *((feature_relation(m), g) for m, g in feature_graphs.items())]:
        index, weight = from_scipy_sparse_matrix(graph)
        data[relation].edge_index, data[relation].edge_weight = index, weight.float()
        if section is not None:
            ends = torch.as_tensor(np.asarray(section, np.int64))[index]
            data[relation].between_sections = ends[0] != ends[1]
    return data
