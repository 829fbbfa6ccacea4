"""Spots smaller than two pixels of the canvas, as in a small window or a study, have the colours of their domains."""

from __future__ import annotations

import numpy as np
from opened_dock import layer, open_section


def test_spots_keep_their_colours_where_they_are_small(viewer, qtbot, trained):
    open_section(viewer, trained.dataset, trained)
    spots = layer(viewer, "domains")
    spots.face_color = np.array([1.0, 0.0, 0.0, 1.0])
    viewer.canvas.overlays.scale_bar.visible = False
    for other in viewer.layers:
        other.visible = other is spots
    viewer.scene.camera.zoom = 0.75 / (np.median(spots.size) * spots.scale[-1])
    qtbot.wait(100)
    canvas = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    redness = canvas[..., 0] - canvas[..., 1:].max(axis=2)
    assert redness.max() > 150  # of 255; a grey border would have next to none of it
