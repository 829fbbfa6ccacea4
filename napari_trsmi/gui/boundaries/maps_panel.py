"""Maps by click: support, certainty, entropy, runner-up domain, weight of each modality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtWidgets import QGridLayout, QPushButton, QWidget

from napari_trsmi.gui.finding.maps import CERTAINTY, WEIGHT, result_maps
from napari_trsmi.gui.session.state import Coloring
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.named import NameButton
from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.summary import spot_support_means

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session

HELP = {
    CERTAINTY: "Certainty of the model: posterior of each spot's own domain",
    "Entropy": "How undecided each spot is between all domains, from 0 to 1",
    "Runner-up domain": "The domain each spot would belong to next",
    "Stability": "Share of the runs on fresh measurements, from other seeds, that give each spot its domain",
    "Fits": (
        "Share of the spots of the study that lie at least as far from their nearest domain; below 0.01 a spot is like "
        "no domain of the study"
    ),
    "Modalities agreeing": "Share of the modalities that, each alone, give each spot its domain",
}


class MapsPanel(QWidget):
    """One button per map; pressed again it gives the spots back their domains."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.buttons: dict[str, QPushButton] = {}
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.note = Label("This result was kept without the weights of the modalities.")
        self.note.setWordWrap(True)
        listen(self, (session.result_changed, self._on_result), (session.coloring_changed, self._on_coloring))
        self._on_result(session.result)

    def press(self, title: str) -> None:
        """Colour the spots by a map, or no longer."""
        shown, result = self.session.coloring, self.session.result
        if result is None or (shown is not None and shown.title == title):
            self.session.color(None)
        else:
            self.session.color(result_maps(result)[title])

    def _on_result(self, result: Result | None) -> None:
        maps = {} if result is None else result_maps(result)
        if list(maps) != list(self.buttons):
            self._build({} if result is None else {title: _help(title, result) for title in maps})
        self.note.setVisible(result is not None and result.modality_weights is None)
        shown = self.session.coloring
        if shown is not None and shown.title in self.buttons and shown.title in maps:
            new = maps[shown.title]
            if new.names != shown.names or new.colors != shown.colors or not np.array_equal(new.values, shown.values):
                self.session.color(new)
        self._on_coloring(self.session.coloring)

    def _build(self, titles: dict[str, str]) -> None:
        for button in self.buttons.values():
            self.grid.removeWidget(button)
            button.deleteLater()
        self.grid.removeWidget(self.note)
        self.buttons = {}
        for k, (title, help_) in enumerate(titles.items()):
            button = NameButton(title, help_)
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, title=title: self.press(title))
            self.buttons[title] = button
            self.grid.addWidget(button, k // 2, k % 2)
        self.grid.addWidget(self.note, (len(titles) + 1) // 2, 0, 1, 2)

    def _on_coloring(self, coloring: Coloring | None) -> None:
        for title, button in self.buttons.items():
            button.setChecked(coloring is not None and coloring.title == title)


def _help(title: str, result: Result) -> str:
    """Return what a map shows."""
    if title == "Support":
        return f"Support of a spot: {spot_support_means(result)}"
    if title.startswith(WEIGHT):
        return f"Share of {title.removeprefix(WEIGHT)} in each spot's embedding"
    return HELP.get(title, f"{title} of each spot")
