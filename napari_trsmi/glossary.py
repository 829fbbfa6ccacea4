"""The scores of a result in plain words: a heading for tables, a name, and one sentence that says what it means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Term(NamedTuple):
    """What a person reads of a score.

    Attributes
    ----------
    heading
        A word or two, for a narrow column.
    name
        With the name it has in the literature, where it has one.
    meaning
        One sentence, which says which end is the better one where there is one.
    better
        1 high, -1 low, 0 neither.
    """

    heading: str
    name: str
    meaning: str
    better: int = 1


TERMS = {
    "PAS": Term(
        "Scattered",
        "Scattered spots (PAS)",
        "Share of spots most of whose neighbours are of other domains; low where domains are smooth.",
        -1,
    ),
    "CHAOS": Term(
        "Gaps",
        "Gaps within domains (CHAOS)",
        "Mean distance from a spot to the nearest one of its own domain; low where domains hold together.",
        -1,
    ),
    "Moran": Term(
        "Smooth",
        "Smoothness (Moran's I)",
        "How much neighbouring spots share their domain; 1 for smooth domains, 0 for random ones.",
    ),
    "consistency": Term(
        "Modalities agree",
        "Modalities agree on which domains are alike",
        "Whether domains that are alike in one modality are alike in another; 1 the same order, 0 unrelated. Mean over "
        "the pairs of modalities.",
    ),
    "ari": Term(
        "Agreement",
        "Agreement (adjusted Rand index, ARI)",
        "How alike two ways to divide the spots are; 1 for the same domains, 0 for chance.",
    ),
}
OF_A_MODALITY = {  # by the beginning of the key
    "preservation_": Term(
        "Follows {0}",
        "Follows {0}",
        "Share of the spots most alike in {0} that are also most alike in what the domains are cut from; 1 for all.",
    ),
    "explained_": Term(
        "Explains {0}",
        "Differences in {0} that the domains explain",
        "Share of the differences between spots in {0} that lie between domains; 0 for chance, 1 for all.",
    ),
    "arrangement_": Term(
        "{0} like {1}",
        "{0} and {1} agree on which domains are alike",
        "Whether domains that are alike in {0} are alike in {1}; 1 the same order, 0 unrelated.",
    ),
}


def term(key: str, modalities: Iterable[str] = ()) -> Term:
    """Return what a person reads of the score with that key.

    Parameters
    ----------
    modalities
        Names of the modalities of the section, which tell where the name of one ends within a key.

    Examples
    --------
    >>> term("PAS").name, term("arrangement_rna_adt", ["rna", "adt"]).name
    ('Scattered spots (PAS)', 'rna and adt agree on which domains are alike')
    """
    if key in TERMS:
        return TERMS[key]
    for beginning, found in OF_A_MODALITY.items():
        if key.startswith(beginning):
            rest = key.removeprefix(beginning)
            pairs = [(a, rest.removeprefix(f"{a}_")) for a in modalities if rest.startswith(f"{a}_")]
            names = pairs[0] if pairs and beginning == "arrangement_" else (rest, "the other")
            heading, name, meaning = (part.format(*names) for part in (found.heading, found.name, found.meaning))
            return Term(heading, name, meaning, found.better)
    return Term(key, key.replace("_", " "), "", 0)
