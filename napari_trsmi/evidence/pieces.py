"""Pieces of tissue on one slide that share no domain: sections, perhaps, that differ by a batch."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from napari_trsmi.evidence.alike import ALONE

_FEWEST = 2  # domains in each of the pieces, and pieces
_LEAST = 50  # spots of a piece that is looked at


def apart_notes(labels: np.ndarray, spatial: sparse.csr_matrix) -> list[str]:
    """Return a sentence where a section lies in pieces, each with several domains, none of which is in two of them.

    Parameters
    ----------
    labels
        (N,) int domain of each spot.
    spatial
        (N, N) CSR spatial graph; pieces are what it joins.
    """
    piece = connected_components(spatial, directed=False)[1]
    large = np.flatnonzero(np.bincount(piece) >= _LEAST)
    at = np.isin(piece, large)
    if len(large) < _FEWEST:
        return []
    table = np.zeros((int(labels.max()) + 1, len(large)))
    np.add.at(table, (labels[at], np.searchsorted(large, piece[at])), 1)
    table = table[table.sum(axis=1) > 0]
    mostly = np.bincount(table.argmax(axis=1), minlength=len(large))
    if mostly.min() < _FEWEST or (table.max(axis=1) < ALONE * table.sum(axis=1)).any():
        return []
    return [
        f"The section lies in {len(large)} pieces, and no domain is in more than one of them: they may differ by a "
        "batch rather than by tissue. Name the piece of each spot in a column of obs and train them as a study by it."
    ]
