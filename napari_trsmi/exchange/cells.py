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

    from napari_trsmi.data.dataset import Dataset

FIRST = ("barcode", "cell_id", "cell id", "cellid", "barcodes", "cell")  # what the column of barcodes may be called
PLACES = ("x", "y")
_SEPARATORS = (",", ";", "\t")
_TOLD = re.compile(r"\"?sep=.\"?", re.IGNORECASE)  # what spreadsheets are told about separators
_MISSING = ("nan", "NaN", "<NA>")  # as numpy and pandas write it
_MOST_MEASURED = 20  # groups that are called by numbers with decimals, such as doses
_LEAST_SPOTS = 3  # of a group on average
_MOST_GROUPS = 1000
_NOT_KNOWN = ("", "NA", "N/A", "na", "n/a", "null", "NULL")  # as R and spreadsheets write it, among groups
_COMMA = re.compile(r"(-?\d+),(\d+(?:e[-+]?\d+)?)", re.IGNORECASE)


def cells_of(lines: Sequence[str]) -> list[list[str]]:
    """Return the cells of a table, told apart by what the first line has most of, or the second where it has none.

    Blanks tell them apart where no line has anything else, and all but the first have as many.
    """
    if lines and _TOLD.fullmatch(lines[0].strip()):
        lines = lines[1:]
    first = next((line for line in lines[:2] if any(mark in line for mark in _SEPARATORS)), "")
    if not first and (blanks := {line.count(" ") for line in lines[1:]}) == {1} and lines[0].count(" ") <= 1:
        return list(csv.reader(lines, delimiter=" ")) if blanks else []
    return list(csv.reader(lines, delimiter=max(_SEPARATORS, key=first.count)))


def as_ours(rows: list[list[str]]) -> list[list[str]]:
    """Return the cells of a table with its barcodes first and a heading above each column, as others leave them out.

    R writes no heading above the names of rows, pandas numbers rows before them, and the Single Cell Portal has a line
    of types below the headings.
    """
    if len(rows) < 2:
        return rows
    head = [name.strip().casefold() for name in rows[0]]
    if len(head) == 1 and rows[1][0].strip().casefold() in FIRST:  # a title
        return rows[1:]
    if len(rows[1]) == len(head) + 1:
        if head[0] in FIRST and all(row[-1] == "" for row in rows[1:]):  # a separator behind each row
            return [rows[0], *(row[:-1] for row in rows[1:])]
        return [["", *rows[0]], *rows[1:]]
    if rows[1][:1] == ["TYPE"] and head[:1] == ["name"]:
        return [rows[0], *rows[2:]]
    if head[0] == "" and [row[0] for row in rows[1:4]] == ["0", "1", "2"] and head[1:2] and head[1] in FIRST:
        return [row[1:] for row in rows]
    return rows


def headings(table: pd.DataFrame) -> list[str]:
    """Return the headings of a table in lower case."""
    return [str(name).strip().casefold() for name in table]


def column_of_barcodes(heads: Sequence[str], cells: Sequence[np.ndarray], dataset: Dataset) -> int:
    """Return which column has the barcodes: the first, or one that is called so and has more of them."""
    import pandas as pd

    from napari_trsmi.data.study_tables import barcodes_as_read

    called = {at for at, head in enumerate(heads) if head in FIRST}
    if called <= {0}:
        return 0
    known = pd.Index(dataset.obs_names).append(pd.Index(barcodes_as_read(dataset)))
    found = {at: (pd.Index(cells[at]).isin(known).sum(), len(set(cells[at]))) for at in (*sorted(called), 0)}
    return max(found, key=lambda at: found[at])


def sections_told(dataset: Dataset, barcodes: np.ndarray, values: np.ndarray) -> tuple[np.ndarray | None, bool]:
    """Return the section of each line, (n,), where a column of them is needed, and whether that says nothing else.

    It is not where the barcodes tell sections themselves: such a column may hold numbers of the laboratory.
    """
    import pandas as pd

    from napari_trsmi.data.study_tables import barcodes_as_read

    names = np.array(dataset.section_names, dtype=object)
    if dataset.section is None or not np.isin(values, names).any():
        return None, False
    rows = pd.Index(dataset.obs_names).get_indexer(barcodes)
    if (read := pd.Index(barcodes_as_read(dataset))).is_unique:
        rows = np.maximum(rows, read.get_indexer(barcodes))
    there = rows >= 0
    if not there.any():
        return values, True
    return None, bool((names[dataset.section[rows[there]]] == values[there]).all())


def is_measure(name: str, values: np.ndarray) -> bool:
    """Return whether a column holds places, fractions or counts, which are no groups; doses, which repeat, are some."""
    if str(name).strip().casefold() in PLACES:
        return True
    there = [_COMMA.sub(r"\1.\2", value.removesuffix("%")) for value in values if value not in _NOT_KNOWN]
    try:
        numbers = np.array(there, float)
    except ValueError:
        return False
    n = len(set(there))
    if (numbers != np.round(numbers)).any():
        return n > _MOST_MEASURED or 2 * n > len(there)
    return n > _MOST_GROUPS or (n > _MOST_MEASURED and _LEAST_SPOTS * n > len(there))


def groups_among(columns: Mapping[str, np.ndarray], path: Path) -> dict[str, np.ndarray]:
    """Return the columns, {name: (n,) texts}, that tell groups; numbers with decimals where there is nothing else.

    Raises
    ------
    DataError
        They are numbers with decimals that differ from spot to spot, or places.
    """
    groups = {name: values for name, values in columns.items() if not is_measure(name, values)}
    counted = {name: len(set(values)) for name, values in columns.items()}
    if few := {name: values for name, values in groups.items() if counted[name] <= _MOST_GROUPS}:
        return {name: _whole(values) for name, values in few.items()}
    if columns and {str(name).strip().casefold() for name in columns} <= set(PLACES):
        raise DataError(
            f"Expected a column of groups in {path}, found only places ({', '.join(map(str, columns))}). The "
            "section has the places of its spots already; put groups beside them, or choose another table."
        )
    if groups:
        name = next(iter(groups))
        raise DataError(
            f"Expected at most {_MOST_GROUPS} groups in {name!r} of {path}, found {counted[name]:,}. Choose a table of "
            "barcodes and groups."
        )
    if columns and min(counted.values()) > _MOST_MEASURED:
        raise DataError(
            f"Expected a column of groups in {path}, found only numbers that differ from spot to spot "
            f"({', '.join(map(str, columns))}). Put what is measured at each spot into obs of the section's file."
        )
    return dict(columns)


def note_on_measures(columns: Mapping[str, np.ndarray], groups: Mapping[str, np.ndarray]) -> str:
    """Return which columns beside the groups are numbers, places aside; "" for none."""
    found = [name.strip() for name in columns if name not in groups and name.strip().casefold() not in PLACES]
    return f"Left out, as they are no groups: {', '.join(found)}." if found else ""


def _whole(values: np.ndarray) -> np.ndarray:
    """Return (n,) texts, "" for NA, without the decimal of whole numbers of which some are missing: 1.0 is 1."""
    values = np.array(["" if value in _NOT_KNOWN else value for value in values], dtype=object)
    if not all(re.fullmatch(r"-?\d+\.0", value) for value in values if value):
        return values
    return np.array([value.removesuffix(".0") for value in values], dtype=object)


def texts(values: pd.Series) -> np.ndarray:
    """(n,) texts without blanks around, and without the apostrophe that spares spreadsheets formulas.

    What is missing is "".
    """
    found = [re.sub(r"^'(?=[=+\-@])", "", str(value).strip()) for value in values]
    return np.array(["" if value in _MISSING else value for value in found], dtype=object)


def natural(name: str) -> list[Any]:
    """Return a key that sorts "2" before "10"."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
