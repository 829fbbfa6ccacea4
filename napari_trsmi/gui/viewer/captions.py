"""What a figure of the canvas says of what it shows: keys of the colours and a caption."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.canvas_figure import Key
from napari_trsmi.gui.viewer.layers import DOMAINS, SPOTS

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Coloring, OpenSection

N_STEPS = 128  # of a colour map


def keys_of(session: Session, drawn_layers: Sequence[Layer]) -> list[Key]:
    """Return what the colours of layers mean, of those that belong to what is shown."""
    shown, canvas = session.shown, session.canvas
    keys = []
    if shown is not None and canvas.layer(DOMAINS) in drawn_layers:
        drawn = [k for k in range(len(shown.names)) if k not in session.hidden]
        counts = shown.counts_in(None if session.section is None else session.section.seen)
        names = [f"{shown.names[k]}  ({counts[k]:,})" for k in drawn]
        keys.append(Key("Domain (spots)", names, [shown.colors[k] for k in drawn]))
    keys += [key_of(coloring) for coloring in _colorings(session, drawn_layers)]
    layer = canvas.layer("boundaries")
    if layer in drawn_layers and (known := layer.metadata["trsmi"].get("key")):
        title, limits, ramp = known
        at = np.linspace(0, len(ramp) - 1, N_STEPS)
        colors = np.stack([np.interp(at, np.arange(len(ramp)), channel) for channel in np.array(ramp).T], axis=1)
        keys.append(Key(f"Boundaries: {title[:1].lower()}{title[1:]}", ramp=colors, limits=limits))
    return keys


def key_of(coloring: Coloring) -> Key:
    """Return what the colours of a coloring mean."""
    from matplotlib import colormaps

    if coloring.values.ndim == 2:
        names = [f"{one.title}  {one.limits[0]:.3g} to {one.limits[1]:.3g}" for one in coloring.channels]
        return Key("Colours add up", names, [one.color for one in coloring.channels])
    if coloring.colors:
        return Key(coloring.title, coloring.names, coloring.colors)
    known = coloring.values[np.isfinite(coloring.values)]
    ends = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    ramp = np.asarray(colormaps[coloring.colormap](np.linspace(0, 1, N_STEPS)))[:, :3]
    return Key(coloring.title, ramp=ramp, limits=coloring.limits or ends)


def _counted(section: OpenSection) -> str:
    """Return which sections of a study the numbers count: those that are drawn; empty where all are."""
    names = [name for at, name in enumerate(section.dataset.section_names) if at not in section.hidden_parts]
    if not section.hidden_parts or not names:
        return ""
    return f", spots of {', '.join(names) if len(names) < 4 else f'{len(names)} sections'}"


def _colorings(session: Session, drawn_layers: Sequence[Layer]) -> list[Coloring]:
    """Return what colours the spots among layers: those of the section, and those that are drawn beside them."""
    found = [layer.metadata.get("trsmi", {}).get("coloring") for layer in drawn_layers]
    if session.canvas.layer(SPOTS) in drawn_layers:
        found.insert(0, session.coloring)
    return [coloring for coloring in found if coloring is not None]


def caption_of(session: Session, drawn_layers: Sequence[Layer]) -> str:
    """Return what is seen in layers of what, by which version and when."""
    from napari_trsmi.versions import DISTRIBUTION, own

    section, shown, canvas = session.section, session.shown, session.canvas
    made = f"{DISTRIBUTION} {own()}, {date.today().isoformat()}."
    if section is None:
        return made
    said = []
    if shown is not None and canvas.layer(DOMAINS) in drawn_layers:
        what = shown.title or ("domains" if shown.epoch is None else f"preview of the domains, epoch {shown.epoch}")
        hidden = f", {len(session.hidden)} hidden" if session.hidden else ""
        said.append(f"{len(shown.names)} {what}{hidden}{_counted(section)}")
    colorings = _colorings(session, drawn_layers)
    if not colorings and canvas.layer(SPOTS) in drawn_layers:
        said.append("spots")
    said += [coloring.title for coloring in colorings]
    return f"{section.dataset.name}: {'; '.join(said) or 'tissue'}. {made}"
