"""Boundaries between domains: the spatial-graph edges that cross them, grouped into segments that can be questioned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from napari_trsmi.domains.contrast import boundary_contrast
from napari_trsmi.domains.labels import check_lengths, upper_edges
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Boundaries:
    """Boundaries of one set of domains, weakest first.

    Attributes
    ----------
    edges
        One row per undirected spatial-graph edge between two domains: ``i``, ``j`` (spots; i lies in domain_a),
        ``domain_a`` < ``domain_b``, ``segment``, ``confidence``, ``contrast_<modality>``, ``x``, ``y`` (midpoint),
        and ``x0, y0, x1, y1``, the line between the two spots to draw the boundary by.
    segments
        One row per connected stretch of boundary between two domains: ``segment``, ``domain_a``, ``domain_b``,
        ``n_edges``, ``length`` (unit of the coordinates), ``confidence``, ``contrast_<modality>``, ``x``, ``y``
        (mean of the midpoints). Row s is segment s.
    """

    edges: pd.DataFrame
    segments: pd.DataFrame


def find_boundaries(
    labels: np.ndarray,
    adjacency: sparse.csr_matrix,
    coords: np.ndarray,
    posterior: np.ndarray | None = None,
    features: Mapping[str, np.ndarray] | None = None,
    has: Mapping[str, np.ndarray] | None = None,
    section: np.ndarray | None = None,
) -> Boundaries:
    """Return the boundaries between domains. O(E log E).

    *Segment*: boundary edges of one pair of domains that share a spot, or whose spots on one side are spatial
    neighbours. So both rims of a strip one or two spots wide are one segment, where the same domain lies around it.

    *Confidence* of an edge between spot i in domain a and spot j in domain b: the mean of p_ia - p_ib and p_jb - p_ja,
    clipped to [0, 1]: by how much each spot prefers its own side of the boundary. Doubt about a third domain does not
    count, because the boundary would still be there; two spots that know nothing score 0 whatever K is, where
    1 - sum_k p_ik p_jk would score near 1. A segment has the mean of its edges.

    *Contrast* in a modality: see `contrast.boundary_contrast`.

    *Length* of a segment: the shortest tree through the midpoints of its edges, plus one spot spacing (the median
    distance to the nearest neighbour in its section) because n midpoints in a row stand for n spacings. Unlike the sum
    of the strokes it does not grow with the teeth of a slanted boundary on a grid.

    Parameters
    ----------
    labels
        (N,) int in 0..K-1; negative where a spot has no domain, whose edges are left out.
    adjacency
        (N, N) CSR spatial graph, symmetric, zero diagonal.
    coords
        (N, 2) float (x, y).
    posterior
        (N, K) float, rows sum to 1; without it every confidence is NaN.
    features
        {modality: (N, D) float} standardised features to measure contrast in.
    has
        {modality: (N,) bool} spots that have a modality, of those that some lack; at others it has no contrast.
    section
        (N,) int section of each spot, between which no edges run; one where not given.

    Raises
    ------
    DataError
        Lengths differ, or the posterior lacks a domain.
    """
    import pandas as pd

    labels, coords, features = np.asarray(labels), np.asarray(coords, float), features or {}
    check_lengths(len(labels), adjacency=adjacency, coords=coords, **features)
    i, j = upper_edges(adjacency)
    spacing = _spacing(coords, i, j, np.zeros(len(labels), int) if section is None else section)
    crossing = (labels[i] != labels[j]) & (labels[i] >= 0) & (labels[j] >= 0)
    i, j = i[crossing], j[crossing]
    swapped = labels[i] > labels[j]
    i, j = np.where(swapped, j, i), np.where(swapped, i, j)
    a, b = labels[i], labels[j]

    confidence = np.full(len(i), np.nan)
    if posterior is not None:
        p = np.asarray(posterior)
        check_lengths(len(labels), posterior=p)
        if p.ndim != 2 or p.shape[1] <= labels.max():
            raise DataError(
                f"Expected a posterior for each of the {labels.max() + 1} domains, found shape {p.shape}. "
                "Take labels and posterior from the same run."
            )
        confidence = np.clip((p[i, a] - p[i, b] + p[j, b] - p[j, a]) / 2.0, 0.0, 1.0)

    segment, middle = _segments(labels, i, j, adjacency), (coords[i] + coords[j]) / 2
    edges = pd.DataFrame({"i": i, "j": j, "domain_a": a, "domain_b": b, "segment": segment, "confidence": confidence})
    by_segment = edges.groupby("segment", sort=True)
    segments = by_segment[["domain_a", "domain_b"]].first()
    segments["n_edges"] = by_segment.size()
    segments["length"] = _lengths(middle, segment, len(segments), spacing[i])
    segments["confidence"] = by_segment["confidence"].mean()
    for name, values in features.items():
        edges[f"contrast_{name}"], segments[f"contrast_{name}"] = _contrast(
            values, (has or {}).get(name), labels, i, j, segment, len(segments)
        )
    edges[["x", "y"]] = middle
    segments[["x", "y"]] = edges.groupby("segment", sort=True)[["x", "y"]].mean()
    edges[["x0", "y0"]], edges[["x1", "y1"]] = _strokes(coords, i, j, adjacency, spacing[i])

    # Weakest first: by confidence, then (or without a posterior) by mean contrast, then the shorter one.
    mean_contrast = segments[[f"contrast_{name}" for name in features]].mean(axis=1)
    order = np.lexsort([segments["length"], mean_contrast, segments["confidence"]])
    rank = np.argsort(order)
    edges["segment"] = rank[segment]
    segments = segments.iloc[order].reset_index(drop=True)
    segments.insert(0, "segment", segments.index)
    return Boundaries(edges.sort_values(["segment", "confidence", "i", "j"], ignore_index=True), segments)


def _spacing(coords: np.ndarray, i: np.ndarray, j: np.ndarray, section: np.ndarray) -> np.ndarray:
    """(N,) median distance to the nearest neighbour in the section of each spot; 0 where there are no edges."""
    nearest = np.full(len(coords), np.inf)
    distance = np.linalg.norm(coords[i] - coords[j], axis=1)
    np.minimum.at(nearest, np.concatenate([i, j]), np.tile(distance, 2))
    spacing = np.zeros(len(coords))
    for number in np.unique(section):
        own = section == number
        if (known := nearest[own & np.isfinite(nearest)]).size:
            spacing[own] = np.median(known)
    return spacing


def _contrast(
    values: np.ndarray,
    has: np.ndarray | None,
    labels: np.ndarray,
    i: np.ndarray,
    j: np.ndarray,
    segment: np.ndarray,
    n_segments: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Contrast of edges and segments where their spots have the modality; NaN elsewhere."""
    if has is None:
        return boundary_contrast(values, labels, i, j, segment, n_segments)
    edges, segments = np.full(len(i), np.nan), np.full(n_segments, np.nan)
    both = has[i] & has[j]
    there, codes = np.unique(segment[both], return_inverse=True)
    found = boundary_contrast(values, np.where(has, labels, -1), i[both], j[both], codes, len(there))
    edges[both], segments[there] = found
    return edges, segments


def _segments(labels: np.ndarray, i: np.ndarray, j: np.ndarray, adjacency: sparse.csr_matrix) -> np.ndarray:
    """(E,) int segment of each boundary edge.

    Each edge joins two nodes (spot, domain pair), one on either side. Nodes of one pair whose spots are spatial
    neighbours are linked too. Segments are the connected components of this graph, whose size is O(E).
    """
    if len(i) == 0:
        return np.zeros(0, np.int64)
    _, pair = np.unique(labels[i].astype(np.int64) * (labels.max() + 1) + labels[j], return_inverse=True)
    n_pairs = pair.max() + 1
    keys, nodes = np.unique(np.concatenate([i, j]) * n_pairs + np.tile(pair, 2), return_inverse=True)
    first, second = nodes[: len(i)], nodes[len(i) :]

    # Few entries per row: only the pairs whose boundary a spot lies at.
    has_pair = sparse.csr_matrix((np.ones(len(keys)), (keys // n_pairs, keys % n_pairs)), (len(labels), n_pairs))
    at_boundary = np.diff(has_pair.indptr) > 0
    u, v = upper_edges(adjacency)
    near = at_boundary[u] & at_boundary[v]
    u, v = u[near], v[near]
    shared = has_pair[u].multiply(has_pair[v]).tocoo()
    rows = np.append(first, np.searchsorted(keys, u[shared.row] * n_pairs + shared.col))
    columns = np.append(second, np.searchsorted(keys, v[shared.row] * n_pairs + shared.col))
    graph = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (len(keys), len(keys)))
    component = csgraph.connected_components(graph, directed=False)[1]
    return np.unique(component[first], return_inverse=True)[1]


def _strokes(
    coords: np.ndarray, i: np.ndarray, j: np.ndarray, adjacency: sparse.csr_matrix, spacing: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(E, 2) start and end of the line that separates the two spots of each edge.

    It is the part of their perpendicular bisector that is nearer to them than to any of their neighbours (the common
    side of their Voronoi cells), so strokes meet and close around domains. Diagonal edges of a square grid get a
    stroke of length 0, and so do two spots at the rim whose cells meet outside of the tissue.
    """
    middle, step = (coords[i] + coords[j]) / 2, coords[j] - coords[i]
    distance = np.linalg.norm(step, axis=1)
    along = np.stack([-step[:, 1], step[:, 0]], axis=1) / np.where(distance > 0, distance, 1.0)[:, None]
    high = np.full(len(i), np.inf)
    low = -high
    degree = np.diff(adjacency.indptr)
    for own, partner in ((i, j), (j, i)):
        for slot in range(degree[own].max(initial=0)):
            (edge,) = np.nonzero(degree[own] > slot)
            other = adjacency.indices[adjacency.indptr[own[edge]] + slot]
            edge, other = edge[other != partner[edge]], other[other != partner[edge]]
            away = coords[other] - middle[edge]
            # The point middle + t * along is nearer to the edge's spots than to `other` where slope * t <= room.
            slope = 2 * (away * along[edge]).sum(axis=1)
            room = (away**2).sum(axis=1) - distance[edge] ** 2 / 4
            with np.errstate(divide="ignore", invalid="ignore"):
                limit = room / slope
            high[edge] = np.where(slope > 0, np.minimum(high[edge], limit), high[edge])
            low[edge] = np.where(slope < 0, np.maximum(low[edge], limit), low[edge])
    # At the rim of the tissue no other spot ends a stroke: there it stays within 3/4 of a spacing from its spots, which
    # is a little further than the corner of a square cell.
    longest = np.maximum(distance, spacing) / 2
    rim = np.minimum(longest, np.sqrt(np.maximum((0.75 * spacing) ** 2 - distance**2 / 4, 0.0)))
    low, high = np.where(low < -longest, -rim, low), np.where(high > longest, rim, high)
    low, high = np.where(low < high, low, 0.0), np.where(low < high, high, 0.0)
    return middle + low[:, None] * along, middle + high[:, None] * along


def _lengths(points: np.ndarray, segment: np.ndarray, n_segments: int, spacing: np.ndarray) -> np.ndarray:
    """(S,) length of the shortest tree through the points of each segment, plus one of the (E,) spacings there."""
    if n_segments == 0:
        return np.zeros(0)
    # A third coordinate keeps the segments apart, so one search finds neighbours within each.
    apart = np.ptp(points, axis=0).sum() + spacing.max() + 1.0
    tree = cKDTree(np.column_stack([points, segment * apart]))
    distance, other = tree.query(tree.data, k=range(1, min(9, len(points)) + 1), distance_upper_bound=apart / 2)
    row, column = np.nonzero(np.isfinite(distance))
    weight = np.maximum(distance[row, column], 1e-9 * spacing[row])  # points in one place must not look unconnected
    graph = sparse.coo_matrix((weight, (row, other[row, column])), shape=(len(points),) * 2).tocsr()
    shortest = csgraph.minimum_spanning_tree(graph).tocoo()
    tree_length = np.bincount(segment[shortest.row], weights=shortest.data, minlength=n_segments)
    return np.asarray(tree_length + spacing[np.unique(segment, return_index=True)[1]])
