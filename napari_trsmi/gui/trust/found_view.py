"""What the checks of a result found: sentences, maps, curve and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_trsmi.gui.finding.maps import map_title, result_maps
from napari_trsmi.gui.trust.agreement_grid import AgreementGrid
from napari_trsmi.gui.trust.sections_table import SectionsTable
from napari_trsmi.gui.viewer.part_box import PartBox
from napari_trsmi.gui.widgets.curve_plot import CurvePlot
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label, Marked
from napari_trsmi.trust import AGREEING, STABILITY, describe

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Coloring

CURVE = (
    "Stability by number of domains",
    "Mean agreement of runs from other seeds, and its range. Click a number, or use arrow keys and Enter, to take it.",
    "suggested",
    140,
)
MAPS = {STABILITY: "Stability map", AGREEING: "Modalities agreeing"}


class FoundView(QWidget):
    """What is known of the kept result; not to be seen before anything is.

    Signals
    -------
    chosen(int)
        A number of domains for the next run.
    """

    chosen = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.summary = Label()
        self.summary.setWordWrap(True)
        self.summary.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.maps = {name: QPushButton(title) for name, title in MAPS.items()}
        self.agreement, self.curve, self.use = AgreementGrid(), CurvePlot(*CURVE), QPushButton()
        self.agreement_title = Marked("<b>Agreement of every two seeds</b> (ARI)")
        self.curve_title = Marked("<b>Stability by number of domains</b>")
        self.sections, self.sections_title = SectionsTable(), Marked("<b>Does a domain come back without</b>")
        maps = QHBoxLayout()
        for name, button in self.maps.items():
            maps.addWidget(button)
            button.setCheckable(True)
            button.clicked.connect(lambda on, name=name: self.show_map(name, on))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(Marked("<b>What was found</b>"))
        layout.addWidget(PartBox(session, "Found in"))
        layout.addWidget(self.summary)
        layout.addLayout(maps)
        parts: list[QWidget] = [self.sections_title, self.sections, self.curve_title, self.curve, self.use]
        for part in (*parts, self.agreement_title, self.agreement):
            layout.addWidget(part)
        self.curve.chosen.connect(self.chosen)
        self.use.clicked.connect(self._use_suggested)
        listen(
            self,
            (session.result_changed, self.refresh),
            (session.coloring_changed, self._on_coloring),
            (session.parts.chosen_changed, self.refresh),
        )
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Show what is known of the kept result."""
        result = self.session.result
        trust = {} if result is None else result.provenance.get("trust", {})
        self.setVisible(bool(trust))
        if result is None or not trust:
            return
        self.summary.setText(describe(result, self.session.parts.name).replace("\n", "\n\n"))
        for name, button in self.maps.items():
            button.setVisible(name in result.maps)
        self.sections.show_found(result)
        self.sections_title.setVisible(self.sections.rowCount() > 0)
        agreement = np.array(trust.get("seed_agreement", np.zeros((0, 0))))
        self.agreement.set_values(agreement, [str(seed) for seed in trust.get("seeds", ())])
        for widget in (self.agreement_title, self.agreement):
            widget.setVisible(len(agreement) > 0)
        suggested, rows = trust.get("suggested_domains"), trust.get("curve", ())
        numbers, values, low, high = ([row[key] for row in rows] for key in ("n_domains", "stability", "low", "high"))
        self.curve.set_curve(numbers, values, suggested, (low, high))
        self.use.setText(f"Use {suggested} domains in the next run")
        for shown in (self.curve_title, self.curve, self.use):
            shown.setVisible("curve" in trust)
        self._on_coloring(self.session.coloring)

    def show_map(self, name: str, on: bool) -> None:
        """Colour the spots by what was found of each of them, or no longer."""
        result = self.session.result
        self.session.color(result_maps(result)[map_title(name)] if on and result is not None else None)

    def _use_suggested(self) -> None:
        if self.session.result is not None:
            self.chosen.emit(self.session.result.provenance["trust"]["suggested_domains"])

    def _on_coloring(self, coloring: Coloring | None) -> None:
        for name, button in self.maps.items():
            button.setChecked(coloring is not None and coloring.title == map_title(name))
