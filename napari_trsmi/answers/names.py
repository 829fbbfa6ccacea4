"""Names that a domain could have, each with what speaks for it; a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result

LARGEST_P = 0.05
_LEAST_SHARE = 0.4  # of a domain that a category names
_LEAST_RATIO = 0.5  # log2, of that share to the share of all other spots
_N_GENES = 2


@dataclass(frozen=True)
class Suggestion:
    """A name and its evidence.

    Attributes
    ----------
    name
        Not the name of another domain.
    evidence
        One sentence.
    source
        What it was taken from: a column, ``"sets"`` or ``"markers"``.
    """

    name: str
    evidence: str
    source: str


def suggest(
    result: Result,
    k: int,
    composition: dict[str, pd.DataFrame],
    sets: pd.DataFrame,
    markers: dict[str, pd.DataFrame],
) -> tuple[Suggestion, ...]:
    """Return names for domain k, best first: what people called most of its spots, gene sets, markers."""
    taken = {name for other, name in enumerate(result.names) if other != k}
    found = [*_of_columns(composition, result), *_of_sets(sets), *_of_markers(result, markers)]
    return tuple(Suggestion(_free(one.name, taken), one.evidence, one.source) for one in found)


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def _of_columns(composition: dict[str, pd.DataFrame], result: Result) -> list[Suggestion]:
    ranked = []
    for column, table in composition.items():
        if column == result.dataset.column:  # sections are no kinds of tissue
            continue
        best = table.iloc[0]
        if best["share"] >= _LEAST_SHARE and best["log2_ratio"] >= _LEAST_RATIO:
            more = "no other spot is" if best["share_rest"] == 0 else f"{best['share_rest']:.0%} of all other spots are"
            told = f"{best['share']:.0%} of its spots are {best['category']} in {column}; {more}."
            ranked.append((best["share"] - best["share_rest"], Suggestion(best["category"], told, column)))
    return [one for _, one in sorted(ranked, key=lambda pair: -pair[0])]


def _of_sets(sets: pd.DataFrame) -> list[Suggestion]:
    if not len(sets):
        return []
    high = sets[(sets["score"] > 0) & (sets["p_adjusted"] < LARGEST_P)].sort_values("p_adjusted", kind="stable")
    high = high.drop_duplicates("set").head(2)
    return [
        Suggestion(
            row.set,
            f"The set {row.set} is high in {row.modality} (adjusted p {row.p_adjusted:.1g}), led by {row.leading}.",
            "sets",
        )
        for row in high.itertuples()
    ]


def _of_markers(result: Result, markers: dict[str, pd.DataFrame]) -> list[Suggestion]:
    """Return the features that are most specific, of the modality in which they are most so; no components."""
    best: tuple[float, list[tuple[str, str, float]]] = (0.0, [])
    for name, table in markers.items():
        if result.dataset.modalities[name].kind not in ("rna", "protein"):
            continue
        high = table[(table["score"] > 0) & (table["p_adjusted"] < LARGEST_P)].nlargest(_N_GENES, "auc")
        if len(high) and (auc := float(np.mean(high["auc"]))) > best[0]:
            best = auc, [(str(row.name), name, float(row.auc)) for row in high.itertuples(index=False)]
    if not best[1]:
        return []
    told = ", ".join(
        f"{gene} in {name} (higher than in the rest with a chance of {auc:.0%})" for gene, name, auc in best[1]
    )
    return [Suggestion(" ".join(f"{gene}+" for gene, _, _ in best[1]), f"Most specific: {told}.", "markers")]
