"""Domains that are made of spots with hardly any counts: bubbles, tears, places off the tissue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from napari_trsmi.plural import many

SHALLOW = 0.1  # of the usual depth; kinds of tissue differ by less


def shallow_domains(
    labels: np.ndarray,
    names: Sequence[str],
    log_depth: Mapping[str, np.ndarray],
    section: np.ndarray | None = None,
) -> list[str]:
    """Return a sentence for the domains whose spots have less than a tenth of the usual depth, by modality.

    Parameters
    ----------
    labels
        (N,) int domain of each spot.
    names
        Of the domains.
    log_depth
        {modality: (N,) logarithm of the total per spot}, NaN where it was not measured.
    section
        (N,) int section of each spot, with whose median its depth is compared; None for one.
    """
    found: dict[tuple[int, ...], list[str]] = {}
    for modality, depth in log_depth.items():
        below = _below_usual(depth, section)
        shares = {}
        for k in range(len(names)):
            own = below[labels == k]
            if np.isfinite(own).any() and (share := float(np.exp(np.nanmedian(own)))) < SHALLOW:
                shares[k] = share
        if shares:
            usual = max(shares.values())
            found.setdefault(tuple(shares), []).append(f"{100 * usual:.2g}% of the usual counts of {modality}")
    return [_sentence(labels, names, domains, said) for domains, said in found.items()]


def _below_usual(depth: np.ndarray, section: np.ndarray | None) -> np.ndarray:
    """(N,) logarithm of the depth against the median of the section's spots; NaN where it was not measured."""
    out = np.full(len(depth), np.nan)
    for number in np.unique(section) if section is not None else [0]:
        own = np.isfinite(depth) & (True if section is None else section == number)
        if own.any():
            out[own] = depth[own] - np.median(depth[own])
    return out


def _sentence(labels: np.ndarray, names: Sequence[str], domains: tuple[int, ...], said: list[str]) -> str:
    which = [names[k] for k in domains]
    several = len(which) > 1
    called = f"Domains {', '.join(which[:-1])} and {which[-1]} have" if several else f"Domain {which[0]} has"
    spots = many(int(np.isin(labels, domains).sum()), "spot")
    return (
        f"{called} at most {' and '.join(said)} ({spots}). That is damaged or poorly captured tissue, or none, more "
        "often than a kind of tissue: leave the spots out of the file to be rid of them."
    )
