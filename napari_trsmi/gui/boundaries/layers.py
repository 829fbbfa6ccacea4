"""Boundaries and correspondences as layer tuples: no window, no Qt, no viewer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.evidence import SUPPORT
from napari_trsmi.gui.viewer.layers import CERTAINTY, LayerData, mark, spot_colors, world
from napari_trsmi.gui.viewer.looks import look

if TYPE_CHECKING:
    import pandas as pd
    from scipy import sparse

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.state import Coloring, OpenSection

CONFIDENCE = "confidence"
Ramp = tuple[tuple[float, float, float], ...]  # red, green and blue in [0, 1], from weak to strong

# Weak is magenta, which domains do not have. From there strokes grow darker, or lighter on dark ground, so that
# lightness alone tells their order to every eye.
WEAK = (1.0, 0.0, 0.60)
ON_LIGHT: Ramp = (WEAK, (0.66, 0.06, 0.58), (0.40, 0.10, 0.46), (0.20, 0.08, 0.27), (0.05, 0.04, 0.09))
ON_DARK: Ramp = (WEAK, (1.0, 0.42, 0.77), (1.0, 0.66, 0.88), (1.0, 0.85, 0.95), (1.0, 1.0, 1.0))
NO_VALUE = (0.6, 0.6, 0.6)
HIGHLIGHT = (1.0, 0.9, 0.0, 1.0)
LINES = (0.0, 0.75, 0.85)  # of correspondences, which are no boundaries: a colour of their own
ACROSS = (1.0, 0.62, 0.1)  # of those to another section
NEAR = 3.0  # canvas pixels from a stroke in which a click is on it


def ramp_on(section: OpenSection | None, coloring: Coloring | None, dark_canvas: bool) -> Ramp:
    """Return the colours of strokes, from weak to strong, that are seen on what lies under them.

    Discs let the canvas and the tissue be seen, which is dimmed towards it. Squares and rasters cover it: with domains,
    which are bright, or with a colour map, which is as bright as its values are high.
    """
    if section is None or not covers(section):
        return ON_DARK if dark_canvas else ON_LIGHT
    if coloring is None or coloring.colors:
        return ON_LIGHT
    some = np.asarray(coloring.values)[:: 1 + section.dataset.n_spots // 10_000]
    rgb = spot_colors(section, replace(coloring, values=some))[:, :3]
    return ON_LIGHT if float((rgb @ (0.2126, 0.7152, 0.0722)).mean()) > 0.5 else ON_DARK


def covers(section: OpenSection) -> bool:
    """Return whether the spots hide what lies under them."""
    return look(section).square or look(section).raster is not None


def rim_color(section: OpenSection, colors: Ramp) -> tuple[float, float, float, float]:
    """Return the colour around the boundary that is selected: one that domains and maps do not hide."""
    if not covers(section):
        return HIGHLIGHT
    return (1.0, 1.0, 1.0, 1.0) if colors is ON_LIGHT else (0.0, 0.0, 0.0, 1.0)


def measures(boundaries: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns that can colour boundaries: support where there is some, certainty, contrasts."""
    there = [name for name in (SUPPORT, CONFIDENCE) if name in boundaries]
    return (*there, *(name for name in boundaries if name.startswith("contrast_")))


def measure_title(measure: str) -> str:
    """Return what people read for a column of `measures`."""
    titles = {SUPPORT: "Support", CONFIDENCE: "Certainty"}
    return titles.get(measure) or f"Contrast in {measure.removeprefix('contrast_')}"


def limits(edges: pd.DataFrame, measure: str) -> tuple[float, float]:
    """Return the values drawn weakest and strongest: 0 and 1, or 0 and what one stroke in twenty exceeds."""
    if measure in (SUPPORT, CONFIDENCE):
        return 0.0, 1.0
    values = edges[measure].to_numpy(float)
    known = values[np.isfinite(values)]
    top = float(np.quantile(known, 0.95)) if len(known) else 0.0
    return 0.0, top if top > 0 else 1.0


def stroke_colors(
    edges: pd.DataFrame,
    measure: str,
    hidden: frozenset[int] = frozenset(),
    colors: Ramp = ON_LIGHT,
    seen: np.ndarray | None = None,
) -> np.ndarray:
    """Return the (E, 4) colours of strokes, from the weakest to the strongest along `colors`, grey where unknown.

    Strokes between two hidden domains are transparent, and those between spots that are not `seen` (N,) bool: one of
    them that is shown alone keeps its outline.
    """
    low, high = limits(edges, measure)
    strength = (edges[measure].to_numpy(float) - low) / (high - low)
    at, ramp = np.linspace(0.0, 1.0, len(colors)), np.array(colors)
    rgb = np.stack([np.interp(strength, at, ramp[:, channel]) for channel in range(3)], axis=1)
    rgb[~np.isfinite(strength)] = NO_VALUE
    gone = edges[["domain_a", "domain_b"]].isin(list(hidden)).all(axis=1).to_numpy()
    if seen is not None:
        gone |= ~seen[edges["i"].to_numpy()]
    return np.column_stack([rgb, np.where(gone, 0.0, 1.0)])


def drawn(edges: pd.DataFrame) -> pd.DataFrame:
    """Return the edges that have a stroke; diagonal ones of a square grid have none."""
    has_length = (edges["x0"] != edges["x1"]) | (edges["y0"] != edges["y1"])
    return edges[has_length].reset_index(drop=True)


def lying(section: OpenSection, edges: pd.DataFrame) -> pd.DataFrame:
    """Return edges with the ends of their strokes where they are on the canvas; each is within one section."""
    if section.at is section.dataset.coords:
        return edges
    of = np.zeros(section.dataset.n_spots, int) if section.dataset.section is None else section.dataset.section
    number, found = of[edges["i"].to_numpy(int)], edges.copy()
    for end in "01":
        places = edges[[f"x{end}", f"y{end}"]].to_numpy(float)
        for one, lie in enumerate(section.lies):
            places[number == one] = lie.of(places[number == one])
        found[f"x{end}"], found[f"y{end}"] = places.T
    return found


def boundaries_layer(
    section: OpenSection,
    edges: pd.DataFrame,
    measure: str,
    hidden: frozenset[int] = frozenset(),
    colors: Ramp = ON_LIGHT,
) -> LayerData:
    """Return all boundary strokes, coloured by `measure`.

    Parameters
    ----------
    section
        What they belong to.
    edges
        Rows of `result.boundary_edges` that are `drawn`.
    measure
        One of `measures`.
    hidden
        Domains whose boundaries are not to be seen.
    colors
        What `ramp_on` says.
    """
    shown = ["segment", "domain_a", "domain_b", *measures(edges)]
    settings = {
        "edge_color": stroke_colors(edges, measure, hidden, colors, section.seen),
        "edge_width": 0.3 * look(section).diameter,
        "features": edges[shown].rename(columns={CONFIDENCE: CERTAINTY}),
    }
    return _vectors(section, "boundaries", strokes(edges), settings)


def boundary_layer(section: OpenSection, edges: pd.DataFrame, segment: int, colors: Ramp = ON_LIGHT) -> LayerData:
    """Return the strokes of one segment, to be drawn as a rim under the others."""
    own = edges[edges["segment"] == segment]
    settings = {"edge_color": np.array([rim_color(section, colors)]), "edge_width": 0.7 * look(section).diameter}
    return _vectors(section, "boundary", strokes(own), settings)


def correspondence_layer(section: OpenSection, spot: int, row: sparse.csr_matrix) -> LayerData:
    """Return lines from a spot to those it corresponds to in another modality, the more opaque the larger the weight.

    Those to another section have a colour of their own; those to one that is hidden would end on nothing and are left
    out.

    Parameters
    ----------
    section
        What the spots belong to.
    spot
        Row of the dataset.
    row
        (1, N) weights. The spot's weight on itself has no line.
    """
    coords, part = section.at[:, ::-1], section.dataset.section
    away = row.indices != spot
    if section.seen is not None:
        away &= section.seen[row.indices]
    targets, weights = row.indices[away], row.data[away]
    data = np.stack([np.broadcast_to(coords[spot], (len(targets), 2)), coords[targets] - coords[spot]], axis=1)
    strength = weights / weights.max() if len(weights) and weights.max() > 0 else weights
    colors = np.tile(LINES, (len(targets), 1))
    if part is not None:
        colors[part[targets] != part[spot]] = ACROSS
    settings = {
        "edge_color": np.column_stack([colors, 0.15 + 0.85 * strength]),
        "edge_width": 0.15 * look(section).diameter,
    }
    return _vectors(section, "correspondences", data, settings)


def extent(edges: pd.DataFrame, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and size of the box around strokes, as (row, column) in the world."""
    rows, columns = edges[["y0", "y1"]].to_numpy(float), edges[["x0", "x1"]].to_numpy(float)
    low, high = np.array([rows.min(), columns.min()]), np.array([rows.max(), columns.max()])
    unit, _ = world(dataset)
    return (low + high) / 2 * unit, (high - low) * unit


def stroke_at(edges: pd.DataFrame, x: float, y: float, reach: float) -> int | None:
    """Return the segment whose stroke is the nearest to a place, None where none is within `reach`. O(E).

    All are in the unit of the coordinates.
    """
    start = edges[["x0", "y0"]].to_numpy(float)
    along = edges[["x1", "y1"]].to_numpy(float) - start
    away = np.array([x, y]) - start
    length = (along**2).sum(axis=1)
    share = np.clip((away * along).sum(axis=1) / np.where(length > 0, length, 1.0), 0.0, 1.0)
    distance = np.linalg.norm(away - share[:, None] * along, axis=1)
    if len(distance) == 0 or distance.min() > reach:
        return None
    return int(edges["segment"].iloc[int(distance.argmin())])


def strokes(edges: pd.DataFrame) -> np.ndarray:
    """(E, 2, 2) start and direction as (row, column)."""
    start, end = edges[["y0", "x0"]].to_numpy(float), edges[["y1", "x1"]].to_numpy(float)
    return np.stack([start, end - start], axis=1)


def _vectors(section: OpenSection, role: str, data: np.ndarray, settings: dict[str, Any]) -> LayerData:
    unit, name = world(section.dataset)
    shared = {
        "name": f"{section.dataset.name} {role}",
        "scale": (unit, unit),
        "units": (name, name),
        "vector_style": "line",
        "blending": "translucent_no_depth",
        "opacity": 1.0,
        "ndim": 2,
        "metadata": mark(section, role),
    }
    return data, {**shared, **settings}, "vectors"
