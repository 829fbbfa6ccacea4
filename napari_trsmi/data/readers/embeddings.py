"""Embeddings in ``obsm``: what other methods made of the same spots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.readers.coordinates import is_coordinates
from napari_trsmi.data.readers.found import Holder
from napari_trsmi.sampling import blocks, taken

if TYPE_CHECKING:
    import pandas as pd

_OURS = "trsmi_"  # posterior and weights of a saved result


def find_embeddings(holders: Sequence[Holder], names: pd.Index) -> dict[str, np.ndarray]:
    """Return {key: (N, d) float32} of the embeddings in ``obsm`` that have all spots `names`.

    Left out are coordinates, what is no table of two or more columns of numbers, and MuData's record of which spots a
    modality has. Where two holders have one key with different values, the later one is called ``"<holder>:<key>"``.
    """
    found: dict[str, np.ndarray] = {}
    for holder in holders:
        rows = holder.obs.index.get_indexer(names)
        if (rows < 0).any():
            continue
        for key, stored in holder.obsm.items():
            if is_coordinates(key) or str(key).startswith(_OURS) or (values := _numbers(stored)) is None:
                continue
            values = taken(values, rows).astype(np.float32, copy=False)
            if key not in found:
                found[key] = values
            elif not _same(values, found[key]):
                found[f"{holder.name}:{key}"] = values
    return found


def _same(values: np.ndarray, others: np.ndarray) -> bool:
    """Return whether two tables hold the same numbers, some rows at a time."""
    return values.shape == others.shape and all(
        np.array_equal(values[rows], others[rows], equal_nan=True) for rows in blocks(len(values))
    )


def _numbers(stored: Any) -> np.ndarray | None:
    """Return the values where they are a dense table of numbers with two columns or more, else None."""
    values = stored.to_numpy() if hasattr(stored, "to_numpy") else stored
    if not isinstance(values, np.ndarray) or values.ndim != 2 or values.shape[1] < 2 or values.dtype.kind not in "iuf":
        return None
    return values
