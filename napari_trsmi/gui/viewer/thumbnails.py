"""Domains drawn small: no layer, no viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from qtpy.QtGui import QPixmap

SIZE = 44  # pixels of the longer side


class Thumbnails:
    """Small pictures of one section: each pixel has the colour of the nearest spot, or none away from the tissue.

    Parameters
    ----------
    coords
        (N, 2) float (x, y).
    size
        Pixels of the longer side.
    """

    def __init__(self, coords: np.ndarray, size: int = SIZE) -> None:
        from scipy.spatial import cKDTree

        coords = np.asarray(coords, float)
        low, high = coords.min(axis=0), coords.max(axis=0)
        step = max(float((high - low).max()) / (size - 1), np.finfo(float).tiny)
        width, height = np.maximum(np.round((high - low) / step).astype(int) + 1, 1)
        x, y = np.meshgrid(low[0] + step * np.arange(width), low[1] + step * np.arange(height))
        tree = cKDTree(coords)
        some = coords[:: max(1, len(coords) // 1000)]
        reach = max(1.2 * float(np.median(tree.query(some, k=2)[0][:, -1])), step) if len(coords) > 1 else step
        distance, nearest = tree.query(np.column_stack([x.ravel(), y.ravel()]), distance_upper_bound=reach)
        self.nearest = np.where(np.isfinite(distance), nearest, -1).reshape(height, width)  # (H, W) spot, or -1

    def image(self, labels: np.ndarray, colors: Sequence[str]) -> np.ndarray:
        """Return (H, W, 4) uint8 red, green, blue, alpha for (N,) labels and one ``"#rrggbb"`` per domain."""
        table = np.array([[*bytes.fromhex(color[1:7]), 255] for color in colors] + [[0, 0, 0, 0]], np.uint8)
        there = self.nearest >= 0
        numbers = np.where(there, labels[np.where(there, self.nearest, 0)], len(colors))
        picture: np.ndarray = table[np.where(numbers < 0, len(colors), numbers)]
        return picture

    def pixmap(self, labels: np.ndarray, colors: Sequence[str]) -> QPixmap:
        """Return the picture for a widget."""
        from qtpy.QtGui import QImage, QPixmap

        pixels = np.ascontiguousarray(self.image(labels, colors))
        height, width = pixels.shape[:2]
        return QPixmap.fromImage(QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888))
