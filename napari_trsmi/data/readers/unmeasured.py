"""What was not measured: rows and columns of a table that an outer join filled, with zeros or with NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.data.readers.layers import rows_of
from napari_trsmi.errors import DataError
from napari_trsmi.sampling import blocks

if TYPE_CHECKING:
    from anndata import AnnData


class NotFiniteError(DataError):
    """Values are NaN or infinite."""


def not_finite(name: str, values: Any, what: str = "values") -> NotFiniteError:
    """Return the error that says how much of a modality's (N, D) values is NaN or infinite, and what to do."""
    lost = np.zeros(values.shape[1], np.int64)
    for some in blocks(values.shape[0]):
        part = values[some]
        if sparse.issparse(part):
            part = part.tocsr()
            lost += np.bincount(part.indices[~np.isfinite(part.data)], minlength=len(lost))
        else:
            lost += (~np.isfinite(part)).sum(axis=0)
    share = 100 * lost.sum() / max(values.shape[0] * values.shape[1], 1)
    return NotFiniteError(
        f"Expected finite {what} in modality {name!r}, found NaN or infinity in {share:.2g} % of them, in "
        f"{int((lost > 0).sum()):,} of {len(lost):,} features. Leave out features that have many; in the others fill "
        "with 0 what was looked for and not found, and with the feature's mean what was not looked at."
    )


def is_measured(values: Any, rows: np.ndarray) -> bool:
    """Return whether some rows of a table, of which -1 are none, hold anything but zeros and NaN.

    True for a table without values, or numbers, of its own.
    """
    rows = rows[rows >= 0]
    if values is None or not values.shape[1]:
        return bool(len(rows))
    if values.dtype.kind not in "biuf":
        return bool(len(rows))
    parts = (values[rows[some]] for some in blocks(len(rows)))
    return any(bool((np.abs(part.data if sparse.issparse(part) else part) > 0).any()) for part in parts)


def without_a_number(table: AnnData, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (n,) bool, which of `rows` are NaN in `X` throughout, and (D,) bool, the columns that the others are."""
    values = table.X
    by_row, by_column = np.zeros(len(rows), np.int64), np.zeros(table.n_vars, np.int64)
    for some in blocks(len(rows)):
        part = rows_of(values, rows[some])
        if sparse.issparse(part):  # what is not stored is a number, 0
            part = part.tocsr()
            lost = sparse.csr_matrix((np.isnan(part.data).astype(np.int64), part.indices, part.indptr), part.shape)
        else:
            lost = np.isnan(part)
        by_row[some] = np.asarray(lost.sum(axis=1)).ravel()
        by_column += np.asarray(lost.sum(axis=0)).ravel()
    return by_row == table.n_vars, by_column == len(rows)
