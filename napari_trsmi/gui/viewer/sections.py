"""The sections whose layers are in a viewer, and how one takes the place of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session import Session
    from napari_trsmi.gui.state import OpenSection


def sections_in(viewer: Viewer) -> list[OpenSection]:
    """Return the sections that have layers in the viewer, in the order of the layers."""
    marks = (layer.metadata.get("trsmi") for layer in viewer.layers)
    return list({id(mark["section"]): mark["section"] for mark in marks if mark}.values())


def put_in_place(session: Session, section: OpenSection, others: Sequence[OpenSection]) -> None:
    """Add the layers of `section`, which makes it the active one, and remove those of `others`."""
    from napari.layers import Layer

    from napari_trsmi.gui.viewer.layers import section_layers

    viewer = session.canvas.viewer
    old = [layer for layer in viewer.layers if layer.metadata.get("trsmi", {}).get("section") in others]
    config, made = session.config, section_layers(section)
    added = [viewer.add_layer(Layer.create(*data)) for data in made]
    with viewer.layers.batched_update():  # else napari draws all anew after each
        for layer in old:
            if layer in viewer.layers:
                viewer.layers.remove(layer)
    for layer, (_, given, _) in zip(added, made, strict=True):
        layer.name = given["name"]  # without the number that told it from the one it replaces
    session.set_config(config)
