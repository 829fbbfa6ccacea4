"""Marks around spots, each in the colour of its group, as layer tuples: no window, no Qt, no viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.gui.viewer.layers import CLEAR, LayerData, mark, world
from napari_trsmi.gui.viewer.looks import look

if TYPE_CHECKING:
    from napari.utils.colormaps import DirectLabelColormap

    from napari_trsmi.gui.session.state import OpenSection

OUTLINE = 2  # pixels of a raster


def shared(section: OpenSection, role: str, title: str) -> dict[str, Any]:
    """Return the settings that all layers of a section share."""
    unit, name = world(section.dataset)
    return {
        "name": f"{section.dataset.name} {title}",
        "scale": (unit, unit),
        "units": (name, name),
        "metadata": mark(section, role),
    }


def marks_layer(section: OpenSection, groups: np.ndarray, colors: Sequence[str], role: str, title: str) -> LayerData:
    """Return a ring around each spot of a group; pixels where spots are drawn as pixels.

    Parameters
    ----------
    groups
        (N,) int: 0 for no group, else 1..K.
    colors
        K colours, ``"#rrggbb"`` or ``"#rrggbbaa"``.
    """
    drawn, settings = look(section), shared(section, role, title)
    if (pixels := drawn.raster) is not None:
        unit, _ = world(section.dataset)
        placed = {
            "scale": (pixels.step[0] * unit, pixels.step[1] * unit),
            "translate": (pixels.origin[0] * unit, pixels.origin[1] * unit),
            "multiscale": bool(pixels.coarser),
            "colormap": marks_colormap(colors),
            "opacity": 1.0,
        }
        return marks_data(section, groups), {**settings, **placed}, "labels"
    settings |= {
        "size": 1.15 * drawn.diameter,
        "symbol": "square" if drawn.square else "disc",
        "face_color": np.array(CLEAR),
        "border_color": ring_colors(groups, colors),
        "border_width": 0.3,
        "antialiasing": 1,
        "blending": "translucent_no_depth",
    }
    return marks_data(section, groups), settings, "points"


def marks_data(section: OpenSection, groups: np.ndarray) -> Any:
    """Return the data of the layer of `marks_layer`: positions (n, 2), or an image of groups."""
    if (pixels := look(section).raster) is not None:
        return pixels.image(groups.astype(np.uint8 if groups.max(initial=0) < 256 else np.uint16))
    at: np.ndarray = section.at[groups > 0, ::-1]
    return at


def marks_colormap(colors: Sequence[str]) -> DirectLabelColormap:
    """Return the colours of pixels of groups."""
    from napari.utils.colormaps import DirectLabelColormap

    table: dict[int | None, Any] = {None: CLEAR, 0: CLEAR, **{k: color for k, color in enumerate(colors, 1)}}
    return DirectLabelColormap(color_dict=table)


def ring_colors(groups: np.ndarray, colors: Sequence[str]) -> np.ndarray:
    """Return the (n, 4) colours of the rings around those spots that are in a group."""
    from matplotlib.colors import to_rgba_array

    found: np.ndarray = to_rgba_array(list(colors))[groups[groups > 0] - 1]
    return found
