"""What the plot of an embedding shows of the spots, as the tissue does: their colours, and what one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.gui.viewer import layers

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session


def said_of(session: Session, row: int) -> str:
    """Return the barcode of a spot, its domain, and the value that colours it; "" where there is no such spot."""
    section, shown, coloring = session.section, session.shown, session.coloring
    if section is None or not 0 <= row < section.dataset.n_spots:
        return ""
    words = [str(section.dataset.obs_names[row])]
    if shown is not None and shown.labels[row] >= 0:
        words.append(f"domain {shown.names[shown.labels[row]]}")
    if coloring is not None and coloring.values.ndim == 1:
        value = coloring.values[row]
        words.append(coloring.names[int(value)] if coloring.names and value >= 0 else f"{value:.3g}")
    return ", ".join(words)


def colors_of(session: Session) -> np.ndarray:
    """Return the (N, 4) uint8 colours in which the tissue shows the spots; (0, 4) without a section."""
    section, shown, coloring = session.section, session.shown, session.coloring
    if section is None:
        return np.zeros((0, 4), np.uint8)
    if coloring is None and shown is not None:
        colors = layers.domain_colors(shown, session.hidden)[shown.labels]
    else:
        colors = layers.spot_colors(section, coloring)
    found: np.ndarray = np.round(255 * layers.seen_of(section, colors)).astype(np.uint8)
    return found
