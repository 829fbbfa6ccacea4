"""Count matrices as Space Ranger and Cell Ranger write them: one HDF5 file, or three text files."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.data.readers.kinds import kind_of_feature_type
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_FEATURE_COLUMNS = ("gene_ids", "symbol", "feature_types")
_HEADING = re.compile(
    r"(barcodes?|cells?|spots?|genes?|features?|ensembl)?[_. ]?(ids?|names?|barcodes?|symbols?)?", re.IGNORECASE
)
_PEAKS = "peaks.bed"  # chromosome, start, end, as Cell Ranger ATAC writes them


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
    import pandas as pd
    from anndata import AnnData
    from scipy import sparse
    from scipy.io import mmread

    prefix = path.name[: path.name.index("matrix.mtx")]
    counts = sparse.csr_matrix(mmread(path).T, dtype=np.float32)  # (spots, features)
    barcodes = _below_heading(_list_beside(path, prefix, "barcodes.tsv"), counts.shape).iloc[:, 0]
    features = _below_heading(_list_beside(path, prefix, "features.tsv", "genes.tsv", _PEAKS), counts.shape)
    if counts.shape != (shape := (len(barcodes), len(features))):
        if counts.shape != shape[::-1]:
            raise DataError(
                f"Expected a matrix of {shape[1]:,} features x {shape[0]:,} barcodes, as the lists beside {path} have, "
                f"found {counts.shape[1]:,} x {counts.shape[0]:,}. Put the three files of one matrix together."
            )
        counts = counts.T.tocsr()  # written as scanpy keeps it, spots in rows
    symbols = features.pop("symbol") if "symbol" in features else features["gene_ids"]
    table = AnnData(counts, obs=pd.DataFrame(index=barcodes), var=features.set_index(symbols.to_numpy()))
    table.obs_names.name = table.var_names.name = None
    return table


def _below_heading(table: pd.DataFrame, shape: tuple[int, ...]) -> pd.DataFrame:
    """Return a list without its first line where that is a heading, and one more than the matrix has."""
    headed = len(table) > 0 and _HEADING.fullmatch(table.iloc[0, 0].strip()) is not None
    return table.iloc[1:] if headed and len(table) not in shape and len(table) - 1 in shape else table


def _list_beside(path: Path, prefix: str, *names: str) -> pd.DataFrame:
    """Return the list of one of these names beside `path`, gzipped or not: up to three columns of text."""
    import pandas as pd

    for name in names:
        for file in (path.with_name(f"{prefix}{name}"), path.with_name(f"{prefix}{name}.gz")):
            if file.exists():
                text = {"sep": "\t", "dtype": str, "keep_default_na": False, "quoting": csv.QUOTE_NONE}
                table = pd.read_csv(file, header=None, comment="#" if name == _PEAKS else None, **text).iloc[:, :3]
                table = table.apply(lambda column: column.str.strip('"'))
                if name == _PEAKS:
                    peaks = table[0] + ":" + table[1] + "-" + table[2]
                    table = pd.DataFrame({0: peaks, 1: peaks, 2: "Peaks"})
                columns = _FEATURE_COLUMNS[: table.shape[1]]
                if table.shape[1] == 2 < len(table) and all(map(kind_of_feature_type, table.iloc[1:, 1].unique())):
                    columns = ("gene_ids", "feature_types")  # names and types, as scanpy's var may have them
                return table.set_axis(columns, axis=1)
    raise DataError(
        f"Expected {prefix}{names[0]} (or .gz) beside {path}, found none. Put the three files of the matrix together."
    )
