"""Keeps the boundaries on the canvas in step with the session, and flies to them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet, ref

import numpy as np
from psygnal import Signal

from napari_trsmi.gui.boundaries import layers
from napari_trsmi.gui.viewer.frames import frame
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.sections import insert, lock, marked

if TYPE_CHECKING:
    import pandas as pd
    from napari import Viewer
    from napari.layers import Layer

    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Shown

UNDER_PREVIEW = ("boundary", "boundaries")  # roles that are not to be seen while a preview is shown


class BoundaryCanvas:
    """Draws the boundaries of the kept result of one viewer, also after the dock that asked for them is closed.

    While a preview is shown they are not to be seen, because they belong to the result.

    Signals
    -------
    ramp_changed(tuple)
        The colours from weak to strong are others.
    """

    ramp_changed = Signal(tuple)

    def __init__(self, viewer: Viewer, session: Session) -> None:
        self._viewer, self.session = ref(viewer), session  # a strong reference would keep the viewer alive
        self.measure = layers.CONFIDENCE
        self._wanted = ""  # the measure that a person chose; else the first there is
        self.segment: int | None = None
        self.ramp = layers.ON_DARK
        self._edges: pd.DataFrame | None = None  # those of the result that have a stroke
        self._source: pd.DataFrame | None = None  # the result's table they were taken from
        self._covered: WeakSet[Layer] = WeakSet()  # layers that were hidden here, and not by a person
        session.result_changed.connect(self._on_result)
        session.hidden_changed.connect(self._on_hidden)
        session.parts.hidden_changed.connect(self._on_hidden)
        session.parts.laid.connect(self._on_laid)
        session.shown_changed.connect(self._on_shown)
        session.coloring_changed.connect(self._on_ground)
        session.section_changed.connect(self._on_ground)
        session.canvas.removed.wanted.connect(self._draw_missing)
        viewer.events.theme.connect(self._on_ground)
        if session.canvas is not None:
            session.canvas.pointing.claims.append(self._on_click)
        self._on_ground()
        self.update()

    @property
    def viewer(self) -> Viewer:
        """The viewer."""
        viewer = self._viewer()
        assert viewer is not None
        return viewer

    def layer(self, role: str) -> Any | None:
        """Return the layer of the active section that plays a role, or None."""
        return self.session.canvas.layer(role)

    # What is drawn

    def update(self) -> None:
        """Draw the boundaries of the result, or nothing where there are none."""
        result = self.session.result
        source = None if result is None else result.boundary_edges
        if source is self._source:  # a review or another name leaves the edges as they are
            return
        self._source, self.segment = source, None
        self._lay()
        self._draw()

    def _lay(self) -> None:
        """Take the edges from where they are on the canvas."""
        section, source = self.session.section, self._source
        self._edges = None if section is None or source is None else layers.lying(section, layers.drawn(source))

    def _draw(self) -> None:
        section = self.session.section
        if section is None or self._edges is None or len(self._edges) == 0:
            self._hide("boundaries", "boundary")
            self.session.select_boundary(None)
            return
        there = layers.measures(self._edges)
        self.measure = self._wanted if self._wanted in there else there[0]
        hidden = self.session.hidden
        self._put(layers.boundaries_layer(section, self._edges, self.measure, hidden, self.ramp), "boundaries")
        self._explain()
        self.select(self.segment)

    def color_by(self, measure: str) -> None:
        """Colour the strokes by one of `layers.measures`."""
        self.measure = self._wanted = measure
        self._draw_missing()
        self._recolor()

    def _draw_missing(self) -> None:
        """Draw what a person removed from the layer list."""
        if self.layer("boundaries") is None:
            self._draw()

    def select(self, segment: int | None) -> None:
        """Draw a rim around one boundary; None for no rim."""
        self.segment = segment
        self.session.select_boundary(segment)
        section = self.session.section
        if section is None or self._edges is None or segment is None or segment not in self._edges["segment"].values:
            self._hide("boundary")
            return
        if self.layer("boundaries") is None:  # a person removed it, and asks for one of them now
            hidden = self.session.hidden
            self._put(layers.boundaries_layer(section, self._edges, self.measure, hidden, self.ramp), "boundaries")
        self._put(layers.boundary_layer(section, self._edges, segment, self.ramp), "boundary")
        self._show("boundary")

    def uncover(self, segment: int) -> None:
        """Draw the section of a boundary again where it is hidden: nothing would be seen of what is asked for."""
        section, parts = self.session.section, self.session.parts
        if section is None or section.dataset.section is None or self._edges is None or not parts.hidden:
            return
        spots = self._edges.loc[self._edges["segment"] == segment, "i"]
        parts.hide(parts.hidden - set(section.dataset.section[spots].tolist()))

    def stroke_at(self, position: tuple[float, ...]) -> int | None:
        """Return the boundary whose stroke is seen at a place (..., row, column) in the world, or None."""
        section, layer = self.session.section, self.layer("boundaries")
        if section is None or layer is None or not layer.visible or self._edges is None:
            return None
        hidden = self._edges[["domain_a", "domain_b"]].isin(list(self.session.hidden)).all(axis=1).to_numpy()
        if section.seen is not None:
            hidden |= ~section.seen[self._edges["i"].to_numpy()]
        unit, _ = layers.world(section.dataset)
        reach = max(layers.NEAR / self.viewer.scene.camera.zoom / unit, 0.15 * look(section).diameter)
        row, column = np.asarray(position[-2:], float) / unit
        return layers.stroke_at(self._edges[~hidden] if hidden.any() else self._edges, column, row, reach)

    def _on_click(self, position: tuple[float, ...]) -> bool:
        """Select the boundary under a click; False where there is none."""
        segment = self.stroke_at(position)
        if segment is not None:
            self.select(segment)
        return segment is not None

    def draw_correspondences(self, spot: int | None, row: Any = None) -> None:
        """Draw lines from a spot to those it corresponds to; None takes them away, on all sections."""
        section = self.session.section
        if section is None or spot is None:
            for layer, ours in marked(self.viewer):
                if ours["role"] == "correspondences":
                    layer.visible = False
            return
        self._put(layers.correspondence_layer(section, spot, row), "correspondences")
        self._show("correspondences")

    def _put(self, data: layers.LayerData, role: str) -> None:
        """Make a layer, or give the one there is its new data and show it again where it was hidden for lack of it."""
        from napari.layers import Layer

        layer, settings = self.layer(role), data[1]
        if layer is not None:
            layer.data = data[0]
            if "features" in settings:
                layer.features = settings["features"]
            _paint(layer, settings["edge_color"])
            if layer.edge_width != settings["edge_width"]:  # napari makes all strokes anew
                layer.edge_width = settings["edge_width"]
            if layer in self._covered:
                self._show(role)
            return
        made, every = Layer.create(*data), self.viewer.layers
        lock(made)
        above = self.layer("boundaries") if role == "boundary" else None
        insert(self.viewer, len(every) if above is None else every.index(above), made)  # spots stay what is clicked
        if role in UNDER_PREVIEW and not self._result_is_shown:
            self._hide(role)

    def _recolor(self) -> None:
        layer = self.layer("boundaries")
        if layer is not None and self._edges is not None and len(layer.data) == len(self._edges):
            section = self.session.section
            seen = None if section is None else section.seen
            _paint(layer, layers.stroke_colors(self._edges, self.measure, self.session.hidden, self.ramp, seen))
            self._explain()

    def _explain(self) -> None:
        """Note in the layer what its colours mean, for whoever draws it elsewhere."""
        layer = self.layer("boundaries")
        if layer is not None and self._edges is not None:
            key = layers.measure_title(self.measure), layers.limits(self._edges, self.measure), self.ramp
            layer.metadata["trsmi"]["key"] = key

    def _hide(self, *roles: str) -> None:
        """Hide layers that have nothing to show; those a person hid before stay hidden later."""
        for role in roles:
            if (layer := self.layer(role)) is not None and layer.visible:
                self._covered.add(layer)
                layer.visible = False

    def _show(self, role: str) -> None:
        """Show a layer, as soon as no preview is in the way."""
        if (layer := self.layer(role)) is None:
            return
        if role in UNDER_PREVIEW and not self._result_is_shown:
            self._covered.add(layer)
            return
        self._covered.discard(layer)
        layer.visible = True

    # Where the camera looks

    def box(self, segment: int | None = None) -> tuple[np.ndarray, float]:
        """Return the centre (row, column) in the world and the zoom that frame a boundary, or the whole section.

        A boundary fills a third of the canvas; the camera goes no nearer than ten spots across that third, and no
        farther than the whole section.
        """
        section = self.session.section
        assert section is not None
        spot = look(section).diameter * layers.world(section.dataset)[0]
        canvas = np.array(self.viewer.canvas.size, float)
        middle, whole = frame(self.viewer, section)
        own = None if segment is None or self._edges is None else self._edges[self._edges["segment"] == segment]
        if own is None or len(own) == 0:
            return middle, whole
        center, size = layers.extent(own, section.dataset)
        third = float((canvas / 3 / np.maximum(size, 10 * spot)).min())
        return center, max(third, whole)

    # What the session says

    @property
    def _result_is_shown(self) -> bool:
        return self.session.shown is None or self.session.shown.epoch is None

    def _on_result(self, result: Any) -> None:
        self.update()

    def _on_hidden(self, hidden: frozenset[int]) -> None:
        self._recolor()

    def _on_laid(self, _: Any) -> None:
        self._lay()
        there = self.layer("boundaries")
        if there is not None and self._edges is not None:
            there.data = layers.strokes(self._edges)
            self._recolor()
        self.select(self.segment)

    def _on_ground(self, _: Any = None) -> None:
        """Take the colours that are seen on what lies under the strokes now."""
        from napari.utils.theme import get_theme

        red, green, blue = get_theme(self.viewer.theme).canvas.as_rgb_tuple(alpha=False)
        dark = 0.3 * red + 0.6 * green + 0.1 * blue < 128
        ramp = layers.ramp_on(self.session.section, self.session.coloring, dark)
        if ramp is not self.ramp:
            self.ramp = ramp
            self._recolor()
            if (section := self.session.section) is not None and (rim := self.layer("boundary")) is not None:
                rim.edge_color = np.array([layers.rim_color(section, ramp)])
            self.ramp_changed.emit(ramp)

    def _on_shown(self, shown: Shown | None) -> None:
        if not self._result_is_shown:
            self._hide(*UNDER_PREVIEW)
            return
        if self._edges is not None and len(self._edges) and self.layer("boundaries") in self._covered:
            self._show("boundaries")
        if self.segment is not None and self.layer("boundary") in self._covered:
            self._show("boundary")


_CANVASES: WeakKeyDictionary[Any, BoundaryCanvas] = WeakKeyDictionary()


def boundary_canvas_of(viewer: Viewer) -> BoundaryCanvas:
    """Return what draws the boundaries of a viewer, made when first asked for."""
    from napari_trsmi.gui.viewer.sessions import session_of

    viewer = getattr(viewer, "__wrapped__", viewer)  # docks get a proxy that nothing else keeps alive
    if viewer not in _CANVASES:
        _CANVASES[viewer] = BoundaryCanvas(viewer, session_of(viewer))
    return _CANVASES[viewer]


def _paint(layer: Any, colors: np.ndarray) -> None:
    """Colour strokes; those of a hidden layer not on the canvas, where napari still has the strokes before."""
    with nullcontext() if layer.visible else layer.events.edge_color.blocker():
        layer.edge_color = colors
