"""Layers of ours that a person took out of the layer list, and how they come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from psygnal import Signal

from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.layers import DOMAINS, NAMES, SPOTS, TISSUE
from napari_trsmi.gui.viewer.sections import hide

if TYPE_CHECKING:
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.gui.viewer.canvas import Canvas

BOUNDARIES = "boundaries"
CALLED = {TISSUE: "tissue", NAMES: "names", SPOTS: "spots", DOMAINS: "domains", BOUNDARIES: "boundaries"}


class Removed:
    """What was removed of each section that is still open.

    Signals
    -------
    changed()
        A layer of ours was removed, or is there again.
    wanted()
        What others draw on the active section, such as its boundaries, is to be drawn again where it is missing.
    """

    changed = Signal()
    wanted = Signal()

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = ref(canvas)
        self._gone: WeakKeyDictionary[OpenSection, set[tuple[str, int | None]]] = WeakKeyDictionary()

    def note(self, ours: dict[str, Any]) -> None:
        """Take in that a layer with this mark is gone, by whatever hand."""
        if ours["role"] in CALLED:
            self._gone.setdefault(ours["section"], set()).add((ours["role"], ours.get("part")))
            self.changed.emit()

    def back(self, ours: dict[str, Any]) -> None:
        """Take in that a layer with this mark is there."""
        gone, key = self._gone.get(ours["section"]), (ours["role"], ours.get("part"))
        if gone is not None and key in gone:
            gone.discard(key)
            self.changed.emit()

    def move(self, section: OpenSection, before: OpenSection) -> None:
        """Take what is missing of one section for missing of another that has its layers."""
        if (gone := self._gone.pop(before, None)) is not None:
            self._gone[section] = gone

    def forget(self, section: OpenSection) -> None:
        """Forget a section that is gone."""
        self._gone.pop(section, None)

    @property
    def names(self) -> list[str]:
        """What is missing of the active section, as a person calls it."""
        return [CALLED[role] for role in CALLED if role in self._missing]

    @property
    def _missing(self) -> set[str]:
        canvas = self._canvas()
        section = None if canvas is None else canvas.session.section
        if canvas is None or section is None:
            return set()
        session = canvas.session
        # Domains that are no more, and their boundaries, are not missed.
        none = {DOMAINS: session.shown is None, BOUNDARIES: session.result is None}
        return {role for role, _ in self._gone.get(section, ()) if not none.get(role, False)}

    def bring_back(self) -> None:
        """Put the layers that are missing of the active section where they were."""
        canvas = self._canvas()
        section = None if canvas is None else canvas.session.section
        if canvas is None or section is None:
            return
        missing, gone = self._missing, set(self._gone.get(section, ()))
        if TISSUE in missing:
            for data in layers.image_layers(section):
                if (TISSUE, data[1]["metadata"]["trsmi"].get("part")) in gone:
                    canvas.add(data)
        if NAMES in missing:
            canvas.add(layers.names_layer(section))
            canvas.names.write()
        if SPOTS in missing:
            spots = layers.spots_layer(section, canvas.session.coloring)
            if canvas.layer(DOMAINS) is not None and canvas.session.coloring is None:
                hide(spots)
            canvas.add(spots)
        if DOMAINS in missing:
            canvas.draw_domains()
        self.wanted.emit()
