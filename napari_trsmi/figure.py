"""A figure of the domains over the tissue, with legend and scale bar: PNG, SVG or PDF."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.atomic import replacing
from napari_trsmi.data.dataset import Place
from napari_trsmi.data.libraries import spacing
from napari_trsmi.data.result import check_result
from napari_trsmi.errors import DataError
from napari_trsmi.evidence import SUPPORT
from napari_trsmi.scale_bar import add_scale_bar
from napari_trsmi.summary import undecided

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

SUFFIXES = (".png", ".svg", ".pdf")
_RASTER_ABOVE = 50_000  # spots; more of them as vectors make files that nothing opens
_LEGEND_ROWS = 16
_FINE = 2_000  # pixels along an image of square spots, at most
_TISSUE_ALPHA = 0.6  # paler than the domains on it
_HEADROOM = 0.08  # for the names of sections, as a share of the largest one
_PAD = 0.1  # inches around a figure
_HERE = Place(1.0, 0.0, 0.0)  # of a section by itself


def save(
    result: Result,
    path: str | Path,
    *,
    dataset: Dataset | None = None,
    width: float = 6.0,
    support: bool = False,
    confidence: bool = False,
    dpi: float = 200.0,
) -> Path:
    """Draw the domains over the tissue image to a file, replaced whole, and return its path.

    Parameters
    ----------
    result
        The domains to draw.
    path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    dataset
        Where image and scale come from; the result's own by default.
    width
        Width of one panel without its legend, inches; a study, whose sections lie side by side in it, takes up to
        twice that.
    support
        Draw a panel with the support of every spot beside it; where there is none, with the certainty of the model.
    confidence
        Draw a panel with the certainty of the model, the posterior of every spot's domain, beside it.
    dpi
        Resolution of the PNG, and of rasterised spots in the others.

    Raises
    ------
    DataError
        Another ending, no such folder, no permission, a full disk, or what is given is no result.
    """
    check_result(result)
    return write(lambda: draw(result, dataset=dataset, width=width, support=support, confidence=confidence), path, dpi)


def write(draw: Callable[[], Figure], path: str | Path, dpi: float = 200.0) -> Path:
    """Write the figure that a function draws to a file, replaced whole, and return its path; raises as `save` does."""
    from matplotlib import rc_context

    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise DataError(f"Expected a figure ending in {', '.join(SUFFIXES)}, found {path.name}. Change the ending.")
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "trsmi", "pdf.fonttype": 42}):
        figure = with_plain_names(draw())
        with replacing(path) as temporary:
            # The tight box grows with the legend, so that no number of domains is cut off.
            box = _tight_box(figure, dpi) if path.suffix == ".png" else "tight"
            figure.savefig(temporary, format=path.suffix[1:], dpi=dpi, bbox_inches=box, pad_inches=_PAD)
    return path


def with_plain_names(figure: Figure) -> Figure:
    """Return the figure, its texts drawn as they are: a name with two dollars in it is no formula."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    return figure


def _tight_box(figure: Figure, dpi: float) -> Any:
    """Return the box that ``"tight"`` stands for, for which matplotlib would go through all images once more."""
    if figure.get_layout_engine() is not None:
        return "tight"
    figure.dpi = dpi
    return figure.get_tightbbox().padded(_PAD)


def draw(
    result: Result,
    *,
    dataset: Dataset | None = None,
    width: float = 6.0,
    support: bool = False,
    confidence: bool = False,
) -> Figure:
    """Return the figure that `save` writes; needs no window and leaves no state in pyplot."""
    from matplotlib.colors import to_rgba_array

    dataset = result.dataset if dataset is None else dataset
    width *= 1 + (len(dataset.parts) > 1)
    figure, canvas, panel = _canvas(result, dataset, width)
    title = f"{dataset.name}: {result.partition.n_domains} domains"
    if said := undecided(result):
        title = "\n".join([title, *textwrap.wrap(said, round(10 * width))])
    end: Any = _legend(panel(0.0, title, to_rgba_array(result.palette)[result.labels]), result)
    supported = support and SUPPORT in result.maps
    maps = [("Support", result.maps[SUPPORT], "Support of the spot's domain by other cuts")] if supported else []
    if confidence or (support and not supported):
        maps.append(("Certainty of the model", result.confidence, "Posterior of the spot's domain"))
    for name, values, label in maps:
        # Panels keep their size, so the next one begins where the last one ends, outside of the nominal figure.
        position = end.get_tightbbox(canvas.get_renderer()).x1 / figure.dpi / width + 0.05
        end = _color_bar(panel(position, name, _map_colors(values)), label=label)
    return figure


def draw_map(result: Result, values: np.ndarray, *, title: str = "", width: float = 4.0) -> Figure:
    """Return a figure of (N,) `values` in [0, 1] over the tissue, with a colour bar."""
    figure, _, panel = _canvas(result, result.dataset, width * (1 + (len(result.dataset.parts) > 1)))
    _color_bar(panel(0.0, title, _map_colors(values)), label="")
    return figure


def _canvas(
    result: Result, dataset: Dataset, width: float
) -> tuple[Figure, FigureCanvasAgg, Callable[[float, str, np.ndarray], Axes]]:
    """Return a figure, its canvas, and a function that adds a panel of (N, 4) colours at a position along it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    (left, right), (top, bottom) = _frame(result.coords)
    if dataset.parts:
        top -= _HEADROOM * max(float(np.ptp(result.coords[rows], axis=0).max()) for rows in dataset.sections)
    height = float(np.clip(width * (bottom - top) / (right - left), 0.4 * width, 2.5 * width))
    figure = Figure(figsize=(width, height))
    distance = spacing(result.coords)

    def panel(position: float, title: str, colors: np.ndarray) -> Axes:
        axes = figure.add_axes((position, 0.0, 1.0, 1.0))
        axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
        axes.set_title(title, fontsize=11)
        if not dataset.parts:
            _tissue(axes, dataset, _HERE)
            _spots(axes, result.coords, colors, dataset, _HERE)
        for part, place, rows in zip(dataset.parts, dataset.places, dataset.sections, strict=False):
            coords = result.coords[rows]
            _tissue(axes, part, place, around=(coords, 0.5 * _HEADROOM * float(np.ptp(coords, axis=0).max())))
            _spots(axes, coords, colors[rows], part, place)
            above = float(coords[:, 1].min()) - 0.7 * distance
            axes.text(float(coords[:, 0].mean()), above, part.name, ha="center", va="bottom", fontsize=9)
        axes.set(xlim=(left, right), ylim=(bottom, top))  # images move them
        _scale_bar(axes, dataset, height)
        return axes

    return figure, FigureCanvasAgg(figure), panel


def _map_colors(values: np.ndarray) -> np.ndarray:
    from matplotlib import colormaps

    return np.asarray(colormaps["viridis"](np.clip(values, 0.0, 1.0)))


def _color_bar(axes: Axes, label: str) -> Axes:
    """Draw the colours of [0, 1] to the right of the axes, and return where."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = axes.inset_axes((1.02, 0.25, 0.03, 0.5))
    figure = axes.get_figure()
    assert figure is not None
    figure.colorbar(ScalarMappable(Normalize(0.0, 1.0), "viridis"), cax=bar, label=label)
    return bar


def _frame(coords: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return (left, right), (top, bottom) around the spots with a little air."""
    low, high = coords.min(axis=0), coords.max(axis=0)
    air = 0.02 * float((high - low).max()) + spacing(coords)
    (left, top), (right, bottom) = low - air, high + air
    return (float(left), float(right)), (float(top), float(bottom))


def _tissue(axes: Axes, dataset: Dataset, place: Place, around: tuple[np.ndarray, float] | None = None) -> None:
    """Draw the tissue image of a section where its spots lie; of a study only so far around them."""
    if dataset.image is None:
        return
    height, width = dataset.image.pixels.shape[:2]
    scale = dataset.image.scale / place.scale
    x, y = place.x, place.y
    edges = (x - 0.5 / scale, x + (width - 0.5) / scale, y + (height - 0.5) / scale, y - 0.5 / scale)
    image = axes.imshow(dataset.image.pixels, extent=edges, interpolation="bilinear", alpha=_TISSUE_ALPHA, zorder=0)
    if around is not None:  # images of neighbours overlap
        from matplotlib.patches import Rectangle

        coords, air = around
        low, size = coords.min(axis=0) - air, np.ptp(coords, axis=0) + 2 * air
        image.set_clip_path(Rectangle((low[0], low[1]), size[0], size[1], transform=axes.transData))


def _spots(axes: Axes, coords: np.ndarray, colors: np.ndarray, dataset: Dataset, place: Place) -> None:
    """Draw (N, 4) `colors` at (N, 2) `coords`: as pixels where the spots fill a square grid, else as discs."""
    from matplotlib.collections import EllipseCollection

    grid = square_grid(coords)
    distance = spacing(coords)
    diameter = None if dataset.spot_diameter is None else dataset.spot_diameter * place.scale
    if grid is not None and (diameter is None or diameter > 0.9 * distance):
        _pixels(axes, coords, colors, *grid)
        return
    diameter = diameter or distance
    discs = EllipseCollection(
        [diameter],
        [diameter],
        [0.0],
        units="xy",
        offsets=coords,
        offset_transform=axes.transData,
        facecolors=colors,
        linewidths=0.0,
        alpha=None if dataset.image is None else 0.9,
        rasterized=len(coords) > _RASTER_ABOVE,
        zorder=2,
    )
    axes.add_collection(discs, autolim=False)


def square_grid(coords: np.ndarray) -> tuple[float, float] | None:
    """Return the steps (x, y) of the square grid the spots lie on, or None where they do not.

    Parameters
    ----------
    coords
        (N, 2) float. Rows and columns of the grid run along the axes; places may be empty.
    """
    steps = []
    for axis in (0, 1):
        values = np.unique(coords[:, axis])
        gaps = np.diff(values)
        gaps = gaps[gaps > 1e-3 * np.ptp(values)]  # rounding makes a column's values differ a little
        if len(gaps) == 0:
            return None
        step = float(np.median(gaps))
        off = np.abs((coords[:, axis] - values[0]) / step - np.round((coords[:, axis] - values[0]) / step))
        if off.max() > 0.05:
            return None
        steps.append(step)
    places = np.round((coords - coords.min(axis=0)) / steps).astype(np.int64)
    n_places = int((places.max(axis=0) + 1).prod())
    # Hexagonal grids lie on a square one too, but leave every second place empty, side by side.
    keys = places @ [1, n_places]
    neighbours = np.isin(keys + 1, keys).mean()
    if len(np.unique(keys)) < len(coords) or neighbours < 0.5 or n_places > 50 * len(coords):
        return None
    return steps[0], steps[1]


def _pixels(axes: Axes, coords: np.ndarray, colors: np.ndarray, step_x: float, step_y: float) -> None:
    """Draw spots of a square grid as the pixels of one image, which leaves neither gaps nor seams."""
    low = coords.min(axis=0)
    places = np.round((coords - low) / (step_x, step_y)).astype(np.int64)
    columns, rows = places.max(axis=0) + 1
    pixels = np.zeros((rows, columns, 4), np.uint8)
    pixels[places[:, 1], places[:, 0]] = np.round(255 * colors)
    enlarged = max(1, _FINE // max(rows, columns))  # many programs blur the few pixels of an SVG or PDF
    pixels = pixels.repeat(enlarged, axis=0).repeat(enlarged, axis=1)
    left, top = low - (step_x / 2, step_y / 2)
    edges = (left, left + columns * step_x, top + rows * step_y, top)
    axes.imshow(pixels, extent=edges, interpolation="none", zorder=2)


def _legend(axes: Axes, result: Result) -> Legend:
    """Write colour, name and count of every domain to the right of the axes."""
    from matplotlib.patches import Patch

    counts = np.bincount(result.labels, minlength=result.partition.n_domains)
    handles = [
        Patch(color=color, label=f"{name}  ({count:,})")
        for color, name, count in zip(result.palette, result.names, counts, strict=True)
    ]
    return axes.legend(
        handles=handles,
        title="Domain (spots)",
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize=9,
        ncols=-(-len(handles) // _LEGEND_ROWS),
    )


def _scale_bar(axes: Axes, dataset: Dataset, height: float) -> None:
    """Draw a scale bar below the axes (`height` inches): micrometres where known, pixels over an image, else none."""
    if dataset.microns_per_unit is not None or dataset.image is not None:
        add_scale_bar(axes, height, dataset.microns_per_unit)
