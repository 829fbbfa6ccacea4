"""Moves the camera of a viewer to a place, fast but not at once, so that one sees where it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from qtpy.QtCore import QEasingCurve, QObject, QVariantAnimation

from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer

MILLISECONDS = 250


class Flight(QVariantAnimation):
    """One camera on its way; a new goal is reached from wherever it is, and at once before another section comes."""

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = ref(viewer)
        self._from = self._to = np.zeros(3)
        self.setDuration(MILLISECONDS)
        self.setEasingCurve(QEasingCurve(QEasingCurve.Type.InOutQuad))
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.valueChanged.connect(self._move)
        listen(self, (session_of(viewer).leaving, self._land))

    def to(self, center: np.ndarray, zoom: float) -> None:
        """Fly until `center` (row, column) in the world is in the middle of the canvas at `zoom`."""
        viewer = self._viewer()
        if viewer is None:
            return
        self.stop()
        self._from = np.array([*viewer.scene.camera.center[-2:], np.log(viewer.scene.camera.zoom)])
        self._to = np.array([*center, np.log(zoom)])
        self.start()

    def _land(self, *_: Any) -> None:
        if self.state() == QVariantAnimation.State.Running:
            self.setCurrentTime(self.duration())
            self.stop()

    def _move(self, share: Any) -> None:
        viewer = self._viewer()
        if viewer is not None:
            row, column, zoom = self._from + float(share) * (self._to - self._from)
            viewer.scene.camera.center, viewer.scene.camera.zoom = (row, column), float(np.exp(zoom))
