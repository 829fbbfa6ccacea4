"""What colours the spots in a sentence, and its means per domain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_trsmi.gui.session.state import Coloring, Shown
from napari_trsmi.plural import many


def inside(coloring: Coloring, shown: Shown | None, spots: np.ndarray | None) -> tuple[Coloring, Shown | None]:
    """Return what colours the spots, and their domains, of some spots (N,) bool alone; None for all."""
    if spots is None:
        return coloring, shown
    channels = tuple(replace(one, values=one.values[spots]) for one in coloring.channels)
    part = replace(coloring, values=coloring.values[spots], channels=channels)
    return part, None if shown is None else replace(shown, labels=shown.labels[spots])


def summary(coloring: Coloring, shown: Shown | None = None) -> str:
    """Return one line about what colours the spots, and in which domain it is highest where there are domains."""
    values = coloring.values
    if coloring.colors:
        counts = np.bincount(values[values >= 0], minlength=len(coloring.names))
        if counts.sum() == 0:
            return "No spot has a value."
        largest = int(counts.argmax())
        share = counts[largest] / len(values)
        number = many(len(counts), "category", "categories")
        return f"{number}; the largest is {coloring.names[largest]} with {share:.0%} of the spots."
    if values.ndim == 2:
        return _of_several(coloring, shown)
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return "No spot has a value."
    if known.min() == 0 < known.max():
        where = "of the spots" if len(known) == len(values) else "of the spots with a value"
        text = f"Above zero in {(known > 0).mean():.0%} {where}"
    else:
        text = f"From {known.min():.3g} to {known.max():.3g}"
    return f"{text}; highest in domain {_highest(domain_means(coloring, shown), shown)}." if shown else f"{text}."


def _of_several(coloring: Coloring, shown: Shown | None) -> str:
    if not coloring.channels:
        return ""
    shares = np.array([one.shares for one in coloring.channels]).T  # (N, C)
    known = shares[np.isfinite(shares).all(axis=1)]
    if not known.size:
        return "No spot has a value of all of them."
    several = {1: "It is", 2: "Both are"}.get(shares.shape[1], "All are")
    where = "of the spots" if len(known) == len(shares) else "of the spots with all of them"
    text = f"{several} high in {(known > 0.5).all(axis=1).mean():.0%} {where}."
    if shown is None:
        return text
    highest = (_highest(per_domain, shown) for per_domain in domain_means(coloring, shown).T)
    said = ", ".join(f"{one.title} in {domain}" for one, domain in zip(coloring.channels, highest, strict=True))
    return f"{text} Highest by domain: {said}."


def domain_means(coloring: Coloring, shown: Shown) -> np.ndarray:
    """Return the (K,) mean per domain, or (K, C) of the shares of each of several features."""
    if coloring.values.ndim == 1:
        return means(coloring.values, shown.labels, len(shown.names))
    per_channel = [means(one.shares, shown.labels, len(shown.names)) for one in coloring.channels]
    return np.array(per_channel).reshape(-1, len(shown.names)).T


def means(values: np.ndarray, codes: np.ndarray, n: int) -> np.ndarray:
    """Return the (n,) mean of (N,) `values` per group 0..n-1 in `codes`; NaN where a group has none."""
    counted = np.isfinite(values) & (codes >= 0)
    size = np.bincount(codes[counted], minlength=n)
    total = np.bincount(codes[counted], weights=values[counted], minlength=n)
    return np.divide(total, size, out=np.full(n, np.nan), where=size > 0)


def _highest(per_domain: np.ndarray, shown: Shown) -> str:
    if not np.isfinite(per_domain).any():
        return "none"
    return shown.names[int(np.nan_to_num(per_domain, nan=-np.inf).argmax())]
