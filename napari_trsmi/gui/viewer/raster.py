"""An image of spot numbers: many spots drawn as pixels, recoloured by one look-up.

Above `MAX_SIDE` pixels a side the image has smaller copies, and only what is seen is looked up: so a new colour costs
the same for a million spots and for five.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.gui.session.layout import turned_pixels

if TYPE_CHECKING:
    from napari_trsmi.gui.session.layout import Lie

RASTER_ABOVE = 40_000  # spots; without a graphics card 50,000 points take 0.2 s to draw, pixels 0.04 s
GRID_ABOVE = 5_000  # bins of a square grid, each a pixel; 9,215 squares take 60 ms to draw, their pixels 15 ms
MAX_SIDE = 2000  # pixels; of more, only what is seen is drawn
CANVAS = 1000  # pixels of a usual canvas
LARGEST_SIDE = 10_000  # pixels, of all numbers; they are 400 MB
PER_SPACING = 4.0  # pixels from one spot to the next, as far as the sides allow
_STAMPS = 4.0  # pixels that may be written per pixel of the image before distances cost less


@dataclass(frozen=True, eq=False)
class Raster:
    """Which spot each pixel shows.

    Attributes
    ----------
    spots
        (H, W) int32 row of the dataset, -1 where there is no spot.
    origin
        (row, column) of the centre of pixel (0, 0), in the unit of the coordinates.
    step
        Height and width of a pixel, in the unit of the coordinates.
    coarser
        About every second pixel of `spots`, every fourth, ... until a canvas holds them; empty up to `MAX_SIDE`.
    """

    spots: np.ndarray
    origin: tuple[float, float]
    step: tuple[float, float]
    coarser: tuple[np.ndarray, ...] = ()

    def look_up(self, values: np.ndarray, none: object = 0, out: np.ndarray | None = None) -> np.ndarray:
        """Return the (H, W) image of `values` (N,), one per spot; `none` where there is no spot.

        `out` is overwritten and returned where it is given, which takes half the time.
        """
        return np.take(
            _padded(values, none), self.spots, mode="wrap", out=out
        )  # -1 is the last: checked, the index would cost as much

    def turned(self, lie: Lie) -> Raster:
        """Return the raster of the same spots where they are drawn."""
        height, width = self.spots.shape
        ends = np.array([self.origin[::-1], self.origin[::-1]])
        ends[1] += np.array(self.step[::-1]) * (width - 1, height - 1)
        x, y = lie.of(ends).min(axis=0)
        across, down = np.abs(lie.matrix) @ self.step[::-1]
        spots, *coarser = (turned_pixels(one, lie.matrix) for one in (self.spots, *self.coarser))
        return Raster(spots, (float(y), float(x)), (float(down), float(across)), tuple(coarser))

    def image(self, values: np.ndarray) -> np.ndarray | list[SeenPixels]:
        """Return the image of `values` (N,), 0 where there is no spot, as a layer takes it.

        Above `MAX_SIDE` that is a list of resolutions, which are looked up where they are seen. Four bytes a spot are
        the colours of a pixel, which then has a last axis.
        """
        if self.coarser:
            shared = [_padded(values, 0)]
            return [SeenPixels(spots, shared) for spots in (self.spots, *self.coarser)]
        found = self.look_up(values)
        return found.view(np.uint8).reshape(*found.shape, 4) if values.dtype == np.uint32 else found

    def repaint(self, image: Any, values: np.ndarray) -> bool:
        """Give the data of a layer, which came from `image`, other values; False where they need another type."""
        finest = image[0] if self.coarser else image
        if finest.dtype != (np.uint8 if values.dtype == np.uint32 else values.dtype):
            return False
        if self.coarser:
            finest.shared[0] = _padded(values, 0)
        else:
            self.look_up(values, out=image.view(np.uint32)[..., 0] if values.dtype == np.uint32 else image)
        return True


class SeenPixels:
    """An image that is looked up where it is asked for; to napari, an array.

    Attributes
    ----------
    shared
        The one list of values of all resolutions: its one entry is (N + 1,), the last for no spot.
    """

    def __init__(self, spots: np.ndarray, shared: list[np.ndarray]) -> None:
        self._spots, self.shared = spots, shared
        self._colored = shared[0].dtype == np.uint32
        self.dtype = np.dtype(np.uint8) if self._colored else shared[0].dtype
        self.shape: tuple[int, ...] = (*spots.shape, 4) if self._colored else spots.shape
        self.ndim, self.size = len(self.shape), int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> np.ndarray:
        keys = key if isinstance(key, tuple) else (key,)
        found = np.take(self.shared[0], self._spots[keys[:2]], mode="wrap")
        if not self._colored:
            return found
        pixels = np.ascontiguousarray(found)[..., None].view(np.uint8)
        return pixels[(..., *keys[2:])] if len(keys) > 2 else pixels

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype=dtype)


def with_coarser(raster: Raster) -> Raster:
    """Return the raster with the smaller copies that its size asks for."""
    coarser = []
    spots = raster.spots
    while max(raster.spots.shape) > MAX_SIDE and max(spots.shape) > CANVAS:
        spots = _halved(spots)
        coarser.append(spots)
    return Raster(raster.spots, raster.origin, raster.step, tuple(coarser))


def make_raster(coords: np.ndarray, reach: float, grid: tuple[float, float] | None = None) -> Raster:
    """Return the raster of spots at `coords`: at most `MAX_SIDE` pixels a side, or as many as close spots need.

    Parameters
    ----------
    coords
        (N, 2) float (x, y).
    reach
        A pixel shows the nearest spot that is no further than this, in the unit of `coords`. Gaps of a few pixels
        between spots make stripes on a screen of another resolution: let neighbours meet.
    grid
        Steps (x, y) of the square grid that the spots lie on: each is then one pixel, if the pixels suffice.

    Notes
    -----
    Where spots lie is rounded to pixels. Small spots are stamped, a pixel of their disc at a time and the nearest last;
    for large ones the nearest spot comes from one distance transform, whose time depends on the pixels alone.
    """
    low, high = coords.min(axis=0), coords.max(axis=0)
    if grid is not None and fits(coords, grid):
        step = np.array(grid)
        spots = _seeds(coords, low, step, np.round((high - low) / step).astype(int) + 1)
    else:
        low, high = low - reach, high + reach
        step = np.full(2, float((high - low).max()) / (side_for(len(coords), high - low) - 1))
        size = np.round((high - low) / step).astype(int) + 1
        if len(coords) * np.pi * (reach / step[0]) ** 2 <= _STAMPS * size.prod():
            spots = stamped(coords, low, step, size, reach / step[0])
        else:
            spots = _grown(_seeds(coords, low, step, size), reach / step[0])
    return with_coarser(Raster(spots, origin=(float(low[1]), float(low[0])), step=(float(step[1]), float(step[0]))))


def fits(coords: np.ndarray, grid: tuple[float, float]) -> bool:
    """Return whether each bin of a square grid with these steps (x, y) can be a pixel."""
    return bool((np.ptp(coords, axis=0) / grid).max() < LARGEST_SIDE - 1)


def side_for(n: int, extent: np.ndarray) -> int:
    """Return the pixels along the longer side of `extent` (2,) that keep `n` spots apart; `MAX_SIDE` or more."""
    across = PER_SPACING * np.sqrt(n * float(extent.max() / max(extent.min(), 1e-12)))
    return max(MAX_SIDE, min(int(across), LARGEST_SIDE))


def stamped(coords: np.ndarray, low: np.ndarray, step: np.ndarray, size: np.ndarray, radius: float) -> np.ndarray:
    """Return (H, W) int32: each pixel the spot whose middle is nearest and no further than `radius` pixels."""
    from napari_trsmi.interrupt import check

    edge = int(np.ceil(radius))
    shift = np.stack(np.meshgrid(np.arange(-edge, edge + 1), np.arange(-edge, edge + 1)), axis=-1).reshape(-1, 2)
    away = np.hypot(*shift.T)
    order = np.argsort(-away[away <= radius], kind="stable")
    width, height = int(size[0]), int(size[1])
    wide = np.full((height + 2 * edge, width + 2 * edge), -1, np.int32)  # with room for what reaches beyond
    at = np.round((coords - low) / step).astype(np.int64) + edge
    flat, numbers = at[:, 1] * wide.shape[1] + at[:, 0], np.arange(len(coords), dtype=np.int32)
    pixels = wide.reshape(-1)
    for dx, dy in shift[away <= radius][order]:
        check()
        pixels[flat + (dy * wide.shape[1] + dx)] = numbers
    return np.ascontiguousarray(wide[edge : edge + height, edge : edge + width])


def _halved(spots: np.ndarray) -> np.ndarray:
    """Return every second pixel; an empty one takes a neighbour, or gaps of a pixel would look like noise."""
    half = spots[::2, ::2].copy()
    for row, column in ((0, 1), (1, 0), (1, 1)):
        beside = spots[row::2, column::2]
        own = half[: beside.shape[0], : beside.shape[1]]
        np.copyto(own, beside, where=own < 0)
    return half


def _padded(values: np.ndarray, none: object) -> np.ndarray:
    return np.append(values, np.array([none], values.dtype))


def _seeds(coords: np.ndarray, low: np.ndarray, step: np.ndarray, size: np.ndarray) -> np.ndarray:
    """(H, W) int32 number of the spot whose middle is in the pixel, -1 for none."""
    spots = np.full((size[1], size[0]), -1, np.int32)
    columns, rows = np.round((coords - low) / step).astype(int).T
    spots[rows, columns] = np.arange(len(coords), dtype=np.int32)
    return spots


def _grown(seeds: np.ndarray, radius: float) -> np.ndarray:
    """Return `seeds` with every empty pixel given to the nearest spot that is no further than `radius` pixels."""
    from scipy.ndimage import distance_transform_edt

    distance, (rows, columns) = distance_transform_edt(seeds < 0, return_indices=True)
    return np.where(distance <= radius, seeds[rows, columns], -1).astype(np.int32)
