"""Tables as CSV files that are also safe to open in a spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of one


def write_sheet(table: pd.DataFrame, path: Path) -> None:
    """Write a table without its index to a CSV file; texts that a spreadsheet would compute get an apostrophe in front.

    Numbers have six digits.

    Raises
    ------
    OSError
        The system refuses.
    """
    import pandas as pd

    safe = table.copy(deep=False)
    for position, (_, values) in enumerate(table.items()):
        if isinstance(values.dtype, np.dtype) and values.dtype.kind == "f":
            safe.isetitem(position, _written(values.to_numpy()))
        elif isinstance(values.dtype, pd.CategoricalDtype):
            names = np.array([*map(_harmless, values.cat.categories), None], dtype=object)
            safe.isetitem(position, names[values.cat.codes])
        elif not (pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype)):
            safe.isetitem(position, values.astype(object).map(_harmless))
    safe.columns = [_harmless(name) for name in table.columns]
    with path.open("w", encoding="utf-8", newline="") as file:  # pandas would say less about what is wrong with a path
        safe.to_csv(file, index=False, float_format="%.6g", lineterminator="\n")


def _written(values: np.ndarray) -> np.ndarray:
    """(N,) texts of numbers, as pandas writes them with a format, a tenth as slowly; gaps stay gaps."""
    texts = np.array([format(value, ".6g") for value in values.tolist()], dtype=object)
    texts[np.isnan(values)] = None
    return texts


def _harmless(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
