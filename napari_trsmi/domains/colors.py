"""Colours of domains: told apart by everyone, most of all where domains touch."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.domains.labels import check_lengths, contacts
from napari_trsmi.errors import DataError

# Found once by a search over sRGB: the first ten are the set whose closest pair is furthest apart in CAM02-UCS, where
# distances in deuteranopia and protanopia count 1.4 times; each of the rest is furthest from those before it. All are
# as far from white, black, H&E at full strength and dimmed on either, and from the magenta of weak boundaries; L* of
# the first ten lies between 44 and 88, so that small discs stand out on a dark and on a light canvas.
PALETTE = (
    *("#00ebff", "#ffd800", "#d80000", "#8927ff", "#14899d", "#4eb176", "#769dff", "#ff7614", "#b1eb9d", "#3b763b"),
    *("#9d27b1", "#3bd8b1", "#c4c462", "#62c4ff", "#7676d8", "#008976", "#62b13b", "#4e9dc4", "#ffb127", "#eb4e00"),
    *("#d8eb76", "#62893b", "#00ffc4", "#62d889", "#76ebd8", "#279d9d", "#279d76", "#8962b1", "#3bb1c4", "#c44eff"),
    *("#626200", "#0062c4", "#00b19d", "#b13b27", "#00d8d8", "#3bff3b"),
)


def domain_colors(labels: np.ndarray, adjacency: sparse.csr_matrix, n: int | None = None) -> tuple[str, ...]:
    """Return one colour per domain, such that domains that touch differ most.

    The colours are the first n of `palette`: apart in ordinary and in colour-blind vision,
    and from white, black and the pink of H&E. They are dealt out by quadratic assignment: the more of their boundary
    two domains share, the further apart their colours. The same input always gives the same colours.

    Parameters
    ----------
    labels
        (N,) int in 0..n-1; negative where a spot has no domain.
    adjacency
        (N, N) CSR spatial graph, symmetric, zero diagonal.
    n
        Number of colours; None takes as many as the labels need.

    Returns
    -------
    tuple of str
        n colours ``"#rrggbb"``.

    Raises
    ------
    DataError
        Lengths differ, or there are more domains than `n`.
    """
    from scipy.optimize import quadratic_assignment

    codes = np.asarray(labels)
    check_lengths(len(codes), adjacency=adjacency)
    needed = int(codes.max(initial=-1)) + 1
    n = needed if n is None else n
    if n < needed:
        raise DataError(f"Expected at least {needed} colours for the {needed} domains, found n={n}.")
    colours = palette(n)
    shared = contacts(codes, adjacency, n)
    np.fill_diagonal(shared, 0.0)
    if not shared.any():
        return colours
    perimeter = np.maximum(shared.sum(axis=1), 1.0)
    shared /= np.sqrt(np.outer(perimeter, perimeter))  # a small domain inside a large one matters as much
    alike = 1 / np.maximum(color_distances(colours), 1.0) ** 2
    np.fill_diagonal(alike, 0.0)
    rng = np.random.default_rng(0)  # nothing random is asked for, but without one scipy looks at the global generator
    start = quadratic_assignment(shared, alike, method="faq", options={"rng": rng}).col_ind
    options = {"rng": rng, "partial_guess": np.column_stack([np.arange(n), start])}
    chosen = quadratic_assignment(shared, alike, method="2opt", options=options).col_ind
    return tuple(colours[c] for c in chosen)


def palette(n: int) -> tuple[str, ...]:
    """Return `n` colours ``"#rrggbb"``: `PALETTE`, then ever the one furthest from all before it.

    A longer palette starts with the shorter ones.
    """
    if n <= len(PALETTE):
        return PALETTE[:n]
    choice = [*PALETTE, *(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in product(range(0, 256, 15), repeat=3))]
    seen = _seen(choice)
    lightness = seen[0, :, 0]
    distance = np.where((lightness > 30) & (lightness < 85), np.inf, -np.inf)  # to the nearest colour taken
    taken = list(range(len(PALETTE)))
    for number in range(n):
        if number >= len(taken):
            taken.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(seen - seen[:, taken[number], None], axis=2).min(axis=0))
    return tuple(choice[k] for k in taken)


def extended(colors: tuple[str, ...], n: int) -> tuple[str, ...]:
    """Return at least `n` colours that begin with `colors`, so that nothing flickers when a domain is added."""
    if len(colors) >= n:
        return colors
    spare = [color for color in palette(n + len(colors)) if color not in colors]
    return (*colors, *spare)[:n]


def carried_over(labels: np.ndarray, n: int, reference: np.ndarray, colors: tuple[str, ...]) -> tuple[str, ...]:
    """Return colours for `n` domains: those of the domains in `reference` that they match, new ones for the rest.

    Parameters
    ----------
    labels, reference
        (N,) int, as in `comparison.match_labels`.
    n
        Domains in `labels`.
    colors
        ``"#rrggbb"`` of the domains in `reference`.
    """
    from napari_trsmi.domains.comparison import match_labels

    matched = match_labels(labels, reference)
    number = dict(zip(labels.tolist(), matched.tolist(), strict=True))
    colors = extended(colors, max(n, max(number.values(), default=-1) + 1))
    return tuple(colors[number.get(k, k)] for k in range(n))


def color_distances(colours: tuple[str, ...]) -> np.ndarray:
    """Return the (n, n) CAM02-UCS distances of `colours` in the least able of three eyes.

    The distance of a pair is the smallest among ordinary vision, deuteranopia and protanopia; 1 is just visible.
    """
    from scipy.spatial.distance import cdist

    distances: np.ndarray = np.min([cdist(points, points) for points in _seen(colours)], axis=0)
    return distances


@cache
def _converter() -> Any:
    with warnings.catch_warnings():  # of escapes in its docstrings, when Python compiles it
        warnings.simplefilter("ignore", SyntaxWarning)  # Python 3.12 and later
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.11
        from colorspacious import cspace_convert
    return cspace_convert


def _seen(colours: Sequence[str]) -> np.ndarray:
    """(3, n, 3) CAM02-UCS coordinates of colours in ordinary vision, deuteranopia and protanopia."""
    cspace_convert = _converter()
    rgb = np.array([[int(c[k : k + 2], 16) / 255 for k in (1, 3, 5)] for c in colours])
    seen = [rgb]
    for kind in ("deuteranomaly", "protanomaly"):
        space = {"name": "sRGB1+CVD", "cvd_type": kind, "severity": 100}
        seen.append(np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1))
    return np.stack([cspace_convert(eye, "sRGB1", "CAM02-UCS") for eye in seen])


def colors_for(names: Sequence[str], known: Mapping[str, str], others: Collection[str] = ()) -> dict[str, str]:
    """Return {name: colour}: those that are known, and for others the first of the palette that none of them has.

    Colours of `others`, which lie beneath them, are taken last.

    Examples
    --------
    >>> colors_for(["a", "b"], {"b": PALETTE[0]}) == {"a": PALETTE[1], "b": PALETTE[0]}
    True
    """
    taken = {known[name] for name in names if name in known}
    free = sorted((color for color in PALETTE if color not in taken), key=lambda color: color in others)
    free += list(PALETTE) * (len(names) // len(PALETTE) + 1)
    new = iter(free)
    return {name: known.get(name) or next(new) for name in names}
