"""Buttons that choose spots on the canvas, and what is chosen."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtWidgets import QGridLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_trsmi.gui.correct.lasso_layers import COLORS, GROUPS
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Marked, shortened
from napari_trsmi.teach import domain_of

if TYPE_CHECKING:
    from napari_trsmi.gui.correct.lasso import Lasso
    from napari_trsmi.gui.session.session import Session

HINT = "drag around spots on the tissue"
SIDES = "Choose the spots on either side of the boundary that is selected in the Boundaries dock"

REGION = "Choose the spots of a region of your own as A or B"


class LassoBar(QWidget):
    """Lasso A and B, take the sides of a boundary, clear; and how many spots that makes."""

    def __init__(self, session: Session, lasso: Lasso) -> None:
        super().__init__()
        self.session, self.lasso = session, lasso
        self.lassos: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.setSpacing(4)
        for at, group in enumerate(GROUPS):
            button = QPushButton(f"Lasso {group}")
            button.setCheckable(True)
            button.setShortcut(f"Alt+{group}")
            button.setToolTip(
                f"Drag around spots on the tissue: they become {group} (Alt+{group}). Click again to stop."
            )
            button.setStyleSheet(f"QPushButton:checked {{ background-color: {COLORS[group]}; color: black }}")
            button.toggled.connect(self._on_toggled)
            self.lassos[group] = button
            grid.addWidget(button, 0, at)
        self.clear = QPushButton("Clear")
        self.clear.setShortcut("Alt+X")
        self.clear.setToolTip("Choose nothing (Alt+X)")
        self.clear.clicked.connect(lasso.clear)
        grid.addWidget(self.clear, 0, 2)
        self.sides = QPushButton("Take the sides of the boundary")
        self.sides.clicked.connect(self.take_sides)
        grid.addWidget(self.sides, 1, 0, 1, 3)
        self.region = QPushButton("Take a region")
        self.region.setMenu(QMenu(self))
        grid.addWidget(self.region, 2, 0, 1, 3)
        self.counts = {group: Marked() for group in GROUPS}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(grid)
        for label in self.counts.values():
            layout.addWidget(label)
        lasso.changed.connect(self.refresh)
        lasso.drawing.connect(self._on_drawing)
        listen(
            self,
            (session.boundary_changed, self.refresh),
            (session.result_changed, self.refresh),
            (session.run_changed, self.refresh),
            (session.shown_changed, self.refresh),
            (session.annotations.changed, self._on_annotations),
            (session.section_changed, self._on_annotations),
        )
        self._on_annotations()
        self.refresh()

    @property
    def able(self) -> bool:
        """True where spots of the kept result can be chosen now."""
        session = self.session
        return session.result is not None and session.run is None and session.shown_is_result

    def take_sides(self) -> None:
        """Choose the spots of the selected boundary: one domain's are A, the other's are B."""
        result, segment = self.session.result, self.session.boundary
        if result is None or result.boundary_edges is None or segment is None:
            return
        own = result.boundary_edges[result.boundary_edges["segment"] == segment]
        self.lasso.draw("")
        self.lasso.take(own["i"].to_numpy(int), own["j"].to_numpy(int))

    def take_region(self, column: str, region: str, group: str) -> None:
        """Choose the spots of a region as A or B; the other group stays."""
        dataset = self.session.dataset
        if dataset is None or column not in dataset.obs:
            return
        rows = np.flatnonzero((dataset.obs[column].astype(object) == region).to_numpy())
        other = np.setdiff1d(self.lasso.rows("B" if group == "A" else "A"), rows)
        self.lasso.draw("")
        self.lasso.take(*((rows, other) if group == "A" else (other, rows)))

    def _on_annotations(self, *_: Any) -> None:
        """List the regions that a person named."""
        dataset, menu = self.session.dataset, self.region.menu()
        if menu is None:
            return
        menu.clear()
        for column, colors in {} if dataset is None else dataset.own_columns.items():
            for region in colors:
                for group in GROUPS:
                    action = menu.addAction(f"{group}: {region} ({column})".replace("&", "&&"))
                    if action is not None:
                        do = partial(self.take_region, column, region, group)
                        action.triggered.connect(lambda _=False, do=do: do())
        self.refresh()

    def refresh(self, *_: Any) -> None:
        """Say what is chosen, and enable what can be done."""
        able, result, session = self.able, self.session.result, self.session
        for button in self.lassos.values():
            button.setEnabled(able)
        chosen = {group: self.lasso.rows(group) for group in GROUPS}
        self.clear.setEnabled(able and any(map(len, chosen.values())))
        boundary = session.boundary is not None and result is not None and result.boundary_edges is not None
        self.sides.setEnabled(able and boundary)
        menu = self.region.menu()
        named = menu is not None and not menu.isEmpty()
        self.region.setEnabled(able and named)
        self.region.setToolTip(REGION if named else f"{REGION}. There is none: draw one in the dock Regions.")
        self.sides.setToolTip(SIDES if boundary else f"{SIDES}. None is selected.")
        for group, rows in chosen.items():
            text = HINT if self.lasso.group == group else "no spots"
            if len(rows) and result is not None:
                spots = "spot" if len(rows) == 1 else "spots"
                text = f"{len(rows):,} {spots}, mostly {escape(shortened(domain_of(result, rows), 20))}"
            self.counts[group].setText(f'<span style="color:{COLORS[group]}">⬤</span> {group}: {text}')

    def _on_toggled(self, on: bool) -> None:
        group = next((name for name, button in self.lassos.items() if button is self.sender()), "")
        if on:
            self.lasso.draw(group)
        elif self.lasso.group == group:
            self.lasso.draw("")

    def _on_drawing(self, group: str) -> None:
        for name, button in self.lassos.items():
            button.blockSignals(True)
            button.setChecked(name == group)
            button.blockSignals(False)
        self.refresh()
