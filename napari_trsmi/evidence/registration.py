"""Whether two modalities of a section lie on each other: one may be moved by some spots, turned or mirrored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from napari_trsmi.interrupt import check

_FURTHEST = 5  # spots by which a modality may have been moved
_DIRECTIONS = 8
_MOST_COMPONENTS = 5  # of each modality, the most coherent ones
_FEWEST = 100  # spots in each quarter of the section
_NEAR = 0.6  # spacings within which a moved spot meets another: on a hexagonal lattice the furthest place is at 0.58
_LEAST_MET = 0.5  # share of the spots
_TURNS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "mirrored along x": ((-1, 0), (0, 1)),
    "mirrored along y": ((1, 0), (0, -1)),
    "turned by 180 degrees": ((-1, 0), (0, -1)),
    "turned by 90 degrees": ((0, -1), (1, 0)),
    "turned by 270 degrees": ((0, 1), (-1, 0)),
    "mirrored on a diagonal (x and y exchanged)": ((0, 1), (1, 0)),
    "mirrored on the other diagonal": ((0, -1), (-1, 0)),
}


@dataclass(frozen=True)
class Misplaced:
    """Two modalities that fit each other better elsewhere.

    Attributes
    ----------
    first, second
        Their names.
    how
        In words, what would have to be done to `second`.
    gain
        Share of the variance of both that is foretold beyond what is as they lie.
    """

    first: str
    second: str
    how: str
    gain: float


def misplaced(smoothed: Mapping[str, np.ndarray], coords: np.ndarray) -> list[Misplaced]:
    """Return pairs of modalities of which one foretells the other better from another place.

    One modality is moved by up to 5 spots in 8 directions, turned, and mirrored. A linear map from the components of
    one to those of the other is fitted on three quarters of the section and judged on the fourth. A pair is told where
    the place that is best beats the one at which they lie in each quarter, in both directions, and foretells more than
    the mean. Needs no labels, and spots on a lattice.

    Parameters
    ----------
    smoothed
        {modality: (N, d)} coherent components, most coherent first, averaged over neighbours.
    coords
        (N, 2) of the same spots, any unit.
    """
    if len(smoothed) < 2 or len(coords) < 4 * _FEWEST:
        return []
    places = list(_places(coords))
    quarter = 2 * (coords[:, 0] > np.median(coords[:, 0])) + (coords[:, 1] > np.median(coords[:, 1]))
    values = {name: _standard(one[:, :_MOST_COMPONENTS]) for name, one in smoothed.items()}
    found = []
    for first, second in combinations(values, 2):
        best: tuple[float, str, bool] = (0.0, "", False)
        for how, met, at in places:
            check()
            part = quarter[met]
            if np.bincount(part, minlength=4).min() < _FEWEST:
                continue
            mine, here, there = values[first][met], values[second][met], values[second][at]
            missed = _missed(there, mine, part), _missed(mine, there, part)
            gains = np.stack([_missed(here, mine, part) - missed[0], _missed(mine, here, part) - missed[1]])
            share = float(gains.sum() / (mine.size + here.size))
            if share > best[0]:
                tells = missed[0].sum() < mine.size and missed[1].sum() < there.size  # more than the mean
                best = share, how, bool(tells and gains.min() > 0)
        if best[2]:
            found.append(Misplaced(first, second, best[1], best[0]))
    return found


def _places(coords: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield in words where a modality is put, (n,) spots that meet another one there, and (n,) which they meet."""
    from scipy.spatial import cKDTree

    tree = cKDTree(coords)
    spacing = float(np.median(tree.query(coords, 2)[0][:, 1]))
    middle = (coords.min(axis=0) + coords.max(axis=0)) / 2
    moved = [(f"moved by about ({x:.0f}, {y:.0f})", coords - (x, y)) for x, y in _moves(spacing)]
    turned = [(how, (coords - middle) @ np.array(by) + middle) for how, by in _TURNS.items()]
    for how, to in moved + turned:
        away, at = tree.query(to, distance_upper_bound=max(_NEAR * spacing, 1e-300))
        met = np.isfinite(away)
        if met.mean() >= _LEAST_MET:
            yield how, np.flatnonzero(met), at[met]


def _standard(values: np.ndarray) -> np.ndarray:
    """(N, d) columns of mean 0 and variance 1, but for constant ones."""
    centred = values - values.mean(axis=0)
    return np.asarray(centred / np.maximum(centred.std(axis=0), 1e-12))


def _moves(spacing: float) -> Iterator[tuple[float, float]]:
    for steps in range(1, _FURTHEST + 1):
        for angle in 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS:
            yield float(steps * spacing * np.cos(angle)), float(steps * spacing * np.sin(angle))


def _missed(known: np.ndarray, asked: np.ndarray, part: np.ndarray) -> np.ndarray:
    """(4,) squares of (n, d) `asked` that a map from (n, e) `known`, fitted on the other quarters, misses in each."""
    x = np.column_stack([np.ones(len(known)), known])
    grams = [(x[own].T @ x[own], x[own].T @ asked[own]) for own in (part == number for number in range(4))]
    gram, cross = (sum(one[i] for one in grams) for i in (0, 1))
    out = np.empty(4)
    for number in range(4):
        own = part == number
        weights = np.linalg.lstsq(gram - grams[number][0], cross - grams[number][1], rcond=None)[0]
        out[number] = np.square(asked[own] - x[own] @ weights).sum()
    return out
