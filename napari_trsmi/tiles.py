"""Large sections in tiles: pieces of tissue of nearly the same size, and the order in which training visits them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from napari_trsmi.interrupt import check
from napari_trsmi.neighbours import Neighbours, nearest

_EXACT_IN_TILE = 15_000  # spots of a tile up to which neighbours within it are searched exactly


@dataclass(frozen=True)
class Tiles:
    """The tiles of a section or a study.

    Attributes
    ----------
    number
        (N,) int32 tile of each spot, 0 to T - 1; tiles with near numbers lie near to each other.
    coords
        (N, 2) float coordinates, any unit.
    """

    number: np.ndarray
    coords: np.ndarray

    @property
    def rows(self) -> list[np.ndarray]:
        """Rows of each tile, (n,) int64; spots that lie near to each other follow each other, for the memory's sake."""
        order = np.lexsort((_curve(self.coords), self.number))
        return np.split(order, np.bincount(self.number).cumsum()[:-1])


def spatial_tiles(coords: np.ndarray, most: int, section: np.ndarray | None = None) -> np.ndarray:
    """Return (N,) int32 the tile of each spot: each section halved along its longer side until no piece is too large.

    Halves are cut in proportion to the tiles that each is to give, so that all tiles hold nearly the same number of
    spots, whatever that of the section.

    Parameters
    ----------
    coords
        (N, 2) float coordinates, any unit.
    most
        Spots in a tile at most.
    section
        (N,) int section of each spot, none of which shares a tile with another; None for one.

    Examples
    --------
    >>> import numpy as np
    >>> spatial_tiles(np.array([[0.0, 0.0], [3.0, 0.0], [1.0, 0.0], [2.0, 1.0]]), most=2)
    array([0, 1, 0, 1], dtype=int32)
    """
    number = np.empty(len(coords), np.int32)
    codes = np.zeros(len(coords), int) if section is None else section
    done = 0
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        pieces = [(rows, -(-len(rows) // most))]
        while pieces:
            check()
            own, n = pieces.pop()
            if n == 1:
                number[own] = done
                done += 1
                continue
            where = coords[own]
            along = where[:, np.ptp(where, axis=0).argmax()]
            first = n // 2
            order = np.argpartition(along, at := len(own) * first // n)
            pieces += [(own[order[at:]], n - first), (own[order[:at]], first)]
    return number


def visits(tiles: Tiles, features: dict[str, np.ndarray]) -> np.ndarray:
    """Return (T,) int the tiles in the order of training: each as unlike those before it as can be.

    A tile is known by its middle and by the mean of every modality's features in it, place and features counting the
    same; the first is the one most like the whole.

    Parameters
    ----------
    tiles
        The tiles.
    features
        {modality: (N, D_m)}.
    """
    size = np.bincount(tiles.number).astype(float)
    member = sparse.csr_matrix((np.ones(len(tiles.number), np.float32), (tiles.number, np.arange(len(tiles.number)))))
    known = []
    for values in (tiles.coords.astype(np.float32), *features.values()):
        mean = (member @ values) / size[:, None]
        mean = mean - np.average(mean, axis=0, weights=size)
        known.append(mean / max(float(np.sqrt(np.square(mean).sum(axis=1).mean())), 1e-12))
    place, *looks = known
    about = np.hstack([place, *(one / np.sqrt(len(looks)) for one in looks)])
    order = [int(np.square(about).sum(axis=1).argmin())]
    far = np.square(about - about[order[0]]).sum(axis=1)
    for _ in range(len(size) - 1):
        far[order[-1]] = -1.0
        order.append(int(far.argmax()))
        far = np.minimum(far, np.square(about - about[order[-1]]).sum(axis=1))
    return np.array(order)


class Share(Protocol):
    """What is one process's of work that several do together."""

    @property
    def own(self) -> int:
        """Number of this process."""

    @property
    def count(self) -> int:
        """How many there are."""

    def summed(self, *arrays: np.ndarray) -> None:
        """Put the sum over the processes in place of each array's values."""


def nearest_in_tiles(
    rows: np.ndarray,
    k: int,
    seed: int,
    tiles: np.ndarray,
    search: Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray] | None] | None = None,
    share: Share | None = None,
) -> Neighbours:
    """Return (N, k) indices and distances of the nearest other rows of the same tile.

    Parameters
    ----------
    rows
        (N, d) float32.
    k
        Neighbours; where a tile has fewer others, a row itself takes the places that are left.
    seed
        For the search by cells in tiles that are too large for an exact one.
    tiles
        (N,) int tile of each row.
    search
        An exact search of another device, which is asked first: (n, d) rows and k to (n, k) indices and distances of
        other rows, or to None where it cannot.
    share
        Of several processes that ask the same: each searches every so many-th tile, and all get the same answer.
    """
    # Zeros, and not empty: what other processes find is added.
    index = np.zeros((len(rows), k), np.int32)
    distance = np.zeros((len(rows), k), np.float32)
    order = np.argsort(tiles, kind="stable").astype(np.int32)
    pieces = np.split(order, np.flatnonzero(np.diff(tiles[order])) + 1)
    recall = np.zeros(len(pieces))
    for number, own in enumerate(pieces):
        if share is not None and number % share.count != share.own:
            continue
        near = min(k, len(own) - 1)  # of a small section each has all others
        if near < 1:
            index[own] = own[:, None]
            recall[number] = len(own) / len(rows)
            continue
        if search is not None and (there := search(rows[own], near)) is not None:
            found = Neighbours(*there)
        else:
            engine = "exact" if len(own) < _EXACT_IN_TILE else "cells"
            found = nearest(rows[own], near, seed=seed, engine=engine)
        index[own, :near], distance[own, :near] = own[found.index], found.distance
        index[own, near:], distance[own, near:] = own[:, None], found.distance[:, -1:]  # itself, which is dropped
        recall[number] = found.recall * len(own) / len(rows)
    if share is not None:
        share.summed(index, distance, recall)
    return Neighbours(index, distance, round(sum(recall.tolist()), 6))


def halo(spatial: sparse.csr_matrix, rows: np.ndarray, hops: int) -> np.ndarray:
    """Return (h,) int64 the spots within `hops` steps of the (N, N) CSR spatial graph from `rows`, themselves left out.

    Takes time by the spots it reaches and not by all.
    """
    seen = np.zeros(spatial.shape[0], bool)
    seen[rows] = True
    found, edge = [], rows
    for _ in range(hops):
        near = np.unique(spatial[edge].indices)
        edge = near[~seen[near]].astype(np.int64)
        seen[edge] = True
        found.append(edge)
    return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)


def _curve(coords: np.ndarray) -> np.ndarray:
    """(N,) place of each spot on a curve that fills the section: the bits of both coordinates, one after the other."""
    low, wide = coords.min(axis=0), max(float(np.ptp(coords, axis=0).max()), 1e-30)
    code = np.zeros(len(coords), np.int64)
    for axis, values in enumerate(((coords - low) / wide * 65_535).astype(np.int64).T):
        for bit in range(16):
            code |= ((values >> bit) & 1) << (2 * bit + axis)
    return code
