"""The dock Regions on a viewer, driven by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from napari.components import ViewerModel
from opened_dock import open_section

from napari_trsmi.gui.regions.dock import RegionsDock


def own(result):
    """Return a result over a section whose columns may be changed."""
    return replace(result, dataset=replace(result.dataset, obs=result.dataset.obs.copy(), own_columns={}))


def opened(qtbot, result, with_result=True):
    """Return the dock on a viewer without a window, which opens ten times as fast."""
    viewer = ViewerModel()
    open_section(viewer, result.dataset, result if with_result else None)
    dock = RegionsDock(viewer)
    dock.viewer, dock.told, dock.failed = viewer, [], []
    dock.session.told.disconnect()
    dock.session.failed.disconnect()
    dock.session.told.connect(dock.told.append)
    dock.session.failed.connect(dock.failed.append)
    qtbot.addWidget(dock)
    dock.resize(330, 600)
    dock.show()
    return dock


def draw(qtbot, dock, vertices, kind="polygon"):
    """Draw a shape with the tool in hand, as napari does at the end of a drag."""
    qtbot.waitUntil(lambda: dock.session.canvas.layer("pen") is not None, timeout=2_000)
    layer = dock.session.canvas.layer("pen")
    assert dock.viewer.layers.selection.active is layer
    with qtbot.waitSignal(dock.panel.pen.drawn, timeout=2_000):
        layer.add(vertices, shape_type=kind)


def regions(dock):
    """Return {region: set of rows} of the column that is worked on."""
    values = dock.panel.regions.values
    if values is None:
        return {}
    return {name: set(np.flatnonzero(values.codes == k)) for k, name in enumerate(values.categories)}


def marked(dock):
    """Where spots are marked, as a set of (row, column)."""
    layer = dock.session.canvas.layer("regions")
    return set() if layer is None or not layer.visible else {tuple(np.round(at, 3)) for at in layer.data}
