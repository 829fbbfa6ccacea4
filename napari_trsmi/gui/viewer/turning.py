"""A section whose spots were put elsewhere is drawn in the layers that are there: new ones would take a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_trsmi.gui.session.layout import Layout
from napari_trsmi.gui.session.state import Shown
from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.canvas import ORDER
from napari_trsmi.gui.viewer.home import fit
from napari_trsmi.gui.viewer.layers import DOMAINS, SPOT, SPOTS
from napari_trsmi.gui.viewer.laying import relay_images
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.outlining import takes
from napari_trsmi.gui.viewer.sections import marked, remove_together, take_part

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection

FOUND_AGAIN = (*ORDER, "boundaries", "boundary", "correspondences", SPOT)  # who draws the last four puts them elsewhere


def take_layers(session: Session, section: OpenSection, before: OpenSection) -> None:
    """Let `section`, whose spots are those of `before` put elsewhere, be the active one in place of it.

    Both are drawn alike (see `looks.moved`), on the same image. How their layers are shown stays; marks around spots
    are drawn anew by who drew them.
    """
    canvas, config = session.canvas, session.config
    session.color(None)
    own = [(layer, ours["role"]) for layer, ours in marked(canvas.viewer) if ours["section"] is before]
    kept = [(layer, role) for layer, role in own if role in FOUND_AGAIN]
    for layer, role in kept:
        layer.metadata["trsmi"]["section"] = section
        _lay(layer, section, role)
    take_part(session, section, [before])
    canvas.take_place(section, before)
    session.activate(section)
    if section.layout != Layout():
        relay_images(canvas)
    fit(canvas.viewer, [layer for layer, role in kept if role in ORDER])
    remove_together(canvas.viewer, [layer for layer, role in own if role not in FOUND_AGAIN])
    with session.deeds.quiet():
        session.set_config(config)


def _lay(layer: Any, section: OpenSection, role: str) -> None:
    """Put spots or domains where those of `section` are."""
    result = section.result
    if role in (SPOTS, DOMAINS) and look(section).raster is None:
        layer.data = section.at[:, ::-1]
    elif role == SPOTS:
        takes(layer, layers.spots_layer(section))
    elif role == DOMAINS and result is not None:
        takes(layer, layers.domains_layer(section, Shown(result.labels, result.names, result.palette)))
