"""Tables made such that they can be written: what a file cannot hold is converted or left out, and told.

People keep anything in an AnnData. That something in it cannot be written must not come out after hours of training.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.data.plain import plain
from napari_trsmi.data.storable_frames import clean, storable_column, storable_frame, storable_names, storable_texts

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

_DEEPEST = 50  # levels of dicts in dicts
_LEFT_OUT: Any = object()


def make_storable(table: AnnData | MuData, suffix: str) -> tuple[str, ...]:
    """Replace, in place, what a file of `suffix` cannot hold, and return a sentence on each thing that was changed.

    Values that stay are not copied and none is changed: of what is replaced the table gets another.

    Parameters
    ----------
    table
        With frames and mappings of its own; a MuData with all its tables.
    suffix
        ``".h5ad"``, ``".h5mu"`` or ``".zarr"``.
    """
    conversion = _Conversion(suffix)
    for name, part in getattr(table, "mod", {}).items():
        conversion.table(part, f"{name}: ")
    conversion.table(table, "")
    return tuple(conversion.notes)


class _Conversion:
    """The conversion of one table for one format, with the sentences on what was changed."""

    def __init__(self, suffix: str) -> None:
        import pandas as pd

        self.suffix = suffix
        self.notes: list[str] = []
        self._trial: Any = None
        self.slashes = self.can_hold(pd.DataFrame({"a/b": [1]}))  # in names of columns: HDF5 takes them, anndata < 0.13

    def tell(self, sentence: str) -> None:
        """Note something that was changed."""
        self.notes.append(sentence)

    def table(self, table: Any, where: str) -> None:
        """Convert an AnnData, or what lies beside the tables of a MuData."""
        for part in ("obs", "var"):
            frame = getattr(table, part)
            found = storable_frame(frame, f"{where}{part}", self.slashes, self.tell)
            if found is not frame:
                setattr(table, part, found)
        for part in ("layers", "obsm", "varm", "obsp", "varp"):
            self.aligned(getattr(table, part, None) or {}, f"{where}{part}")
        table.uns = self.mapping(dict(table.uns), f"{where}uns")
        if getattr(table, "raw", None) is not None:
            self.raw(table, f"{where}raw.")

    def aligned(self, found: Any, where: str) -> None:
        """Convert the entries of `obsm`, `layers` and the like in place."""
        keys = [key for key in found if key is not None]  # anndata 0.13 lists X among the layers under None
        names = storable_names(keys, where, set(), slashes=False, tell=self.tell)
        for key, name in zip(keys, names, strict=True):
            before = found[key]
            after = self.value(before, f'{where}["{name}"]')
            if after is before and name == key:
                continue
            del found[key]
            if after is not _LEFT_OUT:
                found[name] = after

    def raw(self, table: Any, where: str) -> None:
        """Convert the frame and the arrays of `raw`."""
        from anndata import AnnData

        raw = table.raw
        frame = storable_frame(raw.var, f"{where}var", self.slashes, self.tell)
        varm = self.mapping(dict(raw.varm), f"{where}varm")
        if frame is not raw.var or any(varm.get(key) is not raw.varm[key] for key in raw.varm):
            table.raw = AnnData(raw.X, obs=table.obs[[]], var=frame, varm=varm)

    def mapping(self, found: Mapping[Any, Any], where: str, depth: int = 0) -> dict[str, Any]:
        """Return a mapping with names and values that can be written."""
        names = storable_names(found, where, set(), slashes=False, tell=self.tell)
        values = {
            name: self.value(value, f'{where}["{name}"]', depth + 1)
            for name, value in zip(names, found.values(), strict=True)
        }
        return {name: value for name, value in values.items() if value is not _LEFT_OUT}

    def value(self, value: Any, where: str, depth: int = 0) -> Any:
        """Return a value that can be written, or that it is left out."""
        import pandas as pd

        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, np.generic) and value.dtype.kind in "biuf" and value.dtype.itemsize <= 8:
            return value
        if isinstance(value, int) and -(2**63) <= value < 2**63:
            return value
        if isinstance(value, str):
            return str(value) if (text := clean(value)) == value else self._told(text, where, "signs no file holds")
        if isinstance(value, Mapping):
            return self.mapping(value, where, depth) if depth < _DEEPEST else self._left_out(where, "too many levels")
        if isinstance(value, pd.DataFrame):
            return storable_frame(value, where, self.slashes, self.tell)
        if isinstance(value, pd.Series):
            self.tell(f"{where} is a Series, which is a DataFrame in the copy.")
            return storable_frame(value.to_frame(str(value.name or "value")), where, self.slashes, self.tell)
        if isinstance(value, pd.Index | pd.api.extensions.ExtensionArray):
            series = pd.Series(value)
            found = storable_column(series, where, self.tell)
            return found if found is not series else np.asarray(value) if isinstance(value, pd.Index) else value
        if isinstance(value, np.ndarray):
            return self.array(value, where)
        if isinstance(value, list | tuple | set | frozenset | range):
            return self.sequence(value, where)
        if sparse.issparse(value):
            return value if value.format in ("csr", "csc") else value.tocsr()
        return self.other(value, where)

    def array(self, value: np.ndarray, where: str) -> Any:
        """Return an array of numbers or texts."""
        if isinstance(value, np.ma.MaskedArray):
            gaps: Any = value.astype(np.float64 if value.dtype.kind in "biuf" else object)
            return self.array(gaps.filled(np.nan), where)
        if value.dtype.kind in "biufcS":
            plain_array = np.asarray(value) if isinstance(value, np.matrix) else value
            return plain_array if value.dtype.itemsize <= 8 or value.dtype.kind in "cS" else value.astype(np.float64)
        if value.dtype.kind in "Mm":
            return self._told(value.astype(str).astype(object), where, f"{value.dtype.name} values")
        if value.dtype.names:
            if self.can_hold(value):
                return value
            import pandas as pd

            self.tell(f"{where} is a structured array, which is a DataFrame in the copy.")
            return storable_frame(pd.DataFrame.from_records(value), where, self.slashes, self.tell)
        return storable_texts(value.astype(object), where, self.tell) if value.ndim else self.value(value[()], where)

    def sequence(self, value: Any, where: str) -> Any:
        """Return a list, a tuple or a set as an array, or as text in JSON where it has no even shape."""
        items = list(value)
        if isinstance(value, set | frozenset):
            items.sort(key=str)
            self.tell(f"{where} is a set, which is a sorted list in the copy.")
        try:
            found = np.array(items, dtype=object if any(isinstance(item, str) for item in items) else None)
        except ValueError:  # lists of different lengths
            found = np.empty(0, dtype=object)
        if len(found) == len(items) and found.dtype.kind in "biufcMm":
            return self.array(found, where)
        if len(found) == len(items) and found.ndim == 1 and not any(map(_is_nested, items)):
            return storable_texts(found.astype(object), where, self.tell)
        return self._told(clean(json.dumps(plain(items))), where, "lists of different kinds or lengths")

    def other(self, value: Any, where: str) -> Any:
        """Return what has no writer of its own as an array or a text, if it is anything of the kind."""
        from datetime import date, time, timedelta
        from numbers import Number
        from pathlib import PurePath
        from uuid import UUID

        import pandas as pd

        if self.can_hold(value):
            return value
        if isinstance(value, bytes | bytearray):
            return self._told(np.frombuffer(bytes(value), np.uint8), where, "bytes", "numbers")
        if isinstance(value, Number | date | time | timedelta | PurePath | UUID | pd.Period | pd.Interval | np.generic):
            return self._told(clean(str(value)), where, f"a {type(value).__name__}")
        if value is pd.NA:
            return None
        try:
            found = np.asarray(value)
        except Exception:  # whatever a class of somebody else raises
            found = np.array(None)
        if found.dtype.kind in "biufc" or (found.dtype.kind == "U" and found.ndim):
            return self.array(found, where)
        return self._left_out(where, f"a {type(value).__name__}")

    def can_hold(self, value: Any) -> bool:
        """Return whether a value can be written, by writing it to memory."""
        from anndata.io import write_elem

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if self._trial is None:
                    self._trial = _in_memory(self.suffix)
                write_elem(self._trial, "trial", value)
            except Exception:  # what anndata raises for values it has no writer for is private
                return False
        return True

    def _told(self, value: Any, where: str, what: str, form: str = "text") -> Any:
        self.tell(f"{where} holds {what}, which is {form} in the copy.")
        return value

    def _left_out(self, where: str, what: str) -> Any:
        self.tell(f"{where} holds {what}, which no file holds: it is left out of the copy.")
        return _LEFT_OUT


def _is_nested(item: Any) -> bool:
    return isinstance(item, Mapping | list | tuple | set | frozenset | np.ndarray)


def _in_memory(suffix: str) -> Any:
    """Return an empty group of the format in memory."""
    if suffix == ".zarr":
        import zarr

        return zarr.group(store=zarr.storage.MemoryStore())
    import io

    import h5py

    return h5py.File(io.BytesIO(), "w")
