"""Count matrices as Space Ranger and Cell Ranger write them: one HDF5 file, or three text files."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_FEATURE_COLUMNS = ("gene_ids", "symbol", "feature_types")


def read_matrix(path: Path) -> AnnData:
    """Return all features of a matrix: of an ``.h5`` file, or of ``matrix.mtx`` and the two lists beside it.

    Counts are sparse, ``var_names`` are the symbols; ``var`` has ``gene_ids`` and, where known, ``feature_types``.

    Raises
    ------
    DataError
        A list is missing.
    """
    if path.suffix != ".h5":
        return _read_lists(path)
    import scanpy

    return scanpy.read_10x_h5(path, gex_only=False)


def is_matrix(path: Path) -> bool:
    """Return whether an HDF5 file is a matrix of Space Ranger, of today's format or of the one by genome."""
    import h5py

    with h5py.File(path, "r") as file:
        groups = [part for part in file.values() if isinstance(part, h5py.Group)]
        return any({"barcodes", "data", "indices", "indptr"} <= set(group) for group in groups)


def library_in(path: Path) -> str | None:
    """Return the name of the library that an ``.h5`` matrix says it is of, or None."""
    import h5py

    if path.suffix != ".h5":
        return None
    with h5py.File(path, "r") as file:
        names = np.atleast_1d(file.attrs.get("library_ids", []))
    if not len(names):
        return None
    return names[0].decode() if isinstance(names[0], bytes) else str(names[0])


def _read_lists(path: Path) -> AnnData:
    """Return the counts of ``matrix.mtx`` or ``matrix.mtx.gz`` with the barcodes and features beside it."""
    from anndata import AnnData
    from scipy import sparse
    from scipy.io import mmread

    prefix = path.name[: path.name.index("matrix.mtx")]
    barcodes = _list_beside(path, prefix, "barcodes.tsv")
    features = _list_beside(path, prefix, "features.tsv", "genes.tsv")
    counts = sparse.csr_matrix(mmread(path).T, dtype=np.float32)  # (spots, features)
    features = features.set_axis(_FEATURE_COLUMNS[: features.shape[1]], axis=1)
    symbols = features.pop("symbol") if "symbol" in features else features["gene_ids"]
    table = AnnData(counts, obs=barcodes.set_index(0)[[]], var=features.set_index(symbols.to_numpy()))
    table.obs_names.name = table.var_names.name = None
    return table


def _list_beside(path: Path, prefix: str, *names: str) -> pd.DataFrame:
    """Return the first three columns of the list of one of these names beside `path`, gzipped or not, all text."""
    import pandas as pd

    for name in names:
        for file in (path.with_name(f"{prefix}{name}"), path.with_name(f"{prefix}{name}.gz")):
            if file.exists():
                table = pd.read_csv(
                    file, sep="\t", header=None, dtype=str, keep_default_na=False, quoting=csv.QUOTE_NONE
                )
                return table.iloc[:, :3]
    raise DataError(
        f"Expected {prefix}{names[0]} (or .gz) beside {path}, found none. Put the three files of the matrix together."
    )
