"""An exact stand-in for pynndescent, whose compilation takes longer than all other tests together."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest


class NNDescent:
    """Exact neighbours behind pynndescent's names; as there, a row is its own first neighbour unless it has a twin."""

    def __init__(self, rows: np.ndarray, n_neighbors: int, random_state: int = 0) -> None:
        self.rows = rows
        self.neighbor_graph = self.query(rows, n_neighbors)

    def query(self, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        distance = np.linalg.norm(rows[:, None].astype(float) - self.rows[None], axis=2)
        index = distance.argsort(axis=1, kind="stable")[:, :k]
        return index, np.take_along_axis(distance, index, axis=1)


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have sections of any size searched approximately, by the stand-in."""
    from napari_trsmi import graphs

    monkeypatch.setattr(graphs, "BRUTE_FORCE_BELOW", 0)
    monkeypatch.setitem(sys.modules, "pynndescent", types.SimpleNamespace(NNDescent=NNDescent))
