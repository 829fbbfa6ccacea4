"""Sections that are put in another order, turned or flipped: what a person does, and how the canvas follows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from napari_trsmi.gui.session.deeds import Deed
from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.frames import frame
from napari_trsmi.gui.viewer.layers import DOMAINS, NAMES, SPOTS, TISSUE
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.outlining import redraw
from napari_trsmi.gui.viewer.sections import marked

if TYPE_CHECKING:
    from napari_trsmi.gui.session.layout import Layout
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.viewer.canvas import Canvas

NEARLY = 1.1  # times the zoom at which all is seen


def turn(session: Session) -> None:
    """Turn the chosen section a quarter clockwise, all where none is chosen."""
    _change(session, "turn", "turned")


def flip(session: Session) -> None:
    """Exchange left and right of the chosen section, of all where none is chosen."""
    _change(session, "flip", "mirrored")


def _change(session: Session, what: str, how: str) -> None:
    if session.section is None:
        return
    parts, layout = session.parts, session.section.layout
    for number in range(max(len(parts.names), 1)) if parts.chosen is None else (parts.chosen,):
        layout = layout.with_turn(number, getattr(layout.turn(number), how)())
    name = parts.names[parts.chosen] if parts.chosen is not None else "all sections" if parts.names else "the section"
    _lie(session, layout, f"{what} of {name}")


def move(session: Session, number: int, place: int) -> None:
    """Put a section of the study at a place in the order, 0 for the first."""
    parts = session.parts
    if 0 <= number < len(parts.names):
        layout = parts.layout.moved(number, place, len(parts.names))
        _lie(session, layout, f"move of {parts.names[number]}")


def step(session: Session, by: int) -> None:
    """Put the chosen section of the study so many places later in the order; earlier where it is below 0."""
    chosen = session.parts.chosen
    if chosen is not None:
        move(session, chosen, session.parts.ordered.index(chosen) + by)


def _lie(session: Session, layout: Layout, name: str) -> None:
    before = session.parts.layout
    if layout != before:
        _show(session, layout)
        undo, redo = partial(_show, session, before), partial(_show, session, layout)
        session.deeds.add(Deed(name, undo, redo, anytime=True))


def _show(session: Session, layout: Layout) -> None:
    """Let the sections lie so, and the camera look at the same tissue, or at all where it did."""
    section, viewer = session.section, session.canvas.viewer
    if section is None:
        return
    camera, (unit, _), lies = viewer.scene.camera, layers.world(section.dataset), section.lies
    center = np.array(camera.center[-2:])[::-1] / unit  # (x, y) in the unit of the coordinates
    nearest = int(((section.at - center) ** 2).sum(axis=1).argmin())
    number = 0 if section.dataset.section is None else int(section.dataset.section[nearest])
    sees_all = camera.zoom <= NEARLY * frame(viewer, section)[1]
    session.parts.lie(layout)
    if sees_all:
        camera.center, camera.zoom = frame(viewer, section)
    else:
        camera.center = tuple(section.lies[number].of(lies[number].back(center[None]))[0, ::-1] * unit)


class Relaying:
    """Keeps what is drawn of the active section where its layout says."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = ref(canvas)
        canvas.session.parts.laid.connect(self._on_laid)

    def _on_laid(self, _: Any) -> None:
        if (canvas := self._canvas()) is not None:
            relay(canvas)


def relay(canvas: Canvas) -> None:
    """Put what is drawn of the active section where its layout says; how it is shown stays."""
    session, section = canvas.session, canvas.session.section
    if section is None:
        return
    relay_images(canvas)
    if (names := canvas.layer(NAMES)) is not None:
        names.data = layers.names_layer(section)[0]
        canvas.names.write()
    if look(section).raster is not None:
        redraw(canvas, section)
    else:
        for role in (SPOTS, DOMAINS):
            if (layer := canvas.layer(role)) is not None:
                layer.data = section.at[:, ::-1]
    if (spot := session.spot) is not None:  # its ring and lines are drawn anew
        session.select_spot(None)
        session.select_spot(spot)


def relay_images(canvas: Canvas) -> None:
    """Turn the images; each keeps its colours, opacity and whether it is seen."""
    section = canvas.session.section
    assert section is not None
    made: dict[Any, list[layers.LayerData]] = {}
    for data in layers.image_layers(section):
        made.setdefault(data[1]["metadata"]["trsmi"].get("part"), []).append(data)
    mine: dict[Any, list[Any]] = {}
    for layer, ours in marked(canvas.viewer):
        if ours["section"] is section and ours["role"] == TISSUE:
            mine.setdefault(ours.get("part"), []).append(layer)
    for part, images in mine.items():
        there = made.get(part, [])
        named = {data[1]["name"]: data for data in there}  # a person may have removed some of the channels
        found = there if len(there) == len(images) else [named.get(layer.name) for layer in images]
        for layer, own in zip(images, found, strict=True):
            if own is not None:
                layer.data, layer.translate = own[0], own[1].get("translate", (0.0, 0.0))
