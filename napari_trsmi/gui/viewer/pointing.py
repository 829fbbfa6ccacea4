"""A click on the canvas selects a spot, which gets a ring."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.layers import DOMAINS, SPOT, SPOTS
from napari_trsmi.gui.viewer.looks import MEET, look
from napari_trsmi.gui.viewer.sections import marked

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.viewer.canvas import Canvas

CLICK = 4.0  # canvas pixels; a mouse that moves further drags
NEAR = 6.0  # canvas pixels from the middle of a spot in which it is meant: as long as spots are small they have no gaps


class Pointing:
    """Finds the spot under the mouse, and selects it at a click.

    Attributes
    ----------
    claims
        Asked for each click before a spot is selected: one that returns True has taken it.
    """

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.session = canvas, canvas.session
        self.claims: list[Callable[[tuple[float, ...]], bool]] = []
        canvas.viewer.mouse_drag_callbacks.append(self._on_press)
        self.session.spot_changed.connect(self._on_spot)

    def _on_press(self, viewer: Viewer, event: Any) -> Generator[None, None, None]:
        """Select the spot under a click, None on empty tissue; a drag or a click of another tool is not for us."""
        active = viewer.layers.selection.active
        other_tool = active is not None and str(getattr(active, "mode", "pan_zoom")) != "pan_zoom"
        if event.button != 1 or event.modifiers or other_tool or viewer.dims.ndisplay != 2:
            return
        start, position = np.array(event.pos), event.position
        yield
        while event.type == "mouse_move":
            yield
        clicked = np.linalg.norm(np.array(event.pos) - start) <= CLICK and self.session.section is not None
        if clicked and not any(claim(position) for claim in self.claims):
            self.session.select_spot(self.spot_at(position))

    def spot_at(self, position: tuple[float, ...], *, between: bool = False) -> int | None:
        """Return the row of the active section's spot at a place (..., row, column) in the world, or None.

        It is the spot drawn there, or the nearest one within some pixels: at first sight of a section its spots are
        smaller than a hand can point at.

        Parameters
        ----------
        between
            Between spots, return the nearest one.
        """
        from napari_trsmi.data.libraries import spacing

        section = self.session.section
        layer = self.canvas.layer(DOMAINS) or self.canvas.layer(SPOTS)
        if section is None or layer is None:
            return None
        at, drawn = layer.world_to_data(position), look(section)
        if drawn.raster is not None:
            row, column = np.round(at).astype(int)
            inside = 0 <= row < drawn.raster.spots.shape[0] and 0 <= column < drawn.raster.spots.shape[1]
            spot = int(drawn.raster.spots[row, column]) if inside else -1
            return spot if spot >= 0 and (section.seen is None or section.seen[spot]) else None
        away = np.abs(section.at[:, ::-1] - at)
        distance = away.max(axis=1) if drawn.square else np.hypot(*away.T)
        nearest = int(distance.argmin())
        near = NEAR / (self.canvas.viewer.scene.camera.zoom * layer.scale[-1])
        reach = max((drawn.diameter if drawn.sizes is None else drawn.sizes[nearest]) / 2, near)
        if between:
            reach = max(reach, MEET * spacing(section.at))
        return nearest if distance[nearest] <= reach and (section.seen is None or section.seen[nearest]) else None

    def _on_spot(self, spot: int | None) -> None:
        canvas, section, layer = self.canvas, self.session.section, self.canvas.layer(SPOT)
        if spot is None or section is None:
            for one, ours in marked(canvas.there):
                if ours["role"] == SPOT:
                    one.visible = False
        elif layer is None and section in canvas.sections():
            canvas.add(layers.ring_layer(section, spot))
        elif layer is not None:
            layer.data, layer.visible = layers.ring_data(section, spot), True
