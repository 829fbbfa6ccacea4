"""Where the camera has to be for a section, or a part of one, to fill the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.gui.viewer.layers import world
from napari_trsmi.gui.viewer.looks import look

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.state import OpenSection

FILLED = 0.95  # of the canvas
ABOVE = 0.08  # of a section, for its name


def frame(viewer: Viewer, section: OpenSection, rows: np.ndarray | None = None) -> tuple[np.ndarray, float]:
    """Return the centre (row, column) in the world and the zoom that show some spots; None for all."""
    low, high = box(section, rows)
    zoom = float((FILLED * np.array(viewer.canvas.size, float) / (high - low)).min())
    return (low + high) / 2, zoom


def box(section: OpenSection, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper ends (row, column) in the world of some spots, with room for names; None for all."""
    dataset = section.dataset
    unit, _ = world(dataset)
    coords = section.at if rows is None else section.at[rows]
    half = look(section).diameter / 2
    low, high = (coords.min(axis=0)[::-1] - half) * unit, (coords.max(axis=0)[::-1] + half) * unit
    if dataset.parts:
        low[0] -= ABOVE * (high[0] - low[0])
    return low, high
