"""What runs over a section for technical reasons: a straight step, and the rim of the tissue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_trsmi.coherence import coherent_components, coherent_directions
from napari_trsmi.graphs import Places
from napari_trsmi.interrupt import check
from napari_trsmi.sampling import is_large, some

N_ANGLES = 144
MOST_SPOTS = 20_000  # that lines are tried on
MOST_ROWS = 20_000  # of spots across a section: more than this are mostly empty
N_PIECES = 6  # of a line
N_ROWS = 4  # of spots on either side of a line
REACH = 4  # rows to either side in which the largest jump of a piece is looked for
LEAST_SHARED = 0.82
MOST_BEND = 0.3  # rows
_PLACES = np.arange(N_ROWS) + 0.5
_AT_LINE = 1 / N_ROWS - _PLACES.mean() * (_PLACES - _PLACES.mean()) / np.square(_PLACES - _PLACES.mean()).sum()
_RIM = (1.5, 4.0, 10.0)  # spots


@dataclass(frozen=True)
class Line:
    """A straight line over the section, and how values jump at it.

    Attributes
    ----------
    angle
        Of its normal, radians from x towards y.
    across
        (N,) distance from the line in rows of spots, negative on one side of it.
    jump
        In units of the noise: that of its second weakest piece, along what the other pieces have in common.
    shared
        Share of the pieces' squared jumps that they have in common, from 0 to 1.
    bend
        How far, in rows of spots, the places of the pieces' largest jumps lie off a straight line.
    strength
        What lines are compared by: jump * shared^2 / (1 + (bend / `MOST_BEND`)^2), half of it below `LEAST_SHARED`.
    """

    angle: float
    across: np.ndarray
    jump: float
    shared: float
    bend: float
    strength: float

    @property
    def side(self) -> np.ndarray:
        """(N,) bool, True beyond the line."""
        return self.across >= 0


def rim_distance(coords: np.ndarray) -> np.ndarray:
    """Return the (N,) distance of each spot to the rim of the tissue, in spots; holes inside it are no rim."""
    from scipy.ndimage import binary_fill_holes, distance_transform_edt

    reach = 4  # cells of half a spot
    cell = max(_spacing(coords) / 2, float(np.ptp(coords, axis=0).max()) / 2000) or 1.0
    at = ((coords - coords.min(axis=0)) / cell).astype(int) + 2 * reach
    taken = np.zeros(at.max(axis=0) + 2 * reach + 1, bool)
    taken[tuple(at.T)] = True
    tissue = binary_fill_holes(distance_transform_edt(~taken) <= reach)
    return np.asarray(np.maximum(distance_transform_edt(tissue)[tuple(at.T)] - reach, 0.0) / 2)


def rim_basis(coords: np.ndarray) -> np.ndarray:
    """Return (N, 3) functions that fall from 1 at the rim inwards, over 1.5, 4 and 10 spots."""
    return np.exp(-rim_distance(coords)[:, None] / np.array(_RIM))


def strongest_step(
    components: Mapping[str, np.ndarray], spatial: sparse.csr_matrix, coords: np.ndarray, seed: int = 0
) -> dict[str, Line]:
    """Return {modality: its strongest straight step}, and under ``""`` that of all together where there are several.

    Parameters
    ----------
    components
        {modality: (N, D)}; their coherent components are looked at.
    spatial
        (N, N) CSR spatial graph, symmetric, zero diagonal.
    coords
        (N, 2) float, any unit.
    seed
        For the coherence test, and the choice of spots in large sections.

    Returns
    -------
    Lines; none for a section too small for one.
    """
    whitened = {}
    for name, values in components.items():
        check()
        whitened[name] = _noise_whitened(values, spatial, seed)
    if len(whitened) > 1:
        whitened[""] = np.hstack(list(whitened.values()))
    found = {name: straight_step(values, coords, seed) for name, values in whitened.items()}
    return {name: line for name, line in found.items() if line is not None}


def without_step(values: np.ndarray, coords: np.ndarray, line: Line) -> np.ndarray:
    """Return the (N, D) values with the jump at a line taken off all spots beyond it.

    The jump is found by least squares over the section beside a quadratic trend: most of what domains differ in between
    the two sides is trend, and stays. Read off the rows next to the line alone, it would be too noisy.
    """
    x, y = ((coords - coords.mean(axis=0)) / max(float(np.ptp(coords, axis=0).max()), 1e-12)).T
    design = np.column_stack([line.side, np.ones(len(x)), x, y, x * x, x * y, y * y]).astype(float)
    jump = np.linalg.lstsq(design, np.asarray(values, float), rcond=None)[0][0]
    return np.asarray(values - line.side[:, None] * jump, values.dtype)


def straight_step(values: np.ndarray, coords: np.ndarray, seed: int = 0) -> Line | None:
    """Return the straight line over the section at which `values` jump most alike all along it.

    Lines in `N_ANGLES` directions are cut into `N_PIECES` pieces each. In each piece the rows of spots on either side
    are continued to the line, so that what changes gradually makes no jump. A technical step jumps in the same
    direction in every piece, and exactly on the line; a boundary of domains bends, ends, or parts other domains further
    on.

    Parameters
    ----------
    values
        (N, d) features whose noise has unit variance and is independent between columns; of a large section those of
        the spots that lines are tried on alone.
    coords
        (N, 2) float, any unit.
    seed
        For the choice of spots where there are more than `MOST_SPOTS`.

    Returns
    -------
    None where the section is too small for a line with rows of spots on both sides.
    """
    rows = _tried(len(coords), seed)
    middle = coords[rows].mean(axis=0)
    x, xy = np.asarray(values if len(values) == len(rows) else values[rows], float), coords[rows] - middle
    spacing = _spacing(xy)
    best: Line | None = None
    for angle in np.arange(N_ANGLES) * np.pi / N_ANGLES if spacing > 0 else ():
        check()
        normal = np.array([np.cos(angle), np.sin(angle)])
        across, along = xy @ normal / spacing, xy @ [-normal[1], normal[0]]
        piece = np.searchsorted(np.quantile(along, np.arange(1, N_PIECES) / N_PIECES), along)
        for phase in (0.0, 0.5):
            row = np.floor(across + phase).astype(int)
            first = int(row.min())
            if (
                int(row.max()) - first > MOST_ROWS
            ):  # mostly empty: pieces of tissue far from each other, or a stray spot
                continue
            found = _best_line(x, row - first, piece, -1.0 if best is None else best.strength)
            if found is not None and (best is None or found[1][3] > best.strength):
                at, numbers = found
                place = (coords - middle) @ normal / spacing + phase - at - first
                best = Line(float(angle), place, *map(float, numbers))
    return best


def _best_line(
    x: np.ndarray, row: np.ndarray, piece: np.ndarray, floor: float
) -> tuple[int, tuple[float, float, float, float]] | None:
    """First row beyond the best of all lines between rows, and its jump, shared, bend and strength if above floor."""
    n_rows, d = int(row.max()) + 1, x.shape[1]
    n_lines = n_rows - 2 * N_ROWS + 1
    if n_rows < 4 * N_ROWS:
        return None
    cell = row * N_PIECES + piece
    spots = np.bincount(cell, minlength=n_rows * N_PIECES)
    order, ends = np.argsort(cell, kind="stable"), np.append(0, np.cumsum(spots))
    sums = sparse.csr_matrix((np.ones(len(x)), order, ends), (len(spots), len(x)))
    count = spots.reshape(n_rows, N_PIECES)
    mean = (sums @ x).reshape(n_rows, N_PIECES, d) / np.maximum(count, 1)[:, :, None]
    jump, noise = np.zeros((n_lines, N_PIECES, d)), np.zeros((n_lines, N_PIECES))
    enough = np.ones((n_lines, N_PIECES), bool)
    for k, weight in enumerate(_AT_LINE):
        for sign, shift in ((1.0, N_ROWS + k), (-1.0, N_ROWS - 1 - k)):
            jump += sign * weight * mean[shift : shift + n_lines]
            there = count[shift : shift + n_lines]
            noise += weight**2 / np.maximum(there, 1)
            enough &= there > 2
    jump *= enough[:, :, None]
    fits = enough.sum(axis=1) >= N_PIECES - 1  # lines that cut off a corner have no pieces enough
    n = np.maximum(enough.sum(axis=1), 2)
    others = jump.sum(axis=1, keepdims=True) - jump  # (L, P, d)
    own = (jump * others).sum(axis=2) / np.maximum(np.sqrt((others**2).sum(axis=2)), 1e-12)
    weak = np.where(fits, np.sort(np.where(enough, own, np.inf), axis=1)[:, 1], 0.0)
    square = ((jump**2).sum(axis=2) - d * noise * enough).sum(axis=1) / n
    common = ((jump.sum(axis=1) ** 2).sum(axis=1) - (jump**2).sum(axis=(1, 2))) / (n * (n - 1))  # over pairs of pieces
    shared = np.clip(common / np.maximum(square, 1e-12), 0.0, 1.0)
    most = np.maximum(weak, 0.0) * shared**2 * np.where(shared < LEAST_SHARED, 0.5, 1.0)  # where it does not bend
    better = np.flatnonzero(fits & (most > floor))
    if not len(better):
        return None
    bend = _bends(jump, enough, better)
    strength = most[better] / (1 + (bend / MOST_BEND) ** 2)
    k = int(strength.argmax())
    at = better[k]
    return int(at) + N_ROWS, (weak[at], shared[at], bend[k], strength[k])


def _bends(jump: np.ndarray, enough: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return (A,) how far, in rows, the largest jumps of the pieces near each line in `at` lie off a straight one."""
    direction = jump[at].sum(axis=1)
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-12)
    padded = np.pad(jump, ((REACH, REACH), (0, 0), (0, 0)))
    profile = np.stack([np.einsum("lpd,ld->lp", padded[at + o], direction) for o in range(2 * REACH + 1)], axis=2)
    peak = profile.argmax(axis=2)
    inner = np.clip(peak, 1, 2 * REACH - 1)
    before, top, after = (np.take_along_axis(profile, inner[:, :, None] + o, axis=2)[:, :, 0] for o in (-1, 0, 1))
    curve = np.minimum(before - 2 * top + after, -1e-9)
    place = np.where(peak == inner, peak + 0.5 * (before - after) / curve, peak)  # top of the parabola
    weight = enough[at].astype(float)
    n = weight.sum(axis=1, keepdims=True)
    t = np.arange(N_PIECES) - (weight * np.arange(N_PIECES)).sum(axis=1, keepdims=True) / n
    place = place - (weight * place).sum(axis=1, keepdims=True) / n
    slope = (weight * t * place).sum(axis=1, keepdims=True) / (weight * t**2).sum(axis=1, keepdims=True)
    return np.asarray(np.sqrt((weight * (place - slope * t) ** 2).sum(axis=1) / (n[:, 0] - 2)))


def _noise_whitened(values: np.ndarray, spatial: sparse.csr_matrix, seed: int) -> np.ndarray:
    """(n, d) coherent components whose differences between neighbours are uncorrelated and have variance 2.

    Of a large section those of the spots that lines are tried on, from differences between some spots and their
    neighbours.
    """
    if is_large(len(values)):
        level, turn, _, _ = coherent_directions(values, spatial, seed)
        rows = some(len(values), seed)
        near = spatial[rows]
        step = (values[np.repeat(rows, np.diff(near.indptr))] - values[near.indices]) @ turn
        found = (values[_tried(len(values), seed)] - level) @ turn
    else:
        found = coherent_components(values, spatial, seed)[0]
        pairs = sparse.triu(spatial, format="coo")
        step = found[pairs.row] - found[pairs.col]
    variance, axes = np.linalg.eigh(step.T @ step / (2 * max(len(step), 1)))
    keep = variance > 1e-9 * max(variance[-1], 1e-30)
    return np.asarray(found @ (axes[:, keep] / np.sqrt(variance[keep])))


def _tried(n_spots: int, seed: int) -> np.ndarray:
    """Rows of the spots that lines are tried on."""
    return some(n_spots, seed, MOST_SPOTS)


def _spacing(coords: np.ndarray) -> float:
    """How far apart spots lie: the median distance to the sixth nearest one; 0 where all lie on one place."""
    if len(coords) < 2:
        return 0.0
    sixth = Places(coords).some_distances(min(6, len(coords) - 1))[:, -1]
    return float(np.median(sixth)) or float(np.ptp(coords, axis=0).max()) / np.sqrt(len(coords))
