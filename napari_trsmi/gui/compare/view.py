"""Two labellings on the canvas: side by side, blinking, swiped, or where they differ."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.layers import DOMAINS, SPOTS, TISSUE
from napari_trsmi.gui.viewer.sections import lock, remove_together
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_trsmi.gui.compare.pair import Pair
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Coloring, OpenSection

VIEWS = {
    "side": ("Side by side", "Both beside each other; the two move together"),
    "blink": ("Blink", "One after the other, in the same place"),
    "swipe": ("Swipe", "The first on the left of a line, the second on its right"),
    "differences": ("Differences", "Where the two do not agree"),
}
BESIDE = "compared"  # role of the layers of the second labelling
# Roles that belong to the result, which may be neither.
RESULT = ("boundaries", "boundary", "correspondences", "lasso", "chosen")
BLINK = 800  # milliseconds


class CompareView(QObject):
    """Draws a pair by colouring the spots; side by side, by a second set of layers in napari's grid.

    Leaving puts back what was there: coloring, visible layers, grid, zoom. It leaves by itself where something else is
    shown: another section, another coloring, a run.

    Signals
    -------
    changed()
        Another view is drawn, the other of the pair, or none.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.mode: str | None = None
        self.pair: Pair | None = None
        self.position = 0.5
        self.second = False  # which of the pair is drawn while blinking
        self._section: OpenSection | None = None
        self._coloring: Coloring | None = None  # ours
        self._before: Coloring | None = None
        self._seen: list[tuple[Layer, bool]] = []
        self._covered: list[Layer] = []
        self._beside: list[Layer] = []
        self._grid: dict[str, Any] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(BLINK)
        self._timer.timeout.connect(self._blink)
        listen(
            self,
            (session.coloring_changed, self._on_coloring),
            (session.leaving, self._on_leaving),  # while the camera is still that of the section
            (session.run_changed, self._on_run),
            (session.parts.laid, self._on_laid),
        )

    # What a person does

    def show(self, mode: str, pair: Pair) -> None:
        """Draw a pair in one of `VIEWS`."""
        if self.session.section is None:
            return
        if self.mode is None:
            self._enter()
        if self.mode == "side" and mode != "side":
            self._close_beside()
        beside = self.mode == "side"
        self.mode, self.pair, self.second = mode, pair, False
        self._draw()
        if mode == "side" and beside:
            self._close_beside()
        if mode == "side":
            self._open_beside()
        self._timer.start() if mode == "blink" else self._timer.stop()
        self.changed.emit()

    def move(self, position: float) -> None:
        """Put the line of the swipe at a share of the width, from 0 to 1."""
        self.position = position
        if self.mode == "swipe":
            self._draw()

    def leave(self) -> None:
        """Draw what was there before."""
        if self.mode is not None:
            seen, before = self._seen, self._before
            self._end()
            self.session.color(before)
            for layer, visible in seen:
                if layer in self.session.canvas.viewer.layers and layer.visible != visible:
                    layer.visible = visible

    # How it is drawn

    def _draw(self) -> None:
        pair = self.pair
        assert pair is not None
        if self.mode == "swipe":
            assert self._section is not None
            coloring = pair.swiped(self._section.at[:, 0], self.position)
        elif self.mode == "differences":
            coloring = pair.differences
        elif self.mode == "side":
            coloring = replace(pair.first, beside=pair.second.title)
        else:
            coloring = pair.second if self.second else pair.first
        self._coloring = coloring
        self.session.color(coloring)

    def _blink(self) -> None:
        self.second = not self.second
        self._draw()
        self.changed.emit()

    def _enter(self) -> None:
        canvas = self.session.canvas
        self._section, self._before = self.session.section, self.session.coloring
        self._seen = [(layer, layer.visible) for role in (SPOTS, DOMAINS) if (layer := canvas.layer(role)) is not None]
        for role in RESULT:
            if (layer := canvas.layer(role)) is not None and layer.visible:
                layer.visible = False
                self._covered.append(layer)

    def _end(self) -> None:
        """Forget the view; what coloring there is stays."""
        if self.mode == "side":
            self._close_beside()
        for layer in self._covered:
            layer.visible = True
        self._timer.stop()
        self.mode = self.pair = self._section = self._coloring = self._before = None
        self._covered, self._seen = [], []
        self.changed.emit()

    # The second set of layers

    def _open_beside(self) -> None:
        """Put the second labelling, on a tissue image of its own, into the right half of a grid of two."""
        from napari.layers import Layer

        assert self.pair is not None and self._section is not None  # noqa: PT018
        viewer, section = self.session.canvas.viewer, self._section
        tissue = self.session.canvas.layer(TISSUE)
        made = [layers.spots_layer(section, self.pair.second)]
        made[0][1]["name"] = self.pair.second.title
        if tissue is not None and tissue.visible:
            made[:0] = layers.image_layers(section)
            for one in made[:-1]:
                one[1]["opacity"] = tissue.opacity
        active = viewer.layers.selection.active
        marks = [layers.mark(section, BESIDE) for _ in made]
        marks[-1]["trsmi"]["coloring"] = self.pair.second  # what a figure of the canvas says of it
        for (data, settings, kind), metadata in zip(made, marks, strict=True):
            layer = Layer.create(data, {**settings, "metadata": metadata}, kind)
            lock(layer)
            self._beside.append(viewer.add_layer(layer))
        viewer.layers.selection.active = active
        grid = viewer.canvas.grid
        self._grid = {name: getattr(grid, name) for name in ("enabled", "stride", "shape", "spacing")}
        if not grid.enabled:
            viewer.scene.camera.zoom /= 2
        grid.stride, grid.shape, grid.spacing = len(viewer.layers) - len(self._beside), (1, 2), 4
        grid.enabled = True
        viewer.layers.events.inserted.connect(self._on_layers)
        viewer.layers.events.removed.connect(self._on_layers)

    def _close_beside(self) -> None:
        viewer, mine = self.session.canvas.viewer, self._beside
        self._beside = []
        viewer.layers.events.inserted.disconnect(self._on_layers)
        viewer.layers.events.removed.disconnect(self._on_layers)
        remove = partial(remove_together, viewer, mine)
        if self._section in self.session.canvas.sections():
            remove()
        else:  # a person removes all layers: napari goes through them, and would miss these
            QTimer.singleShot(0, remove)
        if not self._grid["enabled"]:
            viewer.scene.camera.zoom *= 2
        for name in ("enabled", "stride", "shape", "spacing"):
            setattr(viewer.canvas.grid, name, self._grid[name])

    def _on_layers(self, event: Any) -> None:
        QTimer.singleShot(0, self._arrange)  # napari is still at it

    def _arrange(self) -> None:
        """Keep our layers the last ones, so that they and nothing else are on the right."""
        if not self._beside:
            return
        viewer = self.session.canvas.viewer
        if any(layer not in viewer.layers for layer in self._beside):
            return self.leave()
        first = len(viewer.layers) - len(self._beside)
        if list(viewer.layers)[first:] != self._beside:
            for layer in self._beside:
                viewer.layers.move(viewer.layers.index(layer), len(viewer.layers))
        viewer.canvas.grid.stride = first

    # What the session says

    def _on_coloring(self, coloring: Coloring | None) -> None:
        if self.mode is not None and coloring is not self._coloring:
            self._end()

    def _on_leaving(self, section: OpenSection | None) -> None:
        if self.mode is not None:
            self._end()

    def _on_laid(self, _: Any) -> None:
        if self.mode is not None and self.pair is not None:
            self.show(self.mode, self.pair)

    def _on_run(self, state: str) -> None:
        if state == "preparing":
            self.leave()
