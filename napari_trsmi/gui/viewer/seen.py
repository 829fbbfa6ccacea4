"""What the canvas shows, as plain data that a figure can be drawn of: read from the layers, whatever made them so."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.canvas_figure import VECTORS_BELOW, Areas, Marks, Pixels, Strokes, Thing, View, Words
from napari_trsmi.gui.viewer.captions import caption_of, keys_of
from napari_trsmi.gui.viewer.layers import DOMAINS, SPOTS, world
from napari_trsmi.gui.viewer.looks import look

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from napari_trsmi.gui.session.session import Session

    Extent = tuple[float, float, float, float]

FINE = 2000  # pixels along the longer side of what is drawn as a picture


def views_of(session: Session) -> tuple[list[View], list[str]]:
    """Return what the canvas of a session shows, and the names of layers that a figure cannot show.

    There is one view, or one for each field of napari's grid in which something is drawn, such as two side by side.
    Layers that are turned, and kinds that sections are not made of, cannot be shown.
    """
    from napari.utils.theme import get_theme

    viewer: Viewer = session.canvas.viewer
    fields = _fields(viewer)
    extent = _extent(viewer, len(fields))
    background = get_theme(viewer.theme).canvas.as_hex()
    unit = "" if session.section is None else world(session.section.dataset)[1].replace("pixel", "px")
    views, left_out = [], []
    for field in fields:
        painter = _Painter(extent, background, viewer.scene.camera.zoom)
        for layer in field:
            if layer.opacity > 0 and not painter.take(layer):
                left_out.append(str(layer.name))
        keys, caption = keys_of(session, field), caption_of(session, field)
        views.append(View(tuple(painter.finish()), extent, background, tuple(keys), caption, unit))
    return views, left_out


def _fields(viewer: Viewer) -> list[list[Layer]]:
    """Return the visible layers of each field of the grid, or all in one; fields without any are left out."""
    layers, grid = list(viewer.layers), viewer.canvas.grid
    if not grid.enabled:
        return [[layer for layer in layers if layer.visible]]
    stride = abs(grid.stride)
    fields: dict[int, list[Layer]] = {}
    for at, layer in enumerate(layers):
        if layer.visible:
            fields.setdefault((at if grid.stride > 0 else len(layers) - 1 - at) // stride, []).append(layer)
    return [fields[at] for at in sorted(fields)] or [[]]


def _extent(viewer: Viewer, n_fields: int = 1) -> Extent:
    """Return (left, right, bottom, top) of the canvas in the world, or of each field of its grid; y runs down."""
    y, x = viewer.scene.camera.center[-2:]
    size = np.array(viewer.canvas.size, float)
    if n_fields > 1:
        rows, columns = viewer.canvas.grid.shape
        columns = columns if columns > 0 else -(-n_fields // rows) if rows > 0 else math.ceil(math.sqrt(n_fields))
        rows = rows if rows > 0 else -(-n_fields // columns)
        size /= rows, columns
    height, width = size / viewer.scene.camera.zoom
    return float(x - width / 2), float(x + width / 2), float(y + height / 2), float(y - height / 2)


class _Painter:
    """Takes layers from the bottom up; neighbours that are pictures become one."""

    def __init__(self, extent: Extent, background: str, zoom: float) -> None:
        from matplotlib.colors import to_rgb

        self._extent, self._zoom = extent, zoom
        left, right, bottom, top = extent
        step = max(right - left, bottom - top) / FINE
        self._shape = max(1, round((bottom - top) / step)), max(1, round((right - left) / step))
        self._things: list[Thing] = []
        self._picture: np.ndarray | None = np.ones((*self._shape, 4), np.float32)  # (H, W, 4), colours times opacity
        self._picture[..., :3] = to_rgb(background)
        self._painted = False

    def take(self, layer: Layer) -> bool:
        """Add a layer; False where it cannot be drawn."""
        kind = type(layer).__name__
        how = getattr(self, f"_{kind.lower()}", None)
        if how is None or not _is_upright(layer):
            return False
        if kind in ("Image", "Labels"):
            how(layer)
        else:
            self._flush()
            how(layer)
        return True

    def finish(self) -> list[Thing]:
        """Return all that was taken."""
        self._flush()
        return self._things

    def _flush(self) -> None:
        if self._painted and self._picture is not None:
            colors, alpha = self._picture, self._picture[..., 3:]
            np.divide(colors[..., :3], np.where(alpha > 0, alpha, 1), out=colors[..., :3])
            colors = np.round(255 * np.clip(colors, 0, 1, out=colors), out=colors).astype(np.uint8)
            self._things.append(Pixels(colors, self._extent))
        self._picture, self._painted = None, False

    # Pictures

    def _image(self, layer: Any) -> None:
        if (marks := self._bins(layer)) is not None:
            self._flush()
            self._things.append(marks)
            return
        values, inside = self._sampled(layer)
        if layer.rgb:
            values = values / np.float32(255) if values.dtype == np.uint8 else values.astype(np.float32)
            solid = np.ones((*values.shape[:2], 1), np.float32)
            colors = values if values.shape[-1] == 4 else np.concatenate([values, solid], axis=-1)
        else:
            low, high = layer.contrast_limits
            share = np.clip((values.astype(float) - low) / max(high - low, 1e-12), 0, 1) ** layer.gamma
            colors = np.asarray(layer.colormap.map(share.ravel())).reshape(*share.shape, 4)
        self._blend(layer, colors, inside)

    def _labels(self, layer: Any) -> None:
        if (marks := self._bins(layer)) is not None:
            self._flush()
            self._things.append(marks)
            return
        values, inside = self._sampled(layer)
        colors = np.array(layer.colormap.map(values), np.float32)
        if layer.contour:
            colors[..., 3] *= _on_edge(values, max(1, round(layer.contour * FINE / 1000)))
        self._blend(layer, colors, inside)

    def _blend(self, layer: Any, colors: np.ndarray, inside: np.ndarray) -> None:
        if self._picture is None:
            self._picture = np.zeros((*self._shape, 4), np.float32)
        self._painted = True
        colors = colors.astype(np.float32)  # half the memory: of millions of pixels that is the time it takes
        alpha = colors[..., 3:] * (np.float32(layer.opacity) * inside[..., None])
        if str(layer.blending) != "additive":
            self._picture *= 1 - alpha
        colors[..., :3] *= alpha
        colors[..., 3:] = alpha
        self._picture += colors
        np.minimum(self._picture, 1, out=self._picture)

    def _sampled(self, layer: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the (H, W, ...) values of a picture as the canvas shows them, and which of these lie inside of it."""
        left, right, bottom, top = self._extent
        height, width = self._shape
        rows = top + (np.arange(height) + 0.5) * (bottom - top) / height
        columns = left + (np.arange(width) + 0.5) * (right - left) / width
        places = [
            (at - shift) / step for at, shift, step in zip((rows, columns), layer.translate, layer.scale, strict=True)
        ]
        levels = list(layer.data) if layer.multiscale else [layer.data]
        step = (bottom - top) / height / layer.scale[0]  # pixels of the finest from one row to the next
        factors = [levels[0].shape[0] / level.shape[0] for level in levels]
        best = max((k for k, factor in enumerate(factors) if factor <= max(step, 1.0)), default=0)
        data = levels[best]
        numbers = [np.round((place + 0.5) / factors[best] - 0.5).astype(int) for place in places]
        within = [(at >= 0) & (at < n) for at, n in zip(numbers, data.shape[:2], strict=True)]
        r, c = (np.clip(at, 0, n - 1) for at, n in zip(numbers, data.shape[:2], strict=True))
        region = np.asarray(data[r.min() : r.max() + 1, c.min() : c.max() + 1])
        return region[r - r.min()][:, c - c.min()], within[0][:, None] & within[1][None, :]

    def _bins(self, layer: Any) -> Marks | None:
        """Return the bins of a square grid as squares, where they are few enough to be drawn one by one."""
        ours = layer.metadata.get("trsmi") or {}
        if ours.get("role") not in (SPOTS, DOMAINS):
            return None
        drawn, section = look(ours["section"]), ours["section"]
        pixels = drawn.raster
        even = pixels is not None and np.isclose(*pixels.step)
        if pixels is None or not even or not drawn.square or pixels.coarser or section.dataset.n_spots >= VECTORS_BELOW:
            return None
        at = pixels.spots >= 0
        values = np.asarray(layer.data)[at]
        found = values / 255 if type(layer).__name__ == "Image" else np.asarray(layer.colormap.map(values))
        colors = np.zeros((section.dataset.n_spots, 4))
        colors[pixels.spots[at]] = found
        places = section.at * layer.scale[0] / pixels.step[0]
        sizes = np.full(len(places), drawn.diameter * layer.scale[0] / pixels.step[0])
        return self._marks(layer, places, sizes, colors, square=True)

    # Spots, strokes, outlines

    def _points(self, layer: Any) -> None:
        places = _world(layer, layer.data)
        low, high = (limit / self._zoom for limit in layer.canvas_size_limits)
        sizes = np.clip(np.broadcast_to(layer.size, len(places)) * layer.scale[-1], low, high)
        widths = np.asarray(layer.border_width) * (sizes if layer.border_width_is_relative else layer.scale[-1])
        symbols = {str(symbol) for symbol in np.atleast_1d(layer.symbol)}
        rims = layer.border_color if np.any(widths > 0) else None
        square = symbols == {"square"}
        made = self._marks(layer, places, sizes, np.array(layer.face_color, float), square, rims, widths)
        if len(made.places):
            self._things.append(made)
        texts = [str(text) for text in np.atleast_1d(layer.text.values)]
        if len(texts) == len(places) and any(texts) and layer.text.visible:
            self._things.append(Words(places, texts, "gray"))

    def _marks(
        self,
        layer: Any,
        places: np.ndarray,
        sizes: np.ndarray,
        colors: np.ndarray,
        square: bool,
        rims: Any = None,
        widths: Any = None,
    ) -> Marks:
        """Return what of the spots is seen: in the view, and not clear."""
        left, right, bottom, top = self._extent
        near = (places[:, 0] > left - sizes) & (places[:, 0] < right + sizes)
        near &= (places[:, 1] > top - sizes) & (places[:, 1] < bottom + sizes)
        seen = near & ((colors[:, 3] > 0) | (False if rims is None else np.asarray(rims)[:, 3] > 0))
        colors = colors[seen] * (1, 1, 1, layer.opacity)
        if rims is None:
            return Marks(places[seen], sizes[seen], colors, square)
        return Marks(places[seen], sizes[seen], colors, square, np.asarray(rims)[seen], np.asarray(widths)[seen])

    def _vectors(self, layer: Any) -> None:
        starts, along = layer.data[:, 0], layer.data[:, 1] * layer.length
        ends = np.stack([_world(layer, starts), _world(layer, starts + along)], axis=1)
        colors = np.array(layer.edge_color, float) * (1, 1, 1, layer.opacity)
        self._things.append(Strokes(ends, colors, float(layer.edge_width * layer.scale[-1])))

    def _shapes(self, layer: Any) -> None:
        if layer.nshapes:
            shift = (1, 1, 1, layer.opacity)
            polygons = [_world(layer, np.asarray(corners)) for corners in layer.data]
            width = float(np.median(layer.edge_width) * layer.scale[-1])
            fills, lines = np.array(layer.face_color) * shift, np.array(layer.edge_color) * shift
            self._things.append(Areas(polygons, fills, lines, width))


def _is_upright(layer: Any) -> bool:
    """Return whether a layer has two dimensions and is neither turned nor sheared."""
    plain = np.allclose(layer.affine.affine_matrix, np.eye(layer.ndim + 1)) and np.allclose(layer.shear, 0)
    return layer.ndim == 2 and plain and np.allclose(layer.rotate, np.eye(2))


def _world(layer: Any, places: np.ndarray) -> np.ndarray:
    """Return (n, 2) (x, y) in the world of (row, column) in a layer."""
    return (places * layer.scale + layer.translate)[:, ::-1]


def _on_edge(labels: np.ndarray, width: int) -> np.ndarray:
    """Return which pixels (H, W) are no further than `width` from another label."""
    from scipy.ndimage import maximum_filter, minimum_filter

    size = 2 * width + 1
    return np.asarray(maximum_filter(labels, size) != minimum_filter(labels, size))
