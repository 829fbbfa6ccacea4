"""Why a spot has its domain, in sentences: its neighbours, its own measurement, and what decided between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.evidence import SUPPORT
from napari_trsmi.summary import spot_support_means
from napari_trsmi.trust import AGREEING

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result

CLEAR = 0.9  # share of the posterior from which a measurement leaves no other domain worth a word
MOST = 3  # domains that are named among the neighbours


def about(result: Result, spot: int, k: int = 6) -> list[str]:
    """Return what is known of a spot, a sentence each. O(N).

    Parameters
    ----------
    result
        Domains.
    spot
        Row of the dataset.
    k
        Neighbours that count as its neighbourhood.
    """
    own = int(result.labels[spot])
    if own < 0:
        return ["The spot has no domain."]
    around = np.bincount(result.labels[neighbours(result, spot, k)], minlength=result.partition.n_domains)
    told = [_around(result, around), _measured(result, spot), _why(result, spot, around)]
    if SUPPORT in result.maps:
        told.append(f"Support {result.maps[SUPPORT][spot]:.2f}: {spot_support_means(result)}")
    told.append(_modalities(result, spot))
    return [sentence for sentence in told if sentence]


def neighbours(result: Result, spot: int, k: int) -> np.ndarray:
    """Return the rows of the k nearest spots with a domain in the same section."""
    away = ((result.coords - result.coords[spot]) ** 2).sum(axis=1)
    away[spot] = np.inf
    away[result.labels < 0] = np.inf
    section = result.dataset.section
    if section is not None:
        away[section != section[spot]] = np.inf
    k = min(k, int(np.isfinite(away).sum()))
    return np.argpartition(away, k - 1)[:k] if k else np.zeros(0, int)


def _around(result: Result, around: np.ndarray) -> str:
    best = [int(domain) for domain in np.argsort(-around, kind="stable") if around[domain]]
    if not best:
        return ""
    parts = [f"{around[domain]} in domain {result.names[domain]}" for domain in best[:MOST]]
    parts[0] = parts[0].replace(" in ", f" {'is' if around[best[0]] == 1 else 'are'} in ", 1)
    rest = around.sum() - around[best[:MOST]].sum()
    return f"Of its {around.sum()} nearest neighbours, {_listed(parts + [f'{rest} elsewhere'] * bool(rest))}."


def _measured(result: Result, spot: int) -> str:
    posterior = result.partition.posterior[spot]
    order = np.argsort(-posterior, kind="stable")
    best = int(order[0])
    first = f"What was measured at the spot itself speaks for domain {result.names[best]} ({posterior[best]:.0%}"
    if posterior[best] >= CLEAR or len(order) < 2:
        return f"{first})."
    return f"{first}), then for {result.names[order[1]]} ({posterior[order[1]]:.0%})."


def _why(result: Result, spot: int, around: np.ndarray) -> str:
    own, measured = int(result.labels[spot]), int(result.partition.posterior[spot].argmax())
    name = result.names[own]
    beside = int(around.argmax()) if around.any() else own
    if around[own] == around[beside]:  # a tie is no vote against it
        beside = own
    if measured == own and beside == own:
        return f"Neighbours and measurement agree on domain {name}."
    if measured == own:
        return f"It differs from most of its neighbours: its own measurement for domain {name} outweighs them."
    if beside == own:
        return (
            f"It is in domain {name} all the same: most of its neighbours are, and one spot's measurement alone is "
            "noisy, so neighbours count too."
        )
    return f"It is in domain {name} by neither of them alone: domains are cut from averages over a wider neighbourhood."


def _modalities(result: Result, spot: int) -> str:
    names = result.dataset.modalities
    lacks = [name for name, one in names.items() if one.measured is not None and not one.measured[spot]]
    told = []
    if result.modality_weights is not None and len(names) > 1:
        shares = [f"{name} {share:.0%}" for name, share in zip(names, result.modality_weights[spot], strict=False)]
        told.append(f"What its domain rests on: {_listed(shares)}.")
    if AGREEING in result.maps:
        told.append(f"{result.maps[AGREEING][spot]:.0%} of the modalities, each alone, give it the same domain.")
    if lacks:
        told.append(f"{_listed(lacks)} {'was' if len(lacks) == 1 else 'were'} not measured here.")
    return " ".join(told)


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
