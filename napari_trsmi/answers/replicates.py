"""Sections as replicates: spots of one section say nothing about the next; what is tested is whether sections agree.

Where both groups lie in the same sections, each section is compared with itself. Where each section has one group
alone, sections are compared with sections. With fewer than `FEWEST` sections of a group spots are all there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FEWEST = 3  # sections below which nothing is tested over sections
LEAST = 10  # spots of a group in a section below which the section tells nothing of it
_MOST = 4  # times the median: what one feature adds at most to the variance of all
_PRIOR = 4  # degrees of freedom that all features together give to the variance of one


@dataclass(frozen=True)
class Design:
    """How two groups lie over the sections.

    Attributes
    ----------
    codes
        (N,) int: 2 s for the first group in stratum s, 2 s + 1 for the second, -1 for neither. A stratum is a section,
        or all spots.
    strata
        Names of the sections in which both groups are; none where all spots are one stratum.
    own
        {section: 0 or 1}, which group each section has, where no section has both and both have several.
    section
        (N,) int section of each spot of a group, -1 for others, where there is `own`; numbers as in its order.
    """

    codes: np.ndarray
    strata: tuple[str, ...] = ()
    own: dict[str, int] | None = None
    section: np.ndarray | None = None

    @property
    def n_strata(self) -> int:
        """Number of strata."""
        return max(len(self.strata), 1)

    @property
    def over_sections(self) -> bool:
        """True where sections are replicates."""
        return len(self.strata) >= FEWEST or self.own is not None


def design_of(a: np.ndarray, b: np.ndarray, section: np.ndarray | None, names: tuple[str, ...]) -> Design:
    """Return how groups a and b, (N,) bool, lie over the sections of a study; `section` as in `Dataset`."""
    codes = np.where(a, 0, np.where(b, 1, -1))
    if section is None:
        return Design(codes)
    n = len(names)
    counts = np.array([np.bincount(section[group], minlength=n) for group in (a, b)])  # (2, S)
    paired = np.flatnonzero((counts >= LEAST).all(axis=0))
    if len(paired):
        stratum = np.full(n, -1)
        stratum[paired] = np.arange(len(paired))
        there = (codes >= 0) & (stratum[section] >= 0)
        codes = np.where(there, 2 * stratum[section] + codes, -1)
        return Design(codes, tuple(names[k] for k in paired))
    if (counts > 0).all(axis=0).any() or ((counts >= LEAST).sum(axis=1) < FEWEST).any():
        return Design(codes)
    there = np.flatnonzero((counts >= LEAST).any(axis=0))
    number = np.full(n, -1)
    number[there] = np.arange(len(there))
    own = {names[k]: int(counts[1, k] > 0) for k in there}
    return Design(codes, own=own, section=np.where(codes >= 0, number[section], -1))


def moderated(effects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (D,) t and two-sided p of whether (S, D) effects of sections are other than 0 on average.

    The variance of a feature is averaged with that of all features, as few sections tell little of their own.
    """
    n = len(effects)
    return _t(effects.mean(axis=0), ((effects - effects.mean(axis=0)) ** 2).sum(axis=0), n - 1, 1 / n)


def moderated_between(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (D,) t and two-sided p of whether (S, D) and (T, D) means of sections differ on average."""
    squares = sum(((part - part.mean(axis=0)) ** 2).sum(axis=0) for part in (first, second))
    free, scale = len(first) + len(second) - 2, 1 / len(first) + 1 / len(second)
    return _t(first.mean(axis=0) - second.mean(axis=0), np.asarray(squares), free, scale)


def _t(difference: np.ndarray, squares: np.ndarray, free: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    from scipy.stats import t as student

    own = squares / free
    varies = own > 0
    if not varies.any():
        return np.full(len(own), np.nan), np.full(len(own), np.nan)
    usual = np.minimum(own[varies], _MOST * np.median(own[varies])).mean()
    t = difference / np.sqrt((_PRIOR * usual + free * own) / (_PRIOR + free) * scale)
    t[~varies & (difference == 0)] = np.nan  # the same everywhere
    return t, 2 * student.sf(np.abs(t), free + _PRIOR)
