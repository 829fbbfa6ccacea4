"""The result in a line, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_trsmi.gui.listening import listen
from napari_trsmi.gui.plain import ElidingLabel
from napari_trsmi.gui.train.save_menu import save_menu

if TYPE_CHECKING:
    from napari_trsmi.gui.session import Session


class ResultRow(QWidget):
    """Number of domains and mean confidence of the kept result, and the menu to save and share it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.label, self.save_button = ElidingLabel(), QPushButton("Save and share")
        self.save_button.setToolTip("Write the domains into a copy of the section, make a figure, copy the settings")
        self.save_button.setMenu(save_menu(session, self))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.save_button)
        listen(self, (session.section_changed, self._refresh), (session.result_changed, self._refresh))
        self._refresh()

    def _refresh(self, *_: Any) -> None:
        result = self.session.result
        self.setVisible(result is not None)
        if result is None:
            return
        n = result.partition.n_domains
        device = result.provenance.get("device")
        self.label.setText(f"{n} domain{'s' if n > 1 else ''}, confidence {result.confidence.mean():.2f}")
        self.label.setToolTip(
            "Mean over the spots of the probability of their own domain" + (f"; trained on {device}" if device else "")
        )
