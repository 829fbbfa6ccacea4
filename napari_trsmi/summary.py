"""What the evidence says of a result as a whole, in the sentences that every place tells it with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from napari_trsmi.records import EVEN, MOST_UNLIKE, RARE, SOME_UNLIKE

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result

SUPPORT_MEANS = (
    "Support: the share of other ways to cut the same measurements (other features, fresh noise, a few domains more or "
    "fewer) that draw this boundary. It does not say what the boundary means, nor that an expert would draw it."
)
COMES_BACK = 0.5  # Jaccard index above which a domain is said to come back; half of a union of two equal ones has it


def undecided(result: Result) -> str:
    """Return the sentence on a result whose other cuts differ too much to believe any of it; "" on all others."""
    from napari_trsmi.evidence import is_undecided

    if not is_undecided(result):
        return ""
    agreement = result.provenance["support"]["agreement"]
    return (
        f"Undecided: other cuts of the same run agree with mean ARI {agreement:.2f} only. Take no domain for granted."
    )


def technical(result: Result) -> list[str]:
    """Return a sentence for each thing in the section that looks technical, or modality that says nothing."""
    return [one["sentence"] for one in result.provenance.get("technical", ())]


def remedies(result: Result) -> list[str]:
    """Return the covariates that take out what looks technical, each once."""
    told = (one.get("remedy", "") for one in result.provenance.get("technical", ()))
    return [remedy for remedy in dict.fromkeys(told) if remedy]


def remarks(result: Result, *, setting: bool = True) -> list[str]:
    """Return what a person should know of a result: an emphasis that nobody asked for, and what looks technical.

    With `setting` also the setting that takes this out, for who has no button for it.
    """
    found = [*(note for note in result.provenance.get("notes", ()) if note == EVEN), *technical(result)]
    if setting and (names := remedies(result)):
        found.append(f"preprocess.covariates={tuple(names)} takes it out.")
    return found


def unlike(result: Result) -> str:
    """Return whether a section that a study labelled is like no domain of it, in a sentence; "" where it is."""
    told = result.provenance.get("transferred", {})
    share, of = told.get("spots_that_fit_no_domain") or 0.0, " + ".join(told.get("from", ()))
    if share <= SOME_UNLIKE:
        return ""
    what = "the section does not fit, train them together" if share > MOST_UNLIKE else 'the map "Fits" shows which'
    return f"{share:.0%} of the spots are like no domain of the study ({of}): {what}."


def spot_support_means(result: Result) -> str:
    """Return what the support of a spot is, the end of a sentence."""
    if "transferred" in result.provenance:
        return "the chance that the domain of a spot is the one that the study would give it."
    return (
        "the mean of the share of other cuts of the same measurements that give a spot its domain, the model's "
        "certainty of it, and how far the cuts agree as a whole."
    )


def mean_support(result: Result) -> str:
    """Return the mean support of the spots, of a section that a study labelled where it fits and where not.

    "" where there is none.
    """
    from napari_trsmi.evidence import SUPPORT

    if SUPPORT not in result.maps:
        return ""
    support, fits = result.maps[SUPPORT], result.maps.get("fits")
    if fits is None or not unlike(result) or not (off := fits < RARE).any() or off.all():
        return f"Mean support {support.mean():.2f}."
    return (
        f"Mean support {support.mean():.2f}: {support[~off].mean():.2f} where spots are like a domain of the study, "
        f"{support[off].mean():.2f} where they are not."
    )


def without_sections(result: Result) -> list[str]:
    """Return which domains come back without each section of a study, a sentence for each; none where not asked."""
    said: list[str] = []
    rows = result.provenance.get("trust", {}).get("sections", ())
    for name in dict.fromkeys(row["left_out"] for row in rows):
        asked = {row["domain"]: row["comes_back"] for row in rows if row["left_out"] == name}
        asked = {domain: value for domain, value in asked.items() if value is not None}
        if not asked:
            said.append(f"{name} cannot be left out: the others share no modalities without it.")
            continue
        gone = {domain: value for domain, value in asked.items() if value <= COMES_BACK}
        values = ", ".join(f"{value:.2f}" for value in gone.values())
        what = f"; {', '.join(gone)} {'does' if len(gone) == 1 else 'do'} not (Jaccard index {values})" if gone else ""
        said.append(f"Without {name}, {len(asked) - len(gone)} of {len(asked)} domains come back{what}.")
    return said


def chosen_number(result: Result) -> str:
    """Return how the number of domains was chosen, in a sentence; "" where it was given."""
    numbers = result.provenance.get("numbers")
    if not numbers:
        return ""
    if not numbers["told"]:
        return "Nothing in the data tells the number of domains: set it if you know it."
    others = [k for k in numbers["about_as_good"] if k != numbers["chosen"]]
    about = f"about as good: {ranges(others)}." if others else "no other number is as good."
    was = "were" if result.partition.n_domains == numbers["chosen"] else "would be"  # cut again or merged since
    return f"{numbers['chosen']} domains {was} chosen; {about}"


def number_curve_of(told: Mapping[str, Any]) -> tuple[str, list[float]]:
    """Return what the record of the choice has for each number that was tried, and what that is.

    It is what speaks for it, in results of before domains were found again how well the cuts agree.
    """
    if "score" in told:
        return "what speaks for it", list(told["score"])
    return "ARI between other cuts", [math.nan if value is None else value for value in told.get("agreement", ())]


def ranges(numbers: Sequence[int]) -> str:
    """Return rising numbers in words.

    Examples
    --------
    >>> ranges([4, 5, 6, 9])
    '4 to 6, 9'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = (f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)
    return ", ".join(words)
