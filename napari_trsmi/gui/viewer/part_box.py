"""Which section of a study a dock speaks about: one choice, the same in all docks and in the list of sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.named import NameBox
from napari_trsmi.gui.widgets.placed import set_seen
from napari_trsmi.gui.widgets.plain import Label

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session

ALL = "All sections"


class PartBox(QWidget):
    """All sections of the study, or one of them; not there for a single section."""

    def __init__(self, session: Session, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.box = session, NameBox(f"{what}: all sections or one. The choice is that of the other docks")
        self.box.setAccessibleName("Section")
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        label = Label(what)
        label.setBuddy(self.box)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label)
        layout.addWidget(self.box, 1)
        self.box.activated.connect(lambda _: session.parts.choose(self.box.currentData()))
        parts = session.parts
        listen(
            self, (session.section_changed, self._fill), (parts.chosen_changed, self._mark), (parts.laid, self._fill)
        )
        self._fill()

    def _fill(self, _: Any = None) -> None:
        parts = self.session.parts
        with QSignalBlocker(self.box):
            self.box.clear()
            self.box.addItem(ALL, None)
            for number in parts.ordered:
                self.box.addItem(parts.names[number], number)
        set_seen(self, bool(parts.names))
        self._mark()

    def _mark(self, _: Any = None) -> None:
        parts = self.session.parts
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(0 if parts.chosen is None else 1 + parts.ordered.index(parts.chosen))
