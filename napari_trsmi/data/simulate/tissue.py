"""The shape of one section: outline, curved layers, islands, a tear, vessels, and the spots on it.

Lengths are in mean tissue radii, with the origin in the middle and y pointing down. Every method works point by point,
so that spots and image pixels see the same tissue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from napari_trsmi.data.simulate.settings import SimulationSettings

_PATCHES = 4  # round patches in which spots are missing
_REACH = 1.5  # half the side of the square in which spots are laid out; the outline stays well inside
_PER_TYPE = 4  # islands of each type


@dataclass(frozen=True, slots=True)
class Spots:
    """Spots that lie on the tissue.

    Attributes
    ----------
    points
        (N, 2) float64 (x, y) in tissue radii.
    rows, columns
        (N,) int place in the array; on a hexagonal grid columns count half steps, as Visium does. On an irregular one
        they mean nothing.
    spacing
        Distance of neighbouring spots, in tissue radii.
    """

    points: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    spacing: float


@dataclass(frozen=True, slots=True)
class Tissue:
    """One section.

    Attributes
    ----------
    outline
        (F, 2) amplitude and phase of the outline's waves, lowest frequency first.
    edge
        Level of `level` at which the tissue ends.
    centre
        (2,) centre of curvature of the layers.
    folds
        (2,) phases of the folds of the layers.
    cuts
        (n_layers - 1,) falling depths at which a layer ends and the next begins.
    islands
        (I, 7) centre x, y, radius, elongation, direction, phase of the rim and island type.
    tear
        (3,) direction from the middle, sideways bend and reach of a tear.
    vessels
        (V, 5) centre x, y, radius, elongation and direction of vessels; they show in the picture only.
    blur
        Width of the gradual boundaries.
    """

    n_layers: int
    n_domains: int
    outline: np.ndarray
    edge: float
    centre: np.ndarray
    folds: np.ndarray
    cuts: np.ndarray
    islands: np.ndarray
    tear: np.ndarray
    vessels: np.ndarray
    blur: float

    def level(self, points: np.ndarray) -> np.ndarray:
        """(n,) distance from the middle relative to the outline; above `edge` outside and in the tear."""
        angle = np.arctan2(points[:, 1], points[:, 0])
        radius = np.ones(len(points))
        for k, (amplitude, phase) in enumerate(self.outline):
            radius += amplitude * np.cos((k + 2) * angle + phase)
        level = np.hypot(points[:, 0], points[:, 1]) / radius
        direction, bend, reach = self.tear
        along, across = turned(points, direction)
        opening = 0.09 * (along - reach)  # a wedge from `reach` outwards
        torn = (along > reach) & (np.abs(across - bend * (along - reach) * (1.3 - along)) < opening)
        return np.where(torn, level + 1.0, level)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """(n,) distance from the layers' centre of curvature, with folds; large at the surface."""
        x, y = (points - self.centre).T
        angle = np.arctan2(x, -y)
        distance = np.hypot(x, y)
        return distance + 0.07 * np.sin(5 * angle + self.folds[0]) + 0.03 * np.sin(11 * angle + self.folds[1])

    def membership(self, points: np.ndarray) -> np.ndarray:
        """(n, K) float32 share of each domain at a point; rows sum to 1."""
        depth = self.depth(points)
        shares = np.zeros((len(points), self.n_domains), np.float32)
        above: np.ndarray = np.ones(len(points))  # share of everything at or below this layer
        for layer in range(self.n_layers):
            below: np.ndarray = np.zeros(len(points))
            if layer < len(self.cuts):
                width = self.blur if layer % 2 else 0.0
                below = np.minimum(above, _rise(self.cuts[layer] - depth, width))
            shares[:, layer] = above - below
            above = below
        for x, y, radius, elongation, direction, phase, kind in self.islands:
            along, across = turned(points - (x, y), direction)
            distance = np.hypot(along / elongation, across * elongation)
            rim = radius * (1 + 0.12 * np.cos(3 * np.arctan2(across, along) + phase))
            island = _rise(rim - distance, self.blur if kind % 2 else 0.0)
            shares *= (1 - island)[:, None]
            shares[:, self.n_layers + int(kind)] += island
        return shares


def draw_tissue(
    settings: SimulationSettings, section: int, thickness: np.ndarray | None = None
) -> tuple[Tissue, Spots]:
    """Return section number `section` and its N spots; sections share their layers and differ in everything else.

    Parameters
    ----------
    thickness
        (n_layers,) what the share of each layer is multiplied by in this section.
    """
    organ = np.random.default_rng([settings.seed, 10])
    rng = np.random.default_rng([settings.seed, 11, section])
    centre = np.array([organ.uniform(-0.5, 0.5), organ.uniform(1.3, 1.6)])
    folds = organ.uniform(0, 2 * np.pi, 2) + rng.normal(0, 0.15, 2)
    layers = organ.uniform(0.7, 1.3, settings.n_layers)
    shares = np.cumsum(layers if thickness is None else layers * thickness)
    amplitudes = rng.uniform(0.4, 1, 6) * (0.11, 0.06, 0.04, 0.025, 0.02, 0.012)
    n_laid = int(np.ceil(settings.n_spots / (1 - settings.lost - settings.holes)))
    spacing = np.sqrt(np.pi / n_laid / (1.0 if settings.grid == "square" else np.sqrt(3) / 2))
    tissue = Tissue(
        n_layers=settings.n_layers,
        n_domains=settings.n_domains,
        outline=np.column_stack([amplitudes, rng.uniform(0, 2 * np.pi, 6)]),
        edge=1.0,
        centre=centre,
        folds=folds,
        cuts=np.empty(0),
        islands=_place_islands(settings.n_islands, rng),
        tear=np.array([rng.uniform(-np.pi, np.pi), rng.uniform(-0.5, 0.5), rng.uniform(0.55, 0.7)]),
        vessels=rng.uniform((-0.8, -0.8, 0.006, 1.0, 0.0), (0.8, 0.8, 0.022, 1.6, np.pi), (12, 5)),
        blur=settings.blur * spacing,
    )
    points, rows, columns = _lay_out(settings.grid, spacing)
    if settings.grid == "irregular":
        points += np.random.default_rng([settings.seed, 15, section]).normal(0, 0.35 * spacing, points.shape)
    level = tissue.level(points)
    kept = np.sort(np.argpartition(level, n_laid - 1)[:n_laid])
    spots = Spots(points[kept], rows[kept] - rows[kept].min(), columns[kept] - columns[kept].min(), spacing)
    if settings.grid == "hexagonal" and (spots.rows[0] + spots.columns[0]) % 2:
        spots.columns[:] += 1  # Visium: row and column are both even or both odd
    cuts = np.quantile(tissue.depth(spots.points), 1 - shares[:-1] / shares[-1])
    tissue = replace(tissue, cuts=cuts, edge=float(level[kept].max()))
    if n_laid > settings.n_spots:
        left = _left(spots.points, settings, np.random.default_rng([settings.seed, 16, section]))
        spots = Spots(spots.points[left], spots.rows[left], spots.columns[left], spacing)
    return tissue, spots


def _left(points: np.ndarray, settings: SimulationSettings, rng: np.random.Generator) -> np.ndarray:
    """(N,) rising indices of the spots that are left when some are lost in patches and some here and there."""
    n = len(points)
    centres = points[rng.choice(n, _PATCHES, replace=False)]
    distance = np.hypot(*(points[:, None] - centres).transpose(2, 0, 1)).min(axis=1)
    outside = np.argsort(distance, kind="stable")[int(settings.holes * n) :]
    return np.sort(rng.choice(outside, settings.n_spots, replace=False))


def _lay_out(grid: str, spacing: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, rows and columns of a grid over the whole square; about 2.9 N of them."""
    step = spacing if grid == "square" else spacing * np.sqrt(3) / 2
    n_rows, n_columns = (int(2 * _REACH / length) + 1 for length in (step, spacing))
    rows, columns = (index.ravel() for index in np.indices((n_rows, n_columns)))
    x: np.ndarray
    if grid == "square":
        x = columns * spacing
    else:
        columns = 2 * columns + rows % 2
        x = columns * spacing / 2
    return np.column_stack([x - _REACH, rows * step - _REACH]), rows, columns


def _place_islands(n_types: int, rng: np.random.Generator) -> np.ndarray:
    """(I, 7) islands that do not touch each other; their number does not depend on the number of spots."""
    placed: list[tuple[float, ...]] = []
    size = min(1.0, np.sqrt(2 / max(n_types, 1)))
    for number in range(_PER_TYPE * n_types):
        for _ in range(200):
            radius = size * rng.uniform(0.11, 0.17)
            distance, angle = 0.78 * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
            x, y = distance * np.cos(angle), distance * np.sin(angle)
            if all(np.hypot(x - p[0], y - p[1]) > 1.35 * (radius + p[2]) for p in placed):
                elongation, turn, phase = rng.uniform(0.88, 1.15), rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
                placed.append((x, y, radius, elongation, turn, phase, number % n_types))
                break
    return np.array(placed).reshape(-1, 7)


def turned(points: np.ndarray, direction: float) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates along and across `direction`."""
    cos, sin = np.cos(direction), np.sin(direction)
    return points[:, 0] * cos + points[:, 1] * sin, points[:, 1] * cos - points[:, 0] * sin


def _rise(distance: np.ndarray, width: float) -> np.ndarray:
    """From 0 to 1 where `distance` passes 0; about `width` wide, a step for 0."""
    return expit(4 * distance / width) if width > 1e-9 else (distance >= 0).astype(float)
