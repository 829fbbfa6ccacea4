"""What is known about the spot a person clicked, and what it corresponds to in the other modalities."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_trsmi.gui.boundaries.spot_words import about
from napari_trsmi.gui.session.state import Coloring
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.named import NameBox
from napari_trsmi.gui.widgets.plain import Label, Marked, as_tip, shortened
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from scipy import sparse

    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.boundaries.canvas import BoundaryCanvas
    from napari_trsmi.gui.session.session import Session

N_BARS = 3
WEIGHTS = (
    "Correspondences: spots whose measurement in the other modality goes best with that of this spot in the first. "
    "Together they have 100%; much on one spot is a clear match, little on many is none."
)


def correspondence_coloring(spot: str, pair: tuple[str, str], row: sparse.csr_matrix) -> Coloring:
    """Return the spots coloured by one (1, N) row of correspondences; grey where there is none."""
    values = np.full(row.shape[1], np.nan)
    values[row.indices] = row.data
    return Coloring(f"{pair[0]} of {spot} in {pair[1]}", values)


class SpotPanel(QWidget):
    """Barcode and domain of one spot, why it has it, and its correspondences when they are asked for."""

    def __init__(self, session: Session, canvas: BoundaryCanvas) -> None:
        super().__init__()
        self.session, self.canvas = session, canvas
        self._rows: Any = None  # correspondences of the result that is described
        self._colored: str | None = None  # title of the colouring by the row of a spot
        self._build()
        listen(
            self,
            (session.result_changed, self._on_result),
            (session.spot_changed, self._on_changed),
            (session.coloring_changed, self._on_coloring),
            (session.parts.hidden_changed, self._on_places),
            (session.parts.laid, self._on_places),
        )
        self._on_result(session.result)

    def _build(self) -> None:
        self.hint = Label("Click a spot on the canvas to see what is known about it.")
        self.hint.setWordWrap(True)
        self.details = QWidget()
        self.barcode = Marked()
        self.barcode.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.domain, self.facts = Marked(), Label()
        self.facts.setWordWrap(True)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        self.bars: list[tuple[QLabel, QProgressBar, QLabel]] = []
        for k in range(N_BARS):
            name, bar, share = Marked(), QProgressBar(), Label()
            bar.setRange(0, 1000)
            bar.setTextVisible(False)
            bar.setFixedHeight(10)
            share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, widget in enumerate((name, bar, share)):
                grid.addWidget(widget, k, column)
            self.bars.append((name, bar, share))

        self.wanted = QPushButton("Correspondences")
        self.wanted.setCheckable(True)
        self.wanted.setToolTip("Show what the spot corresponds to in another modality, as lines on the canvas")
        self.wanted.toggled.connect(lambda: self._show_correspondences())
        self.pair = NameBox("From the spot in the first modality to spots in the second")
        self.pair.activated.connect(lambda: self._show_correspondences())
        self.lines = QCheckBox("Lines on the canvas")
        self.lines.setToolTip("Draw a line to each spot it corresponds to, the more opaque the larger the weight")
        self.lines.setChecked(True)
        self.lines.toggled.connect(lambda: self._show_correspondences())
        self.color = QPushButton("Colour by this row")
        self.color.setToolTip("Colour the spots by the weights of this spot's correspondences")
        self.color.setCheckable(True)
        self.color.clicked.connect(self._on_color)
        self.weights = Label()
        self.weights.setWordWrap(True)
        self.weights.setToolTip(f"<qt>{WEIGHTS}</qt>")

        inside = QVBoxLayout(self.details)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.barcode)
        inside.addWidget(self.domain)
        inside.addWidget(self.facts)
        own = Label("How far its own measurement speaks for each domain:")
        own.setWordWrap(True)
        inside.addWidget(own)
        inside.addLayout(grid)
        inside.addSpacing(8)
        inside.addWidget(self.wanted)
        for widget in (self.weights, self.pair, self.lines, self.color):
            inside.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.hint)
        layout.addWidget(self.details)

    @property
    def row(self) -> sparse.csr_matrix | None:
        """(1, N) correspondences of the spot in the chosen pair of modalities."""
        spot, result, pair = self.session.spot, self.session.result, self.pair.currentData()
        if spot is None or result is None or pair is None or tuple(pair) not in result.correspondences:
            return None
        return result.correspondences[tuple(pair)][spot]

    def _on_result(self, result: Result | None) -> None:
        """Say anew what changed; a review or another name leaves the lines as they are."""
        same = result is not None and result.correspondences is self._rows
        self._rows = None if result is None else result.correspondences
        if not same:
            self._on_changed(None)
        elif self.session.spot is not None and result is not None:
            self._describe(result, self.session.spot)

    def _on_changed(self, _: Any) -> None:
        spot, result = self.session.spot, self.session.result
        known = spot is not None and result is not None and spot < len(result.labels)
        self.hint.setVisible(not known)
        self.details.setVisible(known)
        if known and result is not None and spot is not None:
            self._describe(result, spot)
        self._show_correspondences()

    def _on_places(self, _: Any) -> None:
        """Draw the lines to where the sections are now, and none to those that are hidden."""
        if self.wanted.isChecked() and self.row is not None:
            self._show_correspondences()

    def _describe(self, result: Result, spot: int) -> None:
        partition, k = result.partition, int(result.labels[spot])
        self.barcode.setText(f"<b>{escape(shortened(str(result.obs_names[spot])))}</b>")
        self.barcode.setToolTip(as_tip(str(result.obs_names[spot])))
        self.domain.setText(f"{_swatch(result.palette[k])} Domain {escape(shortened(result.names[k]))}")
        self.domain.setToolTip(as_tip(result.names[k]))
        posterior = partition.posterior[spot]
        best = np.argsort(-posterior)[:N_BARS]
        for at, (name, bar, share) in enumerate(self.bars):
            for widget in (name, bar, share):
                widget.setVisible(at < len(best))
            if at < len(best):
                domain = int(best[at])
                name.setText(f"{_swatch(result.palette[domain])} {escape(shortened(result.names[domain], 16))}")
                name.setToolTip(as_tip(result.names[domain]))
                bar.setValue(round(1000 * float(posterior[domain])))
                bar.setStyleSheet(f"QProgressBar::chunk {{ background: {result.palette[domain]}; }}")
                bar.setAccessibleName(f"Posterior of domain {result.names[domain]}")
                share.setText(f"{posterior[domain]:.0%}")
        section = self.session.section
        square = section is not None and look(section).square
        self.facts.setText("\n".join(about(result, spot, result.config.graph.k_spatial or (8 if square else 6))))
        pairs = list(result.correspondences)
        if pairs != [self.pair.itemData(at) for at in range(self.pair.count())]:
            self.pair.clear()
            for pair in pairs:
                self.pair.addItem(f"{pair[0]} → {pair[1]}", pair)

    def _show_correspondences(self) -> None:
        row, asked = self.row, self.wanted.isChecked()
        self.weights.setVisible(asked)
        for widget in (self.pair, self.lines, self.color):
            widget.setVisible(asked and row is not None)
        if row is None:
            self.weights.setText("There are none: this result was kept without them, or has one modality.")
        elif row.nnz == 0:
            self.weights.setText("This spot corresponds to no other.")
        else:
            own = float(row[0, self.session.spot])
            across = self._across(row)
            self.weights.setText(
                f"{many(row.nnz, 'spot')}{across}, the strongest {row.data.max():.0%}; {own:.0%} on itself."
            )
        drawn = asked and row is not None and self.lines.isChecked()
        self.canvas.draw_correspondences(self.session.spot if drawn else None, row)
        shown = self.session.coloring
        if shown is not None and shown.title == self._colored:
            if asked:
                self._color_by_row()
            else:
                self.session.color(None)

    def _across(self, row: sparse.csr_matrix) -> str:
        """Return how many of (1, N) correspondences are in other sections of a study, in words."""
        section, spot = self.session.section, self.session.spot
        if section is None or section.dataset.section is None or spot is None:
            return ""
        part = section.dataset.section
        others = int((part[row.indices] != part[spot]).sum())
        return f", {others} of them in other sections (orange lines)" if others else ", none in another section"

    def _on_color(self, wanted: bool) -> None:
        if wanted:
            self._color_by_row()
        else:
            self.session.color(None)

    def _color_by_row(self) -> None:
        row, result, spot = self.row, self.session.result, self.session.spot
        if row is None or result is None or spot is None:
            self.session.color(None)
            return
        coloring = correspondence_coloring(str(result.obs_names[spot]), self.pair.currentData(), row)
        self._colored = coloring.title
        self.session.color(coloring)

    def _on_coloring(self, coloring: Coloring | None) -> None:
        self.color.setChecked(coloring is not None and coloring.title == self._colored)


def _swatch(color: str) -> str:
    """Return a square in a colour, as rich text."""
    return f'<span style="color:{color}">■</span>'
