"""Where the values of a table may lie: in ``X``, in a layer, in ``raw``; told by what these are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from napari_trsmi.data.readers.profile import profile_of
from napari_trsmi.data.tables import layers_of
from napari_trsmi.errors import DataError
from napari_trsmi.sampling import taken

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_COUNTS = re.compile(
    r"(?:raw|orig|original|int|integer)?counts?|counts?raw|umis?|umicounts?|countdata|raw|rawdata|unnormali[sz]ed"
)
_FIRST = ("counts", "raw_counts", "count", "raw")  # before others that are called similarly
_SPLICED = ("spliced", "unspliced")
_NORMALISED = re.compile(r"log|logcounts?|lognorm\w*|log1p\w*|normali[sz]ed|norm|normcounts?|data")


class Stored(NamedTuple):
    """Values that lie somewhere in a table: where, (N, D) values, and their (D, n) features.

    `left_out` features of the table are not among them, because names repeat.
    """

    where: str
    values: Any
    var: pd.DataFrame
    left_out: int = 0

    @property
    def but(self) -> str:
        """What of the table is not among the values, behind the words on where they lie."""
        return f"; {self.left_out} features whose names repeat there were left out" if self.left_out else ""

    @property
    def instead(self) -> str:
        """The sentence on values that stand in for an X that is not there; "" for X."""
        return "" if self.where == "X" else f"There is no X: used {self.where}{self.but}. "


def counts_beside(table: AnnData, rows: np.ndarray) -> Iterator[Stored]:
    """Yield what is called after counts, `rows` of it: layers, the commonest name first, then ``raw``.

    Last come spliced and unspliced counts together, as velocyto and STARsolo write them.
    """
    layers = layers_of(table)
    called = [key for key in layers if key not in _FIRST and _is_called(key, _COUNTS)]
    for key in (*(key for key in _FIRST if key in layers), *called):
        yield Stored(f"layers[{key!r}]", rows_of(layers[key], rows), table.var)
    yield from _raw(table, rows)
    if all(key in layers for key in _SPLICED):
        spliced, unspliced = (rows_of(layers[key], rows) for key in _SPLICED)
        yield Stored(" + ".join(f"layers[{key!r}]" for key in _SPLICED), spliced + unspliced, table.var)


def normalised_beside(table: AnnData, rows: np.ndarray) -> Iterator[Stored]:
    """Yield what is called after normalised values, `rows` of it: layers, then ``raw``."""
    for key, layer in layers_of(table).items():
        if _is_called(key, _NORMALISED):
            yield Stored(f"layers[{key!r}]", rows_of(layer, rows), table.var)
    yield from _raw(table, rows)


def measured_in(table: AnnData, rows: np.ndarray) -> Stored | None:
    """Return `rows` of ``X``, else of what is called after normalised values; None without features."""
    if table.n_vars == 0:
        return None
    if table.X is not None:
        return Stored("X", rows_of(table.X, rows), table.var)
    return next((one for one in normalised_beside(table, rows) if profile_of(one.values).finite), None)


def may_hold_values(key: Any) -> bool:
    """Return whether a layer of that name is looked at: it is called after counts or normalised values."""
    return key in _FIRST or key in _SPLICED or _is_called(key, _COUNTS) or _is_called(key, _NORMALISED)


def rows_of(values: Any, rows: np.ndarray) -> Any:
    """Return `rows` of `values`, without a copy where that is all of them in order; None stays None.

    Raises
    ------
    DataError
        The values are no numbers.
    """
    if values is None:
        return None
    if not sparse.issparse(values):
        values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        raise DataError(f"Expected numbers as values of a modality, found {values.dtype}. Store them as numbers.")
    if values.dtype == np.float16:  # scipy has no sparse matrices of these
        values = values.astype(np.float32)
    if not values.dtype.isnative:  # written on a machine of the other byte order, which scipy refuses
        values = values.astype(values.dtype.newbyteorder("="))
    return taken(values, rows)


def _is_called(key: Any, pattern: re.Pattern[str]) -> bool:
    """Return whether a name, or all that is in it but an ``X`` in front, is called after something."""
    bare = re.sub(r"[\W_]+", "", re.sub(r"^[xX][_.]", "", str(key))).lower()
    return pattern.fullmatch(bare) is not None


def _raw(table: AnnData, rows: np.ndarray) -> Iterator[Stored]:
    """Yield values in `raw` of the table's features, of those that can be told from others of their name."""
    if table.raw is None or not table.n_vars:
        return
    names = _names_in_raw(table)
    if names is None:
        if _only_numbered(table.raw.var_names) and table.raw.shape[1] == table.n_vars:  # SeuratDisk lost the names
            where = "those in raw, in the order of X for they are numbered there"
            yield Stored(where, rows_of(table.raw.X, rows), table.var)
        return
    mine, theirs = names
    if theirs.equals(mine):
        yield Stored("those in raw", rows_of(table.raw.X, rows), table.var)
        return
    once = ~mine.isin(theirs[theirs.duplicated()])
    if once.any():
        columns = theirs.drop_duplicates(keep=False).get_indexer(mine[once])
        unique = np.flatnonzero(~theirs.duplicated(keep=False))
        values = rows_of(table.raw.X, rows)[:, unique[columns]]
        yield Stored("those in raw", values, table.var[once], int((~once).sum()))


def _names_in_raw(table: AnnData) -> tuple[pd.Index, pd.Index] | None:
    """Return names of the table's features, and those of the features in `raw`, which have all of them; else None.

    They are the names as they stand, or where these have no match, columns of names that are all different.
    """
    mine, theirs = table.var_names, table.raw.var_names
    if mine.isin(theirs).all():
        return mine, theirs
    others = list(_columns_of_names(table.raw.var))
    for own in (mine, *_columns_of_names(table.var)):
        for other in (theirs, *others) if own is not mine else others:
            if own.isin(other).all():
                return own, other
    return None


def _columns_of_names(var: pd.DataFrame) -> Iterator[pd.Index]:
    """Yield the columns of text in which every feature has a name of its own."""
    import pandas as pd

    for column in range(var.shape[1]):
        values = var.iloc[:, column]
        if values.dtype.kind == "O" and values.is_unique and values.map(lambda value: isinstance(value, str)).all():
            yield pd.Index(values)


def _only_numbered(names: pd.Index) -> bool:
    return list(names) == [str(number) for number in range(len(names))]
