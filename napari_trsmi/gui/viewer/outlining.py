"""Cells get their outlines once these are read and filled, in a thread: until then they are drawn by their middles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from napari_trsmi.gui.jobs.jobs import run_long
from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.layers import DOMAINS, SPOTS
from napari_trsmi.gui.viewer.looks import draw_cells, look
from napari_trsmi.interrupt import Interrupted, interruptible

if TYPE_CHECKING:
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.gui.viewer.canvas import Canvas
    from napari_trsmi.gui.viewer.raster import Raster


class OutlineJob:
    """Reading and filling the outlines of a section.

    Attributes
    ----------
    section
        The section.
    dropped
        True where nobody wants the outcome any more.
    """

    def __init__(self, section: OpenSection) -> None:
        self.section, self.dropped = section, False
        self._diameter = look(section).diameter

    def work(self) -> Raster | None:
        """Return the pixels of the cells, None where the job was dropped."""
        from napari_trsmi.gui.viewer.cells import raster_of_cells

        dataset = self.section.dataset
        assert dataset.outlines is not None
        try:
            with interruptible(lambda: self.dropped):
                return raster_of_cells(dataset.outlines.of(dataset.obs_names), dataset.coords, self._diameter)
        except Interrupted:
            return None

    def drop(self, *_: Any) -> None:
        """End soon."""
        self.dropped = True


class Outlining:
    """Gives the cells of sections their outlines, and draws them anew."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = ref(canvas)
        self._jobs: WeakKeyDictionary[OpenSection, OutlineJob] = WeakKeyDictionary()

    def begin(self, section: OpenSection) -> None:
        """Read the outlines of a section that has some."""
        canvas = self._canvas()
        if canvas is None or section.dataset.outlines is None or section in self._jobs:
            return
        job = self._jobs[section] = OutlineJob(section)
        run_long(canvas.session, "Reading the outlines of the cells", job, self._done, self._failed)

    def forget(self, section: OpenSection) -> None:
        """End the job of a section that is gone."""
        if (job := self._jobs.pop(section, None)) is not None:
            job.drop()

    def _done(self, job: OutlineJob, cells: Raster | None) -> None:
        canvas = self._canvas()
        if canvas is None or cells is None:
            return
        draw_cells(job.section, cells)
        redraw(canvas, job.section)

    def _failed(self, job: OutlineJob, problem: str) -> None:
        """Leave the cells as they are; the session has told why."""


def redraw(canvas: Canvas, section: OpenSection) -> None:
    """Draw spots and domains of a section anew, in the layers that it has where these can take it."""
    viewer, session = canvas.viewer, canvas.session
    current = section is session.section
    shown, hidden = (session.shown, session.hidden) if current else (None, frozenset())
    for role in (SPOTS, DOMAINS):
        old = canvas.layer(role, section)
        if old is None or (role == DOMAINS and shown is None):
            continue
        coloring = session.coloring if current else None
        made = (
            layers.spots_layer(section, coloring) if role == SPOTS else layers.domains_layer(section, shown, hidden)  # type: ignore[arg-type]
        )
        if takes(old, made):
            continue
        made[1]["opacity"] = old.opacity
        before = old.metadata["trsmi"]
        if "visible" in before:  # when its section is looked at again
            made[1]["metadata"]["trsmi"]["visible"] = before["visible"]
        was_active, name = viewer.layers.selection.active is old, old.name
        new = canvas.add(made)
        new.visible = old.visible  # not before: see `hide`
        viewer.layers.remove(old)
        new.name = name  # without the number that told it from the one it replaces
        if was_active:
            viewer.layers.selection.active = new


def takes(layer: Any, made: layers.LayerData) -> bool:
    """Give a layer other pixels at another place; False where it cannot have them.

    A new layer would take half a second of the window, as long as the old one takes to go.
    """
    data, settings, kind = made
    if type(layer).__name__.lower() != kind or kind == "points" or layer.multiscale != settings["multiscale"]:
        return False
    layer.data, layer.scale, layer.translate = data, settings["scale"], settings["translate"]
    return True
