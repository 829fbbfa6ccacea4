"""Agreement of two labellings, in their spots and in their boundaries."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.domains.labels import check_lengths, encode, upper_edges
from napari_trsmi.errors import DataError


def agreement(labels: Any, truth: Any, mask: np.ndarray | None = None) -> dict[str, float]:
    """Return how well two labellings of the same spots agree.

    Parameters
    ----------
    labels, truth
        (N,) integers, strings or categoricals. Spots that lack either label are left out, see `labels.encode`.
    mask
        (N,) bool, the spots to score; None scores all.

    Returns
    -------
    dict
        ``MI`` (nats), ``NMI``, ``AMI``, ``FMI``, ``ARI``, ``V``; ``F1`` and ``Jaccard`` of pairs of spots (a pair is
        positive where both spots share a label); ``Completeness``. The averages ``Info`` of MI, NMI, AMI; ``Clust`` of
        FMI, ARI, V; ``Class`` of F1, Jaccard, Completeness; ``Overall`` of these three. All but MI are at most 1.
        ``n_spots`` and ``n_left_out`` count the spots scored and the masked-in spots without a label.

    Raises
    ------
    DataError
        Lengths differ, or no spot has both labels.

    Examples
    --------
    >>> scores = agreement([0, 0, 1, 1], ["a", "a", "b", None])
    >>> scores["ARI"], scores["n_left_out"]
    (1.0, 1)
    """
    from sklearn import metrics

    a, _ = encode(labels)
    b, _ = encode(truth)
    chosen = np.ones(len(a), bool) if mask is None else np.asarray(mask, bool)
    check_lengths(len(a), truth=b, mask=chosen)
    scored = chosen & (a >= 0) & (b >= 0)
    if not scored.any():
        raise DataError(f"Expected spots with both labels to compare, found none among {int(chosen.sum())}.")
    a, b = a[scored], b[scored]

    (_, false_pos), (false_neg, true_pos) = metrics.pair_confusion_matrix(b, a)
    wrong = false_pos + false_neg
    together = true_pos + wrong > 0  # without it no two spots share a label anywhere: the labellings are the same
    scores = {
        "MI": metrics.mutual_info_score(b, a),
        "NMI": metrics.normalized_mutual_info_score(b, a),
        "AMI": metrics.adjusted_mutual_info_score(b, a),
        "FMI": metrics.fowlkes_mallows_score(b, a) if together else 1.0,
        "ARI": metrics.adjusted_rand_score(b, a),
        "V": metrics.v_measure_score(b, a),
        "F1": 2 * true_pos / (2 * true_pos + wrong) if together else 1.0,
        "Jaccard": true_pos / (true_pos + wrong) if together else 1.0,
        "Completeness": metrics.completeness_score(b, a),
    }
    scores = {name: float(value) for name, value in scores.items()}
    for group, members in (
        ("Info", ("MI", "NMI", "AMI")),
        ("Clust", ("FMI", "ARI", "V")),
        ("Class", ("F1", "Jaccard", "Completeness")),
        ("Overall", ("Info", "Clust", "Class")),
    ):
        scores[group] = sum(scores[name] for name in members) / 3
    return scores | {"n_spots": int(scored.sum()), "n_left_out": int((chosen & ~scored).sum())}


def boundary_agreement(labels: Any, truth: Any, adjacency: sparse.csr_matrix, tolerance: int = 0) -> dict[str, float]:
    """Return how well the boundaries of two labellings agree, edge by edge of the spatial graph.

    A boundary edge joins two spots of different label. With `tolerance` 0 a boundary edge is matched when it is one in
    the other labelling too. With `tolerance` t it is matched when a boundary edge of the other labelling is at most t
    steps away, where edges that share a spot are one step apart: a boundary displaced by one row of spots agrees
    fully with `tolerance` 1.

    Parameters
    ----------
    labels, truth
        (N,) integers, strings or categoricals. Edges with an end that lacks either label are left out.
    adjacency
        (N, N) CSR spatial graph, symmetric, zero diagonal.
    tolerance
        Steps along the graph, 0 or more.

    Returns
    -------
    dict
        ``precision``: share of the boundary edges of `labels` that are matched; ``recall``: the same of `truth`;
        ``f1``: their harmonic mean; ``floor``: the f1 reached by calling every edge a boundary; ``n_edges`` compared.
        Where a labelling has no boundary, its share is 1 if the other has none either, else 0.

    Raises
    ------
    DataError
        Lengths differ, or `tolerance` is negative.
    """
    a, _ = encode(labels)
    b, _ = encode(truth)
    check_lengths(len(a), truth=b, adjacency=adjacency)
    if tolerance < 0:
        raise DataError(f"Expected a tolerance of 0 or more steps, found {tolerance}.")
    i, j = upper_edges(adjacency)
    known = (a >= 0) & (b >= 0)
    compared = known[i] & known[j]
    i, j = i[compared], j[compared]
    found, true = a[i] != a[j], b[i] != b[j]
    graph = sparse.csr_matrix((np.ones(len(i)), (i, j)), shape=adjacency.shape)
    graph = graph + graph.T

    def share_matched(edges: np.ndarray, others: np.ndarray) -> float:
        if not edges.any():
            return float(not others.any())
        near = others
        if tolerance > 0:
            reached = np.zeros(len(a), bool)  # spots at most tolerance - 1 hops from an end of `others`
            reached[i[others]] = reached[j[others]] = True
            for _ in range(tolerance - 1):
                reached |= graph @ reached > 0
            near = reached[i] | reached[j]
        return float(near[edges].mean())

    precision, recall = share_matched(found, true), share_matched(true, found)
    floor = share_matched(np.ones(len(i), bool), true) if len(i) else 0.0
    return {
        "precision": precision,
        "recall": recall,
        "f1": _harmonic_mean(precision, recall),
        "floor": _harmonic_mean(floor, 1.0),
        "n_edges": len(i),
    }


def _harmonic_mean(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b > 0 else 0.0
