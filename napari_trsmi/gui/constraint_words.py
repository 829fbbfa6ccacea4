"""What a person said about spots, in words: no window, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_trsmi.config import Constraint
    from napari_trsmi.data.result import Result


def rows_of(result: Result, barcodes: Sequence[str]) -> np.ndarray:
    """Return the rows of a result with these barcodes."""
    return np.flatnonzero(np.isin(result.obs_names, barcodes))


def majority(result: Result, rows: np.ndarray) -> str:
    """Return the domain that most of the spots are in: "domain 3", or its name where it has one; "" without spots."""
    if len(rows) == 0:
        return ""
    name = result.names[most(result, rows)]
    return f"domain {name}" if name.isdecimal() else name


def most(result: Result, rows: np.ndarray) -> int:
    """Return the number of the domain that most of the spots are in."""
    return int(np.bincount(result.labels[rows]).argmax())


def sentence(constraint: Constraint, result: Result) -> str:
    """Return what a constraint says: "12 spots belong to Cortex"."""
    n = f"{len(constraint.spots):,}"
    if constraint.kind == "together":
        return f"{n} spots are one domain"
    if constraint.kind == "apart":
        return f"{n} and {len(constraint.others):,} spots are apart"
    name = majority(result, rows_of(result, constraint.others))
    return f"{n} spots belong to {name}" if len(constraint.spots) > 1 else f"1 spot belongs to {name}"


def count(constraints: Sequence[Constraint]) -> str:
    """Return how many of them count: "2 constraints", "1 constraint, 1 taken back"; "" for none at all."""
    n = sum(one.until is None for one in constraints)
    ended = len(constraints) - n
    if not constraints:
        return ""
    words = f"{n or 'no'} constraint{'' if n == 1 else 's'}"
    return f"{words}, {ended} taken back" if ended else words
