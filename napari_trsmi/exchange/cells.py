"""What stands in the cells of tables from other programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

PLACES = ("x", "y")


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


def texts(values: pd.Series) -> np.ndarray:
    """(n,) texts without blanks around, and without the apostrophe that spares spreadsheets formulas."""
    return np.array([re.sub(r"^'(?=[=+\-@])", "", str(value).strip()) for value in values], dtype=object)


def natural(name: str) -> list[Any]:
    """Return a key that sorts "2" before "10"."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
