"""Spots that a person lassos as A and B, as layer tuples: no window, no Qt, no viewer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.gui.drawing.marks import marks_layer, shared
from napari_trsmi.gui.drawing.shapes import inside, outline
from napari_trsmi.gui.viewer.layers import LayerData
from napari_trsmi.gui.viewer.looks import look

if TYPE_CHECKING:
    from napari_trsmi.gui.session.state import OpenSection

LASSO, CHOSEN = "lasso", "chosen"  # roles
GROUPS = ("A", "B")
COLORS = {"A": "#fff200", "B": "#ff00dc"}  # apart also for colour-blind eyes, and from the first domains
FILL = "20"  # opacity of what is lassoed, in hex


def lasso_layer(section: OpenSection) -> LayerData:
    """Return the layer to lasso in; each shape has its group, A or B, as feature."""
    import pandas as pd

    settings = {
        **shared(section, LASSO, "lasso"),
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
    return marks_layer(section, sides, [COLORS[group] for group in GROUPS], CHOSEN, "chosen spots")


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
    at = section.at[:, ::-1]
    for kind, vertices, group in shapes:
        rows = inside(at, outline(kind, vertices))
        sides[rows if section.seen is None else rows[section.seen[rows]]] = GROUPS.index(group) + 1
    return sides
