"""What stands in the cells of tables from other programs."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PLACES = ("x", "y")
_SEPARATORS = (",", ";", "\t")
_MOST_MEASURED = 20  # groups that are called by numbers with decimals, such as doses


def cells_of(lines: Sequence[str]) -> list[list[str]]:
    """Return the cells of a table, told apart by what the first line has most of, or the second where it has none."""
    first = next((line for line in lines[:2] if any(mark in line for mark in _SEPARATORS)), "")
    return list(csv.reader(lines, delimiter=max(_SEPARATORS, key=first.count)))


def headings(table: pd.DataFrame) -> list[str]:
    """Return the headings of a table in lower case."""
    return [str(name).strip().casefold() for name in table]


def is_measure(name: str, values: np.ndarray) -> bool:
    """Return whether a column holds places or fractions, which are no groups."""
    if str(name).strip().casefold() in PLACES:
        return True
    there = [value for value in values if value]
    try:
        numbers = np.array(there, float)
    except ValueError:
        return False
    return bool(len(there)) and bool((numbers != np.round(numbers)).any())


def groups_among(columns: Mapping[str, np.ndarray], path: Path) -> dict[str, np.ndarray]:
    """Return the columns, {name: (n,) texts}, that tell groups; numbers with decimals where there is nothing else.

    Raises
    ------
    DataError
        They are numbers with decimals that differ from spot to spot.
    """
    groups = {name: values for name, values in columns.items() if not is_measure(name, values)}
    if groups or not columns:
        return groups
    if min(len(set(values)) for values in columns.values()) > _MOST_MEASURED:
        raise DataError(
            f"Expected a column of groups in {path}, found only numbers with decimals "
            f"({', '.join(map(str, columns))}). Put what is measured at each spot into obs of the section's file."
        )
    return dict(columns)


def texts(values: pd.Series) -> np.ndarray:
    """(n,) texts without blanks around, and without the apostrophe that spares spreadsheets formulas."""
    return np.array([re.sub(r"^'(?=[=+\-@])", "", str(value).strip()) for value in values], dtype=object)


def natural(name: str) -> list[Any]:
    """Return a key that sorts "2" before "10"."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
