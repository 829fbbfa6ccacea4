"""One line while files are read: what goes on, how far it is, and a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_trsmi.gui.viewer.lane import lane_of
from napari_trsmi.gui.widgets.bar import TellingBar
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session

MILLISECONDS = 200  # between two looks at how far it is
CANCEL = "Open nothing: what is open stays as it is"


class OpeningLine(QWidget):
    """A bar and Cancel; there while something is being opened in the window of a session."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lane = lane_of(session)
        self.bar, self.cancel = TellingBar("Opening"), text_button("Cancel", CANCEL, self.lane.cancel)
        self.cancel.setAccessibleName("Cancel opening")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.bar, 1)
        layout.addWidget(self.cancel)
        self._clock = QTimer(self)
        self._clock.setInterval(MILLISECONDS)
        self._clock.timeout.connect(self._refresh)
        listen(self, (self.lane.changed, self._refresh))
        self._refresh()

    def _refresh(self) -> None:
        words = self.lane.words
        self.setVisible(words is not None)
        if words is None:
            self._clock.stop()
        else:
            self.bar.show_share(words.text, words.done, words.total)
            self._clock.start()
