"""The numbers of a modality: counts or components, checked and brought to one type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from napari_trsmi.config import Kind
from napari_trsmi.data.dataset import Modality
from napari_trsmi.data.readers.found import lean_table
from napari_trsmi.data.readers.kinds import guess_kind, kind_from_names
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData

MOST_COMPONENTS = 512
_COUNT_LAYERS = ("counts", "raw_counts", "count", "raw")
_COMPONENT_KEYS = ("X_pca", "X_pc", "X_lsi", "X_svd", "X_nmf")
_CHUNK = 1 << 22


class _Profile(NamedTuple):
    """What the stored values look like."""

    finite: bool
    minimum: float
    maximum: float
    whole: bool

    @property
    def counts(self) -> bool:
        return self.finite and self.whole and self.minimum >= 0


def checked_modality(
    name: str, table: AnnData, rows: np.ndarray, kind: Kind | None, hint: str = ""
) -> tuple[Modality, list[str]]:
    """Return the modality with its values on `rows`, and notes on where they came from.

    Counts come back as (N, D) CSR float, components as (N, D) dense float32. `table` is left as it is; where nothing
    had to be converted the values are shared with it.

    Parameters
    ----------
    rows
        (N,) int rows of `table` in the dataset's order.
    kind
        Kind that a person asked for, or None to find it out.

    Raises
    ------
    DataError
        Values are not finite, negative, neither counts nor components, all zero, or constant; or there are none.
    """
    if table.n_obs == 0 or len(rows) == 0:
        raise DataError(f"Expected spots in modality {name!r}, found none. Choose another file or leave {name!r} out.")
    named = kind or kind_from_names(table.var, name, hint)
    notes: list[str] = []
    if named == "precomputed":
        values, var, note = _components(name, table, rows)
    else:
        found = _counts(name, table, rows)
        if found is None and kind is None and _may_be_components(table, rows):
            named = "precomputed"
            values, var, note = _components(name, table, rows)
            note = note or f"Modality {name!r} holds negative fractions: taken as precomputed features."
        elif found is None:
            raise DataError(_why_no_counts(name, table, rows))
        else:
            values, var, note = found
            if named is None:
                named = guess_kind(table) or "rna"
                notes.append(
                    f"Took modality {name!r} for {named}, judged by its values; set its kind if that is wrong."
                )
    if note:
        notes.append(note)
    _check_variation(name, values)
    return Modality(name, named, lean_table(values, table.obs_names[rows], var)), notes


def _counts(name: str, table: AnnData, rows: np.ndarray) -> tuple[Any, Any, str] | None:
    """Return counts from `X`, a counts layer or `raw`, their features and a note; None where there are none."""
    values = _taken(table.X, rows)
    if values is not None and values.shape[1]:
        profile = _profile(values)
        if not profile.finite:
            raise DataError(f"Expected finite values in modality {name!r}, found NaN or infinity. Remove or fill them.")
        if profile.counts:
            return _as_csr(values), table.var, ""
    for key in _COUNT_LAYERS:
        if key in table.layers and _profile(layer := _taken(table.layers[key], rows)).counts:
            return _as_csr(layer), table.var, f"X of modality {name!r} holds no counts: used layers[{key!r}]."
    if table.raw is not None and table.n_vars and table.var_names.isin(table.raw.var_names).all():
        raw = _taken(table.raw[:, table.var_names].X, rows)
        if _profile(raw).counts:
            return _as_csr(raw), table.var, f"X of modality {name!r} holds no counts: used those in raw."
    return None


def _components(name: str, table: AnnData, rows: np.ndarray) -> tuple[np.ndarray, Any, str]:
    """Return (N, D) float32 components from `X` where it is narrow, else from a known ``obsm`` key."""
    import pandas as pd

    values, var, note = table.X, table.var, ""
    if values is None or not 0 < table.n_vars <= MOST_COMPONENTS:
        key = next((key for key in _COMPONENT_KEYS if key in table.obsm), None)
        if key is None:
            raise DataError(
                f"Expected 1 to {MOST_COMPONENTS} precomputed features in X of modality {name!r} or components in obsm "
                f"({', '.join(_COMPONENT_KEYS)}), found {table.n_vars} features and obsm keys {list(table.obsm)}. "
                "Give counts, or store the components."
            )
        values, note = table.obsm[key], f"Used obsm[{key!r}] as the features of modality {name!r}."
        var = pd.DataFrame(index=[f"{key.removeprefix('X_')}_{i + 1}" for i in range(values.shape[1])])
    values = _taken(values, rows)
    values = np.asarray(values.toarray() if sparse.issparse(values) else values, dtype=np.float32)  # (N, D), D small
    if not np.isfinite(values).all():
        raise DataError(f"Expected finite features in modality {name!r}, found NaN or infinity. Remove or fill them.")
    return values, var, note


def _may_be_components(table: AnnData, rows: np.ndarray) -> bool:
    """Return whether `X` can only be components: narrow with negative fractions, or none but components in `obsm`."""
    if table.X is None or table.n_vars == 0:
        return any(key in table.obsm for key in _COMPONENT_KEYS)
    profile = _profile(_taken(table.X, rows))
    return table.n_vars <= MOST_COMPONENTS and profile.minimum < 0 and not profile.whole


def _why_no_counts(name: str, table: AnnData, rows: np.ndarray) -> str:
    """Return the sentence on values that are neither counts nor components."""
    if table.X is None or table.n_vars == 0:
        return f"Expected features in modality {name!r}, found none. Choose another file or leave {name!r} out."
    profile = _profile(_taken(table.X, rows))
    if profile.minimum < 0 and profile.whole:
        found = f"found {profile.minimum:g}"
        return f"Expected counts of 0 or more in modality {name!r}, {found}. Give the counts as measured."
    looks = "scaled" if profile.minimum < 0 else "normalised"
    return (
        f"Expected whole counts in modality {name!r}, found {looks} values between {profile.minimum:.4g} and "
        f"{profile.maximum:.4g}. Put the counts in X or layers['counts'], or set its kind to precomputed to use "
        "components as they are."
    )


def _check_variation(name: str, values: Any) -> None:
    """Raise `DataError` where all values are zero, or no feature varies between spots."""
    from sklearn.utils.sparsefuncs import mean_variance_axis

    if sparse.issparse(values):
        empty = values.count_nonzero() == 0
        mean, variance = mean_variance_axis(values, axis=0)
        constant = bool((variance <= 1e-9 * mean**2).all())
    else:
        empty = not values.any()
        constant = bool((values == values[0]).all())
    if empty:
        raise DataError(
            f"Expected measurements in modality {name!r}, found only zeros. Check the file, or leave it out."
        )
    if constant and values.shape[0] == 1:
        raise DataError(f"Expected two spots or more, found one in modality {name!r}. Choose another file.")
    if constant:
        raise DataError(
            f"Expected features of modality {name!r} to vary between spots, found every one constant. Leave it out."
        )


def _taken(values: Any, rows: np.ndarray) -> Any:
    """Return `rows` of `values`, without a copy where that is all of them in order; None stays None."""
    if values is None:
        return None
    if not sparse.issparse(values):
        values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        raise DataError(f"Expected numbers as values of a modality, found {values.dtype}. Store them as numbers.")
    if len(rows) == values.shape[0] and np.array_equal(rows, np.arange(len(rows))):
        return values
    return values[rows]


def _as_csr(values: Any) -> sparse.csr_matrix:
    """Return `values` as CSR of float32, or of float64 where it was that already."""
    matrix = sparse.csr_matrix(values)
    return matrix if matrix.dtype in (np.float32, np.float64) else matrix.astype(np.float32)


def _profile(values: Any) -> _Profile:
    """Return what the values look like; the zeros that a sparse matrix leaves out count as 0."""
    minimum = maximum = 0.0 if sparse.issparse(values) else np.nan
    finite = whole = True
    for chunk in _chunks(values):
        minimum, maximum = float(np.fmin(minimum, chunk.min())), float(np.fmax(maximum, chunk.max()))
        finite &= bool(np.isfinite(chunk).all())
        whole &= chunk.dtype.kind in "biu" or bool((chunk == np.rint(chunk)).all())
    return _Profile(finite, minimum, maximum, whole)


def _chunks(values: Any) -> Iterator[np.ndarray]:
    """Yield the stored values in pieces, so that a check needs little memory beside them."""
    flat = values.data if sparse.issparse(values) else values.reshape(-1)
    for start in range(0, len(flat), _CHUNK):
        yield flat[start : start + _CHUNK]
