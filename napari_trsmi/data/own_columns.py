"""Columns that a person made or brought from another program: named regions, cell groups, and their colours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.recorded import is_color
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.dataset import Dataset

KEY = "trsmi_columns"  # in uns: JSON of {column of obs: {category: colour}}
_COLORS = "_colors"  # after the name of a column, in uns: where scanpy and squidpy look for its colours


def put_column(dataset: Dataset, name: str, values: pd.Categorical, colors: Mapping[str, str] | None = None) -> None:
    """Add a column of one's own to a dataset, or replace it, in place; in a study also to its sections.

    Parameters
    ----------
    values
        (N,) a category per spot, missing for none.
    colors
        {category: ``"#rrggbb"``}; categories that lack one keep that of before, or get some hue.

    Raises
    ------
    DataError
        A column of the file has that name.
    """
    from napari_trsmi.data.result import hues

    if name in dataset.obs and name not in dataset.own_columns:
        raise DataError(f"Expected a name that no column of the file has, found {name!r}. Choose another name.")
    wanted = {**dataset.own_columns.get(name, {}), **(colors or {})}
    names = [str(category) for category in values.categories]
    own = {one: wanted.get(one) or hue for one, hue in zip(names, hues(len(names)), strict=True)}
    dataset.obs[name] = values
    dataset.own_columns[name] = own
    for part, rows in zip(dataset.parts, dataset.sections, strict=False):
        part.obs[name] = values[rows]
        part.own_columns[name] = dict(own)


def drop_column(dataset: Dataset, name: str) -> None:
    """Remove a column of one's own from a dataset, in place; in a study also from its sections."""
    for one in (dataset, *dataset.parts):
        if one.own_columns.pop(name, None) is not None:
            del one.obs[name]


def write_own_columns(dataset: Dataset, target: Any, spots: np.ndarray) -> list[str]:
    """Write the columns of one's own into a table, in place, and return the names of the keys.

    Those that an earlier copy had and that are no more are removed.

    Parameters
    ----------
    target
        An AnnData or MuData.
    spots
        (n,) int spot in each row of `target`, -1 for none.
    """
    import pandas as pd

    for name in set(_recorded(target)) - set(dataset.own_columns):
        if name in target.obs:
            del target.obs[name]
        target.uns.pop(f"{name}{_COLORS}", None)
    target.uns.pop(KEY, None)
    if not dataset.own_columns:
        return []
    keys = []
    for name, colors in dataset.own_columns.items():
        values = dataset.obs[name].array
        codes = np.where(spots >= 0, values.codes[spots], -1)
        target.obs[name] = pd.Categorical.from_codes(codes, dtype=values.dtype)
        target.uns[f"{name}{_COLORS}"] = np.array([colors[str(one)] for one in values.categories], dtype=object)
        keys += [f'obs["{name}"]', f'uns["{name}{_COLORS}"]']
    target.uns[KEY] = json.dumps(dataset.own_columns)
    return [*keys, f'uns["{KEY}"]']


def own_columns_in(holders: Iterable[Any], obs: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the columns of one's own that tables (whatever has ``uns``) tell of and `obs` has as categories."""
    import pandas as pd

    found: dict[str, dict[str, str]] = {}
    for holder in holders:
        for name, colors in _recorded(holder).items():
            if name in obs and isinstance(obs[name].dtype, pd.CategoricalDtype):
                names = [str(one) for one in obs[name].cat.categories]
                if set(names) <= set(colors):
                    found.setdefault(name, {one: colors[one] for one in names})
    return found


def stacked_columns(parts: Iterable[Dataset], obs: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the columns of a study that are one's own in each section that has them; `obs` is that of the study."""
    parts = list(parts)
    names = dict.fromkeys(name for part in parts for name in part.own_columns)
    found = {}
    for name in names:
        if all(name in part.own_columns for part in parts if name in part.obs):
            colors = {key: color for part in reversed(parts) for key, color in part.own_columns.get(name, {}).items()}
            found[name] = {str(one): colors[str(one)] for one in obs[name].cat.categories}
    return found


def _recorded(holder: Any) -> dict[str, dict[str, str]]:
    """Return what a table tells of such columns; nothing where it is not as we write it."""
    try:
        found = json.loads(str(holder.uns.get(KEY, "{}")))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        name: colors
        for name, colors in found.items()
        if isinstance(colors, dict) and all(isinstance(one, str) and is_color(one) for one in colors.values())
    }
