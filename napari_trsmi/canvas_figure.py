"""A figure of what a window shows: pictures, spots and strokes as on the canvas, with key, scale bar and caption."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.figure import write
from napari_trsmi.scale_bar import add_scale_bar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VECTORS_BELOW = 20_000  # spots; more are one picture inside of an SVG or PDF
COLUMNS = 2  # of a panel
GAP, CAPTION, TITLE = 0.35, 0.42, 0.3  # inches between views, below one for the scale bar, and above one for its letter
LINE = 0.16  # inches of a line of the caption
POINTS_PER_INCH = 72
KEY_ROWS = 18


@dataclass(frozen=True, eq=False)
class Pixels:
    """A picture: (H, W, 4) uint8, and where its edges lie (left, right, bottom, top)."""

    colors: np.ndarray
    edges: tuple[float, float, float, float]
    smooth: bool = False


@dataclass(frozen=True, eq=False)
class Marks:
    """Spots: (n, 2) places (x, y), (n,) sizes, (n, 4) colours; and those and the (n,) widths of their rims, if any."""

    places: np.ndarray
    sizes: np.ndarray
    colors: np.ndarray
    square: bool = False
    rims: np.ndarray | None = None
    widths: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Strokes:
    """Lines: (n, 2, 2) ends (x, y), (n, 4) colours, and how wide they are in the unit of the places."""

    ends: np.ndarray
    colors: np.ndarray
    width: float


@dataclass(frozen=True, eq=False)
class Areas:
    """Outlines: polygons (k, 2) of (x, y), (n, 4) colours inside and on the line, and how wide that is."""

    polygons: Sequence[np.ndarray]
    fills: np.ndarray
    lines: np.ndarray
    width: float


@dataclass(frozen=True, eq=False)
class Words:
    """Texts at (n, 2) places (x, y), each above and to the right of it."""

    places: np.ndarray
    texts: Sequence[str]
    color: str


Thing = Pixels | Marks | Strokes | Areas | Words


@dataclass(frozen=True, eq=False)
class Key:
    """What colours mean: names with colours, or a ramp of colours (k, 3) between two values."""

    title: str
    names: Sequence[str] = ()
    colors: Sequence[str] = ()
    ramp: np.ndarray | None = None
    limits: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class View:
    """What a canvas shows.

    Attributes
    ----------
    things
        From the bottom up, in the unit of the world.
    extent
        (left, right, bottom, top) of what is seen; y runs down.
    background
        Colour of the canvas.
    keys
        What the colours mean.
    caption
        What is seen of what, and when.
    scale
        ``"um"`` or ``"px"``, the unit of the world; "" for no scale bar.
    """

    things: Sequence[Thing]
    extent: tuple[float, float, float, float]
    background: str
    keys: Sequence[Key] = ()
    caption: str = ""
    scale: str = ""


def save(views: Sequence[View], path: str | Path, *, width: float = 6.0, dpi: float = 200.0) -> Path:
    """Write a figure of one view, or of several with letters, to a PNG, SVG or PDF; raises as `figure.save` does."""
    return write(lambda: draw(views, width=width), path, dpi)


def draw(views: Sequence[View], *, width: float = 6.0) -> Figure:
    """Return the figure that `save` writes.

    Parameters
    ----------
    width
        Of one view without its key, inches; several share one and a half of it in a row.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, width))
    canvas = FigureCanvasAgg(figure)
    if len(views) > 1:
        width *= 0.75
    cells = []
    for number, view in enumerate(views):
        height = float(np.clip(width * _ratio(view), 0.2 * width, 3 * width))
        axes = figure.add_axes((0.0, 0.0, 1.0, height / width))
        _place(axes, (0.0, 0.0, width, height))
        letter = ascii_lowercase[number % 26] if len(views) > 1 else ""
        below = _draw_view(axes, view, width, height, letter)
        right = max((thing.get_tightbbox(canvas.get_renderer()).x1 for thing in axes.trsmi_keys), default=0.0)  # type: ignore[attr-defined]
        cells.append((axes, height, below, max(right / figure.dpi - width, 0.0)))
    _lay_out(cells, width)
    return figure


def _ratio(view: View) -> float:
    left, right, bottom, top = view.extent
    return (bottom - top) / (right - left)


def _place(axes: Axes, inches: tuple[float, float, float, float]) -> None:
    """Put axes at (left, bottom, width, height) in inches."""
    figure: Any = axes.get_figure()
    across, up = figure.get_size_inches()
    left, bottom, width, height = inches
    axes.set_position((left / across, bottom / up, width / across, height / up))


def _lay_out(cells: Sequence[tuple[Axes, float, float, float]], width: float) -> None:
    """Put the views in rows, as far apart as their keys and captions need."""
    keys = [max(cell[3] for cell in cells[column::COLUMNS]) for column in range(min(COLUMNS, len(cells)))]
    lefts = [column * width + sum(key + GAP for key in keys[:column]) for column in range(len(keys))]
    top = 0.0
    for begin in range(0, len(cells), COLUMNS):
        row = cells[begin : begin + COLUMNS]
        highest = max(height for _, height, _, _ in row)
        for (axes, height, _, _), left in zip(row, lefts, strict=False):
            _place(axes, (left, top - height, width, height))
        top -= highest + max(below for _, _, below, _ in row) + GAP


def _draw_view(axes: Axes, view: View, width: float, height: float, letter: str) -> float:
    """Draw a view into its axes, and return the inches that it takes below them."""
    left, right, bottom, top = view.extent
    axes.set_facecolor(view.background)
    for order, thing in enumerate(view.things):
        _DRAWN[type(thing)](axes, thing, order, POINTS_PER_INCH * width / (right - left))
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="auto", xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_linewidth(0.5)
    if letter:
        axes.set_title(letter, loc="left", fontsize=13, fontweight="bold")
    axes.trsmi_keys = _draw_keys(axes, view.keys)  # type: ignore[attr-defined]
    below = 0.08
    if view.scale:
        add_scale_bar(axes, height, 1.0 if view.scale == "um" else None)
        below = CAPTION
    lines = textwrap.wrap(view.caption, round(15 * width))
    axes.text(0, -below / height, "\n".join(lines), transform=axes.transAxes, va="top", fontsize=8)
    return below + LINE * len(lines)


# The things


def _pixels(axes: Axes, thing: Pixels, order: int, _: float) -> None:
    how = "bilinear" if thing.smooth else "none"
    axes.imshow(thing.colors, extent=thing.edges, interpolation=how, zorder=order)


def _marks(axes: Axes, thing: Marks, order: int, points: float) -> None:
    from matplotlib.collections import EllipseCollection, PatchCollection
    from matplotlib.patches import Rectangle

    many = len(thing.places) >= VECTORS_BELOW
    rims: dict[str, Any] = {"linewidths": 0.0}
    if thing.rims is not None and thing.widths is not None:
        rims = {"edgecolors": thing.rims, "linewidths": thing.widths * points}
    if thing.square:
        corners = thing.places - thing.sizes[:, None] / 2
        squares = [Rectangle(corner, size, size) for corner, size in zip(corners, thing.sizes, strict=True)]
        found: Any = PatchCollection(squares, facecolors=thing.colors, rasterized=many, zorder=order, **rims)
    else:
        found = EllipseCollection(
            thing.sizes,
            thing.sizes,
            np.zeros(len(thing.sizes)),
            units="xy",
            offsets=thing.places,
            offset_transform=axes.transData,
            facecolors=thing.colors,
            rasterized=many,
            zorder=order,
            **rims,
        )
    axes.add_collection(found, autolim=False)


def _strokes(axes: Axes, thing: Strokes, order: int, points: float) -> None:
    from matplotlib.collections import LineCollection

    many = len(thing.ends) >= VECTORS_BELOW
    lines = LineCollection(
        list(thing.ends),
        colors=thing.colors,
        linewidths=thing.width * points,
        capstyle="butt",
        rasterized=many,
        zorder=order,
    )
    axes.add_collection(lines, autolim=False)


def _areas(axes: Axes, thing: Areas, order: int, points: float) -> None:
    from matplotlib.collections import PolyCollection

    areas = PolyCollection(
        list(thing.polygons),
        facecolors=thing.fills,
        edgecolors=thing.lines,
        linewidths=thing.width * points,
        zorder=order,
    )
    axes.add_collection(areas, autolim=False)


def _words(axes: Axes, thing: Words, order: int, _: float) -> None:
    for (x, y), text in zip(thing.places, thing.texts, strict=True):
        axes.text(x, y, text, color=thing.color, fontsize=8, va="bottom", zorder=order, clip_on=True)


_DRAWN: dict[type, Any] = {Pixels: _pixels, Marks: _marks, Strokes: _strokes, Areas: _areas, Words: _words}


# What colours mean


def _draw_keys(axes: Axes, keys: Sequence[Key]) -> list[Any]:
    """Draw the keys below each other, to the right of the axes."""
    from matplotlib.patches import Patch

    made: list[Any] = []
    top = 1.0
    figure: Any = axes.get_figure()
    for key in keys:
        if key.ramp is not None:
            made.append(_draw_ramp(axes, key, top))
            top -= 0.35
            continue
        handles = [Patch(color=color, label=name) for name, color in zip(key.names, key.colors, strict=True)]
        legend = axes.legend(
            handles=handles,
            title=_wrapped(key.title),
            loc="upper left",
            bbox_to_anchor=(1.01, top),
            borderaxespad=0.0,
            frameon=False,
            fontsize=8,
            title_fontsize=9,
            alignment="left",
            ncols=max(1, -(-len(handles) // KEY_ROWS)),
        )
        axes.add_artist(legend)  # another legend would take its place
        legend.set_clip_on(False)  # what axes clip is no part of the box that is saved
        made.append(legend)
        box: Any = legend.get_tightbbox(figure.canvas.get_renderer())
        top -= box.height / axes.bbox.height + 0.06
    return made


def _draw_ramp(axes: Axes, key: Key, top: float) -> Any:
    assert key.ramp is not None
    bar = axes.inset_axes((1.02, top - 0.3, 0.03, 0.24))
    low, high = key.limits
    bar.imshow(key.ramp[::-1, None], extent=(0, 1, low, high), aspect="auto")
    bar.set(xticks=[], yticks=[low, high])
    bar.yaxis.tick_right()
    bar.set_yticklabels([f"{low:.3g}", f"{high:.3g}"], fontsize=8)
    bar.set_title(_wrapped(key.title), fontsize=9, loc="left")
    return bar


def _wrapped(title: str) -> str:
    return "\n".join(textwrap.wrap(title, 26))
