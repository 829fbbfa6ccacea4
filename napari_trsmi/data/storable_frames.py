"""Frames, columns and texts as files of anndata can hold them.

What is put in another form without loss (a sparse column, numbers held as objects) goes without a word; every other
change is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Tell = Callable[[str], None]
"""Takes a sentence on something that was changed."""

_NUMBERS = ("floating", "mixed-integer-float", "integer-na")
_LONGEST = 200  # characters of a name; a zarr folder makes file names of them


def storable_frame(frame: pd.DataFrame, where: str, slashes: bool, tell: Tell) -> pd.DataFrame:
    """Return a frame whose names and columns can be written; the same one where nothing has to change.

    Parameters
    ----------
    where
        What to call it in sentences, such as ``"obs"``.
    slashes
        Whether names of columns may have a slash.
    """
    import pandas as pd

    names = storable_names(frame.columns, f"columns of {where}", {"_index"}, slashes, tell)
    before = [frame.iloc[:, position] for position in range(frame.shape[1])]
    after = [storable_column(values, f'{where}["{name}"]', tell) for name, values in zip(names, before, strict=True)]
    index = _storable_index(frame.index, where, set(names), tell)
    if (
        index is frame.index
        and names == list(frame.columns)
        and all(a is b for a, b in zip(after, before, strict=True))
    ):
        return frame
    arrays = [found.array if isinstance(found, pd.Series) else found for found in after]
    return pd.DataFrame(dict(zip(names, arrays, strict=True)), index=index)


def storable_column(values: pd.Series, where: str, tell: Tell) -> Any:
    """Return the values of a column as an array that can be written, or `values` where nothing has to change."""
    import pandas as pd

    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _storable_categories(values, where, tell)
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return values if dtype.itemsize <= 8 else values.to_numpy(np.float64)
    if isinstance(dtype, pd.StringDtype):
        return values if _is_clean(values.dropna()) else _as_text(values, where, "signs that no file holds", tell)
    if pd.api.types.is_extension_array_dtype(dtype) and dtype.kind in "biu" and hasattr(values.array, "_mask"):
        return values
    if isinstance(dtype, pd.SparseDtype):
        return storable_column(pd.Series(np.asarray(values.array)), where, tell)
    if dtype.kind in "biuf":  # other numbers of pandas, such as those of arrow, with gaps
        plain = values.isna().any() or dtype.kind == "f"
        return values.to_numpy(np.float64, na_value=np.nan) if plain else values.to_numpy(dtype.numpy_dtype)
    if dtype.kind in "OSU" and not isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype):
        return _storable_objects(values, where, tell)
    return _as_text(values, where, str(dtype), tell)


def storable_names(names: Iterable[Any], where: str, taken: set[str], slashes: bool, tell: Tell) -> list[str]:
    """Return names that files can have, all different and none among `taken`, as they are as far as possible."""
    found: list[str] = []
    used = set(taken)
    for name in names:
        text = clean("_".join(map(str, name)) if isinstance(name, tuple) else str(name))
        if not slashes:
            text = text.replace("/", "_")
        if not text.strip(".") or text.startswith(".z") or text == "zarr.json":
            text = f"_{text.replace('.', '_')}"
        text = unused = text[:_LONGEST]
        number = 0
        while unused in used:
            number += 1
            unused = f"{text}-{number}"
        if unused != name:
            tell(f"{where}: {name!r} is called {unused!r} in the copy.")
        used.add(unused)
        found.append(unused)
    return found


def storable_texts(values: np.ndarray, where: str, tell: Tell) -> Any:
    """Return an array of any objects as numbers or texts; gaps in a list of texts stay gaps."""
    import pandas as pd

    flat = pd.Series(values.reshape(-1), dtype=object)
    found = storable_column(flat, where, tell)
    if values.ndim == 1:
        return values if found is flat else found
    if not (isinstance(found, np.ndarray) and found.dtype.kind in "biufc"):
        if flat.isna().any():
            tell(f"{where} has gaps between its texts, which are empty texts in the copy.")
        found = np.array(["" if missing else clean(str(v)) for v, missing in zip(flat, flat.isna(), strict=True)])
    return np.asarray(found).reshape(values.shape)


def clean(text: str) -> str:
    """Return a text without NUL and lone surrogates, which HDF5 and UTF-8 cannot hold."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _is_clean(texts: Iterable[str]) -> bool:
    joined = "".join(texts)
    try:
        joined.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in joined


def _storable_index(index: pd.Index, where: str, columns: set[str], tell: Tell) -> pd.Index:
    """Return an index that can be written: texts or numbers, with a name that no column has."""
    import pandas as pd

    found = index
    if isinstance(index, pd.MultiIndex):
        found = pd.Index(["_".join(map(str, row)) for row in index])
        tell(f"The index of {where} has several levels, which are joined in the copy.")
    elif index.dtype.kind not in "biuf" and not (
        pd.api.types.infer_dtype(index, skipna=False) == "string" and _is_clean(index)
    ):
        found = pd.Index([clean(str(name)) for name in index])
    name = index.name
    if name is not None and (not isinstance(name, str) or name in columns or clean(name) != name or "/" in name):
        found = found.rename(None)
    return found


def _storable_categories(values: pd.Series, where: str, tell: Tell) -> Any:
    import pandas as pd

    categories = values.cat.categories
    if categories.dtype.kind in "biuf":
        return values
    if pd.api.types.infer_dtype(categories, skipna=False) == "string" and _is_clean(categories):
        return values
    texts = pd.Index([clean(str(category)) for category in categories])
    tell(f"{where} has categories that are not all texts, which are texts in the copy.")
    if texts.is_unique:
        return values.cat.rename_categories(dict(zip(categories, texts, strict=True))).array
    return pd.Categorical(values.astype(object).map(dict(zip(categories, texts, strict=True))))


def _storable_objects(values: pd.Series, where: str, tell: Tell) -> Any:
    """Return a column of Python objects as what they are, or as texts where they are of several kinds."""
    import pandas as pd

    missing = values.isna()
    kind = pd.api.types.infer_dtype(values[~missing], skipna=False)
    gaps = bool(missing.any())
    if kind == "empty":
        return pd.array(np.full(len(values), None), dtype="string") if gaps else np.array([], dtype=object)
    if kind == "boolean":
        return values.astype("boolean").array if gaps else values.to_numpy(bool)
    if kind == "integer":
        try:
            return values.astype("Int64").array if gaps else values.to_numpy(np.int64)
        except OverflowError:
            return _as_text(values, where, "whole numbers too large for a file", tell)
    if kind in _NUMBERS:
        return values.to_numpy(np.float64, na_value=np.nan)
    if kind == "string":
        if not _is_clean(values[~missing]):
            return _as_text(values, where, "signs that no file holds", tell)
        return pd.Categorical(values.where(~missing, None)) if gaps else values
    return _as_text(values, where, f"values of several kinds ({kind})" if "mixed" in kind else kind, tell)


def _as_text(values: pd.Series, where: str, what: str, tell: Tell) -> Any:
    """Return a column as texts; where values are missing, as categories, which any version of anndata reads."""
    import pandas as pd

    tell(f"{where} holds {what}, which is text in the copy.")
    missing = values.isna()
    texts = [None if gap else clean(str(value)) for value, gap in zip(values, missing, strict=True)]
    return pd.Categorical(texts) if missing.any() else np.array(texts, dtype=object)
