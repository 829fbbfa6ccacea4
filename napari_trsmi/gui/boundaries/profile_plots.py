"""Profiles across a boundary as plots, one below the other: a modality each, and confidence."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_trsmi.evidence.across import CONFIDENCE
from napari_trsmi.gui.widgets.pens import line_pen
from napari_trsmi.gui.widgets.plain import as_tip
from napari_trsmi.profile_figure import COLORS, TITLES, Band, curve

if TYPE_CHECKING:
    import pandas as pd

HEIGHT = 150  # pixels of a plot
SHADE = 50  # of 255, opacity of a band
LONGEST = 14  # letters of a feature in a title
ON_DARK = ("#56b4e9", "#e69f00", "#2bd4a4", "#f0a0d0", "#f0e442", "#ff8a65")
MEASURED = (
    "Up: how much of it there is in {}, as its kind is brought to one scale (counts: per spot, as logarithms). "
    "Left and right: the two sides, by distance to the boundary at 0. Line: the spots at that distance; band: their "
    "spread."
)
SURE = (
    "Certainty: how sure the model is of the domain of a spot, from 0 to 1. Support: how far other cuts of the same "
    "measurements agree with it, from 0 to 1. A dip at 0 is a boundary that the two do not draw sharply."
)
LABEL = 5  # pixels that pyqtgraph puts the words of an axis below its edge
_Role = QPalette.ColorRole


class ProfilePlots(QScrollArea):
    """Lines with bands over the distance to a boundary, 0 in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.plots: dict[str, pg.PlotWidget] = {}  # by modality
        self._shown: tuple[pd.DataFrame | None, Band, bool] = (None, "quantiles", False)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addStretch(1)
        self.setWidget(self._inside)
        self.setAccessibleName("Profiles across the boundary")

    def show_table(self, table: pd.DataFrame | None, band: Band = "quantiles", microns: bool = False) -> None:
        """Show what `profile_across` returns; None for nothing."""
        self._shown = table, band, microns
        modalities = [] if table is None else list(dict.fromkeys(table["modality"]))
        for name in [one for one in self.plots if one not in modalities]:
            plot = self.plots.pop(name)
            self._column.removeWidget(plot)
            plot.deleteLater()
        for at, name in enumerate(modalities):
            if name not in self.plots:
                self.plots[name] = _plot(TITLES.get(name, name))
                self._column.insertWidget(at, self.plots[name])
            assert table is not None
            self._draw(self.plots[name], name, table[table["modality"] == name])

    def _draw(self, plot: pg.PlotWidget, name: str, own: pd.DataFrame) -> None:
        _, band, microns = self._shown
        item: Any = plot.getPlotItem()
        text, ground = (self.palette().color(role) for role in (_Role.WindowText, _Role.Window))
        colors = ON_DARK if ground.lightness() < 128 else COLORS
        plot.setBackground(ground)
        for side in ("bottom", "left"):
            item.getAxis(side).setPen(text)
            item.getAxis(side).setTextPen(text)
        item.clear()
        item.setLabel("bottom", "micrometres" if microns else "hops", color=text.name())
        middle = line_pen(plot, "#888888", style=Qt.PenStyle.DashLine)
        item.addItem(pg.InfiniteLine(0.0, 90, pen=middle), ignoreBounds=True)
        title = [f"<b>{escape(TITLES.get(name, name))}</b>"]
        for number, (feature, part) in enumerate(own.groupby("name", sort=False)):
            found, color = curve(part, band, microns), QColor(colors[number % len(colors)])
            shade, clear = QColor(color), QColor(0, 0, 0, 0)
            shade.setAlpha(SHADE)
            low, high = (pg.PlotCurveItem(found["x"], found[key], pen=clear) for key in ("low", "high"))
            item.addItem(low)
            item.addItem(high)
            item.addItem(pg.FillBetweenItem(low, high, brush=shade))
            dots = {"symbol": "o", "symbolSize": 4, "symbolBrush": color, "symbolPen": None}
            item.addItem(pg.PlotDataItem(found["x"], found["middle"], pen=line_pen(plot, color, 2), **dots))
            words = str(feature) if len(str(feature)) <= LONGEST else f"{str(feature)[: LONGEST - 1]}…"
            title.append(f'<span style="color:{color.name()}">{escape(words)}</span>')
        item.setTitle(" ".join(title), color=text.name(), size="9pt")
        names = ", ".join(map(str, dict.fromkeys(own["name"])))
        plot.setToolTip(as_tip(f"{names}\n{SURE if name == CONFIDENCE else MEASURED.format(name)}"))
        if name == CONFIDENCE:
            item.setYRange(0.0, 1.0)

    def changeEvent(self, event: Any) -> None:
        """Take the colours of the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange) and hasattr(self, "_shown"):
            self.show_table(*self._shown)


def _plot(title: str) -> pg.PlotWidget:
    plot = pg.PlotWidget()
    plot.setFixedHeight(HEIGHT)
    plot.setAccessibleName(f"Profile of {title}")
    item: Any = plot.getPlotItem()
    item.setMenuEnabled(False)
    item.hideButtons()
    item.setMouseEnabled(x=False, y=False)
    item.getAxis("left").setWidth(34)
    item.setContentsMargins(0, 0, 0, LABEL)
    return plot
