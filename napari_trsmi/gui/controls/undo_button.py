"""A button that takes back what was done last in the window, or does it again, and says what that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from qtpy.QtWidgets import QPushButton

from napari_trsmi.gui.session.undoing import KEYS, may_walk, told, walk
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import as_tip

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session


class UndoButton(QPushButton):
    """Undo or redo of the whole window, wherever the button is."""

    def __init__(self, session: Session, way: Literal["undo", "redo"], text: str = "") -> None:
        super().__init__(text or way.capitalize())
        self.session, self.way = session, way
        self.clicked.connect(lambda: walk(session, way))
        listen(self, (session.deeds.changed, self._update), (session.run_changed, self._update))
        self._update()

    def _update(self, *_: Any) -> None:
        line = told(self.session, self.way)
        self.setEnabled(may_walk(self.session, self.way))
        self.setToolTip(as_tip(f"{line} ({KEYS[self.way]})"))
        self.setAccessibleName(line)
