"""Labels as codes: what is a missing label, which domains touch."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.errors import DataError

MISSING_WORDS = ("", "NA", "N/A", "nan", "NaN", "None", "<NA>")  # what files write where a label was missing


def encode(labels: Any) -> tuple[np.ndarray, list[Any]]:
    """Return labels as codes, and the label behind each code.

    Parameters
    ----------
    labels
        (N,) numbers, strings, booleans or a pandas categorical; NaN, None and the texts of `MISSING_WORDS` are missing.

    Returns
    -------
    codes
        (N,) int64 in 0..K-1, -1 where the label is missing; K counts the labels that occur.
    names
        K labels, sorted.

    Raises
    ------
    DataError
        The labels are not one-dimensional.
    """
    import pandas as pd

    if np.ndim(labels) != 1:
        raise DataError(f"Expected one label per spot, found an array of shape {np.shape(labels)}.")
    values = pd.Series(labels).reset_index(drop=True)
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        text = values.astype(object).where(values.notna(), None)
        text = text.map(lambda label: None if label is None or str(label) in MISSING_WORDS else str(label))
        values = text.astype(object)
    codes, names = pd.factorize(values, sort=True)
    return codes.astype(np.int64), list(names)


def one_hot(codes: np.ndarray, n: int | None = None) -> sparse.csr_matrix:
    """Return the (N, K) float64 CSR indicator of `codes`; rows of missing labels (-1) are empty."""
    n = int(codes.max(initial=-1)) + 1 if n is None else n
    (rows,) = np.nonzero(codes >= 0)
    return sparse.csr_matrix((np.ones(len(rows)), (rows, codes[rows])), shape=(len(codes), n))


def contacts(codes: np.ndarray, adjacency: sparse.csr_matrix, n: int | None = None) -> np.ndarray:
    """Return the (K, K) summed weight of graph edges from domain to domain; an edge within a domain counts twice."""
    indicator = one_hot(codes, n)
    return (indicator.T @ (adjacency @ indicator)).toarray()


def check_lengths(n_spots: int, **arrays: Any) -> None:
    """Raise `DataError` where an array does not have one row per spot; `adjacency` must be square as well."""
    for name, array in arrays.items():
        shape = getattr(array, "shape", None) or np.shape(array)
        if shape[0] != n_spots or (name == "adjacency" and shape[1] != n_spots):
            raise DataError(
                f"Expected {name} for the {n_spots} spots that have labels, found shape {tuple(shape)}. "
                "Take both from the same dataset, in the same order."
            )


def upper_edges(adjacency: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return the two ends of every undirected edge, (E,) each, the smaller index first."""
    upper = sparse.triu(adjacency, k=1, format="coo")
    return upper.row.astype(np.int64), upper.col.astype(np.int64)
