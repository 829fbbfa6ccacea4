"""A drag of the mouse over the canvas, and which spots lie within it."""

from __future__ import annotations

import numpy as np
from matplotlib.path import Path
from qtpy.QtCore import QPoint, Qt

STEPS = ((0, -20), (40, -40), (120, -40), (160, 20), (120, 80), (40, 80), (0, 20))  # pixels from the middle


def canvas_of(viewer):
    """The widget on which napari draws."""
    return viewer.window._qt_viewer.canvas.native


def drag(qtbot, viewer, steps=STEPS, *, jumps=False):
    """Drag over the canvas with no time between the moves; with `jumps` the button is let go at the last place."""
    canvas = canvas_of(viewer)
    places = [canvas.rect().center() + QPoint(*step) for step in steps]
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:-1] if jumps else places[1:]:
        qtbot.mouseMove(canvas, place)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=places[-1])


def within(viewer, layer, coords, steps=STEPS):
    """Return the rows of (N, 2) x, y within what was dragged."""
    zoom, center = viewer.scene.camera.zoom, np.array(viewer.scene.camera.center[-2:])
    size = np.array([canvas_of(viewer).height(), canvas_of(viewer).width()])
    middle = np.array([canvas_of(viewer).rect().center().y(), canvas_of(viewer).rect().center().x()])
    world = center + (middle + np.array(steps)[:, ::-1] - size / 2) / zoom
    corners = np.array([layer.world_to_data(place) for place in world])
    return np.flatnonzero(Path(corners).contains_points(coords[:, ::-1]))
