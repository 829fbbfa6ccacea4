"""The features that a person coloured by last, to colour by them again."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QButtonGroup, QWidget
from superqt import QFlowLayout

from napari_trsmi.gui.finding.features import Feature
from napari_trsmi.gui.widgets.named import NameButton

N_RECENT = 6


class RecentRow(QWidget):
    """A button for each, last first; not to be seen while there is none.

    Signals
    -------
    picked(Feature)
        A button was pressed.
    """

    picked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.features: list[Feature] = []
        self.wanted = True
        self.group = QButtonGroup(self)
        self._flow = QFlowLayout(self)
        self._flow.setContentsMargins(0, 0, 0, 0)
        self.group.idClicked.connect(lambda number: self.picked.emit(self.features[number]))

    def remember(self, feature: Feature) -> None:
        """Put a feature first."""
        self.set_features([feature, *(one for one in self.features if one != feature)])

    def set_features(self, features: Iterable[Feature]) -> None:
        """Show other features."""
        self.features = list(features)[:N_RECENT]
        for chip in self.group.buttons():
            self._flow.removeWidget(chip)
            self.group.removeButton(chip)
            chip.hide()
            chip.deleteLater()
        for number, feature in enumerate(self.features):
            chip = NameButton(feature.label, f"Colour by {feature.label} ({feature.modality}) again.")
            self.group.addButton(chip, number)
            self._flow.addWidget(chip)
        self.set_wanted(self.wanted)

    def set_wanted(self, wanted: bool) -> None:
        """Show the row as long as there is something in it, or never."""
        self.wanted = wanted
        self.setVisible(wanted and bool(self.features))
