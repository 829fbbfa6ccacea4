"""Drag around spots once: they become group A or B in a column of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_trsmi.gui.drawing.freehand import draw_freehand, lay_flat
from napari_trsmi.gui.drawing.in_hand import InHand
from napari_trsmi.gui.drawing.shapes import LASSO, inside
from napari_trsmi.gui.drawing.timing import soon
from napari_trsmi.gui.viewer.layers import mark, world
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.session import Session

ROLE = "asked"
GROUPS = ("A", "B")
COLUMN = "lasso"
COLOR = "#fff200"


class AskLasso(QObject):
    """One lasso at a time; its layer is there only while it is drawn.

    Signals
    -------
    drawing(str)
        The group that is being lassoed, "" for none.
    drawn(str, str)
        A column got spots for a group: its name and the group.
    """

    drawing = Signal(str)
    drawn = Signal(str, str)

    def __init__(self, viewer: Viewer, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        viewer = getattr(viewer, "__wrapped__", viewer)  # docks get a proxy that nothing else keeps alive
        self._viewer, self.session, self.group = ref(viewer), session, ""
        self._layer: Any = None
        self._active: Any = None  # the layer that was active before
        self._in_hand = InHand(viewer, self)
        self._in_hand.left.connect(self._put_down)
        self._done = QTimer(self)  # napari tells of a shape before it is done with it
        self._done.setSingleShot(True)
        self._done.setInterval(0)
        self._done.timeout.connect(self._read)
        self._later = soon(self, self._leave)
        listen(self, (session.section_changed, self._on_section), (viewer.layers.events.removed, self._on_removed))

    def draw(self, group: str) -> None:
        """Lasso a group now; "" ends it."""
        from napari.layers import Layer

        viewer, section = self._viewer(), self.session.section
        if viewer is None or group == self.group:
            return
        self._leave()
        if group and section is not None:
            lay_flat(viewer)
            unit, name = world(section.dataset)
            settings = {
                "name": f"{section.dataset.name} lasso",
                "scale": (unit, unit),
                "units": (name, name),
                "metadata": mark(section, ROLE),
                "ndim": 2,
                "edge_width": 0.4 * look(section).diameter,
                "edge_color": COLOR,
                "face_color": f"{COLOR}20",
            }
            self._active = viewer.layers.selection.active
            self._layer = layer = Layer.create([], settings, "shapes")
            viewer.layers.append(layer)
            viewer.layers.selection.active = layer
            self._in_hand.take(layer)
            draw_freehand(viewer, layer)
            layer.mode = LASSO
            layer.events.data.connect(self._on_data)
            self.group = group
        self.drawing.emit(self.group)

    def _put_down(self) -> None:
        self.draw("")

    def _leave(self) -> None:
        """Take the layer out of the viewer and go back to the one before."""
        layer, before = self._layer, self._active
        self._layer, self._active, self.group = None, None, ""
        if layer is not None:
            self._in_hand.put_down(layer, before)

    def _on_data(self, event: Any) -> None:
        if str(getattr(event.action, "value", event.action)) == "added":
            self._done.start()

    def _read(self) -> None:
        """Put the spots inside of the shape into the column."""
        section, layer, group = self.session.section, self._layer, self.group
        if section is None or layer is None or not layer.nshapes:
            return
        rows = inside(section.at[:, ::-1], np.asarray(layer.data[-1], float)[:, -2:])
        if section.seen is not None:
            rows = rows[section.seen[rows]]
        self._leave()
        self.drawing.emit("")
        if len(rows):
            self._put(group, rows)
        else:
            self.session.told.emit("No spots are inside of what was drawn. Drag around some.")

    def _put(self, group: str, rows: np.ndarray) -> None:
        import pandas as pd

        from napari_trsmi.answers.figures import COLORS

        section = self.session.section
        assert section is not None
        obs, annotations = section.dataset.obs, self.session.annotations
        name, number = COLUMN, 2
        while name in obs and name not in annotations.names:  # a column of the file
            name, number = f"{COLUMN} {number}", number + 1
        before = obs[name].copy() if name in obs else None
        values = np.full(section.dataset.n_spots, None, object)
        if before is not None:
            values[:] = before.astype(object).where(before.notna(), None)
            values[values == group] = None
        values[rows] = group
        after = pd.Categorical(values, categories=sorted({*GROUPS, *(v for v in values if v is not None)}))
        colors = None if before is not None else dict(zip(GROUPS, COLORS, strict=True))  # those of the plots
        annotations.put(name, after, colors, what=f"lasso {group}")
        section.unkept.pop(name, None)  # for a question: nobody is asked about it when the window closes
        self.drawn.emit(name, group)

    def _on_section(self, section: Any) -> None:
        if self._layer is not None:  # put out of sight; taken out once the other section is there, which is work too
            self.group, self._active, self._layer.visible = "", None, False
            self._later.start()
            self.drawing.emit("")

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer and self._layer is not None:
            self._layer, self.group = None, ""
            self.drawing.emit("")
