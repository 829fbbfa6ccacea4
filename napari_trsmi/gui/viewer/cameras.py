"""The camera belongs to a section: who comes back to one sees it as it was left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.state import OpenSection


@dataclass(frozen=True)
class Place:
    """Where a camera was.

    Attributes
    ----------
    center
        Middle of the canvas in the world, as napari's camera has it.
    zoom
        Pixels of the canvas per unit of the world.
    """

    center: tuple[float, ...]
    zoom: float


class Cameras:
    """Where the camera was when each section was left."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = ref(viewer)
        self._places: WeakKeyDictionary[OpenSection, Place] = WeakKeyDictionary()
        self._current: Any = lambda: None  # the section that is looked at, kept weakly

    def look_at(self, section: OpenSection | None) -> bool:
        """Keep the camera of the section before, put it where it was at this one; False where it never was there."""
        viewer, before = self._viewer(), self._current()
        if viewer is None or section is before:
            return True
        camera = viewer.scene.camera
        if before is not None:
            self._places[before] = Place(tuple(camera.center), float(camera.zoom))
        self._current = (lambda: None) if section is None else ref(section)
        place = None if section is None else self._places.get(section)
        if place is None:
            return False
        camera.center, camera.zoom = place.center, place.zoom
        return True

    def stay(self, section: OpenSection) -> None:
        """Take a section for the one that is looked at."""
        self._current = ref(section)

    def place_of(self, section: OpenSection) -> Place | None:
        """Return where the camera was when a section was left; None where it never was there."""
        return self._places.get(section)

    def keep(self, section: OpenSection, place: Place) -> None:
        """Let who goes to a section see it from there."""
        self._places[section] = place

    def forget(self, section: OpenSection) -> None:
        """Forget a section that is gone."""
        self._places.pop(section, None)
        if self._current() is section:
            self._current = lambda: None
