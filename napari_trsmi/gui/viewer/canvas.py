"""Keeps the layers of a viewer in step with its session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, ref

from psygnal import Signal

from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.cameras import Cameras
from napari_trsmi.gui.viewer.home import Home, fit
from napari_trsmi.gui.viewer.layers import COPY, DOMAINS, NAMES, SPOTS, TISSUE
from napari_trsmi.gui.viewer.laying import Relaying
from napari_trsmi.gui.viewer.names import Names
from napari_trsmi.gui.viewer.outlining import Outlining
from napari_trsmi.gui.viewer.painting import paint_domains, paint_spots
from napari_trsmi.gui.viewer.pointing import Pointing
from napari_trsmi.gui.viewer.removed import Removed
from napari_trsmi.gui.viewer.scale import Scale, size_told
from napari_trsmi.gui.viewer.sections import (
    has_unsaved_result,
    insert,
    is_picture,
    keep_whole,
    marked,
    select_one_of,
    share_units,
)

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown

ORDER = (TISSUE, NAMES, SPOTS, DOMAINS)  # from the bottom; what other roles draw lies above


class Canvas:
    """Draws what the session shows; adopts sections whose layers are put into the viewer.

    A person's own changes stay: which layers are to be seen is set when a section opens, when its domains first appear
    and when a coloring comes or goes, and left alone in between. What they remove comes back with what needs it.

    Signals
    -------
    gone(OpenSection)
        A person removed the last layer of a section that has something to lose. Where nobody hears it, its run ends.
    left()
        The mouse is over the canvas no more.
    """

    gone = Signal(object)
    left = Signal()

    def __init__(self, viewer: Viewer, session: Session) -> None:
        self._viewer, self.session = ref(viewer), session  # the session must not keep its viewer alive
        self._seen: WeakSet[OpenSection] = WeakSet()
        self._dimmed: WeakSet[OpenSection] = WeakSet()
        self._colored: OpenSection | None = None
        self.outlining, self.cameras, self.removed = Outlining(self), Cameras(viewer), Removed(self)
        self.scale, self.relaying, self.home = Scale(viewer), Relaying(self), Home(viewer, session)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        self.pointing, self.names = Pointing(self), Names(self)
        session.section_changed.connect(self._on_section)
        session.shown_changed.connect(self._on_shown)
        session.hidden_changed.connect(self._on_hidden)
        session.coloring_changed.connect(self._on_coloring)
        session.parts.hidden_changed.connect(self._on_parts)
        for layer in list(viewer.layers):
            self._adopt(layer)

    @property
    def viewer(self) -> Viewer:
        """The viewer."""
        viewer = self._viewer()
        assert viewer is not None
        return viewer

    @property
    def there(self) -> Viewer | None:
        """The viewer; None once it is gone."""
        return self._viewer()

    def layer(self, role: str, section: OpenSection | None = None) -> Any | None:
        """Return the layer of a section (the active one where not given) that plays a role, or None."""
        section = self.session.section if section is None else section
        return next((layer for layer, ours in self._marked() if _is(ours, section, role)), None)

    def _marked(self) -> Iterator[tuple[Layer, dict[str, Any]]]:
        return marked(self._viewer())  # none once it is gone

    # Sections come and go

    def _on_inserted(self, event: Any) -> None:
        self._adopt(event.value)
        section, layer = self.session.section, event.value
        size = None if section is None else self.scale.lend(layer, section)
        if section is not None and size is not None and is_picture(layer):
            self.session.told.emit(f"{layer.name}: {size_told(size, section)}")

    def _adopt(self, layer: Layer) -> None:
        """Activate the section of `layer`, if it is new, once its spots and, where it has a result, domains are there.

        A copy that a person made of a layer of ours has the very mark of it: it is theirs to change from then on.
        """
        ours = layer.metadata.get("trsmi")
        if not ours:
            return
        if any(other is not layer and mark is ours for other, mark in self._marked()):
            layer.metadata["trsmi"] = layers.mark(ours["section"], COPY)["trsmi"]
            return
        self.removed.back(ours)
        if ours["role"] not in ORDER:
            return
        keep_whole(layer)
        section = ours["section"]
        needed = (SPOTS,) if section.result is None else (SPOTS, DOMAINS)
        if section is self.session.section:
            _see(layer, ours.pop("visible", layer.visible))
        elif section not in self._seen and all(self.layer(role, section) is not None for role in needed):
            self.session.activate(section)

    def _on_removed(self, event: Any) -> None:
        ours = event.value.metadata.pop("trsmi", None)  # napari never lets go of some layers: let these go of the data
        if not ours or ours["role"] == COPY:
            return
        section = ours["section"]
        if section in self.sections():
            if self.layer(ours["role"], section) is None or "part" in ours:
                self.removed.note(ours)
            return
        if section in self._seen or section is self.session.section:
            self._close(section)
        if any(mark["section"] is section for _, mark in self._marked()):
            from qtpy.QtCore import QTimer

            # What is left (ring, boundaries) may be among the layers that napari is just removing one by one.
            QTimer.singleShot(0, self._sweep)

    def _close(self, section: OpenSection) -> None:
        """Let go of a section that has no layers any more; a person who removed them is asked about what is lost."""
        from napari_trsmi.gui.viewer.docks import viewer_in_use

        self._seen.discard(section)
        for keeper in (self.cameras, self.removed, self.outlining):
            keeper.forget(section)
        if section is self.session.section:
            self.session.activate(next(reversed(self.sections()), None))
        lives_on = any(other.runs is section.runs for other in self.sections())  # its spots were put elsewhere
        unsaved = bool(section.unkept) or (has_unsaved_result(section) and not lives_on)
        if (section.run is not None or unsaved) and len(self.gone) and viewer_in_use() is not None:
            self.gone.emit(section)
        else:
            self.session.training.close(section)

    def take_place(self, section: OpenSection, before: OpenSection) -> None:
        """Let a section, whose mark the layers of another one have by now, be the one that this was."""
        for kept in (self._seen, self._dimmed):
            if before in kept:
                kept.discard(before)
                kept.add(section)
        self.cameras.stay(section)
        self.removed.move(section, before)
        self.outlining.forget(before)

    def sections(self) -> list[OpenSection]:
        """Return the sections that have an image, spots or domains, from the bottom."""
        found = (ours["section"] for _, ours in self._marked() if ours["role"] in ORDER)
        return list({id(section): section for section in found}.values())

    def _sweep(self) -> None:
        """Remove what was drawn on sections that are gone; copies are a person's own."""
        sections = self.sections()
        for layer, ours in list(self._marked()):
            if ours["section"] not in sections and ours["role"] == COPY:
                layer.metadata.pop("trsmi")
            elif ours["section"] not in sections:
                self.viewer.layers.remove(layer)

    def _on_section(self, section: OpenSection | None) -> None:
        own = []
        if section is not None:
            share_units(self.viewer, section)
            self.scale.of(section)
        for layer, ours in self._marked():
            if ours["section"] is not section:
                ours.setdefault("visible", layer.visible)
                _see(layer, False)
            else:
                _see(layer, ours.pop("visible", layer.visible))
                own.append(layer)
        if self.cameras.look_at(section) and own:
            select_one_of(self.viewer, own)
        elif section is not None and own:
            self._begin(section, own)
        self.names.write()

    def _begin(self, section: OpenSection, own: list[Layer]) -> None:
        """Show a section that was never seen before."""
        self._seen.add(section)
        self.outlining.begin(section)
        self.viewer.layers.selection.active = own[-1]  # the status bar speaks about the layer that is selected
        fit(self.viewer, own)

    # Domains and colours

    def _on_shown(self, shown: Shown | None) -> None:
        section, layer = self.session.section, self.layer(DOMAINS)
        if section is None or section not in self.sections():
            return
        if shown is not None and layer is not None:
            paint_domains(layer, section, shown, self.session.hidden)
        elif shown is not None:
            self.draw_domains()
        elif layer is not None:
            self.viewer.layers.remove(layer)
            self._face(section, SPOTS)

    def draw_domains(self) -> None:
        """Add the layer of the domains that are shown where there is none."""
        section, shown = self.session.section, self.session.shown
        if section is not None and shown is not None and self.layer(DOMAINS) is None:
            self.add(layers.domains_layer(section, shown, self.session.hidden))
            self._face(section, DOMAINS if self.session.coloring is None else SPOTS)

    def _on_hidden(self, hidden: frozenset[int]) -> None:
        section, layer, shown = self.session.section, self.layer(DOMAINS), self.session.shown
        if section is None or shown is None or section not in self.sections():
            return
        if layer is None:  # a person removed it, and asks for some domains now
            self.draw_domains()
        else:
            paint_domains(layer, section, shown, hidden)

    def _on_parts(self, hidden: frozenset[int]) -> None:
        """Draw the sections of the study that are to be seen."""
        section, shown = self.session.section, self.session.shown
        if section is None:
            return
        for layer, ours in (one for one in self._marked() if one[1]["section"] is section):
            if ours["role"] == NAMES:
                self.names.write()
            elif "part" in ours:
                _see(layer, ours["part"] not in hidden)
            elif ours["role"] == SPOTS:
                paint_spots(layer, section, self.session.coloring)
            elif ours["role"] == DOMAINS and shown is not None:
                paint_domains(layer, section, shown, self.session.hidden)
        if self.session.spot is not None and section.seen is not None and not section.seen[self.session.spot]:
            self.session.select_spot(None)

    def _on_coloring(self, coloring: Coloring | None) -> None:
        section = self._colored if coloring is None else self.session.section
        self._colored = None if coloring is None else section
        if section is None or section not in self.sections():
            return
        layer = self.layer(SPOTS, section)
        if layer is None:
            self.add(layers.spots_layer(section, coloring))
        else:
            paint_spots(layer, section, coloring)
        if coloring is None and section is self.session.section:
            self.draw_domains()
        plain = coloring is None and self.layer(DOMAINS, section) is not None
        self._face(section, DOMAINS if plain else SPOTS)

    def _face(self, section: OpenSection, front: str) -> None:
        """Show the spots or the domains of a section and not the other, and let the status bar speak about it."""
        selection = self.viewer.layers.selection
        pair = {role: layer for role in (SPOTS, DOMAINS) if (layer := self.layer(role, section)) is not None}
        for role, layer in pair.items():
            _see(layer, role == front)
        tissues = [layer for layer, ours in self._marked() if _is(ours, section, TISSUE)]
        if tissues and section not in self._dimmed and (front == DOMAINS or self._colored is section):
            self._dimmed.add(section)  # once: from then on it is the person's
            for tissue in tissues:
                tissue.opacity = layers.DIMMED
        if selection.active is None or selection.active in pair.values():
            selection.active = pair.get(front)

    def add(self, data: layers.LayerData) -> Layer:
        """Add a layer at its place among those of its section; what was selected stays selected."""
        from napari.layers import Layer

        ours, viewer = data[1]["metadata"]["trsmi"], self.viewer
        place = len(viewer.layers)
        if ours["role"] in ORDER:
            below = ORDER[: ORDER.index(ours["role"])]
            above = (
                o for o, mark in self._marked() if mark["section"] is ours["section"] and mark["role"] not in below
            )
            place = min([place, *map(viewer.layers.index, above)])
        made = Layer.create(*data)
        insert(viewer, place, made)
        return made


def _is(ours: dict[str, Any], section: OpenSection | None, role: str) -> bool:
    return ours["section"] is section and ours["role"] == role


def _see(layer: Layer, visible: bool) -> None:
    """Show or hide a layer; napari would draw it anew also where nothing changes."""
    if layer.visible != visible:
        layer.visible = visible
