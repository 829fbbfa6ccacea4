"""The names of a study's sections: as much of each is written as has room on the canvas, at any zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from napari_trsmi.gui.viewer import layers, side_by_side

if TYPE_CHECKING:
    from napari_trsmi.gui.session.layout import Lie
    from napari_trsmi.gui.viewer.canvas import Canvas

POINT = (96 / 72) ** 2  # pixels of the canvas for a point of text, as napari draws it on any screen


class Names:
    """Writes the names of the active section anew where the zoom is another, and whenever it is asked to."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = ref(canvas)
        self._lies: list[Lie] | None = None  # those that the room was found for
        self._room = np.empty(0), np.inf
        canvas.viewer.scene.camera.events.zoom.connect(self.write)

    def write(self, _: Any = None) -> None:
        """Write them as the active section lies, leaving out those of its sections that are hidden."""
        canvas = self._canvas()
        section, viewer = (None, None) if canvas is None else (canvas.session.section, canvas.there)
        if canvas is None or section is None or viewer is None or not section.dataset.parts:
            return
        if (layer := canvas.layer(layers.NAMES, section)) is None:
            return
        if section.lies is not self._lies:
            self._room, self._lies = side_by_side.rooms(section.dataset, section.at), section.lies
        letters = layers.world(section.dataset)[0] * viewer.scene.camera.zoom / (layer.text.size * POINT)
        room, below = self._room
        written = side_by_side.written_names(section.dataset.section_names, letters * room, letters * below)
        table = layers.names_table(["" if k in section.hidden_parts else name for k, name in enumerate(written)])
        if not table.equals(layer.features):
            layer.features = table
            layer.refresh_text()
