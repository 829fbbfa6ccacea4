"""Which spots lie in a shape that a person drew: no window, no Qt, no viewer."""

from __future__ import annotations

import numpy as np

LASSO, PATH = "add_polygon_lasso", "add_path"  # modes of a shapes layer that draw with the button held down
DONE = ("added", "changed", "removed")  # what napari says when it is done with a shape
IDLE = ("pan_zoom", "transform")  # modes in which nothing is drawn


def outline(kind: str, vertices: np.ndarray) -> np.ndarray:
    """Return the (n, 2) corners of a shape; an ellipse is given by its box, a line has none."""
    vertices = np.asarray(vertices, float)[:, -2:]
    if kind in ("line", "path"):
        return vertices[:0]
    if kind != "ellipse":
        return vertices
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)[:, None]
    right, down = (vertices[1] - vertices[0]) / 2, (vertices[3] - vertices[0]) / 2
    return vertices.mean(axis=0) + np.cos(angle) * right + np.sin(angle) * down


def inside(at: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return the rows of `at` (N, 2) that lie in the polygon of `corners` (n, 2)."""
    from matplotlib.path import Path

    if len(corners) < 3:
        return np.zeros(0, int)
    near = np.flatnonzero(((at >= corners.min(axis=0)) & (at <= corners.max(axis=0))).all(axis=1))
    found: np.ndarray = near[Path(corners).contains_points(at[near])]
    return found


def beside(at: np.ndarray, vertices: np.ndarray, reach: float) -> np.ndarray:
    """Return the rows of `at` (N, 2) no further than `reach` from a path through `vertices` (n, 2), or a point."""
    import shapely

    vertices = np.asarray(vertices, float)[:, -2:]
    if not len(vertices):
        return np.zeros(0, int)
    low, high = vertices.min(axis=0) - reach, vertices.max(axis=0) + reach
    near = np.flatnonzero(((at >= low) & (at <= high)).all(axis=1))
    path = shapely.Point(vertices[0]) if len(np.unique(vertices, axis=0)) < 2 else shapely.LineString(vertices)
    shapely.prepare(path)
    found: np.ndarray = near[shapely.dwithin(path, shapely.points(at[near]), reach)]
    return found
