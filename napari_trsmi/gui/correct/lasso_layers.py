"""What a person lassos, and the spots inside, as layer tuples: no window, no Qt, no viewer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.gui.viewer.layers import CLEAR, LayerData, mark, world
from napari_trsmi.gui.viewer.looks import look

if TYPE_CHECKING:
    from napari_trsmi.gui.state import OpenSection

LASSO, CHOSEN = "lasso", "chosen"  # roles
GROUPS = ("A", "B")
COLORS = {"A": "#fff200", "B": "#ff00dc"}  # apart also for colour-blind eyes, and from the first domains
DARK = (0.05, 0.05, 0.05, 1.0)
FILL = "20"  # opacity of what is lassoed, in hex


def lasso_layer(section: OpenSection) -> LayerData:
    """Return the layer to lasso in; each shape has its group, A or B, as feature."""
    import pandas as pd

    settings = {
        **_shared(section, LASSO),
        "ndim": 2,
        "features": pd.DataFrame({"group": pd.Categorical([], categories=list(GROUPS))}),
        "feature_defaults": {"group": GROUPS[0]},
        "edge_width": 0.4 * look(section).diameter,
        "opacity": 1.0,
    }
    return [], settings, "shapes"


def chosen_layer(section: OpenSection, sides: np.ndarray) -> LayerData:
    """Return the marks of chosen spots: a ring each; pixels where spots are drawn as pixels.

    Parameters
    ----------
    section
        What they belong to.
    sides
        (N,) int: 1 for A, 2 for B, 0 for neither.
    """
    from napari.utils.colormaps import DirectLabelColormap

    drawn, settings = look(section), _shared(section, CHOSEN)
    if (pixels := drawn.raster) is not None:
        unit, _ = world(section.dataset)
        colors: dict[int | None, Any] = {None: CLEAR, 0: CLEAR, 1: COLORS["A"], 2: COLORS["B"]}
        placed = {
            "scale": (pixels.step[0] * unit, pixels.step[1] * unit),
            "translate": (pixels.origin[0] * unit, pixels.origin[1] * unit),
            "multiscale": bool(pixels.coarser),
            "colormap": DirectLabelColormap(color_dict=colors),
            "opacity": 1.0,
        }
        return chosen_data(section, sides), {**settings, **placed}, "labels"
    settings |= {
        "size": 1.15 * drawn.diameter,
        "symbol": "square" if drawn.square else "disc",
        "face_color": np.array(CLEAR),
        "border_color": ring_colors(sides),
        "border_width": 0.3,
        "antialiasing": 1,
        "blending": "translucent_no_depth",
    }
    return chosen_data(section, sides), settings, "points"


def chosen_data(section: OpenSection, sides: np.ndarray) -> Any:
    """Return the data of the layer of `chosen_layer`: positions (n, 2), or an image of sides."""
    if (pixels := look(section).raster) is not None:
        return pixels.image(sides.astype(np.uint8))
    at: np.ndarray = section.dataset.coords[sides > 0, ::-1]
    return at


def ring_colors(sides: np.ndarray) -> np.ndarray:
    """Return the (n, 4) colours of the rings around those spots of `sides` that are chosen."""
    from matplotlib.colors import to_rgba_array

    colors: np.ndarray = to_rgba_array([COLORS[group] for group in GROUPS])[sides[sides > 0] - 1]
    return colors


def sides_of(section: OpenSection, shapes: Iterable[tuple[str, np.ndarray, str]], base: np.ndarray) -> np.ndarray:
    """Return on which side each spot is: `base`, and over it the shapes, the later the higher; what is hidden stays.

    Parameters
    ----------
    section
        What the spots belong to.
    shapes
        Kind (napari's ``shape_type``), (n, 2) vertices (row, column) in the unit of the coordinates, and group.
    base
        (N,) int as in `chosen_layer`.
    """
    sides = base.copy()
    at = section.dataset.coords[:, ::-1]
    for kind, vertices, group in shapes:
        rows = inside(at, outline(kind, vertices))
        sides[rows if section.seen is None else rows[section.seen[rows]]] = GROUPS.index(group) + 1
    return sides


def outline(kind: str, vertices: np.ndarray) -> np.ndarray:
    """Return the (n, 2) corners of a shape; an ellipse is given by its box, a line has none."""
    vertices = np.asarray(vertices, float)[:, -2:]
    if kind == "line":
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


def _shared(section: OpenSection, role: str) -> dict[str, Any]:
    unit, name = world(section.dataset)
    title = "lasso" if role == LASSO else "chosen spots"
    return {
        "name": f"{section.dataset.name} {title}",
        "scale": (unit, unit),
        "units": (name, name),
        "metadata": mark(section, role),
    }
