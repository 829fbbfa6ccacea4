"""What lies under the mouse, in the status bar: domain, support, and the value that colours the spots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QMainWindow

from napari_trsmi.evidence import SUPPORT
from napari_trsmi.gui.form.spec import number
from napari_trsmi.gui.widgets.listening import at_end, listen
from napari_trsmi.gui.widgets.plain import ElidingLabel, shortened

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.session import Session

WIDEST = 360  # pixels
LONGEST = 10_000  # letters of a name: all of them
SHORTER = (LONGEST, 40, 30, 24, 18, 14, 10)  # letters that are tried until all fits
APART = " · "


def words(session: Session, spot: int, letters: int = LONGEST) -> str:
    """Return what is known of a spot in few words, such as "domain 3 · support 0.82 · Cd3e 2.31".

    Parameters
    ----------
    letters
        Of each name; longer ones are cut in their middle, so that the numbers behind them can be read.
    """
    shown, result, coloring = session.shown, session.result, session.coloring
    parts = []
    if shown is not None and spot < len(shown.labels):
        label = int(shown.labels[spot])
        parts.append(f"domain {shortened(shown.names[label], letters)}" if label >= 0 else "no domain")
    if result is not None and session.shown_is_result and SUPPORT in result.maps:
        parts.append(f"support {result.maps[SUPPORT][spot]:.2f}")
    if coloring is not None and np.ndim(coloring.values) == 1 and spot < len(coloring.values):
        value = coloring.values[spot]
        if coloring.names:
            told = shortened(coloring.names[int(value)], letters) if value >= 0 else "none"
        else:
            told = number(float(f"{value:.3g}")) if np.isfinite(value) else "not measured"
        parts.append(f"{shortened(coloring.title, letters)} {told}")
    return APART.join(parts)


class Hover(ElidingLabel):
    """A line at the right end of the status bar; empty where no spot is under the mouse."""

    def __init__(self, window: QMainWindow, viewer: Viewer, session: Session) -> None:
        super().__init__("", window)
        self._viewer, self.session, self._spot = ref(viewer), session, -1
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setMaximumWidth(WIDEST)
        self.setAccessibleName("Under the mouse")
        bar: Any = window.statusBar()  # never None, whatever the types of one Qt binding say
        bar.addPermanentWidget(self)
        if (canvas := window.centralWidget()) is not None:
            canvas.installEventFilter(self)
        self._move = self._on_move
        viewer.mouse_move_callbacks.append(self._move)
        at_end(self, self._leave)
        listen(self, (session.shown_changed, self._forget), (session.coloring_changed, self._forget))
        listen(self, (session.result_changed, self._forget), (session.section_changed, self._forget))

    def _on_move(self, viewer: Viewer, event: Any) -> None:
        self._show(None if self.session.section is None else self.session.canvas.pointing.spot_at(event.position))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Say nothing once the mouse has left the canvas."""
        if event is not None and event.type() == QEvent.Type.Leave:
            self._show(None)
            self.session.canvas.left.emit()
        return False

    def _show(self, spot: int | None) -> None:
        if (number := -1 if spot is None else spot) != self._spot:
            self._spot = number
            tried = [""] if spot is None else [words(self.session, spot, letters) for letters in SHORTER]
            width = self.fontMetrics().horizontalAdvance
            text = next((one for one in tried if width(one) + 12 <= WIDEST), tried[-1])
            self.setText(text)
            self.setToolTip(tried[0])
            self.setMinimumWidth(min(width(text) + 12, WIDEST))

    def _forget(self, _: Any = None) -> None:
        """Look again at the next move: what is known of the spot is another."""
        self._spot = -2

    def _leave(self) -> None:
        viewer = self._viewer()
        if viewer is not None and self._move in viewer.mouse_move_callbacks:
            viewer.mouse_move_callbacks.remove(self._move)


def hover_of(window: QMainWindow, viewer: Viewer, session: Session) -> Hover:
    """Return the line of a window, made when first asked for."""
    there = window.findChild(Hover)
    return there if isinstance(there, Hover) else Hover(window, viewer, session)
