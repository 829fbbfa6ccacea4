"""Buttons that turn and flip the section in the view, and move it among those of a study."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_trsmi.gui.viewer import laying
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import ElidingLabel

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session

ONLY_SEEN = "Only for the eye: coordinates, results and what is exported stay as they are."


class PartTools(QWidget):
    """What they act on, in words, and the buttons."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.what = session, ElidingLabel()
        self.turn = text_button("Turn 90°", f"Turn it a quarter clockwise. {ONLY_SEEN}", partial(laying.turn, session))
        self.flip = text_button("Flip", f"Exchange left and right. {ONLY_SEEN}", partial(laying.flip, session))
        self.up = text_button("↑", "Put the chosen section earlier in the order", partial(laying.step, session, -1))
        self.down = text_button("↓", "Put the chosen section later in the order", partial(laying.step, session, 1))
        self.up.setAccessibleName("Section earlier")
        self.down.setAccessibleName("Section later")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.what, 1)
        for button in (self.up, self.down, self.turn, self.flip):
            layout.addWidget(button)
        parts = session.parts
        listen(self, (session.section_changed, self._refresh), (parts.chosen_changed, self._refresh))
        listen(self, (parts.laid, self._refresh))
        self._refresh()

    def _refresh(self, _: Any = None) -> None:
        parts = self.session.parts
        chosen, order = parts.chosen, parts.ordered
        self.what.setText("" if not parts.names else "All" if chosen is None else parts.names[chosen])
        for button, end in ((self.up, 0), (self.down, -1)):
            button.setVisible(bool(parts.names))
            button.setEnabled(chosen is not None and order[end] != chosen)
