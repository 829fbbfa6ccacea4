"""Whether the spots lie on the image, and the flip, swap or scale that puts them there.

The coordinates move and the image's scale changes; the picture stays as the microscope saw it, and so does the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_trsmi.data.libraries import spacing
from napari_trsmi.data.readers.images import MOSTLY, share_inside

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.dataset import Dataset, TissueImage
    from napari_trsmi.data.result import Result

_SEEN = 2000  # spots that are tried out
_USUAL = (2.0, 0.5, 10.0, 0.1, 0.3, 1 / 0.3)  # factors that get lost or put in twice; 0.3: hires to lowres of Visium
_COLOURED = 30  # levels of 255 between the channels from which on a picture counts as stained
_LEAST_OVERLAP = 0.15  # of the extents of spots and tissue: spots huddled in a corner are no fit
_ALL = 20_000  # spots among which empty places are looked for
_BARE = 2.0  # times the distance between spots: places farther from any have none
_GRID = 48  # places per side where spots may be missing
_LEAST_EMPTY = 0.08  # share of those places: spots that fill their box look the same in the mirror
_MUCH_BETTER, _GOOD, _ON_TISSUE = 0.2, 0.7, 0.75  # gain in agreement, agreement, and share of spots on tissue
_HUDDLED = 0.26  # overlap of the extents of spots and tissue below which spots in the image may lack a factor
_PLACED = "Spots were placed on the image by"
_COST = 0.02  # of each change, in units of the score: the simplest of equally good placements wins


@dataclass(frozen=True)
class Placement:
    """How to put the spots onto the image; the changes are made in this order.

    Attributes
    ----------
    swap
        Exchange x and y.
    flip_x, flip_y
        x becomes ``flip_x - x``, and y ``flip_y - y``, in the unit of the coordinates; None leaves them.
    factor
        What the coordinates are multiplied by to lie on the image, beyond the image's own scale.
    before, after
        Share of spots inside the image, in [0, 1].
    agreement
        How well spots and tissue agree before and after, up to 1, where the spots lie inside the image anyway.
    """

    swap: bool = False
    flip_x: float | None = None
    flip_y: float | None = None
    factor: float = 1.0
    before: float = 1.0
    after: float = 1.0
    agreement: tuple[float, float] | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """What is done, in words."""
        flipped = [name for name, about in (("x", self.flip_x), ("y", self.flip_y)) if about is not None]
        steps = [
            (self.swap, "swapping x and y"),
            (bool(flipped), f"flipping {' and '.join(flipped)}"),
            (self.factor > 1, f"multiplying by {self.factor:.3g}"),
            (self.factor < 1, f"dividing by {1 / self.factor:.3g}"),
        ]
        return tuple(words for done, words in steps if done)

    @property
    def matrix(self) -> np.ndarray:
        """(2, 2) int that takes (x, y) to where they are put, but for `shift`."""
        signs = np.diag([1 if about is None else -1 for about in (self.flip_x, self.flip_y)])
        found: np.ndarray = signs[:, ::-1] if self.swap else signs
        return found

    @property
    def shift(self) -> np.ndarray:
        """(2,) float (x, y) that is added after `matrix`."""
        return np.array([self.flip_x or 0.0, self.flip_y or 0.0])

    @property
    def sentence(self) -> str:
        """What a person reads before they say yes."""
        if self.agreement is not None:
            now, then = self.agreement
            return (
                f"The spots would follow the outline of the tissue much better after {_listed(self.steps)}: agreement "
                f"{then:.2f} instead of {max(now, 0.0):.2f}."
            )
        return (
            f"{1 - self.before:.0%} of the spots lie outside the image; {_listed(self.steps)} puts "
            f"{self.after:.0%} inside."
        )


def check(dataset: Dataset) -> Placement | None:
    """Return the placement that puts the spots onto the tissue, or None where they fit or nothing helps.

    Flips, exchanged axes, and factors between the unit of the coordinates and that of the image are tried together,
    and judged by the share of spots inside the image, the share on tissue, and how well the extents agree. Where the
    spots lie inside the image already, see `_misfit`.
    """
    if dataset.image is None:
        return None
    if (before := share_inside(dataset.coords, dataset.image)) >= MOSTLY:
        return _misfit(dataset, dataset.image)
    tissue = _Tissue(dataset.image)
    coords = dataset.coords[:: max(1, len(dataset.coords) // _SEEN)]
    best, best_score = None, -np.inf
    for placement, cost in _candidates(coords, dataset.image, tissue):
        inside, on_tissue, overlap = tissue.fit(_moved(coords, placement), dataset.image.scale * placement.factor)
        score = inside + on_tissue + overlap - cost
        if inside >= MOSTLY and overlap >= _LEAST_OVERLAP and score > best_score:
            best, best_score = placement, score
    if best is None:
        return None
    moved = apply(dataset, best)
    assert moved.image is not None
    return replace(best, before=before, after=share_inside(moved.coords, moved.image))


def _misfit(dataset: Dataset, image: TissueImage) -> Placement | None:
    """Return the placement that agrees with the tissue much better, for spots that lie inside the image as they are.

    Agreement is the share of spots on tissue less the share of places without spots, in the box around them, that are
    on tissue too (Youden's J): 1 where the spots cover just the tissue, 0 where they know nothing of it. Spots that
    fill their box say nothing about their orientation; nor is anything said against what a person chose.
    """
    if any(note.startswith(_PLACED) for note in dataset.notes):
        return None
    empty = _empty_places(dataset.coords)
    if len(empty) < _LEAST_EMPTY * _GRID**2:
        return None
    tissue, spots = _Tissue(image), dataset.coords[:: max(1, len(dataset.coords) // _SEEN)]

    def judged(placement: Placement) -> tuple[float, float, float]:
        scale = image.scale * placement.factor
        inside, on_tissue, overlap = tissue.fit(_moved(spots, placement), scale)
        _, beside, _ = tissue.fit(_moved(empty, placement), scale)
        return (on_tissue - beside if inside >= MOSTLY and on_tissue >= _ON_TISSUE else -1.0), on_tissue, overlap

    _, on_tissue, overlap = judged(Placement())
    now = on_tissue - tissue.fit(empty, image.scale)[1]
    factors = {1.0}
    if overlap < _HUDDLED:  # other resolutions, and coordinates in pixels of this image or of another
        factors |= {*_USUAL, *(lost / image.scale for lost in (1.0, 0.3, 1 / 0.3))}
    width, height = image.pixels.shape[1] / image.scale, image.pixels.shape[0] / image.scale
    best, best_agreement = None, max(now + _MUCH_BETTER, _GOOD)
    for factor, swap, x, y in product(factors, (False, True), (False, True), (False, True)):
        placement = Placement(swap, width / factor if x else None, height / factor if y else None, factor)
        agreement, _, overlap = judged(placement)
        cost = _COST * (swap + x + y + (factor != 1.0))
        if placement.steps and overlap >= _LEAST_OVERLAP and agreement - cost > best_agreement:
            best, best_agreement = replace(placement, agreement=(now, agreement)), agreement - cost
    return best


def _empty_places(coords: np.ndarray) -> np.ndarray:
    """(n, 2) places of a grid over the box around the spots that have no spot near."""
    from scipy.spatial import cKDTree

    if len(coords) < 3:
        return coords[:0]
    spots = coords
    if len(coords) > _ALL:
        spots = coords[np.random.default_rng(0).choice(len(coords), _ALL, replace=False)]
    axes = (np.linspace(low, high, _GRID) for low, high in zip(coords.min(axis=0), coords.max(axis=0), strict=True))
    places = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    tree = cKDTree(spots)
    pitch = np.median(tree.query(spots, 2)[0][:, 1])
    distance, _ = tree.query(places)
    empty: np.ndarray = places[distance > _BARE * pitch]
    return empty


def turned(dataset: Dataset, change: Literal["x", "y", "swap"]) -> Placement:
    """Return the placement that flips one axis, about the middle of the image or of the spots, or swaps the two."""
    if change == "swap":
        return Placement(swap=True)
    axis = "xy".index(change)
    if dataset.image is None:
        about = float(dataset.coords[:, axis].min() + dataset.coords[:, axis].max())
    else:
        about = dataset.image.pixels.shape[1 - axis] / dataset.image.scale
    return Placement(flip_x=about) if change == "x" else Placement(flip_y=about)


def apply(dataset: Dataset, placement: Placement) -> Dataset:
    """Return the dataset with its spots placed so, and a note that says it."""
    image, diameter = dataset.image, dataset.spot_diameter
    if image is not None:
        image = replace(image, scale=image.scale * placement.factor)
    if diameter is not None and placement.factor != 1 and diameter > 1.5 * spacing(dataset.coords):
        diameter /= placement.factor  # spots would overlap: it was in pixels too
    notes = [note for note in dataset.notes if "lie inside the image" not in note]
    return replace(
        dataset,
        coords=_moved(dataset.coords, placement),
        image=image,
        spot_diameter=diameter,
        notes=(*notes, f"{_PLACED} {_listed(placement.steps)}."),
        outlines=None,  # they stay where the file has them
        placed=(*dataset.placed, placement),
    )


def moved_along(result: Result, dataset: Dataset) -> Result:
    """Return a result as one on `dataset`, which has the same spots: where it was placed since, boundaries move too."""
    before, placed = result.dataset.placed, dataset.placed
    since = placed[len(before) :] if placed[: len(before)] == before else ()
    boundaries, edges = (_moved_in(table, since) for table in (result.boundaries, result.boundary_edges))
    return replace(result, dataset=dataset, boundaries=boundaries, boundary_edges=edges)


def _moved_in(table: pd.DataFrame | None, since: Sequence[Placement]) -> pd.DataFrame | None:
    """Return a table of boundaries whose places are moved as the spots were."""
    if table is None or not since:
        return table
    table = table.copy()
    for x, y in (("x", "y"), ("x0", "y0"), ("x1", "y1")):
        for placement in since if x in table else ():
            table[x], table[y] = _moved(table[[x, y]].to_numpy(float), placement).T
    return table


def _moved(coords: np.ndarray, placement: Placement) -> np.ndarray:
    moved = coords[:, ::-1].copy() if placement.swap else coords.copy()
    for axis, about in enumerate((placement.flip_x, placement.flip_y)):
        if about is not None:
            moved[:, axis] = about - moved[:, axis]
    return moved


def _candidates(coords: np.ndarray, image: TissueImage, tissue: _Tissue) -> Iterator[tuple[Placement, float]]:
    """Yield placements and what they cost."""
    sides = image.pixels.shape[1::-1]  # (width, height)
    for swap in (False, True):
        xy = coords[:, ::-1] if swap else coords
        below = np.median(xy, axis=0) < 0  # axes that count down from 0
        fitted = tissue.factor(xy, image.scale)  # rough, as tissue may lie beside the spots: those around it are tried
        factors = {fitted * 1.1**k: 3 * _COST for k in range(-4, 5)} | dict.fromkeys((1 / image.scale, *_USUAL), _COST)
        for factor, cost in ({1.0: 0.0} | factors).items():
            abouts: list[list[float | None]] = [[None, 0.0] if negative else [None] for negative in below]
            if cost < 3 * _COST:  # a guessed factor and a flip together would fit anything
                for side, about in zip(sides, abouts, strict=True):
                    about.append(side / (image.scale * factor))
            for flip_x, flip_y in product(*abouts):
                flips = (flip_x is not None) + (flip_y is not None)
                yield Placement(swap, flip_x, flip_y, factor), cost + _COST * (swap + flips)


class _Tissue:
    """Where the tissue is in an image: what is stained, or, without colours, what differs from the commonest grey."""

    def __init__(self, image: TissueImage) -> None:
        from skimage.filters import threshold_otsu

        self.step = max(1, max(image.pixels.shape[:2]) // 256)
        pixels = image.pixels[:: self.step, :: self.step].astype(np.int16)
        strength = np.ptp(pixels, axis=2)  # of colour; slide, glass and frame have none
        if np.percentile(strength, 99) < _COLOURED:
            grey = pixels.mean(axis=2).astype(np.int16)
            strength = np.abs(grey - np.bincount(grey.ravel()).argmax())
        self.mask = strength > threshold_otsu(strength) if np.ptp(strength) > 0 else np.ones(strength.shape, bool)
        rows, columns = np.nonzero(self.mask)
        self.box = _box(np.column_stack([columns, rows]) * float(self.step))

    def fit(self, coords: np.ndarray, scale: float) -> tuple[float, float, float]:
        """Return the shares of spots inside the image and on tissue, and how well the extents agree, in [0, 1]."""
        at = np.floor(coords * scale / self.step).astype(int)
        height, width = self.mask.shape
        inside = ((at >= 0) & (at < (width, height))).all(axis=1)
        on_tissue = self.mask[at[inside, 1], at[inside, 0]].sum() / len(at)
        return float(inside.mean()), float(on_tissue), _overlap(self.box, _box(coords * scale))

    def factor(self, coords: np.ndarray, scale: float) -> float:
        """Return the factor that makes the spots as large as the tissue."""
        spots, tissue = np.ptp(_box(coords * scale), axis=0), np.ptp(self.box, axis=0)
        ratio = np.maximum(tissue, 1.0) / np.maximum(spots, 1.0)
        return float(np.sqrt(ratio.prod()))


def _box(points: np.ndarray) -> np.ndarray:
    """(2, 2) corners of the box around all but the outermost points."""
    corners: np.ndarray = np.percentile(points, [2, 98], axis=0)
    return corners


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Area that two boxes share, as part of what they cover together."""
    shared = np.clip(np.minimum(first[1], second[1]) - np.maximum(first[0], second[0]), 0, None).prod()
    whole = np.ptp(first, axis=0).prod() + np.ptp(second, axis=0).prod() - shared
    return float(shared / whole) if whole > 0 else 0.0


def _listed(words: tuple[str, ...]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
