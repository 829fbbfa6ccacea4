"""What colours the spots now: its values, its limits and colour map, and its mean in each domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QIcon, QImage, QPixmap, QShowEvent
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget
from superqt import QLabeledDoubleRangeSlider

from napari_trsmi.gui.color.summary import domain_means, inside, summary
from napari_trsmi.gui.color.value_plots import DomainPlot, ValuePlot
from napari_trsmi.gui.finding import maps
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import Coloring, Shown
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label

COLORMAPS = ("viridis", "cividis", "magma", "inferno", "gray")  # evenly bright steps, told apart by everyone


class ColoringPanel(QWidget):
    """Shows `Session.coloring`, whoever set it, and changes its limits and colour map."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._shown: Coloring | None = None
        self._preferred = COLORMAPS[0]

        self._title, self._summary = Label(), Label()
        self._title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._means_title = Label()
        for label in (self._title, self._summary, self._means_title):
            label.setWordWrap(True)
        self._values = ValuePlot()
        self._values.setToolTip("How the values are spread; zeros are left out where there are other values.")
        self._limits = QLabeledDoubleRangeSlider()
        self._limits.setOrientation(Qt.Orientation.Horizontal)
        self._limits.setEdgeLabelMode(self._limits.EdgeLabelMode.NoLabel)  # the histogram above has an axis
        self._limits.setContentsMargins(20, 0, 20, 0)  # room for the numbers at the handles
        self._limits.setToolTip("Values at the two ends of the colour map.")
        self._limits.setAccessibleName("Limits of the colour map")
        self._colormap = QComboBox()
        self._colormap.setToolTip("Colour map. All of these are even in brightness and safe for the colour-blind.")
        self._colormap.setAccessibleName("Colour map")
        self._colormap.setIconSize(QSize(64, 12))
        for name in COLORMAPS:
            self._colormap.addItem(_swatch(name), name)
        self._clip = QSpinBox()
        self._clip.setSuffix(" %")
        self._clip.setRange(0, 25)
        self._clip.setMinimumWidth(90)
        self._clip.setValue(round(maps.CLIP))
        self._clip.setToolTip("Share of the values beyond each end of the colour map, so that outliers do not rule it.")
        self._clip.setAccessibleName("Clip")
        self._means = DomainPlot()
        self._means.setToolTip(
            "Mean in each domain, in the domain's colour. A domain without a peak of its own is one to question."
        )

        self._numbers = QWidget()  # what only numbers have
        row = QHBoxLayout()
        row.addWidget(self._colormap, 1)
        row.addWidget(Label("Clip"))
        row.addWidget(self._clip)
        numbers = QVBoxLayout(self._numbers)
        numbers.setContentsMargins(0, 0, 0, 0)
        numbers.addWidget(self._values)
        numbers.addWidget(self._limits)
        numbers.addLayout(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._title, self._summary, self._numbers, self._means_title, self._means):
            layout.addWidget(widget)

        self._apply = _later(self, 30, self._apply_limits)  # a slider reports every pixel
        self._compare = _later(self, 100, self._catch_up)  # and training every preview
        self._limits.valueChanged.connect(self._on_limits)
        self._clip.valueChanged.connect(self._on_clip)
        self._colormap.activated.connect(self._on_colormap)
        listen(self, (session.coloring_changed, self._on_coloring), (session.shown_changed, self._on_shown))
        listen(self, (session.parts.chosen_changed, self._on_chosen))
        self._on_coloring(session.coloring)

    def preferred(self, coloring: Coloring) -> Coloring:
        """Return a new colouring with the colour map and the clip a person chose."""
        if coloring.colors or coloring.values.ndim == 2:
            return coloring
        limits = maps.clipped_limits(coloring.values, self._clip.value())
        return replace(coloring, colormap=self._preferred, limits=limits)

    def set_text_color(self, color: str) -> None:
        """Draw the plots in the text colour of the theme."""
        self._values.set_text_color(color)
        self._means.set_text_color(color)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up on the domains that came while the dock was hidden."""
        super().showEvent(event)
        self._compare.start()

    # What the session says

    def _on_coloring(self, _: Coloring | None) -> None:
        coloring = self.session.coloring  # another one than was told where somebody changed it on hearing of it
        before, self._shown = self._shown, coloring
        self.setVisible(coloring is not None)
        if coloring is None:
            return
        numbers = not coloring.colors and coloring.values.ndim == 1
        self._numbers.setVisible(numbers)
        self._title.setText(f"{coloring.title}{self.session.parts.said}")
        if numbers and (before is None or before.values is not coloring.values):
            self._set_range(coloring)
            self._count(coloring)
        if numbers:
            self._values.set_colors(coloring.colormap, self._ends(coloring))
            self._mark_colormap(coloring.colormap)
        if before is None or before.values is not coloring.values:
            self._show_means()

    def _count(self, coloring: Coloring) -> None:
        part, _ = inside(coloring, None, self._spoken_of)
        self._values.set_values(part.values, self._limits.minimum(), self._limits.maximum())

    @property
    def _spoken_of(self) -> np.ndarray | None:
        """(N,) bool, the spots of the section that is chosen; None for all."""
        return None if self.session.section is None else self.session.section.spoken_of

    def _on_chosen(self, _: object) -> None:
        """Speak about one section, or all again; limits and colours stay those of all."""
        coloring = self._shown
        if coloring is None:
            return
        self._title.setText(f"{coloring.title}{self.session.parts.said}")
        if not coloring.colors and coloring.values.ndim == 1:
            self._count(coloring)
            self._values.set_colors(coloring.colormap, self._ends(coloring))
        self._show_means()

    def _on_shown(self, shown: Shown | None) -> None:
        self._compare.start()

    def _catch_up(self) -> None:
        if self.isVisible():  # else `showEvent` will do it: training goes on behind other docks
            self._show_means()

    def _show_means(self) -> None:
        coloring, shown = self._shown, self.session.shown
        if coloring is None:
            return
        coloring, shown = inside(coloring, shown, self._spoken_of)
        self._summary.setText(summary(coloring, shown))
        drawn = shown is not None and not coloring.colors and (coloring.values.ndim == 1 or bool(coloring.channels))
        self._means.setVisible(drawn)
        self._means_title.setVisible(drawn)
        if shown is not None and drawn:
            found = domain_means(coloring, shown)
            colors = shown.colors if found.ndim == 1 else tuple(one.color for one in coloring.channels)
            self._means.set_means(found, colors, shown.names)
            what = "Mean in each domain" if found.ndim == 1 else "Mean of each in each domain, as a share of its range"
            highest = f", highest {np.nanmax(found):.3g}" if np.isfinite(found).any() else ""
            self._means_title.setText(f"{what}{self.session.parts.said}{highest}")

    def _set_range(self, coloring: Coloring) -> None:
        known = coloring.values[np.isfinite(coloring.values)]
        low, high = self._ends(coloring)
        low, high = min(low, known.min(initial=low)), max(high, known.max(initial=high))
        self._limits.blockSignals(True)
        self._limits.setDecimals(int(np.clip(2 - np.floor(np.log10(high - low)), 0, 6)))
        self._limits.setRange(low, high)
        self._limits.setValue(self._ends(coloring))
        self._limits.blockSignals(False)

    def _ends(self, coloring: Coloring) -> tuple[float, float]:
        return coloring.limits or maps.clipped_limits(coloring.values, 0)

    def _mark_colormap(self, name: str) -> None:
        if self._colormap.findText(name) < 0:  # one that another dock chose
            self._colormap.addItem(_swatch(name), name)
        self._colormap.setCurrentText(name)

    # What a person does

    def _on_limits(self) -> None:
        self._apply.start()

    def _apply_limits(self) -> None:
        low, high = self._limits.value()
        if self._shown is not None and high > low:
            self.session.color(replace(self._shown, limits=(low, high)))

    def _on_clip(self, percent: int) -> None:
        if self._shown is not None:
            limits = maps.clipped_limits(self._shown.values, percent)
            self._limits.setValue(limits)
            self.session.color(replace(self._shown, limits=limits))

    def _on_colormap(self) -> None:
        self._preferred = self._colormap.currentText()
        if self._shown is not None:
            self.session.color(replace(self._shown, colormap=self._preferred))


def _later(parent: QWidget, milliseconds: int, slot: Callable[[], None]) -> QTimer:
    """Return a timer that calls `slot` once, however often it was started meanwhile."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer


def _swatch(colormap: str) -> QIcon:
    from napari.utils.colormaps import ensure_colormap

    pixels = np.ascontiguousarray((255 * ensure_colormap(colormap).map(np.linspace(0, 1, 64)))[None].astype(np.uint8))
    image = QImage(pixels.tobytes(), 64, 1, 256, QImage.Format.Format_RGBA8888)
    return QIcon(QPixmap.fromImage(image.copy()).scaled(64, 12))
