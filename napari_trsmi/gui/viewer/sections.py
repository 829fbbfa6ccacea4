"""The layers of sections in a viewer, the sections they belong to, and how one takes the place of others."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.gui.viewer.layers import LayerData


def marked(viewer: Viewer | None) -> Iterator[tuple[Layer, dict[str, Any]]]:
    """Yield the layers of all sections with their marks (section, role), from the bottom; none without a viewer."""
    for layer in [] if viewer is None else list(viewer.layers):
        if ours := layer.metadata.get("trsmi"):
            yield layer, ours


def sections_in(viewer: Viewer | None) -> list[OpenSection]:
    """Return the sections that have layers in the viewer, in the order of the layers; copies do not count."""
    from napari_trsmi.gui.viewer.layers import COPY

    return list({id(ours["section"]): ours["section"] for _, ours in marked(viewer) if ours["role"] != COPY}.values())


def free_name(viewer: Viewer | None, name: str, leaving: OpenSection | None = None) -> str:
    """Return a name like `name` that no section in the viewer has but one that leaves it."""
    from napari_trsmi.gui.viewer.studies import distinct

    taken = [section.dataset.name for section in sections_in(viewer) if section is not leaving]
    return distinct([name], taken)[0]


def has_unsaved_result(section: OpenSection) -> bool:
    """Return whether the result of a section is on no file, neither one of its own nor with a session."""
    result = section.result
    return result is not None and section.path is None and not section.runs.in_session_file(result)


def keep_whole(layer: Layer) -> None:
    """Let nobody take points or labels away, which are one to one with the spots.

    napari 0.9.2 deletes points that are selected by these keys also where a layer cannot be edited.
    """
    lock(layer)
    for key in ("Delete", "Backspace"):
        layer.bind_key(key, _leave, overwrite=True)


def lock(layer: Layer) -> None:
    """Let nobody edit a layer, also after it was seen in 3D, from which napari 0.9.2 brings it back to be edited."""
    layer.editable = False
    layer.events.editable.connect(_lock)


def insert(viewer: Viewer, place: int, layer: Layer) -> None:
    """Put a layer among the others; what is active stays so, and a tool that is in hand there."""
    selection = viewer.layers.selection
    active = selection.active
    with selection.events.active.blocker():
        viewer.layers.insert(place, layer)
        if active is None or active in viewer.layers:  # while it was drawn, the layer of a tool may have gone
            selection.active = active
            return
    own = [one for one, ours in marked(viewer) if ours["section"] is layer.metadata["trsmi"]["section"]]
    selection.active = None
    select_one_of(viewer, own)


def _lock(event: Any) -> None:
    event.source.editable = False


def _leave(layer: Layer) -> None:
    """Do nothing."""


def hide(data: LayerData) -> None:
    """Make it a layer that is not to be seen.

    An image is hidden by the canvas once it is there: napari 0.9.2 cannot take in a hidden one while it shows 3D.
    """
    _, settings, kind = data
    (settings["metadata"]["trsmi"] if kind == "image" else settings)["visible"] = False


def share_units(viewer: Viewer, section: OpenSection) -> None:
    """Give the layers of all sections the unit of one, that is to be seen alone: else napari would use none.

    Its warning about layers with different units, while they change one by one, is not for a person.
    """
    from napari_trsmi.gui.viewer.layers import world

    _, unit = world(section.dataset)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Inconsistent units across layers")
        for layer, _ in marked(viewer):
            layer.units = (unit,) * layer.ndim


def is_picture(layer: Layer) -> bool:
    """Return whether a layer is an image of a person."""
    from napari.layers import Image

    return isinstance(layer, Image) and layer.metadata.get("trsmi") is None


def select_one_of(viewer: Viewer, own: Sequence[Layer]) -> None:
    """Select the domains or spots that are seen where none of these layers is selected: the status bar speaks of them.

    What is drawn over them, such as boundaries, is selected only where neither is seen.
    """
    from napari_trsmi.gui.viewer.layers import DOMAINS, SPOTS

    selection = viewer.layers.selection
    if selection.active is None or ("trsmi" in selection.active.metadata and selection.active not in own):
        seen = [layer for layer in reversed(own) if layer.visible] or [own[-1]]
        spots = (layer for layer in seen if layer.metadata.get("trsmi", {}).get("role") in (DOMAINS, SPOTS))
        selection.active = next(spots, seen[0])


def put_in_place(session: Session, section: OpenSection, others: Sequence[OpenSection]) -> None:
    """Add the layers of `section`, which makes it the active one, and remove those of `others`.

    One that trains by now, or has something that `section` has not, stays beside it.
    """
    from napari.layers import Layer

    from napari_trsmi.gui.viewer.layers import section_layers

    viewer = session.canvas.viewer
    others = [other for other in others if _is_whole_in(section, other)]
    old = [layer for layer, ours in marked(viewer) if ours["section"] in others]
    config, made = session.config, section_layers(section)
    take_part(session, section, others)
    added = [viewer.add_layer(Layer.create(*data)) for data in made]
    remove_together(viewer, old)
    for layer, (_, given, _) in zip(added, made, strict=True):
        layer.name = given["name"]  # without the number that told it from the one it replaces
    for layer, ours in marked(viewer):  # and so for what came with them, such as boundaries
        name = layer.name.rpartition(" [")[0]
        if ours["section"] is section and any(name == one.name for one in old):
            layer.name = name
    with session.deeds.quiet():
        session.set_config(config)


def _is_whole_in(section: OpenSection, other: OpenSection) -> bool:
    """Return whether nothing is lost where `section` takes the place of another: that was read a while ago."""
    if other.runs is section.runs:  # the same spots elsewhere
        return True
    drawn = all(name in section.own_columns for name in other.unkept)
    return drawn and other.run is None and other.result is None


def take_part(session: Session, section: OpenSection, others: Sequence[OpenSection]) -> None:
    """Give a section that takes the place of others what was done on them, and their columns of one's own."""
    for other in others:  # their columns are here now
        section.unkept |= {name: values for name, values in other.unkept.items() if name in section.own_columns}
        other.unkept = {}
    if len(others) == 1:  # the same spots elsewhere
        session.deeds.move(others[0], section)


def remove_together(viewer: Viewer, layers: Sequence[Layer]) -> None:
    """Remove layers at once: else napari draws all anew after each."""
    if layers:
        with viewer.layers.batched_update():
            for layer in layers:
                if layer in viewer.layers:
                    viewer.layers.remove(layer)
