"""Recolours layers in place, which is faster than making them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.looks import look

if TYPE_CHECKING:
    from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown


def paint_spots(layer: Any, section: OpenSection, coloring: Coloring | None) -> None:
    """Recolour the spots layer in place."""
    pixels = look(section).raster
    if pixels is None:
        _paint_points(layer, layers.seen_of(section, layers.spot_colors(section, coloring)))
        layer.features = layers.spot_features(section, coloring)
    else:
        pixels.repaint(layer.data, layers.spot_pixels(section, coloring))
        layer.refresh(extent=False, highlight=False)


def paint_domains(layer: Any, section: OpenSection, shown: Shown, hidden: frozenset[int]) -> None:
    """Recolour the domains layer in place."""
    pixels = look(section).raster
    if pixels is None:
        _paint_points(layer, layers.seen_of(section, layers.domain_colors(shown, hidden)[shown.labels]))
        layer.features = layers.domain_features(section, shown)
        return
    colormap, values = layers.domain_colormap(shown, hidden), layers.seen_of(section, layers.label_values(shown))
    if not pixels.repaint(layer.data, values):
        layer.data = pixels.image(values)
    if _same_colors(layer.colormap.color_dict, colormap.color_dict):
        layer.refresh(extent=False, highlight=False)
    else:
        layer.colormap = colormap  # draws the new data as well
    layer.features = layers.domain_table(shown)


def _paint_points(layer: Any, colors: np.ndarray) -> None:
    with layer.events.face_color.blocker():  # the colours tell of themselves: without this, all is drawn twice
        layer.face_color = colors
    layer.refresh(data_displayed=False, extent=False, highlight=False)  # the thumbnail


def _same_colors(one: dict[Any, np.ndarray], other: dict[Any, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)
