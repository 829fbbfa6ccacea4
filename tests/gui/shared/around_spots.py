"""Spots of a dataset or result, what lies around them, and a click on a button."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt


def click(qtbot, button):
    assert button.isEnabled()
    qtbot.waitUntil(button.isVisible)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def box(data, rows):
    """Return the corners of a rectangle around spots, as (row, column) in the unit of the coordinates."""
    at = data.coords[rows, ::-1]
    (top, left), (bottom, right) = at.min(axis=0) - 1, at.max(axis=0) + 1
    return np.array([[top, left], [top, right], [bottom, right], [bottom, left]])


def boxed(data, corners):
    """Return the rows inside of such a rectangle."""
    at = data.coords[:, ::-1]
    return np.flatnonzero(((at > corners[0]) & (at < corners[2])).all(axis=1))


def near(data, spot, n=12):
    """Return the rows of the spots around one."""
    return np.argsort(np.linalg.norm(data.coords - data.coords[spot], axis=1))[:n]
