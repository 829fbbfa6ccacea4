"""How far the support of the result is, and Stop; where it is missing, a button to find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_trsmi.gui.controls.run import in_words
from napari_trsmi.gui.jobs.jobs import MILLISECONDS
from napari_trsmi.gui.support.finder import finder_of
from napari_trsmi.gui.widgets.bar import TellingBar
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.placed import set_seen
from napari_trsmi.gui.words import duration
from napari_trsmi.summary import SUPPORT_MEANS

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session

STOP = "Leave the result without support; the Boundaries dock offers to find it later"
FIND = f"Find the support of these boundaries, beside the window. {SUPPORT_MEANS}"
MEANWHILE = "Everything stays usable meanwhile; what is saved before it is there is saved without."


class SupportBar(QWidget):
    """One row, seen while there is something to say.

    Parameters
    ----------
    offers
        Show the button.
    """

    def __init__(self, session: Session, *, offers: bool = False) -> None:
        super().__init__()
        self.finder, self.offers = finder_of(session), offers
        self.progress = TellingBar("Finding the support")
        self.stop_button = text_button("Stop", STOP, self.finder.stop)
        self.find_button = text_button("Find support", FIND, self.finder.start)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.progress, 1)
        layout.addWidget(self.stop_button)
        layout.addWidget(self.find_button, 1)
        self._clock = QTimer(self)
        self._clock.setInterval(MILLISECONDS)
        self._clock.timeout.connect(self._show_progress)
        listen(self, (self.finder.changed, self._refresh))
        self.finder.serve(self)
        self._refresh()

    def _refresh(self, *_: Any) -> None:
        busy = self.finder.job is not None
        offered = self.offers and self.finder.missing
        self.progress.setVisible(busy)
        self.stop_button.setVisible(busy)
        self.find_button.setVisible(offered)
        set_seen(self, busy or offered)
        self._clock.start() if busy else self._clock.stop()
        self._show_progress()

    def _show_progress(self) -> None:
        if self.finder.job is None:
            return
        at, left = self.finder.job.progress, self.finder.job.seconds_left
        rest = "" if left is None else f", {duration(left)} left"
        self.progress.show_share(f"{in_words(at)}{rest}", at.done, at.total)
        self.progress.setToolTip(f"<qt>{SUPPORT_MEANS} {MEANWHILE}</qt>")
