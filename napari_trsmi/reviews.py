"""The review of boundaries, found again where the boundaries of a result are found anew, or by another run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_trsmi.plural import many

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result
    from napari_trsmi.domains.boundaries import Boundaries

NEW_DOMAINS = ("merge", "nested", "recluster")  # edits after which spots have other domains
REVIEW = ("review", "note", "carried_from")  # columns of the table of boundaries
SHARED = 0.5  # of the spots at two boundaries: above it they are one and the same


def has_new_domains(result: Result | None) -> bool:
    """Return True where a person merged the domains of a result, or cut them again, after training."""
    edits = () if result is None else result.provenance.get("edits", ())
    return any(entry["edit"] in NEW_DOMAINS for entry in edits)


def lost_by_merge(before: Result, after: Result) -> str:
    """Return a sentence on the boundaries whose verdict or note a merge took away; "" where it took none."""
    had, has = (sum(bool(one.verdict or one.note) for one in _said(result).values()) for result in (before, after))
    if has >= had:
        return ""
    those = many(had - has, "boundary", "boundaries")
    are = "it is gone, or reaches" if had - has == 1 else "they are gone, or reach"
    return f"The merge took away what was said of {those}: {are} further now. Undo (Ctrl+Z) brings it back."


def known_segments(found: Boundaries, known: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (boundaries, edges) found again, as the table of boundaries that is already known numbers them.

    Where the two differ, because the spots or the way to find boundaries changed, those found now are returned with
    the reviews of those that are the same.
    """
    if known is None:
        return found.segments, found.edges
    rows = same_segments(found.segments, known)
    if len(known) != len(rows) or not np.array_equal(np.sort(rows), np.arange(len(known))):
        return reviewed(found.segments, known, None), found.edges
    known = known.astype(
        {key: found.segments[key].dtype for key in known if key in found.segments}
    )  # JSON has one float
    edges = found.edges.assign(segment=rows[found.edges["segment"].to_numpy()])
    return known, edges.sort_values(["segment", "confidence", "i", "j"], ignore_index=True)


def reviewed(found: pd.DataFrame | None, known: pd.DataFrame | None, new: np.ndarray | None) -> Any:
    """Return boundaries with the reviews of those known before, whose domains are numbered `new[k]` now."""
    if found is None or known is None or "review" not in known:
        return found
    if new is not None:
        pair = np.sort(new[known[["domain_a", "domain_b"]].to_numpy(int)], axis=1)
        known = known.assign(domain_a=pair[:, 0], domain_b=pair[:, 1])
    rows = same_segments(found, known)
    columns = {key: ["" if row < 0 else known[key].iloc[row] for row in rows] for key in REVIEW if key in known}
    return found.assign(**columns)


def same_segments(found: pd.DataFrame, known: pd.DataFrame) -> np.ndarray:
    """Return the (S,) int row in `known` of each boundary in `found`, -1 where there is none.

    It is the one between the same two domains, with as many edges and at the same place.
    """
    from scipy.spatial import cKDTree

    if len(found) == 0 or len(known) == 0:
        return np.full(len(found), -1)
    spread = float(np.ptp(known[["x", "y"]].to_numpy(), axis=0).max()) + 1.0
    keys = ["domain_a", "domain_b", "n_edges", "x", "y"]
    scale = np.array([1.0, 1.0, 1.0, 1 / spread, 1 / spread])  # a part in a million of the section counts as the same
    distance, row = cKDTree(known[keys] * scale).query(found[keys] * scale)
    return np.where(distance < 1e-6, row, -1)


def renumbered(known: Result | None, result: Result | None) -> dict[int, int]:
    """Return the number of each boundary where support came for the same domains and ranked them anew; else nothing.

    The spots may have been flipped meanwhile. A boundary that is not found again is left out.
    """
    from napari_trsmi.data.placement import moved_along

    if known is None or result is None or known.partition is not result.partition:
        return {}
    known = moved_along(known, result.dataset)
    if known.boundaries is None or result.boundaries is None:
        return {}
    rows = same_segments(known.boundaries, result.boundaries)
    return {before: row for before, row in enumerate(rows.tolist()) if row >= 0}


class Carried(NamedTuple):
    """What was said of a boundary in another run: the arguments of `edits.review`."""

    segment: int
    verdict: Any
    note: str
    carried_from: str


def carried_reviews(result: Result, others: Mapping[str, Result]) -> list[Carried]:
    """Return what was said of the boundaries of a result in other runs on its spots, where they are the same.

    A boundary is the same where more than half of the spots at either of the two lie at both, on the same side: that
    of the domain that matches. One that moved by a spot is another one. What is said of a boundary already stays.

    Parameters
    ----------
    others
        {name of the run: its result}; the first that says something of a boundary counts. What a person took back
        there says something too, and is not carried. What was itself carried to a run counts only where the run that
        it came from is not among them.
    """
    found, known = list[Carried](), set(_said(result))
    told = {name: said for name, other in others.items() if (said := _said(other))}
    same = {name: same_stretches(result, others[name]) for name in told}
    for own in (True, False):
        for name, said in told.items():
            for segment, before in same[name].items():
                one = said.get(before)
                if one is None or segment in known or (one.carried_from in others if not own else one.carried_from):
                    continue
                known.add(segment)
                if one.verdict or one.note:
                    found.append(one._replace(segment=segment, carried_from=one.carried_from or name))
    return found


def same_stretches(result: Result, other: Result) -> dict[int, int]:
    """Return {boundary of a result: boundary of another one that is the same}; see `carried_reviews`."""
    from napari_trsmi.domains.comparison import match_labels

    if result.boundary_edges is None or other.boundary_edges is None:
        return {}
    matched = match_labels(result.labels, other.labels)
    first, second = _sides(result.boundary_edges, matched), _sides(other.boundary_edges, other.labels)
    both = first.merge(second, on=["low", "high", "spot", "side"], suffixes=("", "_before"))
    shared = both.groupby(["segment", "segment_before"]).size()
    sizes, before = first["segment"].value_counts(), second["segment"].value_counts()
    return {int(own): int(known) for (own, known), n in shared.items() if n > SHARED * (sizes[own] + before[known] - n)}


def _sides(edges: pd.DataFrame, labels: np.ndarray) -> pd.DataFrame:
    """Return one row per boundary and spot at it: the ``segment``, its two domains, the ``spot`` and its domain."""
    import pandas as pd

    i, j = (edges[key].to_numpy() for key in ("i", "j"))
    segment, a, b = edges["segment"].to_numpy(), labels[i], labels[j]
    columns = {
        "segment": np.tile(segment, 2),
        "low": np.tile(np.minimum(a, b), 2),
        "high": np.tile(np.maximum(a, b), 2),
        "spot": np.concatenate([i, j]),
        "side": np.concatenate([a, b]),
    }
    return pd.DataFrame(columns).drop_duplicates(ignore_index=True)


def _said(result: Result) -> dict[int, Carried]:
    """Return by boundary what a person said of it; also that a verdict was taken back."""
    table = result.boundaries
    if table is None or "review" not in table:
        return {}
    columns = [table[key].tolist() if key in table else [""] * len(table) for key in REVIEW]
    told = set(_judged(result))
    return {
        segment: Carried(segment, *words)
        for segment, words in enumerate(zip(*columns, strict=True))
        if words[0] or words[1] or segment in told
    }


def _judged(result: Result) -> Iterator[int]:
    """Yield the boundaries that edits of the domains there are now speak of."""
    for entry in reversed(result.provenance.get("edits", ())):
        if entry["edit"] in NEW_DOMAINS:
            return
        if entry["edit"] == "review":
            yield int(entry["segment"])
