"""Open the docks of the plugin in a viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari import Viewer

PLUGIN = "napari-trsmi"
TRAIN, BOUNDARIES, COLOUR = "Train", "Boundaries", "Colour by"


def open_docks(viewer: Viewer) -> None:
    """Open all docks in one place on the right, Train in front."""
    train, _ = viewer.window.add_plugin_dock_widget(PLUGIN, TRAIN)
    for name in (COLOUR, BOUNDARIES):
        viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
    train.show()
    train.raise_()
