"""Large pictures as layers of several resolutions, of which only what is seen is read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.pyramids import is_colored
from napari_trsmi.errors import DataError
from napari_trsmi.gui.session.layout import turned_pixels

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import TissueImage
    from napari_trsmi.gui.session.layout import Lie

logger = logging.getLogger(__name__)

COLORS = ("blue", "green", "red", "cyan", "magenta", "yellow")  # nuclei come first, as a rule
_RANGE = (0.1, 99.8)  # percentiles


def pyramid_images(image: TissueImage, unit: float) -> list[tuple[Any, dict[str, Any]]]:
    """Return (data, settings) of an Image layer for each channel, or of one in colours.

    Where the files cannot be opened any more, that is the small copy that was read.

    Parameters
    ----------
    image
        One with a pyramid.
    unit
        Length of one unit of the coordinates in the world.
    """
    assert image.pyramid is not None
    try:
        levels = image.pyramid.levels()
        coarsest = np.asarray(levels[-1])
    except (DataError, OSError, ValueError) as error:
        logger.info("a picture is shown small: %s", error)
        step = unit / image.scale
        return [(image.pixels, {"scale": (step, step), "rgb": True, "interpolation2d": "linear"})]
    step = unit * image.pyramid.step / image.scale
    shared = {"scale": (step, step), "interpolation2d": "linear", "multiscale": len(levels) > 1}
    if is_colored(levels[0]):
        return [(_data(levels), {**shared, "rgb": True})]
    found = []
    n_channels = min(levels[0].shape[0], len(COLORS))
    for number in range(n_channels):
        settings = {
            **shared,
            "rgb": False,
            "contrast_limits": limits(coarsest[number]),
            "colormap": "gray" if n_channels == 1 else COLORS[number],
            "blending": "additive" if number else "translucent_no_depth",
        }
        if number < len(image.pyramid.channels):
            settings["name"] = image.pyramid.channels[number]
        found.append((_data([level[number] for level in levels]), settings))
    return found


def turned(data: Any, settings: dict[str, Any], lie: Lie, unit: float) -> tuple[Any, dict[str, Any]]:
    """Return (data, settings) of an Image layer where its section is drawn; `unit` as for `pyramid_images`."""
    if np.array_equal(lie.matrix, np.eye(2)) and not lie.shift.any():
        return data, settings
    several = isinstance(data, list)
    first = np.array(settings.get("translate", (0.0, 0.0)))  # (row, column) of the middle of the first pixel
    last = first + np.array(settings["scale"]) * (np.array((data[0] if several else data).shape[:2]) - 1)
    corners = lie.of(np.array([first, last])[:, ::-1] / unit) * unit
    pixels = [turned_pixels(one, lie.matrix) for one in data] if several else turned_pixels(data, lie.matrix)
    return pixels, {**settings, "translate": tuple(corners.min(axis=0)[::-1])}


def limits(pixels: np.ndarray) -> tuple[float, float]:
    """Return the values that are drawn black and full, from the smallest resolution of a channel.

    Examples
    --------
    >>> limits(np.array([[3.0, np.nan]]))
    (0.0, 3.0)
    """
    known = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels.reshape(-1)
    if not known.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(known, _RANGE))
    if high <= low:
        low = min(low, 0.0)
    return low, high if high > low else low + 1.0


def _data(levels: list[Any]) -> Any:
    return levels if len(levels) > 1 else levels[0]
