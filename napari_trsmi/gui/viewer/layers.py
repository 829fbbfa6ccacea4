"""Layers of a section and of its domains, as plain tuples: no window, no Qt, no viewer.

All layers share one world: micrometres where the section's resolution is known, else its own units. Points keep the
coordinates of the file as (row, column) = (y, x); the image is scaled to them, never the other way round. The sections
of a study lie side by side: all their spots in one layer, each image in its own. Above `raster.RASTER_ABOVE` spots,
spots are an Image and domains are Labels in place of Points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.dataset import Place
from napari_trsmi.evidence import SUPPORT
from napari_trsmi.gui.viewer import side_by_side
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.pictures import pyramid_images, turned
from napari_trsmi.gui.viewer.sections import hide

if TYPE_CHECKING:
    import pandas as pd
    from napari.utils.colormaps import DirectLabelColormap

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown
    from napari_trsmi.gui.viewer.raster import Raster

LayerData = tuple[Any, dict[str, Any], str]
TISSUE, SPOTS, DOMAINS, SPOT = "image", "spots", "domains", "spot"  # roles, from the bottom up
NAMES = "names"  # of the sections of a study
COPY = "copy"  # what a person made of one of our layers
PLAIN, PLAIN_ON_TISSUE = (0.72, 0.74, 0.77, 1.0), (0.15, 0.17, 0.22, 0.6)
NO_VALUE = (0.5, 0.5, 0.5, 1.0)
CLEAR = (0.0, 0.0, 0.0, 0.0)
DIMMED = 0.6  # opacity of the tissue under domains and colours, which are then easier to tell apart
CERTAINTY = "certainty"  # what people read for the posterior of a spot's own domain; files call it confidence
OVERLAP = 1.01  # of squares side by side: rounding leaves no seam
TEXT = 10  # points, of the name of a section
WHOLE = Place(1.0, 0.0, 0.0)
RING = np.array([(0.05, 0.05, 0.05, 1.0), (1.0, 1.0, 1.0, 1.0)])


def mark(section: OpenSection, role: str, part: int | None = None) -> dict[str, Any]:
    """Return the metadata by which a layer is known as part of `section`, and of which of its sections it is alone."""
    return {"trsmi": {"section": section, "role": role, **({} if part is None else {"part": part})}}


def world(dataset: Dataset) -> tuple[float, str]:
    """Return the length of one unit of the coordinates in the world, and the name of the world's unit."""
    if dataset.microns_per_unit is None:
        return 1.0, "pixel"
    return dataset.microns_per_unit, "um"


# The layers


def section_layers(section: OpenSection) -> list[LayerData]:
    """Return the layers that a file opens with: tissue image where there is one, spots, and domains where known."""
    from napari_trsmi.gui.session.state import Shown

    names = [names_layer(section)] if section.dataset.parts else []
    layers = [*image_layers(section), *names, spots_layer(section)]
    if (result := section.result) is not None:
        hide(layers[-1])  # domains are drawn over the very same places
        layers.append(domains_layer(section, Shown(result.labels, result.names, result.palette)))
    return layers


def image_layers(section: OpenSection) -> list[LayerData]:
    """Return the tissue images, scaled to the coordinates of the spots: of a study one of each section that has one."""
    dataset = section.dataset
    opacity = 1.0 if section.result is None else DIMMED
    unit, _ = world(dataset)
    found: list[LayerData] = []
    for number, (part, place) in enumerate(zip(dataset.parts or (dataset,), dataset.places or (WHOLE,), strict=True)):
        if part.image is None:
            continue
        lie = section.lies[number]
        if part.image.pyramid is not None and not dataset.parts:
            return [
                (*turned(data, {**_shared(section, TISSUE), "opacity": opacity, **settings}, lie, unit), "image")
                for data, settings in pyramid_images(part.image, unit)
            ]
        pixels, step = part.image.pixels, unit * place.scale / part.image.scale
        settings = {"scale": (step, step), "rgb": True, "interpolation2d": "linear", "opacity": opacity}
        if dataset.parts:
            rows, columns = side_by_side.cut_out(dataset, number)
            pixels = pixels[rows, columns]
            settings |= {
                "name": f"{part.name} tissue",
                "translate": (unit * place.y + step * rows.start, unit * place.x + step * columns.start),
                "metadata": mark(section, TISSUE, number),
            }
        found.append((*turned(pixels, {**_shared(section, TISSUE), **settings}, lie, unit), "image"))
        if number in section.hidden_parts:
            hide(found[-1])
    return found


def names_layer(section: OpenSection) -> LayerData:
    """Return the names of the sections of a study, each above the left end of its tissue."""
    diameter = look(section).diameter
    settings = {
        "size": 0.01 * diameter,
        "face_color": np.array(CLEAR),
        "border_color": np.array(CLEAR),
        "features": names_table(list(section.dataset.section_names)),
        "text": {"string": "{section}", "anchor": "upper_left", "size": TEXT, "color": "gray"},
    }
    corners = side_by_side.name_corners(section.dataset, diameter, section.at)
    return corners, {**_shared(section, NAMES), **settings}, "points"


def names_table(written: list[str]) -> pd.DataFrame:
    """Return the names of the sections of a study as they are written."""
    import pandas as pd

    return pd.DataFrame({"section": written})


def spots_layer(section: OpenSection, coloring: Coloring | None = None) -> LayerData:
    """Return the spots in plain grey, or coloured by something."""
    if (pixels := look(section).raster) is not None:
        settings = {**_shared(section, SPOTS), **_placed(section, pixels), "rgb": True}
        return pixels.image(spot_pixels(section, coloring)), settings, "image"
    colors = seen_of(section, spot_colors(section, coloring))
    return _points(section, SPOTS, colors, spot_features(section, coloring))


def domains_layer(section: OpenSection, shown: Shown, hidden: frozenset[int] = frozenset()) -> LayerData:
    """Return the spots in the colours of their domains; those of hidden domains are transparent."""
    if (pixels := look(section).raster) is not None:
        settings = {
            "colormap": domain_colormap(shown, hidden),
            "features": domain_table(shown),
            "opacity": 1.0,
        }
        settings = {**_shared(section, DOMAINS), **_placed(section, pixels), **settings}
        return pixels.image(seen_of(section, label_values(shown))), settings, "labels"
    colors = seen_of(section, domain_colors(shown, hidden)[shown.labels])
    return _points(section, DOMAINS, colors, domain_features(section, shown))


def ring_layer(section: OpenSection, spot: int) -> LayerData:
    """Return a ring around a spot, light in dark, so that it is seen on any colour."""
    _, settings, kind = _points(section, SPOT, np.array(CLEAR), None)
    diameter = look(section).diameter
    settings |= {
        "size": np.array([1.9, 1.75]) * diameter,
        "border_color": RING,
        "border_width": np.array([0.22, 0.09]),
        "symbol": "disc",
        "antialiasing": 1,
        "canvas_size_limits": (16, 10_000),
    }
    return ring_data(section, spot), settings, kind


def ring_data(section: OpenSection, spot: int) -> np.ndarray:
    """Return the (2, 2) positions of the two rings around a spot."""
    return np.tile(section.at[spot, ::-1], (2, 1))


# What the spots look like and say


def seen_of(section: OpenSection, values: np.ndarray) -> np.ndarray:
    """Return the values of the spots, 0 in hidden sections: clear, or no label.

    ``Points.shown`` would be meant for it, but napari ignores it where points have the two dimensions that are drawn.
    """
    if (seen := section.seen) is None:
        return values
    return np.where(seen.reshape(-1, *[1] * (values.ndim - 1)), values, np.zeros((), values.dtype))


def domain_colors(shown: Shown, hidden: frozenset[int] = frozenset()) -> np.ndarray:
    """Return the (K + 1, 4) float32 colours of the domains; the last is that of spots without domain (label -1)."""
    from matplotlib.colors import to_rgba_array

    colors = np.vstack([to_rgba_array(shown.colors).reshape(-1, 4), CLEAR]).astype(np.float32)
    colors[[k for k in hidden if k < len(shown.colors)], 3] = 0.0
    return colors


def spot_colors(section: OpenSection, coloring: Coloring | None) -> np.ndarray:
    """Return the (N, 4) float32 colours of the spots under a coloring; plain grey for None.

    Spots without a value (NaN, or code -1) are grey.
    """
    values = None if coloring is None else np.asarray(coloring.values)
    if values is not None and values.ndim == 2:
        colors = np.ones((len(values), 4), np.float32)
        np.clip(values, 0.0, 1.0, out=colors[:, :3], casting="same_kind")
        colors[np.isnan(values).any(axis=1)] = NO_VALUE
        return colors
    table, codes = _table_and_codes(section, coloring)
    return table[codes]


def spot_pixels(section: OpenSection, coloring: Coloring | None) -> np.ndarray:
    """Return the (N,) uint32 of `packed` for the `spot_colors` that are seen: made of the table, not spot by spot."""
    if coloring is not None and np.ndim(coloring.values) == 2:
        return seen_of(section, packed(spot_colors(section, coloring)))
    table, codes = _table_and_codes(section, coloring)
    return seen_of(section, packed(table)[codes])


def _table_and_codes(section: OpenSection, coloring: Coloring | None) -> tuple[np.ndarray, np.ndarray]:
    """Return (K, 4) float32 colours and the (N,) int of that of each spot; -1 is the last, that of no value."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba_array

    dataset = section.dataset
    if coloring is None:
        table, codes = np.array([PLAIN, PLAIN_ON_TISSUE]), np.zeros(dataset.n_spots, np.int8)
        for part, rows in zip(dataset.parts or (dataset,), dataset.sections, strict=True):
            codes[rows] = part.image is not None
    elif coloring.colors:
        table, codes = to_rgba_array(coloring.colors), np.asarray(coloring.values).astype(int)
    else:
        values = np.asarray(coloring.values)
        table, codes = colormaps[coloring.colormap](np.arange(256)), _codes(values, coloring.limits)
    return np.vstack([table, NO_VALUE]).astype(np.float32), codes


def _codes(values: np.ndarray, limits: tuple[float, float] | None) -> np.ndarray:
    """Return which of 256 colours each of `values` (N,) has between the limits; -1 for NaN."""
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(values), -1)
    low, high = limits or (float(values[known].min()), float(values[known].max()))
    share = (np.where(known, values, low) - low) / (high - low if high > low else 1.0)
    return np.where(known, np.round(255 * np.clip(share, 0.0, 1.0)), -1).astype(int)


def packed(colors: np.ndarray) -> np.ndarray:
    """Return (N, 4) float colours as (N,) uint32: the four bytes of a pixel, looked up in one go."""
    pixels = np.ascontiguousarray(np.round(255 * colors), np.uint8)
    return pixels.view(np.uint32)[:, 0]


def spot_features(section: OpenSection, coloring: Coloring | None) -> pd.DataFrame:
    """Return what the status bar says about a spot: its barcode, and its value where the coloring has one."""
    import pandas as pd

    table = pd.DataFrame({"barcode": section.dataset.obs_names})
    if coloring is not None and np.ndim(coloring.values) == 1:
        values = coloring.values
        table[coloring.title] = pd.Categorical.from_codes(values, list(coloring.names)) if coloring.names else values
    return table


def domain_features(section: OpenSection, shown: Shown) -> pd.DataFrame:
    """Return what the status bar says about a spot: barcode and domain, and how sure it is where the result says so."""
    import pandas as pd

    def named(labels: np.ndarray) -> pd.Categorical:
        return pd.Categorical.from_codes(labels, list(shown.names))

    table = pd.DataFrame({"barcode": section.dataset.obs_names, "domain": named(shown.labels)})
    result = section.result
    if result is not None and shown.epoch is None:
        if SUPPORT in result.maps:
            table[SUPPORT] = result.maps[SUPPORT]
        table[CERTAINTY] = result.confidence
        table["runner-up"] = named(result.partition.runner_up)
    return table


def domain_table(shown: Shown) -> pd.DataFrame:
    """Return what the status bar says about a label of the raster: the domain and its number of spots."""
    import pandas as pd

    values = np.arange(1, len(shown.names) + 1)
    return pd.DataFrame({"index": values, "domain": list(shown.names), "spots": shown.counts})


def label_values(shown: Shown) -> np.ndarray:
    """Return the (N,) values of the spots in the Labels layer: domain + 1, 0 for none, in as few bytes as they need."""
    return (shown.labels + 1).astype(np.min_scalar_type(len(shown.names)))


def domain_colormap(shown: Shown, hidden: frozenset[int] = frozenset()) -> DirectLabelColormap:
    """Return the colours of `label_values`."""
    from napari.utils.colormaps import DirectLabelColormap

    colors: dict[int | None, np.ndarray] = {None: np.array(CLEAR), 0: np.array(CLEAR)}
    colors.update(enumerate(domain_colors(shown, hidden)[:-1], start=1))
    return DirectLabelColormap(color_dict=colors)


# How the layers lie


def _shared(section: OpenSection, role: str) -> dict[str, Any]:
    unit, name = world(section.dataset)
    return {
        "name": f"{section.dataset.name} {'tissue' if role == TISSUE else role}",
        "scale": (unit, unit),
        "units": (name, name),
        "metadata": mark(section, role),
    }


def _placed(section: OpenSection, pixels: Raster) -> dict[str, Any]:
    unit, _ = world(section.dataset)
    return {
        "multiscale": bool(pixels.coarser),
        "scale": (pixels.step[0] * unit, pixels.step[1] * unit),
        "translate": (pixels.origin[0] * unit, pixels.origin[1] * unit),
    }


def _points(section: OpenSection, role: str, colors: np.ndarray, features: pd.DataFrame | None) -> LayerData:
    drawn = look(section)
    settings = {
        "size": (drawn.diameter if drawn.sizes is None else drawn.sizes) * (OVERLAP if drawn.square else 1),
        "symbol": "square" if drawn.square else "disc",
        "antialiasing": 0 if drawn.square else 1,  # soft edges of touching squares would let the background through
        "face_color": colors,
        "border_width": 0,
        "canvas_size_limits": (0, 10_000),  # one that napari enlarges would show the grey border that vispy gives it
        "blending": "translucent_no_depth",  # with depth, the soft edge of a disc hides the disc below it
        "features": features,
    }
    return section.at[:, ::-1], {**_shared(section, role), **settings}, "points"
