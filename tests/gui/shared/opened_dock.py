"""A result in a real window, with the dock of boundaries open beside it."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel
from napari.layers import Layer

from napari_trsmi.gui.boundaries.dock import BoundariesDock
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer.layers import section_layers
from napari_trsmi.gui.viewer.sessions import session_of


def add(viewer: Any, section: OpenSection) -> OpenSection:
    """Put the layers of a section into the viewer."""
    for data in section_layers(section):
        viewer.add_layer(Layer.create(*data))
    return section


def open_section(viewer: Any, dataset: Any, result: Any = None) -> OpenSection:
    """Open a dataset, and its result where there is one, in the viewer."""
    return add(viewer, OpenSection(dataset, result))


def open_dock(viewer: Any, result: Any = None) -> Any:
    """Open a result, where there is one, and the dock in the window of a viewer; return the dock."""
    if result is not None:
        open_section(viewer, result.dataset, result)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Boundaries")
    return dock


def dock_alone(qtbot: Any, result: Any, kind: Any = BoundariesDock) -> Any:
    """Return a dock on a viewer without a window, which opens ten times as fast; `result` may be None."""
    viewer = ViewerModel()
    if result is not None:
        open_section(viewer, result.dataset, result)
    return dock_on(qtbot, viewer, kind)


def dock_on(qtbot: Any, viewer: Any, kind: Any) -> Any:
    """Return a dock on such a viewer."""
    dock = kind(viewer)
    dock.viewer = viewer  # nothing else keeps it alive
    # What is in sight stays until the end of the test: else Python may collect it in the middle of drawing it.
    qtbot.addWidget(dock, before_close_func=lambda _, kept=dock: None)
    dock.resize(340, 700)
    dock.show()
    return dock


def layer(viewer: Any, role: str) -> Any:
    """Return the layer of the active section that plays a role, or None."""
    return session_of(viewer).canvas.layer(role)
