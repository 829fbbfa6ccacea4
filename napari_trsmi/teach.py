"""Tell the method what a person knows about spots, and train on from where a result is.

>>> import napari_trsmi as nt
>>> from napari_trsmi import teach
>>> config = nt.Config(cluster={"n_domains": 7}, train={"epochs": 3}, evidence={"support": False})
>>> result = nt.fit(nt.simulate(n_spots=400, n_genes=200), config)
>>> one = teach.together(result, [0, 1, 2])
>>> again = teach.carry_on(result, epochs=2, constraints=[one])
>>> len(again.history), again.config.constraints == (one,)
(5, True)
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from napari_trsmi.config import Cluster, Config, Constraint
from napari_trsmi.constraints import RowConstraint, contradictions, majority, row_constraints, satisfaction
from napari_trsmi.data.result import Result
from napari_trsmi.edits import number
from napari_trsmi.errors import DataError
from napari_trsmi.records import drain

if TYPE_CHECKING:
    from napari_trsmi.records import Step
    from napari_trsmi.stages import Prepared

ANCHORS = 200  # spots that stand for a domain
EPOCHS = 30  # to train on for, unless a person says otherwise


def together(result: Result, spots: ArrayLike) -> Constraint:
    """Return the constraint that `spots`, rows of the result, are of one domain.

    Raises
    ------
    ConfigError
        Fewer than two spots.
    """
    return Config(constraints=[_said("together", result, spots)]).constraints[0]


def apart(result: Result, spots: ArrayLike, others: ArrayLike) -> Constraint:
    """Return the constraint that `spots` and `others`, rows of the result, are of different domains.

    Raises
    ------
    ConfigError
        A side is empty, or a spot is on both.
    """
    return Config(constraints=[_said("apart", result, spots, others)]).constraints[0]


def belong(result: Result, spots: ArrayLike, domain: int | str) -> Constraint:
    """Return the constraint that `spots` are of a domain: as those `ANCHORS` other spots of it are that are surest.

    Raises
    ------
    DataError
        There is no such domain, or it has no other spot.
    ConfigError
        No spots.
    """
    k, rows = number(result, domain), np.asarray(spots, int)
    members = np.setdiff1d(np.flatnonzero(result.labels == k), rows)
    if len(members) == 0:
        raise DataError(f"Expected other spots in domain {result.names[k]}, found none. Choose another domain.")
    surest = members[np.argsort(-result.confidence[members], kind="stable")[:ANCHORS]]
    return Config(constraints=[_said("belong", result, rows, surest)]).constraints[0]


def epochs_done(result: Result) -> int:
    """Return how many epochs a result was trained for."""
    return result.history[-1].epoch if result.history else 0


def continued(result: Result, epochs: int = EPOCHS, constraints: Sequence[Constraint] | None = None) -> Config:
    """Return the settings of a run that goes on from a result.

    They tell of the whole run: with them, `fit` repeats it from the start. Training goes on for `epochs` epochs with
    all schedules at their end; a run that was ended early goes through the rest of its schedule first. A result that
    was clustered again goes on with the settings it was trained with.

    Parameters
    ----------
    constraints
        All that are to count from now on; those of the result that are missing here are taken back. None leaves them as
        they are.

    Raises
    ------
    DataError
        The result has no state to go on from.
    """
    if not result.state:
        why = "it is a kept preview" if "kept_preview" in result.provenance else "it was made without"
        raise DataError(f"Expected a result with the state of its training, found none: {why}. Run it again.")
    config, done = result.config, epochs_done(result)
    if (trained := result.provenance.get("trained_cluster")) is not None:
        config = config.model_copy(update={"cluster": Cluster(**trained)})
    if constraints is not None:
        known = tuple(
            c if c.until is not None or c in constraints else c.model_copy(update={"until": done})
            for c in config.constraints
            if c in constraints or c.start < done  # what came and went without an epoch leaves no trace
        )
        new = tuple(c.model_copy(update={"start": done}) for c in constraints if c not in config.constraints)
        config = config.model_copy(update={"constraints": known + new})
    extra = max(config.train.extra_epochs, done - config.train.epochs + epochs)
    return config.model_copy(update={"train": config.train.model_copy(update={"extra_epochs": max(0, extra)})})


def carry_on_steps(
    result: Result,
    epochs: int = EPOCHS,
    constraints: Sequence[Constraint] | None = None,
    prepared: Prepared | None = None,
) -> Generator[Step, str | None, Result]:
    """Train on as `continued` says; yield steps and take answers as `api.fit_steps` does, and return the result.

    Names and colours stay with the domains that match.

    Raises
    ------
    DataError, ConfigError, TrainingError
        As for `continued` and `api.fit_steps`.
    """
    from napari_trsmi.api import fit_steps

    config = continued(result, epochs, constraints)
    found = yield from fit_steps(
        result.dataset, config, previews=False, resume=bytes(result.state or b""), prepared=prepared
    )
    return like(found, result)


def carry_on(
    result: Result,
    epochs: int = EPOCHS,
    constraints: Sequence[Constraint] | None = None,
    prepared: Prepared | None = None,
) -> Result:
    """Return the result of training on, see `carry_on_steps`."""
    return drain(carry_on_steps(result, epochs, constraints, prepared))


def like(result: Result, before: Result) -> Result:
    """Return the result with the names and colours of those domains of `before` that its own match.

    Numbers given by size are names too: a domain that a person knows as 4 stays 4.
    """
    from napari_trsmi.domains.colors import carried_over
    from napari_trsmi.domains.comparison import match_labels

    n = result.partition.n_domains
    colors = carried_over(result.labels, n, before.labels, before.palette)
    matched = match_labels(result.labels, before.labels)
    old = [int(matched[np.flatnonzero(result.labels == k)[0]]) for k in range(n)]
    names = [before.names[k] if k < len(before.names) else "" for k in old]
    free = (str(k + 1) for k in range(n + len(before.names)) if str(k + 1) not in names)
    return replace(result, colors=colors, domain_names=tuple(name or next(free) for name in names))


def words(constraint: Constraint, result: Result) -> str:
    """Return a constraint in words, such as "12 spots belong to Cortex"; domains are called as in the result."""
    n, others = f"{len(constraint.spots):,}", f"{len(constraint.others):,}"
    if constraint.kind == "together":
        return f"{n} spots are one domain"
    if constraint.kind == "apart":
        return f"{n} and {others} spots are apart"
    home = domain_of(result, rows_of(result, constraint.others))
    return f"{n} spots belong to {home}" if len(constraint.spots) > 1 else f"1 spot belongs to {home}"


def domain_of(result: Result, spots: np.ndarray) -> str:
    """Return what the domain is called that most of (n,) rows are in: "domain 3", or its name; "" without spots."""
    if len(spots) == 0:
        return ""
    name = result.names[majority(result.labels[spots])]
    return f"domain {name}" if name.isdecimal() else name


def rows_of(result: Result, barcodes: Sequence[str]) -> np.ndarray:
    """Return the (n,) rows of a result with these barcodes."""
    rows = result.dataset.obs.index.get_indexer(list(barcodes))  # it keeps what it has learned of a million texts
    return np.sort(rows[rows >= 0])


def count(constraints: Sequence[Constraint]) -> str:
    """Return how many of them count: "2 constraints", "1 constraint, 1 taken back"; "" for none at all."""
    n = sum(one.until is None for one in constraints)
    ended = len(constraints) - n
    if not constraints:
        return ""
    words = f"{n or 'no'} constraint{'' if n == 1 else 's'}"
    return f"{words}, {ended} taken back" if ended else words


def obedience(result: Result) -> list[tuple[Constraint, float]]:
    """Return the constraints that count, and how far the domains satisfy each, see `constraints.satisfaction`."""
    counting = [c for c in result.config.constraints if c.until is None]
    rows = row_constraints(counting, result.obs_names)
    return [(c, satisfaction(one, result.labels)) for c, one in zip(counting, rows, strict=True)]


def contradiction(result: Result, constraints: Sequence[Constraint]) -> str:
    """Return one sentence that names constraints that cannot all be kept; "" where all that count can."""
    counting = [c for c in constraints if c.until is None]
    rows = [RowConstraint(c.kind, rows_of(result, c.spots), rows_of(result, c.others)) for c in counting]
    known = [k for k, one in enumerate(rows) if len(one.spots) and (one.kind == "together" or len(one.others))]
    found = contradictions([rows[k] for k in known], result.labels)
    if not found:
        return ""
    told = [f"“{words(counting[known[k]], result)}”" for k in found[0]]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return (
        f"{', '.join(told[:-1])} and {told[-1]} contradict each other{more}: take one back, or some spots follow none."
    )


def _said(kind: str, result: Result, spots: ArrayLike, others: ArrayLike = ()) -> dict[str, object]:
    sides = [tuple(map(str, result.obs_names[np.asarray(rows, int)])) for rows in (spots, others)]
    return {"kind": kind, "spots": sides[0], "others": sides[1], "start": epochs_done(result)}
