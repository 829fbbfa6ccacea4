"""Of which categories of which columns a group of spots consists, against all other spots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.errors import DataError
from napari_trsmi.evidence.effects import adjusted

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

MOST_CATEGORIES = 100
_OURS = "trsmi_"  # what our own columns begin with


def categorical_columns(dataset: Dataset) -> list[str]:
    """Return the columns of ``obs`` that group the spots: 2 to `MOST_CATEGORIES` texts, and none of ours."""
    return [
        str(column)
        for column in dataset.obs
        if not str(column).startswith(_OURS)
        and groups_spots(dataset.obs[column])
        and 2 <= dataset.obs[column].nunique() <= MOST_CATEGORIES
    ]


def groups_spots(values: pd.Series) -> bool:
    """Return whether the values of a column are categories and no numbers."""
    import pandas as pd

    return bool(pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values))


def compositions(result: Result, inside: np.ndarray, columns: Sequence[str] | None = None) -> dict[str, pd.DataFrame]:
    """Return {column: one row per category} of spots inside (N,) bool against all others, see `Description`.

    Raises
    ------
    DataError
        There is no such column, or it has more than `MOST_CATEGORIES` categories.
    """
    dataset = result.dataset
    chosen = categorical_columns(dataset) if columns is None else list(columns)
    found = {}
    for column in chosen:
        if column not in dataset.obs:
            there = ", ".join(categorical_columns(dataset)) or "none that groups spots"
            raise DataError(f"Expected a column {column!r} in obs, found {there}. Choose one of them.")
        if (n := dataset.obs[column].nunique()) > MOST_CATEGORIES:
            raise DataError(
                f"Expected at most {MOST_CATEGORIES} categories in {column!r}, found {n:,}. Choose another column."
            )
        table = _composition(dataset.obs[column], inside)
        if len(table):
            found[column] = table
    return found


def _composition(values: pd.Series, inside: np.ndarray) -> pd.DataFrame:
    import pandas as pd
    from scipy.stats import hypergeom

    known = values.notna().to_numpy()
    codes, categories = pd.factorize(values[known].astype(str), sort=True)
    own = np.bincount(codes[inside[known]], minlength=len(categories))
    everywhere = np.bincount(codes, minlength=len(categories))
    n, n_own = int(everywhere.sum()), int(own.sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        share, rest = own / n_own, (everywhere - own) / (n - n_own)
        ratio = np.log2(share / rest)
    p = hypergeom.sf(own - 1, n, everywhere, n_own)
    table = pd.DataFrame(
        {
            "category": [str(name) for name in categories],
            "spots": own,
            "share": share,
            "share_rest": rest,
            "log2_ratio": ratio,
            "p": p,
            "p_adjusted": adjusted(p),
        }
    )
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True) if n_own else table.iloc[:0]
