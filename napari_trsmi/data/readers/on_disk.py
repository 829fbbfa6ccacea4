"""Large sparse matrices that stay on the disk: what is read of them is in memory only while it is looked at.

Rows are looked at in chunks, several times and in any order. So a large matrix goes, some values at a time, to a
temporary file as scipy wants it, and that file is mapped: the system reads what is asked for, and forgets it where
memory is short. The file that was opened is not mapped itself, for another program may write to it meanwhile, which
would end this one.
"""

from __future__ import annotations

import logging
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.interrupt import check

logger = logging.getLogger(__name__)

FROM = 1_000_000_000  # bytes in memory, from which on a matrix stays on the disk
_FORMS = {"csr_matrix": sparse.csr_matrix, "csc_matrix": sparse.csc_matrix}  # by what anndata calls them
_AT_ONCE = 1 << 24  # values that are copied at a time
_LARGEST = np.iinfo(np.int32).max


def is_large(part: Any) -> bool:
    """Return whether a part of an open HDF5 file or zarr group is a sparse matrix that should stay on the disk.

    Of half precision it is one in any size: scipy has no such matrices, and here it becomes one of float32.
    """
    if part.attrs.get("encoding-type") not in _FORMS:
        return False
    kinds = {"data": "biuf", "indices": "iu", "indptr": "iu"}
    if any(part[name].dtype.kind not in kind for name, kind in kinds.items()):
        return False  # what is odd is told where it is read
    if part["data"].dtype == np.float16:
        return True
    value, index = _types(part)
    return int(part["data"].shape[0]) * (value.itemsize + index.itemsize) >= FROM


def mapped(part: Any) -> sparse.csr_matrix | sparse.csc_matrix | None:
    """Return a stored matrix, (N, D) of floats in a temporary file that is gone with it; None where none is made.

    Parameters
    ----------
    part
        Of an open HDF5 file or zarr group.
    """
    value, index = _types(part)
    try:
        data, indices = _copied(part["data"], value), _copied(part["indices"], index)
    except OSError as error:
        logger.warning("A large matrix stays in memory: %s", error)
        return None
    found = _FORMS[part.attrs["encoding-type"]](tuple(int(size) for size in part.attrs["shape"]), dtype=value)
    found.data, found.indices, found.indptr = data, indices, _converted(part["indptr"][:], index)
    return found


def _types(part: Any) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """Types of values and indices: those that every reader asks for, so that none has to convert them."""
    small = max(int(part["data"].shape[0]), *(int(size) for size in part.attrs["shape"])) <= _LARGEST
    wide = part["data"].dtype == np.float64
    return np.dtype(np.float64 if wide else np.float32), np.dtype(np.int32 if small else np.int64)


def _copied(values: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """(n,) values of a stored array, in a file that is written as files are: a full disk is an error and no crash."""
    n = int(values.shape[0])
    with TemporaryFile(prefix="trsmi-counts-") as file:
        for start in range(0, n, _AT_ONCE):
            check()
            file.write(_converted(np.asarray(values[start : start + _AT_ONCE]), dtype).data)
        file.flush()
        # Copy on write, so that whoever changes values in place changes memory and no file.
        return np.asarray(np.memmap(file, dtype, "c", shape=(n,))) if n else np.empty(0, dtype)


def _converted(values: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """(n,) values of another type; raises `ValueError` where an index is too large for it."""
    found = np.ascontiguousarray(values, dtype)
    if dtype.kind == "i" and values.dtype != dtype and (found != values).any():
        raise ValueError("index out of range")
    return found
