"""Spots that were chosen in an embedding become a column of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from napari_trsmi.errors import DataError
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session


class KeepRow(QWidget):
    """A name, and the button that keeps the chosen spots under it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._chosen: np.ndarray | None = None
        self.name, self.button = QLineEdit(), QPushButton("Keep as region")
        self.name.setPlaceholderText("Name them")
        self.name.setAccessibleName("Name of the region")
        self.button.setToolTip("Make the chosen spots a column of your own, to colour by and to compare.")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.name, self.button):
            row.addWidget(widget, 1)
        self.button.clicked.connect(self.keep)
        self.name.returnPressed.connect(self.keep)
        self.name.textChanged.connect(lambda _: self._refresh())
        self._refresh()

    def choose(self, chosen: np.ndarray | None) -> None:
        """Take in which spots (N,) bool are chosen; None for none."""
        self._chosen = chosen
        self._refresh()

    def keep(self) -> None:
        """Make the chosen spots a column of one's own."""
        import pandas as pd

        name, chosen, section = self.name.text().strip(), self._chosen, self.session.section
        if not name or chosen is None or section is None:
            return
        own = self.session.annotations
        with Attempt(self.session, "Keeping"):
            if name in section.dataset.obs and name not in own.names:
                raise DataError(f"Expected a new name, found {name!r}, a column of the file. Choose another.")
            values = pd.Categorical.from_codes(np.where(chosen, 0, -1), [name])
            own.put(name, values, what=f"keep region {name}")
            self.session.told.emit(f"{name}: {many(int(chosen.sum()), 'spot')}, a column of your own in Colour by.")
            self.name.clear()

    def _refresh(self) -> None:
        self.button.setEnabled(self._chosen is not None and bool(self.name.text().strip()))
