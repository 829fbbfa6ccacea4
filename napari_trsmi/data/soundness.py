"""Whether sparse matrices of a table point only into themselves: libraries read them without looking."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

_HOLDERS = ("layers", "obsm", "varm", "obsp", "varp")
_SPARSE = ("csr_matrix", "csc_matrix")  # the encodings of anndata


def check_matrices(table: AnnData | MuData) -> None:
    """Raise `DataError` where a sparse matrix of a table is damaged, before anything computes on it.

    An index out of range ends the whole process in compiled code, or gives other values without a word. All that a
    table holds is looked at, for all of it is copied to what is written.
    """
    for name, matrix in _matrices(table):
        check_matrix(name, matrix)


def check_matrix(name: str, matrix: Any) -> None:
    """Raise `DataError` where what is called `name` is a damaged sparse matrix."""
    problem = _problem(matrix) if sparse.issparse(matrix) else ""
    if problem:
        raise DataError(
            f"Expected a whole sparse matrix in {name}, found {problem}. The file is damaged: copy or write it again."
        ).saying(f"The matrix {name} is damaged.")


def check_stored(group: Any) -> None:
    """Raise `DataError` where a sparse matrix is damaged in a way that is too late to see in memory.

    Scipy cuts what is too long without a word. And mudata computes on the graphs of the whole object while it reads.

    Parameters
    ----------
    group
        An open HDF5 file or zarr group.
    """
    _check_names(group)
    for path in _places(group):
        part = group[path]
        if part.attrs.get("encoding-type") not in _SPARSE:
            continue
        indptr, n_indices, n_values = part["indptr"], part["indices"].shape[0], part["data"].shape[0]
        told = int(indptr[-1]) if indptr.shape[0] else 0
        if not told == n_indices == n_values:
            raise DataError(
                f"Expected a sound sparse matrix in {path}, found {n_values:,} values, {n_indices:,} indices and row "
                f"ends up to {told:,}. The data are damaged: copy or write them again."
            ).saying(f"The matrix {path} is not complete.")
        if "mod" in group and path.split("/")[0] in _HOLDERS:
            from anndata.io import read_elem

            check_matrix(path, read_elem(part))


def _check_names(group: Any) -> None:
    """Raise `DataError` where the names of spots or features are missing from a zarr, which would read as no text."""
    for table in _tables(group):
        for frame in (f"{table}obs", f"{table}var"):
            if frame not in group:
                continue
            index = f"{frame}/{group[frame].attrs.get('_index', '_index')}"
            names = group.get(index)
            if hasattr(names, "keys"):  # text that may be missing, as anndata 0.13 writes all text: values and a mask
                names = names.get("values")
            if getattr(names, "size", 0) and getattr(names, "nchunks_initialized", 1) == 0:
                raise DataError(
                    f"Expected the names in {index}, found none. The folder is not complete: copy or write it again."
                ).saying(f"The names in {index} are missing.")


def _tables(group: Any) -> list[str]:
    """Return where a file may have tables: "" or a path that ends with a slash."""
    tables = [""]
    for parent in ("mod", "tables"):
        tables += [f"{parent}/{name}/" for name in group[parent]] if parent in group else []
    return tables


def _places(group: Any) -> Iterator[str]:
    """Yield where an AnnData, MuData or SpatialData may have sparse matrices."""
    for table in _tables(group):
        yield from (f"{table}{name}" for name in ("X", "raw/X") if f"{table}{name}" in group)
        for parent in _HOLDERS:
            if hasattr(group.get(f"{table}{parent}"), "keys"):  # the earliest anndata kept one array of all in it
                yield from (f"{table}{parent}/{name}" for name in group[f"{table}{parent}"])


def _matrices(table: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (name, matrix) of everything in a table, its raw values and its modalities."""
    for name, modality in (getattr(table, "mod", None) or {}).items():
        yield from _matrices(modality, f"{name}: ")
    if getattr(table, "X", None) is not None:
        yield f"{before}X", table.X
    if getattr(table, "raw", None) is not None:
        yield f"{before}raw.X", table.raw.X
    for holder in _HOLDERS:
        for name, matrix in (getattr(table, holder, None) or {}).items():
            yield f'{before}{holder}["{name}"]', matrix


def _problem(matrix: Any) -> str:
    """Return what is wrong with a sparse matrix, in words."""
    if matrix.dtype.kind not in "biuf":
        return f"values of type {matrix.dtype}"
    if not hasattr(matrix, "indptr"):
        return ""  # scipy checks the others when they are made
    if any(np.asarray(index).dtype.kind not in "iu" for index in (matrix.indices, matrix.indptr)):
        return "indices that are no integers"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            matrix.check_format(full_check=True)
    except (ValueError, IndexError, TypeError) as error:
        return str(error)
    if not matrix.indptr[-1] == len(matrix.indices) == len(matrix.data):
        return f"{len(matrix.data)} values, {len(matrix.indices)} indices and row ends up to {matrix.indptr[-1]}"
    return "rows that end before they begin" if (np.diff(matrix.indptr) < 0).any() else ""
