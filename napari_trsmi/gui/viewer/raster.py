"""An image of spot numbers: many spots drawn as pixels, recoloured by one look-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RASTER_ABOVE = 40_000  # spots; without a graphics card 50,000 points take 0.2 s to draw, pixels 0.04 s
MAX_SIDE = 2000  # pixels


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
    """

    spots: np.ndarray
    origin: tuple[float, float]
    step: tuple[float, float]

    def look_up(self, values: np.ndarray, none: object = 0, out: np.ndarray | None = None) -> np.ndarray:
        """Return the (H, W) image of `values` (N,), one per spot; `none` where there is no spot.

        `out` is overwritten and returned where it is given, which takes half the time.
        """
        padded = np.append(values, np.array([none], values.dtype))
        return np.take(
            padded, self.spots, mode="wrap", out=out
        )  # -1 is the last: checked, the index would cost as much


def make_raster(coords: np.ndarray, reach: float, grid: tuple[float, float] | None = None) -> Raster:
    """Return the raster of spots at `coords`, at most `MAX_SIDE` pixels a side.

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
    Where spots lie is rounded to pixels. The nearest spot comes from one distance transform, whose time depends on the
    pixels and not on the number or size of the spots.
    """
    low, high = coords.min(axis=0), coords.max(axis=0)
    if grid is not None and (np.ptp(coords, axis=0) / grid).max() < MAX_SIDE - 1:
        step = np.array(grid)
        spots = _seeds(coords, low, step, np.round((high - low) / step).astype(int) + 1)
    else:
        low, high = low - reach, high + reach
        step = np.full(2, float((high - low).max()) / (MAX_SIDE - 1))
        seeds = _seeds(coords, low, step, np.round((high - low) / step).astype(int) + 1)
        spots = _grown(seeds, reach / step[0])
    return Raster(spots, origin=(float(low[1]), float(low[0])), step=(float(step[1]), float(step[0])))


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
