"""The dock Correct on a viewer, driven by hand: what is lassoed, said and marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from around_spots import click
from napari.components import ViewerModel
from opened_dock import open_section

from napari_trsmi.gui.correct.dock import CorrectDock


def opened(qtbot, result):
    """Return the dock on a viewer without a window, which opens ten times as fast."""
    viewer = ViewerModel()
    open_section(viewer, result.dataset, replace(result))
    dock = CorrectDock(viewer)
    dock.viewer, dock.told = viewer, []  # nothing else keeps the viewer alive
    dock.session.failed.disconnect()
    dock.session.failed.connect(dock.told.append)
    qtbot.addWidget(dock)
    dock.resize(340, 700)
    dock.show()
    return dock


def draw(qtbot, dock, group, corners, kind="polygon"):
    """Lasso a shape, as napari does at the end of a drag."""
    button = dock.panel.bar.lassos[group]
    if not button.isChecked():
        click(qtbot, button)
    layer = dock.session.canvas.layer("lasso")
    assert dock.viewer.layers.selection.active is layer
    assert layer.mode == "add_polygon_lasso"
    with qtbot.waitSignal(dock.panel.lasso.changed, timeout=2_000):
        layer.add(corners, shape_type=kind)


def says(dock):
    """What the list says."""
    model = dock.panel.list.rows
    return [tuple(model.index(row, at).data() for at in (0, 1)) for row in range(model.rowCount())]


def marked(dock):
    """Where spots are marked, as {colour: set of (row, column)}."""
    layer = dock.session.canvas.layer("chosen")
    if layer is None or not layer.visible:
        return {}
    found = {}
    for at, color in zip(layer.data, layer.border_color, strict=True):
        found.setdefault(tuple(np.round(color, 2)), set()).add(tuple(np.round(at, 3)))
    return found


def places(result, rows):
    return {tuple(np.round(at, 3)) for at in result.coords[rows, ::-1]}


def idle(qtbot, dock):
    qtbot.waitUntil(lambda: dock.session.state == "idle", timeout=60_000)
