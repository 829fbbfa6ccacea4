"""Small sections on grids and off them, with results that nobody trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from anndata import AnnData

from napari_trsmi import Config, Result
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.data.outlines import Polygons
from napari_trsmi.records import Partition


def square(side=12, step=10.0):
    y, x = np.divmod(np.arange(side * side), side)
    return np.column_stack([x, y]) * step + 100


def hexagonal(side=12, step=10.0, turn=0.0):
    y, x = np.divmod(np.arange(side * side), side)
    at = np.column_stack([x + 0.5 * (y % 2), y * np.sqrt(3) / 2]) * step
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return at @ rotation.T + 100


def scattered(n=150, seed=0):
    return np.random.default_rng(seed).uniform(0, 100, (n, 2))


COORDS = {"square": square(), "hexagonal": hexagonal(turn=0.01), "scattered": scattered()}


@dataclass(frozen=True)
class Squares:
    """Outlines of cells: a square around each of some cells."""

    coords: np.ndarray
    half: float
    lacking: int = 0

    def of(self, names):
        corners = self.coords[self.lacking :, None] + self.half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        starts = np.concatenate([np.zeros(self.lacking), 4 * np.arange(len(self.coords) - self.lacking + 1)])
        return Polygons(corners.reshape(-1, 2).astype(np.float32), starts.astype(np.int64))


def section(coords, name="made", **given):
    names = np.array([f"AAC{k:03d}-1" for k in range(len(coords))])
    counts = np.random.default_rng(0).poisson(2.0, (len(coords), 6)).astype(np.float32)
    var = pd.DataFrame(index=[f"g{k}" for k in range(6)])
    table = AnnData(counts, obs=pd.DataFrame(index=names), var=var, obsm={"spatial": coords})
    modalities = {"rna": Modality("rna", "rna", table), "adt": Modality("adt", "protein", table.copy())}
    return Dataset(name, modalities, coords, names, pd.DataFrame(index=names), **given)


def result(dataset, labels):
    """A result of which each spot is certain."""
    labels = np.asarray(labels)
    posterior = np.eye(int(labels.max()) + 1, dtype=np.float32)[labels]
    return Result(
        dataset,
        Config(),
        Partition(labels, posterior, "mixture", 0.0),
        np.random.default_rng(0).normal(size=(len(labels), 4)).astype(np.float32),
    )


def ringed(coords):
    """Labels with a hole and two parts: 1 is a ring around a part of 0, 2 two corners that do not touch."""
    away = np.linalg.norm(coords - coords.mean(axis=0), axis=1) / np.ptp(coords)
    labels = np.where((away > 0.12) & (away < 0.3), 1, 0)
    low, high = coords.min(axis=0), coords.max(axis=0)
    near = 0.15 * np.ptp(coords)
    corners = (np.abs(coords - low).max(axis=1) < near) | (np.abs(coords - high).max(axis=1) < near)
    return np.where(corners, 2, labels)
