"""Large sections: what has to be fitted is fitted on some of the spots, what is applied goes over all, block by block.

Up to `SAMPLE` spots everything is done on all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.interrupt import check

if TYPE_CHECKING:
    from scipy import sparse

    from napari_trsmi.config import Config

SAMPLE = 50_000  # spots from which means, variances and ranges are estimated where there are more
BLOCK = 1 << 15  # spots that are worked on at a time
PATCH = 2_000  # spots in one piece of tissue, where a sample needs neighbours

Columns = np.ndarray | tuple[np.ndarray, ...]  # (N, c), in one array or in several that stand side by side


def is_large(n_spots: int) -> bool:
    """Return whether there are more spots than are fitted at once."""
    return n_spots > SAMPLE


def blocks(n_spots: int) -> Iterator[slice]:
    """Yield the rows of one block after the other; between two of them work can be interrupted."""
    for start in range(0, n_spots, BLOCK):
        check()
        yield slice(start, min(start + BLOCK, n_spots))


def some(n_spots: int, seed: int, most: int | None = None) -> np.ndarray:
    """Return at most so many rows, `SAMPLE` where not said, drawn evenly and in their order."""
    most = SAMPLE if most is None else most
    if n_spots <= most:
        return np.arange(n_spots)
    return np.sort(np.random.default_rng(seed).choice(n_spots, most, replace=False))


def patches(graph: sparse.csr_matrix, seed: int, most: int | None = None) -> np.ndarray:
    """Return about `most` rows, `SAMPLE` where not said, that lie in pieces of tissue of `PATCH` spots each.

    Parameters
    ----------
    graph
        (N, N) CSR spatial graph; a piece grows along its edges from a spot drawn at random.
    seed
        For where the pieces lie.
    most
        Spots; all where there are no more.
    """
    n, most = graph.shape[0], SAMPLE if most is None else most
    if n <= most:
        return np.arange(n)
    taken, count = np.zeros(n, bool), 0
    for centre in np.random.default_rng(seed).permutation(n):
        if count >= most:
            break
        if not taken[centre]:
            count += len(_grown(graph, centre, min(PATCH, most - count), taken))
    return np.flatnonzero(taken)


def pieces(graph: sparse.csr_matrix, size: int) -> list[np.ndarray]:
    """Return all rows in pieces of tissue of about so many spots each, (n,) int rows of each piece.

    Parameters
    ----------
    graph
        (N, N) CSR spatial graph, symmetric.
    size
        Spots; what is left over between pieces goes to others.
    """
    from scipy.sparse import csgraph

    taken = np.zeros(graph.shape[0], bool)
    found: list[np.ndarray] = []
    last = 0
    for centre in csgraph.reverse_cuthill_mckee(graph, symmetric_mode=True):  # from one end of the tissue to the other
        if taken[centre]:
            continue
        grown = _grown(graph, centre, size, taken)
        if found and min(len(grown), last) < size // 4:
            found[-1] = np.concatenate([found[-1], grown])
        else:
            found.append(grown)
        last = len(found[-1])
    return found


def _grown(graph: sparse.csr_matrix, centre: int, size: int, taken: np.ndarray) -> np.ndarray:
    """Rows reached from a centre along edges until there are about `size`; they are then `taken`."""
    check()
    front, rings, count = np.array([centre]), [], 0
    while len(front) and count < size:
        taken[front] = True
        rings.append(front)
        count += len(front)
        reached = np.unique(graph[front].indices)
        front = reached[~taken[reached]]
    return np.concatenate(rings)


def side_by_side(parts: Iterable[np.ndarray]) -> Columns:
    """Return arrays of (N, c_m) as one of (N, c), or as they are where the section is large and a copy would be too."""
    given = tuple(parts)
    return given if is_large(len(given[0])) else np.hstack(given)


def parts_of(values: Columns) -> tuple[np.ndarray, ...]:
    """Return the arrays of which (N, c) columns consist, rows of each in one piece of memory."""
    given = values if isinstance(values, tuple) else (values,)
    return tuple(np.ascontiguousarray(part) for part in given)


def rows_of(parts: tuple[np.ndarray, ...], rows: slice | np.ndarray) -> np.ndarray:
    """Return the (n, c) columns of some rows."""
    return parts[0][rows] if len(parts) == 1 else np.hstack([part[rows] for part in parts])


def are_all(rows: np.ndarray, n: int) -> bool:
    """Return whether (n',) int rows are all n of a table, in their order."""
    return len(rows) == n and np.array_equal(rows, np.arange(n))


def taken(values: Any, rows: np.ndarray) -> Any:
    """Return some rows of an array or a sparse matrix: itself, and no copy, where these are all of them in order."""
    return values if are_all(rows, values.shape[0]) else values[rows]


def times(parts: tuple[np.ndarray, ...], matrix: np.ndarray, device: Accelerator = CPU) -> np.ndarray:
    """Return the (N, k) float32 product of columns and a (c, k) matrix; the device is asked first."""
    if (found := device.times(parts, matrix)) is not None:
        return found
    out = np.empty((len(parts[0]), matrix.shape[1]), np.float32)
    matrix = matrix.astype(np.float32)
    for rows in blocks(len(out)):
        np.matmul(rows_of(parts, rows).astype(np.float32, copy=False), matrix, out=out[rows])
    return out


def width(values: Columns) -> int:
    """Return the number of columns."""
    return sum(part.shape[1] for part in (values if isinstance(values, tuple) else (values,)))


def tile_size(config: Config, n_spots: int, several: bool) -> int:
    """Return how many spots a tile has at most; 0 where `n_spots`, of several sections or of one, train as a whole.

    Several sections go by tiles from fewer spots on: a tile is a section then, or a part of one.
    """
    train = config.train
    above = min(train.tile_spots, config.study.tile_spots) if several else train.tile_spots
    return min(train.tile_size, above) if n_spots > above else 0
