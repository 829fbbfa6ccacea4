"""Of which domains the sections consist, and whether conditions differ in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.data.result import check_result
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result

By = str | Mapping[str, str]
"""A column of obs, or {section: condition}."""
FEWEST_SECTIONS = 3  # of a condition that is compared
_SPECIES = re.compile("animal|mouse", re.IGNORECASE)
_WHOLE = r"^(-?\d+)\.0+$"  # 1, 1.0 and "1.0" are one condition: a gap makes numbers of integers
_DONOR = re.compile(f"donor|patient|subject|individual|participant|{_SPECIES.pattern}", re.IGNORECASE)
_MOST = 4  # times the median: what one domain adds at most to the variance of all
_PRIOR = 4  # degrees of freedom that all domains together give to the variance of one


def composition(result: Result, by: By | None = None) -> pd.DataFrame:
    """Return of how many spots of which domains each section consists.

    Parameters
    ----------
    result
        Domains of a study, or of one section.
    by
        Condition of each section: a column of obs that is the same all over a section, or {section: condition}.
        Sections without one are left out.

    Returns
    -------
    One row per section and domain, in their order: ``section``, ``condition`` (only with `by`), ``domain``, ``spots``
    and ``share``, the part of the section's spots. A domain that a section lacks has 0. What lays it out is
    ``df.pivot(index="domain", columns="section", values="share")``.

    Raises
    ------
    DataError
        There is no such column or section, a section has several conditions, or what is given is no result.
    """
    import pandas as pd

    check_result(result)
    sections = result.dataset.section_names or (result.dataset.name,)
    counts = _counts(result)
    of = None if by is None else conditions(result, by)
    rows = [
        {"section": section, **({} if of is None else {"condition": of[section]}), "domain": domain, "spots": int(n)}
        | {"share": n / counts[s].sum()}
        for s, section in enumerate(sections)
        if of is None or section in of
        for domain, n in zip(result.names, counts[s], strict=True)
    ]
    table = pd.DataFrame(rows)
    ordered = {"section": sections, "domain": result.names}  # else a table laid out would be sorted 1, 10, 2
    return table.astype({key: pd.CategoricalDtype(list(values), ordered=True) for key, values in ordered.items()})


def composition_test(result: Result, by: By) -> pd.DataFrame:
    """Return which domains take more of the tissue in one condition than in another, with sections as replicates.

    Spots of one section are no replicates of each other: thousands of them say nothing about the next animal. So each
    section is one number per domain, the logarithm of its spots, and the two means are compared by a t test whose
    variance is that of the domain averaged with that of all domains, as few sections tell little of their own. Shares
    add up to 1: where one domain grows, those of all others fall. So each section is first scaled by the median over
    its domains of their ratio to the mean of all sections, which a domain that grows does not move while more than half
    of the domains do not change.

    Parameters
    ----------
    result
        Domains of a study.
    by
        As for `composition`.

    Returns
    -------
    One row per domain and pair of conditions: ``domain``, ``condition_a``, ``condition_b``, ``sections_a``,
    ``sections_b``, ``share_a`` and ``share_b`` (mean over sections), ``log2_ratio`` of b to a after scaling, ``t``,
    ``p``, and ``q``, which is p adjusted over all rows (Benjamini and Hochberg). Domains that no section of a pair has
    are missing in it.

    Raises
    ------
    DataError
        As for `composition`; or there are fewer than two conditions, or fewer than three sections of one.
    """
    import pandas as pd
    from scipy.stats import false_discovery_control

    of = conditions(result, by)
    names = list(dict.fromkeys(of.values()))
    groups = {name: [section for section, own in of.items() if own == name] for name in names}
    if len(names) < 2 or any(len(group) < FEWEST_SECTIONS for group in groups.values()):
        said = ", ".join(f"{name}: {len(group)}" for name, group in groups.items()) or "none"
        raise DataError(
            f"Expected at least {FEWEST_SECTIONS} sections of each of two conditions or more, found {said}. Spots "
            "of one section are no replicates: add sections, or read the table of shares without a test."
        )
    counts = dict(zip(result.dataset.section_names, _counts(result), strict=True))
    rows = []
    for a, b in combinations(names, 2):
        rows += _pair(result.names, a, b, *(np.array([counts[section] for section in groups[name]]) for name in (a, b)))
    table = pd.DataFrame(rows)
    return table.assign(q=false_discovery_control(table["p"]))


def difference_notes(table: pd.DataFrame, most: float = 0.05) -> list[str]:
    """Return a sentence for each row of `composition_test` whose q is below `most`, or one that there is none."""
    said = [
        f"Domain {row.domain} takes {100 * row.share_a:.1f}% in {row.condition_a} and {100 * row.share_b:.1f}% in "
        f"{row.condition_b} (q = {row.q:.2g} over {row.sections_a} and {row.sections_b} sections)."
        for row in table.sort_values("q").itertuples()
        if row.q < most
    ]
    return said or [f"No domain differs between conditions (smallest q {table['q'].min():.2g})."]


def left_out_notes(result: Result, by: By) -> list[str]:
    """Return a sentence where sections have no condition: tables and figures of conditions lack them."""
    of = conditions(result, by)
    left = [name for name in result.dataset.section_names or (result.dataset.name,) if name not in of]
    return [f"Left out for want of a condition: {', '.join(left)}."] if left else []


def donor_notes(result: Result, by: By) -> list[str]:
    """Return a sentence where sections of one condition are of one donor, which are no replicates of each other.

    Donors are looked for in columns of obs that are called after them.
    """
    of = conditions(result, by)
    for column in result.dataset.obs:
        if not _DONOR.search(str(column)) or column == by:
            continue
        try:
            donors = conditions(result, str(column))
        except DataError:  # several in a section
            continue
        if _SPECIES.search(str(column)) and len(set(donors.values())) < 2:  # may say which animal all are
            continue
        alike: dict[tuple[str, str], list[str]] = {}
        for name in donors:
            if name in of:
                alike.setdefault((of[name], donors[name]), []).append(name)
        if several := [names for names in alike.values() if len(names) > 1]:
            said = "; ".join(", ".join(names) for names in several)
            return [
                f"Sections of one obs[{column!r}] are counted as if they were of several, so that p and q are too "
                f"small ({said}): name the conditions of one section of each alone."
            ]
    return []


def conditions(result: Result, by: By) -> dict[str, str]:
    """Return {section: condition}, in the order of the sections; those without one are left out.

    Raises
    ------
    DataError
        As for `composition`.
    """
    check_result(result)
    dataset = result.dataset
    sections = dataset.section_names or (dataset.name,)
    if isinstance(by, Mapping):
        if unknown := [name for name in by if name not in sections]:
            raise DataError(
                f"Expected conditions of sections among {list(sections)}, found {unknown}. Use their names."
            )
        return {name: str(by[name]) for name in sections if name in by}
    if by not in dataset.obs:
        found = [str(column) for column in dataset.obs if not str(column).startswith("trsmi_")]
        raise DataError(f"Expected a column {by!r} in obs, found {found}. Use one of these, or name the conditions.")
    of = {}
    for name, rows in zip(sections, dataset.sections, strict=True):
        texts = dataset.obs[by].iloc[rows].dropna().astype(str)
        values = texts.str.replace(_WHOLE, r"\1", regex=True).unique()
        if len(values) > 1:
            shown = ", ".join(sorted(values)[:3])
            raise DataError(
                f"Expected one {by!r} in each section, found {len(values)} in {name!r} ({shown}). Choose a column that "
                "is the same all over a section."
            )
        if len(values):
            of[name] = str(values[0])
    return of


def _counts(result: Result) -> np.ndarray:
    """Return (S, K) spots of each section and domain."""
    k = result.partition.n_domains
    return np.array([np.bincount(result.labels[rows], minlength=k) for rows in result.dataset.sections])


def _pair(names: tuple[str, ...], a: str, b: str, first: np.ndarray, second: np.ndarray) -> list[dict[str, object]]:
    """Return a row per domain on (n, K) and (m, K) spots of the sections of two conditions."""
    from scipy.stats import t as student

    counts = np.vstack([first, second])
    there = counts.any(axis=0)
    logs = np.log(counts[:, there] + 0.5)
    ratio = logs - logs.mean(axis=0)
    ratio -= np.median(ratio, axis=1, keepdims=True)
    one, other = ratio[: len(first)], ratio[len(first) :]
    difference, free = other.mean(axis=0) - one.mean(axis=0), len(counts) - 2
    own = sum(((part - part.mean(axis=0)) ** 2).sum(axis=0) for part in (one, other)) / free
    usual = np.minimum(own, _MOST * np.median(own)).mean()  # a domain that some sections lack varies without bounds
    variance = np.maximum((_PRIOR * usual + free * own) / (_PRIOR + free), 1e-12)
    t = difference / np.sqrt(variance * (1 / len(one) + 1 / len(other)))
    shares = [(part / part.sum(axis=1, keepdims=True)).mean(axis=0)[there] for part in (first, second)]
    return [
        {
            "domain": names[k],
            "condition_a": a,
            "condition_b": b,
            "sections_a": len(one),
            "sections_b": len(other),
            "share_a": shares[0][at],
            "share_b": shares[1][at],
            "log2_ratio": difference[at] / np.log(2),
            "t": t[at],
            "p": 2 * student.sf(abs(t[at]), free + _PRIOR),
        }
        for at, k in enumerate(np.flatnonzero(there))
    ]
