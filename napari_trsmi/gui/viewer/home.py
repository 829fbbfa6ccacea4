"""napari's home button shows what is to be seen, not what lies hidden beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from napari_trsmi.gui.viewer.frames import FILLED, box
from napari_trsmi.gui.viewer.layers import DOMAINS, SPOTS, TISSUE
from napari_trsmi.gui.viewer.sections import marked

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from napari_trsmi.gui.session.session import Session

NEAR = 0.01  # of all layers: as far from their middle the camera still is one that was fitted to all
AIR = 0.04  # share of the canvas left free around a section


def fit(viewer: Viewer, drawn: Sequence[Layer]) -> None:
    """Show some layers as large as the canvas takes.

    napari 0.9.2 fails where another layer has more dimensions, such as a stack of pictures.
    """
    if max(layer.ndim for layer in drawn) == viewer.dims.ndim:
        viewer.reset_view(layers=drawn, margin=AIR)
        return
    ends = np.array([np.asarray(layer.extent.world)[:, -2:] for layer in drawn])
    low, high = ends[:, 0].min(axis=0), ends[:, 1].max(axis=0)
    camera, size = viewer.scene.camera, np.array(viewer.canvas.size, float)
    camera.center = tuple((low + high) / 2)
    camera.zoom = float((1 - AIR) * (size / np.maximum(high - low, 1e-9)).min())


class Home:
    """Fits the camera to what is shown wherever napari has just fitted it to all layers, those of other sections too.

    napari tells of each fit once it is done. One that was asked for some layers alone is left as it is.
    """

    def __init__(self, viewer: Viewer, session: Session) -> None:
        self._viewer, self._session = ref(viewer), ref(session)
        viewer.events.reset_view.connect(self._on_fitted)

    def _on_fitted(self, event: Any) -> None:
        viewer, session = self._viewer(), self._session()
        if viewer is None or session is None or session.section is None:
            return
        if viewer.dims.ndisplay != 2 or viewer.canvas.grid.enabled or len(viewer.layers) == 0:
            return
        low, high = viewer.layers.extent.world[:, -2:]
        away = np.abs(np.array(event.center[-2:]) - (low + high) / 2)
        if not (away <= NEAR * (high - low)).all():
            return
        boxes = self._shown(viewer, session)
        if not boxes:
            return
        low, high = np.min([ends[0] for ends in boxes], axis=0), np.max([ends[1] for ends in boxes], axis=0)
        camera, size = viewer.scene.camera, np.array(viewer.canvas.size, float)
        camera.center = tuple((low + high) / 2)
        camera.zoom = float((FILLED * size / np.maximum(high - low, 1e-9)).min())

    def _shown(self, viewer: Viewer, session: Session) -> list[np.ndarray]:
        """Return lower and upper ends (row, column) in the world of what is to be seen."""
        section, ours = session.section, {id(layer): mark for layer, mark in marked(viewer)}
        nothing = section is None or (section.seen is not None and not section.seen.any())
        boxes = []
        for layer in viewer.layers:
            mark = ours.get(id(layer))
            if not layer.visible:
                continue
            if mark is None or mark["role"] == TISSUE:
                boxes.append(np.asarray(layer.extent.world)[:, -2:])
            elif section is not None and not nothing and mark["role"] in (SPOTS, DOMAINS):  # those of others are hidden
                boxes.append(np.array(box(section, section.seen)))
        return boxes
