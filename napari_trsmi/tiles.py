"""Large sections in tiles: pieces of tissue of nearly the same size, and the order in which training visits them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_trsmi.interrupt import check


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
