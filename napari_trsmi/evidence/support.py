"""Support: how far a boundary, and the domain of a spot, is borne out by other cuts of the same run."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.interrupt import check
from napari_trsmi.records import Progress
from napari_trsmi.telling import EFFECTS, tell
from napari_trsmi.threads import kept_within

if TYPE_CHECKING:
    import pandas as pd
    from scipy import sparse

    from napari_trsmi.data.result import Result
    from napari_trsmi.stages import Prepared

SUPPORT = "support"  # name of the map, and column of boundaries and edges
UNDECIDED = 0.5  # mean adjusted Rand index of the cuts below which the run as a whole is told as undecided


def supported(result: Result, prepared: Prepared | None = None) -> Generator[Progress, None, Result]:
    """Return the result with its support (`with_support`) and the effect across each boundary (`boundary_effects`).

    Parameters
    ----------
    result
        Domains with embedding.
    prepared
        What `stages.prepare` returns for its dataset and settings; made here where not given.

    Raises
    ------
    DataError
        As for `stages.prepare`.
    """
    steps = _supported(result, prepared)
    return (yield from kept_within(steps, result.config.threads, len(result.labels)))


def _supported(result: Result, prepared: Prepared | None) -> Generator[Progress, None, Result]:
    from napari_trsmi.evidence.effects import boundary_effects
    from napari_trsmi.stages import as_cut, prepare

    started = time.perf_counter()
    prepared = prepared or prepare(result.dataset, result.config)
    cuts = yield from find_cuts(result, prepared)
    if result.boundaries is not None and result.boundary_edges is not None and len(result.boundaries):
        tell(EFFECTS)
        config = as_cut(result.config, result.partition)
        effects = boundary_effects(result.labels, result.boundary_edges, len(result.boundaries), prepared, config)
        result = replace(result, boundaries=result.boundaries.assign(**effects))
    result = with_support(result, cuts, prepared.spatial)
    seconds = {**result.provenance.get("seconds", {}), "support": time.perf_counter() - started}
    told = result.provenance.get("notes", [])
    notes = [*told, *(note for note in prepared.device.notes if note not in told)]
    return replace(result, provenance={**result.provenance, "notes": notes, "seconds": seconds})


def find_cuts(result: Result, prepared: Prepared | None = None) -> Generator[Progress, None, np.ndarray]:
    """Cut the result's embedding, input and measurements in other ways, into as many domains and a few more or fewer.

    Where the run told that something looks technical, the measurements go without it: boundaries that only this draws
    lose the votes of six ways in eleven.

    Parameters
    ----------
    result
        Domains with embedding.
    prepared
        What `stages.prepare` returns for its dataset and settings; made here where not given.

    Returns
    -------
    (N, R) int16 labels for `with_support`, those into as many domains numbered like the result's; R is 0 where there is
    one domain only.
    """
    from napari_trsmi.domains.comparison import match_labels
    from napari_trsmi.evidence.cuts import N_WAYS, n_fresh_of, numbers_of, ways
    from napari_trsmi.evidence.technical import cleaned
    from napari_trsmi.stages import as_cut, prepare

    n_domains, found = result.partition.n_domains, []
    if n_domains > 1 and len(np.unique(result.labels)) == n_domains:
        n_fresh = n_fresh_of(len(result.labels))
        total = N_WAYS + n_fresh
        yield Progress(0, total, "support")
        prepared = prepared or prepare(result.dataset, result.config)
        remedies = {one["remedy"] for one in result.provenance.get("technical", ())} - {""}
        measured = cleaned(prepared, result.config, remedies) if remedies else None
        config = as_cut(result.config, result.partition)
        for way, one in enumerate(ways(result.embedding, prepared, config, n_fresh, measured)):
            for k in numbers_of(way, n_domains):
                check()
                labels = one.cut(k, prepared.spatial, result.config.seed)
                if labels is not None:
                    found.append(match_labels(labels, result.labels).astype(np.int16))
            yield Progress(way + 1, total, f"support: {one.name}")
    return np.stack(found, axis=1) if found else np.zeros((len(result.labels), 0), np.int16)


def with_support(result: Result, cuts: np.ndarray | None = None, spatial: sparse.csr_matrix | None = None) -> Result:
    """Return the result with the support of its spots, boundaries and edges, boundaries least supported first.

    The support of an edge is the share of the cuts that draw a boundary at one of its two spots, so that one displaced
    by a row of spots is the same; that of a boundary the mean over its edges. That of a spot is the mean of three: the
    share of the cuts into as many domains, or into the nearest number, that give it its domain; the model's certainty
    of it; and how far these cuts agree as a whole. All are in [0, 1]. Support says how far a boundary hangs on this one
    way to draw it and on the noise of this one measurement. It does not say what the boundary means, nor that an expert
    would draw it.

    Parameters
    ----------
    result
        A result.
    cuts
        (N, R) int labels from `find_cuts`; those in the result where not given. With R = 0 nothing is told.
    spatial
        (N, N) CSR spatial graph; made here where not given.

    Returns
    -------
    `Result.maps` and both tables of boundaries have ``"support"``, and `Result.cuts` is set. What was found about the
    cuts as a whole is in ``provenance["support"]``: their number and their mean agreement.
    """
    from napari_trsmi.domains.comparison import match_labels
    from napari_trsmi.graphs import spatial_graph

    cuts = result.cuts if cuts is None else cuts
    if cuts is None or not cuts.shape[1]:
        return result
    numbers = np.array([len(np.unique(cut)) for cut in cuts.T])
    alike = np.abs(numbers - result.partition.n_domains)
    same = cuts[:, alike == alike.min()]
    votes = np.stack([match_labels(cut, result.labels) == result.labels for cut in same.T])
    agreement = _agreement(same)
    said = [votes.mean(axis=0), result.confidence, *([] if agreement is None else [max(agreement, 0.0)])]
    spots: np.ndarray = (sum(said) / len(said)).astype(np.float32)
    maps = {**{name: values for name, values in result.maps.items() if name != SUPPORT}, SUPPORT: spots}
    told = {"n_cuts": cuts.shape[1], "agreement": agreement, "spots": float(spots.mean())}
    result = replace(result, maps=maps, cuts=cuts, provenance={**result.provenance, "support": told})
    if result.boundaries is None or result.boundary_edges is None:
        return result
    spatial = (
        spatial_graph(result.coords, result.config.graph.k_spatial, result.dataset.section)
        if spatial is None
        else spatial
    )
    edges = edges_with_support(result.boundary_edges, cuts, spatial)
    of_segments = edges.groupby("segment", sort=True)[SUPPORT].mean().to_numpy()
    segments, edges = _ranked(result.boundaries.assign(**{SUPPORT: of_segments}), edges)
    return replace(result, boundaries=segments, boundary_edges=edges)


def edges_with_support(edges: pd.DataFrame, cuts: np.ndarray, spatial: sparse.csr_matrix) -> pd.DataFrame:
    """Return the boundary edges of a result with the share of (N, R) cuts that draw each, see `with_support`."""
    from napari_trsmi.domains.consensus import boundary_stability

    i, j, segment = (edges[name].to_numpy(int) for name in ("i", "j", "segment"))
    of_edges = boundary_stability(i, j, segment, list(cuts.T), spatial)[0] if len(edges) else np.zeros(0)
    return edges.assign(**{SUPPORT: of_edges})


def is_undecided(result: Result) -> bool:
    """Return whether the other cuts of a result differ so much that none of it should be believed by itself."""
    told = result.provenance.get("support", {}).get("agreement")
    return told is not None and told < UNDECIDED


def _ranked(segments: pd.DataFrame, edges: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return boundaries and edges, least supported first, then least certain, then shortest; numbered anew."""
    order = np.lexsort([segments["length"], segments["confidence"], segments[SUPPORT]])
    rank = np.argsort(order)
    edges = edges.assign(segment=rank[edges["segment"].to_numpy()] if len(edges) else edges["segment"])
    segments = segments.iloc[order].reset_index(drop=True)
    segments["segment"] = segments.index
    return segments, edges.sort_values(["segment", SUPPORT, "i", "j"], ignore_index=True)


def _agreement(cuts: np.ndarray) -> float | None:
    """Mean adjusted Rand index of every two cuts, in a large section of some of its spots; None for a single one."""
    from sklearn.metrics import adjusted_rand_score

    from napari_trsmi.sampling import some

    cuts = cuts[some(len(cuts), 0)]
    pairs = [(r, s) for r in range(cuts.shape[1]) for s in range(r)]
    found = []
    for r, s in pairs:
        check()
        found.append(adjusted_rand_score(cuts[:, r], cuts[:, s]))
    return float(np.mean(found)) if found else None
