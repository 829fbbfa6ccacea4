"""What a person said about spots, as rows of arrays: which side has which label, how far it holds, where to split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_trsmi.config import Constraint
from napari_trsmi.errors import ConfigError


@dataclass(frozen=True, eq=False)
class RowConstraint:
    """A constraint on rows of an array over spots.

    Attributes
    ----------
    kind
        As in `config.Constraint`.
    spots, others
        (n,) int rows, each once.
    """

    kind: Literal["together", "apart", "belong"]
    spots: np.ndarray
    others: np.ndarray

    @property
    def guide(self) -> np.ndarray:
        """(n,) int rows whose domain the spots are to have; none for ``"apart"``."""
        return {"together": self.spots, "belong": self.others}.get(self.kind, self.others[:0])


def row_constraints(
    constraints: Sequence[Constraint], obs_names: np.ndarray, epoch: int | None = None
) -> tuple[RowConstraint, ...]:
    """Return the constraints on (N,) spots called `obs_names` that count once `epoch` epochs are done.

    Without `epoch`, those that nobody took back.

    Raises
    ------
    ConfigError
        A constraint names spots that are not there.
    """
    counting = [c for c in constraints if (c.until is None if epoch is None else c.counts(epoch))]
    if not counting:
        return ()
    row = {name: at for at, name in enumerate(obs_names)}

    def rows(names: Sequence[str]) -> np.ndarray:
        missing = [name for name in names if name not in row]
        if missing:
            raise ConfigError(
                f"Expected constraints on spots of the section, found {len(missing)} that it lacks, such as "
                f"{missing[0]!r}. Take them back, or open the section they were made on."
            )
        return np.array(sorted({row[name] for name in names}), dtype=int)

    return tuple(RowConstraint(c.kind, rows(c.spots), rows(c.others)) for c in counting)


def majority(labels: np.ndarray) -> int:
    """Return the most frequent of (n,) int labels, the smallest of several."""
    return int(np.bincount(labels).argmax())


def satisfaction(constraint: RowConstraint, labels: np.ndarray) -> float:
    """Return how far (N,) int labels do what was said, in [0, 1].

    Together: share of the spots in their most frequent domain. Belong: share of the spots in the most frequent domain
    of the others. Apart: 1 less the overlap of the two sides' shares per domain.
    """
    if constraint.kind != "apart":
        return float((labels[constraint.spots] == majority(labels[constraint.guide])).mean())
    n = int(labels.max()) + 1
    sides = [np.bincount(labels[rows], minlength=n) / len(rows) for rows in (constraint.spots, constraint.others)]
    return float(1.0 - np.minimum(*sides).sum())


def contradictions(constraints: Sequence[RowConstraint], labels: np.ndarray) -> list[tuple[int, ...]]:
    """Return groups of numbers in `constraints` that cannot all be done, whatever the domains are; [] where all can.

    Two groups of spots that are one domain each, or belong to the same domain, are one where they share a spot. A
    contradiction is a group with spots from both sides of what is apart, or with two domains to belong to. Pairs are
    named first; where there is none, a whole group, which contradicts itself only together.

    Parameters
    ----------
    labels
        (N,) int labels, by which ``"belong"`` says where.
    """
    inside = np.zeros((len(constraints), len(labels)), bool)
    for row, constraint in zip(inside, constraints, strict=True):
        row[constraint.spots] = True
    home = [majority(labels[constraint.guide]) if constraint.kind == "belong" else -1 for constraint in constraints]
    joining = [k for k, constraint in enumerate(constraints) if constraint.kind != "apart"]
    apart = [k for k, constraint in enumerate(constraints) if constraint.kind == "apart"]

    def divided(k: int, spots: np.ndarray) -> bool:
        return bool(spots[constraints[k].spots].any() and spots[constraints[k].others].any())

    found: list[tuple[int, ...]] = [(j, k) for k in apart for j in joining if divided(k, inside[j])]
    for at, j in enumerate(joining):
        for other in joining[:at]:
            two_homes = home[j] >= 0 and home[other] >= 0 and home[j] != home[other]
            if two_homes and (inside[j] & inside[other]).any():
                found.append((other, j))
    if found:
        return [tuple(sorted(pair)) for pair in found]

    groups: list[tuple[list[int], np.ndarray, set[int]]] = []  # members, spots, homes
    for j in joining:
        members, spots, homes = [j], inside[j].copy(), {home[j]} - {-1}
        apart_from = []
        for group in groups:
            if homes & group[2] or (spots & group[1]).any():
                members, spots, homes = [*group[0], *members], spots | group[1], homes | group[2]
            else:
                apart_from.append(group)
        groups = [*apart_from, (members, spots, homes)]
    for members, spots, homes in groups:
        divides = [k for k in apart if divided(k, spots)]
        if divides or len(homes) > 1:
            found.append(tuple(sorted([*members, *divides])))
    return found


def satisfying(
    features: np.ndarray, labels: np.ndarray, constraints: Sequence[RowConstraint], n_domains: int | None = None
) -> np.ndarray:
    """Return labels 0..K-1 of (N, c) features, changed so that a clustering that starts from them can obey.

    A domain that holds most of two sides that are apart is split between their means. Spots that are together, or
    belong somewhere, get the label of the majority unless that empties a domain.

    Parameters
    ----------
    labels
        (N,) int, each of 0..K-1 used.
    n_domains
        Number of labels to keep: for each split the two closest others are joined. None lets them grow.
    """
    labels = labels.copy()
    for constraint in constraints:
        if constraint.kind == "apart":
            labels = separated(features, labels, constraint, n_domains)
    for constraint in constraints:
        if len(constraint.guide):
            moved = labels.copy()
            moved[constraint.spots] = majority(labels[constraint.guide])
            if len(np.unique(moved)) == len(np.unique(labels)):
                labels = moved
    return labels


def separated(features: np.ndarray, labels: np.ndarray, constraint: RowConstraint, n_domains: int | None) -> np.ndarray:
    """Return labels in which the two sides of an ``"apart"`` have different majorities, see `satisfying`."""
    k = majority(labels[constraint.spots])
    n = int(labels.max()) + 1
    if k != majority(labels[constraint.others]) or n_domains == 1:
        return labels
    members = np.flatnonzero(labels == k)
    sides = np.stack([features[rows].mean(axis=0) for rows in (constraint.spots, constraint.others)])
    nearer = np.square(features[members, None] - sides).sum(-1).argmin(1)
    labels = labels.copy()
    labels[members[nearer == 0]] = n
    labels[constraint.others[labels[constraint.others] == n]] = k
    labels[constraint.spots[labels[constraint.spots] == k]] = n
    if n_domains is None or n < n_domains:
        return labels
    counts = np.bincount(labels, minlength=n + 1).astype(float)
    centres = np.stack([features[labels == one].mean(axis=0) for one in range(n + 1)])
    cost = np.square(centres[:, None] - centres).sum(-1) * (counts[:, None] * counts / (counts[:, None] + counts))
    cost[np.tril_indices(n + 1)] = np.inf
    cost[k, n] = np.inf
    first, second = np.unravel_index(int(cost.argmin()), cost.shape)
    labels[labels == second] = first
    labels[labels == n] = second
    return labels
