"""The numbers of a modality: counts, intensities or components, checked and brought to one type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.config import Kind
from napari_trsmi.data.dataset import MOST_COMPONENTS, Modality
from napari_trsmi.data.readers.antibodies import note_on_controls
from napari_trsmi.data.readers.found import lean_table
from napari_trsmi.data.readers.kinds import BY_NAMES, MOST_PROTEINS, guess_kind, kind_from_names
from napari_trsmi.data.readers.layers import counts_beside, measured_in, normalised_beside, rows_of
from napari_trsmi.data.readers.profile import Profile, profile_of
from napari_trsmi.data.readers.unmeasured import not_finite
from napari_trsmi.errors import DataError
from napari_trsmi.normalised import scale_of
from napari_trsmi.sampling import blocks

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_SOME = 1000  # rows
_FEW = 0.05  # share of spots
_ROUNDING = 3e-5  # of a value: so far those of a constant may lie apart
_REDUCED = "Modality {!r} holds {:,} features that are no counts: they are reduced to components before training."
_SAID = {
    "scaled": "scaled but not logged: taken as counts are, without a test that needs counts",
    "logged": "logged: used as they are, scaled per gene",
}
_BETTER = "Counts are better: put them in layers['counts'] if you have them."
_OF_PEAKS = ("X_lsi", "X_spectral", "X_svd")  # as muon, SnapATAC and Signac call what they make of peaks
_COMPONENT_KEYS = ("X_pca", "X_pc", "X_lsi", "X_svd", "X_nmf")


def checked_modality(
    name: str,
    table: AnnData,
    rows: np.ndarray,
    barcodes: pd.Index,
    *,
    kind: Kind | None = None,
    hint: str = "",
    guessed: bool = False,
) -> tuple[Modality, list[str]]:
    """Return the modality with its values on `rows`, and notes on where they came from.

    Counts, normalised RNA and intensities come back as (N, D) CSR float, components as (N, D) dense float32, or, where
    they are still to be reduced, as they are stored. `table` is left as it is; where nothing had to be converted the
    values are shared with it.

    Parameters
    ----------
    rows
        (N,) int rows of `table` in the dataset's order.
    barcodes
        (N,) what these rows are called.
    kind
        Kind that a person asked for, or None to find it out.
    hint
        Text that may give the kind away.
    guessed
        Whether the modality's own name says nothing, because it came from a guess.

    Raises
    ------
    DataError
        Values are not finite, negative, neither counts nor RNA nor intensities nor components, all zero, or constant;
        or there are none.
    """
    if table.n_obs == 0 or len(rows) == 0:
        raise DataError(f"Expected spots in modality {name!r}, found none. Choose another file or leave {name!r} out.")
    named = kind or kind_from_names(table.var, "" if guessed else name, hint)
    notes: list[str] = []
    if named == "precomputed":
        values, var, note = _components(name, table, rows)
    elif (found := _counts(name, table, rows, notes)) is not None:
        values, var, note = found
    elif named == "protein" or (named is None and _may_be_intensities(table, rows)):
        values, var, note = _intensities(name, table, rows)
    elif (named or guess_kind(table)[0]) == "rna" and (found := _normalised(name, table, rows)) is not None:
        values, var, note = found
    elif kind is None and _may_be_components(table, rows):
        named = "precomputed"
        values, var, note = _components(name, table, rows)
        note = note or f"Modality {name!r} holds negative fractions: taken as precomputed features. {_BETTER}"
    elif kind is None and named == "chromatin" and (key := next((key for key in _OF_PEAKS if key in table.obsm), "")):
        named = "precomputed"
        values, var = _components_in(key, name, table, rows)
        note = f"Modality {name!r} holds no counts of its peaks: used their components in obsm[{key!r}]."
    else:
        raise DataError(_why_no_counts(name, table, rows))
    if named is None:
        guess, by = guess_kind(table)
        named = guess or "rna"
        if named != "rna" or by != BY_NAMES or table.n_vars <= MOST_PROTEINS:  # no question there
            notes.append(f"Took modality {name!r} for {named}, judged by {by}; set its kind if that is wrong.")
    notes += note_on_controls(name, var.index) if named == "protein" else []
    if note:
        notes.append(note)
    _check_variation(name, values)
    return Modality(name, named, lean_table(values, barcodes, var)), notes


def _counts(name: str, table: AnnData, rows: np.ndarray, notes: list[str]) -> tuple[Any, Any, str] | None:
    """Return counts from `X`, a layer or `raw`, their features and a note; None where there are none.

    What is called after counts and cannot be used, or not everywhere, is told in `notes`.
    """
    values = rows_of(table.X, rows)
    held = profile_of(values) if values is not None and values.shape[1] else None
    if held is not None and held.counts and held.maximum > 0:
        return _as_counts(name, values, held, table.var, "")
    for found in counts_beside(table, rows):
        if (profile := profile_of(found.values)).counts and profile.maximum > 0:
            note = f"X of modality {name!r} holds no counts: used {found.where}{found.but}."
            if held is not None and (lost := _lost(found.values, values)):
                notes.append(
                    f"{name}: {found.where} has nothing at {lost:,} spots at which X has values, as where sections "
                    "were joined of which some lacked it. Fill it in, or leave it out so that X is used."
                )
            return _as_counts(name, found.values, profile, found.var, note)
        if not profile.finite:
            notes.append(f"{name}: {found.where} was not used, for it holds NaN or infinity: fill in what is missing.")
        elif profile.minimum >= 0 and found.where.startswith("layers") and profile.maximum > 0:
            notes.append(
                f"{name}: {found.where} was not used, for it holds fractions: round what are corrected counts."
            )
    if held is not None and not held.finite:
        raise not_finite(name, values)
    return _as_counts(name, values, held, table.var, "") if held is not None and held.counts else None


def _lost(counts: Any, values: Any) -> int:
    """Return at how many spots there are no counts but values, (N, D) each; 0 where that are few."""
    blank = np.flatnonzero(np.asarray(counts.sum(axis=1)).ravel() == 0)
    if len(blank) <= _FEW * counts.shape[0]:
        return 0
    return int((np.asarray(abs(values[blank]).sum(axis=1)).ravel() > 0).sum())


def _as_counts(name: str, values: Any, profile: Profile, var: pd.DataFrame, note: str) -> tuple[Any, Any, str]:
    """Return counts as CSR, rounded where they are off whole numbers, with their features and the note."""
    matrix = _as_csr(values)
    if profile.off:
        matrix = matrix.copy()
        np.rint(matrix.data, out=matrix.data)
        matrix.eliminate_zeros()
        off = f"Counts of modality {name!r} were off whole numbers by up to {profile.off:.0e}: rounded."
        note = f"{note} {off}".strip()
    return matrix, var, note


def _intensities(name: str, table: AnnData, rows: np.ndarray) -> tuple[Any, Any, str]:
    """Return (N, D) CSR of measured intensities, negative ones too where they were transformed, and a note."""
    found = measured_in(table, rows)
    if found is None:
        raise DataError(_why_no_counts(name, table, rows))
    told = f"Modality {name!r} holds no counts: its values are taken as intensities."
    return _as_csr(found.values), found.var, f"{found.instead}{told}"


def _may_be_intensities(table: AnnData, rows: np.ndarray) -> bool:
    """Return whether `X` is a panel of antibodies, or a narrow, dense table of fractions of 0 or more."""
    kind, by = guess_kind(table)
    return kind == "protein" and (by == BY_NAMES or profile_of(rows_of(table.X, rows)).minimum >= 0)


def _normalised(name: str, table: AnnData, rows: np.ndarray) -> tuple[Any, Any, str] | None:
    """Return (N, D) CSR of normalised RNA, its features, and a note that says how it looks; None where there is none.

    That is `X` where all is 0 or more, else, where `X` was scaled to a mean of 0, what it was made from.
    """
    found = measured_in(table, rows)
    if found is None:
        return None
    note = found.instead
    if not profile_of(found.values).minimum >= 0:
        may_be = (one for one in normalised_beside(table, rows) if _is_measured(profile_of(one.values)))
        if (beside := next(may_be, None)) is None:
            return None
        note = f"X of modality {name!r} was scaled to a mean of 0: used {beside.where}{beside.but}. "
        found = beside
    matrix = _as_csr(found.values)
    told = f"Modality {name!r} holds no counts: its values look {_SAID[scale_of(matrix)]}. "
    return matrix, found.var, f"{note}{told}{_BETTER}"


def holds_features(table: AnnData) -> bool:
    """Return whether a table has anything to train on: features, or components of them."""
    return table.n_vars > 0 or any(key in table.obsm for key in _COMPONENT_KEYS)


def _is_measured(profile: Profile) -> bool:
    return profile.finite and profile.minimum >= 0 and profile.maximum > 0


def _components(name: str, table: AnnData, rows: np.ndarray) -> tuple[np.ndarray, Any, str]:
    """Return (N, D) float32 components from `X` where it is narrow, else from a known ``obsm`` key."""
    values, var, note = table.X, table.var, ""
    if values is None or not 0 < table.n_vars <= MOST_COMPONENTS:
        key = next((key for key in _COMPONENT_KEYS if key in table.obsm), None)
        if key is None and values is not None and not (profile := profile_of(rows_of(values, rows))).counts:
            return _to_reduce(name, rows_of(values, rows), profile), var, _REDUCED.format(name, table.n_vars)
        if key is None:
            raise DataError(
                f"Expected 1 to {MOST_COMPONENTS} precomputed features in X of modality {name!r} or components in obsm "
                f"({', '.join(_COMPONENT_KEYS)}), found {table.n_vars} features and obsm keys {list(table.obsm)}. "
                "Give counts, or store the components."
            )
        return *_components_in(key, name, table, rows), f"Used obsm[{key!r}] as the features of modality {name!r}."
    return _dense_components(name, rows_of(values, rows)), var, note


def _components_in(key: str, name: str, table: AnnData, rows: np.ndarray) -> tuple[np.ndarray, pd.DataFrame]:
    """Return (N, D) float32 components from an entry of ``obsm``, and their numbered features."""
    import pandas as pd

    values = _dense_components(name, rows_of(table.obsm[key], rows))
    return values, pd.DataFrame(index=[f"{key.removeprefix('X_')}_{i + 1}" for i in range(values.shape[1])])


def _dense_components(name: str, values: Any) -> np.ndarray:
    """Return (N, D) dense float32, all finite."""
    values = np.asarray(values.toarray() if sparse.issparse(values) else values, dtype=np.float32)  # (N, D), D small
    if not np.isfinite(values).all():
        raise not_finite(name, values, "features")
    return values


def _to_reduce(name: str, values: Any, profile: Profile) -> Any:
    """Return normalised values of many features as CSR, or as float32 where they are dense."""
    if not profile.finite:
        raise not_finite(name, values)
    return _as_csr(values) if sparse.issparse(values) else values.astype(np.float32, copy=False)


def _may_be_components(table: AnnData, rows: np.ndarray) -> bool:
    """Return whether `X` can only be components: narrow with negative fractions, or none but components in `obsm`."""
    if table.X is None or table.n_vars == 0:
        return any(key in table.obsm for key in _COMPONENT_KEYS)
    profile = profile_of(rows_of(table.X, rows))
    return table.n_vars <= MOST_COMPONENTS and profile.minimum < 0 and not profile.whole


def _why_no_counts(name: str, table: AnnData, rows: np.ndarray) -> str:
    """Return the sentence on values that are neither counts nor components."""
    if table.X is None or table.n_vars == 0:
        if table.n_vars == 0 and table.raw is not None and table.raw.shape[1]:
            how = "Take these for the table (adata.raw.to_adata(), with obsm and uns of adata)"
            return f"Expected features in modality {name!r}, found {table.raw.shape[1]:,} in raw alone. {how}."
        return f"Expected features in modality {name!r}, found none. Choose another file or leave {name!r} out."
    profile = profile_of(rows_of(table.X, rows))
    if profile.minimum < 0 and profile.whole:
        found = f"found {profile.minimum:g}"
        return f"Expected counts of 0 or more in modality {name!r}, {found}. Give the counts as measured."
    looks = "scaled" if profile.minimum < 0 else "normalised"
    return (
        f"Expected whole counts in modality {name!r}, found {looks} values between {profile.minimum:.4g} and "
        f"{profile.maximum:.4g}. Put the counts in X or layers['counts'], or take the values as components with "
        f"kinds={{{name!r}: 'precomputed'}} (--kinds {name} precomputed), or 'protein' if they are intensities."
    )


def _check_variation(name: str, values: Any) -> None:
    """Raise `DataError` where all values are zero, or no feature varies between spots."""
    if sparse.issparse(values):
        empty = values.count_nonzero() == 0
        constant = _is_constant(values)
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


def _is_constant(values: Any) -> bool:
    """Return whether each column of a sparse table has one value, but for rounding; most tables differ early on."""
    for some in (values[:_SOME], values):
        low, high = (edge(axis=0).toarray().ravel() for edge in (some.min, some.max))
        if (high - low > _ROUNDING * np.maximum(np.abs(low), np.abs(high))).any():
            return False
    return True


def _as_csr(values: Any) -> sparse.csr_matrix:
    """Return `values` as CSR of float32, or of float64 where it was that already."""
    matrix = sparse.csr_matrix(values) if sparse.issparse(values) else _csr_of(values)
    if not matrix.has_canonical_format:
        sorted_matrix = matrix.copy()
        sorted_matrix.sum_duplicates()
        if sorted_matrix.nnz < matrix.nnz:
            raise DataError(
                "Expected each feature once in a row of a sparse matrix, found some twice. The data are damaged; if "
                "they are meant to be added up, call sum_duplicates() on the matrix."
            )
        matrix = sorted_matrix
    return matrix if matrix.dtype in (np.float32, np.float64) else matrix.astype(np.float32)


def _csr_of(values: np.ndarray) -> sparse.csr_matrix:
    """Return a dense (N, D) table as CSR, made some rows at a time.

    The places of all values at once would take several times the memory of the values.
    """
    ends = np.zeros(len(values) + 1, np.int64)
    for rows in blocks(len(values)):
        ends[rows.start + 1 : rows.stop + 1] = np.count_nonzero(values[rows], axis=1)
    np.cumsum(ends, out=ends)
    data, indices = np.empty(ends[-1], values.dtype), np.empty(ends[-1], np.int32)
    for rows in blocks(len(values)):
        part, own = sparse.csr_matrix(values[rows]), slice(ends[rows.start], ends[rows.stop])
        data[own], indices[own] = part.data, part.indices
    return sparse.csr_matrix((data, indices, ends), shape=values.shape)
