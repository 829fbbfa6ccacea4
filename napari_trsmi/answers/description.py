"""What a domain is: what it is made of, which gene sets are high in it, what lies beside it, and what to call it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.answers.composed import compositions
from napari_trsmi.answers.difference import DEPENDENT, Difference, differ
from napari_trsmi.answers.gene_sets import Sets, check_method, enriched_sets, read_sets
from napari_trsmi.answers.names import Suggestion, suggest
from napari_trsmi.data.result import check_result
from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.evidence import SUPPORT

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result
    from napari_trsmi.evidence.carriers import Halves

__all__ = ["Description", "Suggestion", "describe_domain"]

N_MARKERS = 10


@dataclass(frozen=True)
class Description:
    """What is known about a domain.

    Attributes
    ----------
    domain
        Its name.
    n_spots, share
        Number of its spots, and of all spots the part that they are.
    composition
        {column: one row per category}: ``category``, ``spots``, ``share`` of the domain, ``share_rest`` of all other
        spots, ``log2_ratio`` of the two, ``p`` (hypergeometric, so many or more), ``p_adjusted``.
    sets
        One row per modality and set: ``modality`` and the columns of `enriched_sets`; empty without sets.
    neighbours
        One row per domain beside it: ``neighbour``; ``edges`` of the spatial graph between the two; ``share`` of the
        border; ``expected``, the part of all other spots that the neighbour is; ``log2_ratio`` of the two; ``support``
        of their boundaries where there is any; and ``z`` of squidpy's `nhood_enrichment` where it was asked for.
    support
        Mean support of its boundaries, edges counting alike; NaN where there is none.
    markers
        The domain against the rest, see `differ`.
    suggestions
        Names it could have, best first, each with its evidence. None is given to it.
    notes
        What to know when reading this, in sentences.
    section
        The one section of a study that all of this is about; "" for all, or for a single section.
    """

    domain: str
    n_spots: int
    share: float
    composition: dict[str, pd.DataFrame]
    sets: pd.DataFrame
    neighbours: pd.DataFrame
    support: float
    markers: Difference
    suggestions: tuple[Suggestion, ...] = ()
    notes: tuple[str, ...] = field(default=())
    section: str = ""


def describe_domain(
    result: Result | str | Path,
    domain: int | str,
    *,
    columns: Sequence[str] | None = None,
    sets: Sets | str | Path | None = None,
    method: str = "ranks",
    permutations: int = 0,
    held_out: bool = True,
    halves: Halves | None = None,
    markers: Difference | None = None,
    section: str | None = None,
) -> Description:
    """Return what a domain is made of, which gene sets are high in it, what lies beside it, and what to call it.

    Parameters
    ----------
    result
        The domains, or a file that `Result.write` made.
    domain
        Name, or number from 0.
    columns
        Columns of ``obs`` to count, such as cell types; all with 2 to 100 categories where not given.
    sets
        Gene sets, see `read_sets`.
    method
        How sets are tested, see `enriched_sets`.
    permutations
        How often squidpy deals the labels anew to test neighbours; 0 leaves that out.
    held_out, halves
        As for `differ`.
    markers
        What `differ` found for this domain and ``"rest"``; made here where not given.
    section
        Name of the one section of a study in which to describe it; all where not given.

    Raises
    ------
    DataError
        There is no such domain or column; sets that cannot be read; squidpy or decoupler is needed and missing.
    ConfigError
        No such method, or labels to be dealt anew less than 0 times.

    Examples
    --------
    >>> import napari_trsmi as nt
    >>> few = nt.simulate(n_spots=400, n_genes=200)
    >>> result = nt.fit(few, nt.Config(cluster={"n_domains": 7}, train={"epochs": 2}))
    >>> found = nt.describe_domain(result, "1", columns=["domain"], held_out=False)
    >>> found.domain, found.composition["domain"].columns[:2].tolist()
    ('1', ['category', 'spots'])
    """
    import pandas as pd

    from napari_trsmi.edits import number
    from napari_trsmi.restoring import restore

    if isinstance(result, str | Path):
        result = restore(result)
    check_result(result)
    check_method(method)  # this, and what follows, before any time is spent
    if permutations < 0:
        raise ConfigError(f"Expected labels to be dealt anew 0 times or more, found {permutations}. Raise it.")
    known = None if sets is None else read_sets(sets)
    k = number(result, domain)
    name = result.names[k]
    if markers is None:
        markers = differ(result, f"domain:{name}", held_out=held_out, halves=halves, section=section)
    if section is not None:
        result = _in_section(result, section)
    inside = result.labels == k
    composition = compositions(result, inside, columns)
    parts = []
    for modality, table in markers.tables.items():
        if known is not None and result.dataset.modalities[modality].kind != "precomputed":
            found = enriched_sets(table, known, method)
            if len(found):
                parts.append(found.assign(modality=modality)[["modality", *found.columns]])
    notes = list(markers.notes[:-1])
    tested = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["modality", "set"])
    if known is not None and tested.empty:
        notes.append("No feature of the sets is in this section: are they named as in the file?")
    neighbours = _neighbours(result, k, permutations)
    edges = neighbours["edges"].to_numpy(float)
    supported = neighbours[SUPPORT].notna().to_numpy() if SUPPORT in neighbours else np.zeros(len(edges), bool)
    support = float(np.average(neighbours[SUPPORT][supported], weights=edges[supported])) if supported.any() else np.nan
    return Description(
        domain=name,
        n_spots=int(inside.sum()),
        share=float(inside.mean()),
        composition=composition,
        sets=tested,
        neighbours=neighbours,
        support=support,
        markers=markers,
        suggestions=suggest(result, k, composition, tested, markers.tables),
        notes=(*notes, DEPENDENT),
        section=section or "",
    )


def _in_section(result: Result, section: str) -> Result:
    """Return the part of one section, with the columns of the study, some of which a person may have made there."""
    from dataclasses import replace

    part, study = result.of(section), result.dataset
    rows = study.sections[study.number_of(section)]
    return replace(part, dataset=replace(part.dataset, obs=study.obs.iloc[rows].set_axis(part.dataset.obs.index)))


def _neighbours(result: Result, k: int, permutations: int) -> pd.DataFrame:
    """Return what lies beside domain k."""
    import pandas as pd

    edges, boundaries = result.boundary_edges, result.boundaries
    if edges is None or boundaries is None:
        raise DataError("Expected domains with boundaries, found none. Give a result of a run.")
    size = np.bincount(result.labels, minlength=result.partition.n_domains)
    count, support = np.zeros(len(size)), np.full(len(size), np.nan)
    a, b = (edges[column].to_numpy(int) for column in ("domain_a", "domain_b"))
    there = (a == k) | (b == k)
    other = np.where(a == k, b, a)[there]
    count += np.bincount(other, minlength=len(size))
    if SUPPORT in edges and there.any():
        votes = edges[SUPPORT].to_numpy(float)[there]
        has = ~np.isnan(votes)
        total = np.bincount(other[has], votes[has], minlength=len(size))
        of = np.bincount(other[has], minlength=len(size))
        support = np.divide(total, of, out=support, where=of > 0)
    rows = np.flatnonzero(count)
    expected = size / max(len(result.labels) - size[k], 1)
    share = count / max(count.sum(), 1)
    table = pd.DataFrame(
        {
            "neighbour": [result.names[row] for row in rows],
            "edges": count[rows].astype(int),
            "share": share[rows],
            "expected": expected[rows],
            "log2_ratio": np.log2(share[rows] / expected[rows]),
            SUPPORT: support[rows],
        }
    )
    if permutations:
        from napari_trsmi.study import neighbours

        found = neighbours(result, n_perms=permutations)
        own = found[found["domain"] == result.names[k]].groupby("neighbour")["z"].mean()
        table["z"] = table["neighbour"].map(own)
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
