"""Two small plots of what colours the spots: how its values are spread, and its mean in each domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtWidgets import QWidget

from napari_trsmi.gui.widgets.plain import shortened

N_BINS = 48
HEIGHT = 84  # pixels


class _Plot(pg.PlotWidget):
    """A plot to look at, not to drag."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(0)
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.hideAxis("left")
        self.plotItem.getAxis("bottom").setStyle(tickLength=-3)

    def set_text_color(self, color: str) -> None:
        """Draw axis and numbers in the text colour of the theme."""
        axis = self.plotItem.getAxis("bottom")
        axis.setPen(color)
        axis.setTextPen(color)

    def wheelEvent(self, event: Any) -> None:
        """Leave the wheel to the dock."""
        event.ignore()


class ValuePlot(_Plot):
    """Histogram of the values in the colours that they have on the canvas, zeros left out where there are any."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._centres = np.zeros(0)
        self._bars = pg.BarGraphItem(x=[], height=[], width=1)
        self.addItem(self._bars)

    def set_values(self, values: np.ndarray, low: float, high: float) -> None:
        """Count (N,) values and show the axis from `low` to `high`."""
        shown = values[np.isfinite(values)]
        if (shown == 0).any() and (shown != 0).any():
            shown = shown[shown != 0]
        counts, edges = np.histogram(shown, N_BINS)
        self._centres = (edges[1:] + edges[:-1]) / 2
        self._bars.setOpts(x=self._centres, height=counts, width=edges[1] - edges[0], brushes=None, brush="#888888")
        self.setXRange(low, high, padding=0.02)
        self.setYRange(0, max(counts.max(), 1), padding=0.02)

    def set_colors(self, colormap: str, limits: tuple[float, float]) -> None:
        """Colour the bars."""
        from napari.utils.colormaps import ensure_colormap

        low, high = limits
        at = np.clip((self._centres - low) / (high - low), 0, 1)
        colors = (255 * ensure_colormap(colormap).map(at)).astype(int)
        self._bars.setOpts(brushes=[pg.mkBrush(*color) for color in colors], pen=pg.mkPen(None))


class DomainPlot(_Plot):
    """Mean in each domain, in the domain's colour; for a mix one bar per feature, in the colour of the feature."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars = pg.BarGraphItem(x=[], height=[], width=1)
        self.addItem(self._bars)
        self.means = np.zeros(0)

    def set_means(self, means: np.ndarray, colors: Sequence[str], names: Sequence[str]) -> None:
        """Draw (K,) means in K colours, or (K, C) means in C colours."""
        self.means = means
        bars = means.reshape(len(means), -1)  # (K, C)
        n, n_channels = bars.shape
        width = 0.8 / n_channels
        x = np.arange(n)[:, None] + (np.arange(n_channels) - (n_channels - 1) / 2) * width
        brushes = list(colors) if means.ndim == 1 else list(colors) * n
        height = np.nan_to_num(bars)
        self._bars.setOpts(x=x.ravel(), height=height.ravel(), width=0.9 * width, brushes=brushes, pen=pg.mkPen(None))
        self.setXRange(-0.5, n - 0.5, padding=0.01)
        low, high = min(height.min(initial=0), 0.0), max(height.max(initial=0), 0.0)
        self.setYRange(low, high if high > low else low + 1, padding=0.02)
        every = 1 + (n - 1) // 12  # names that fit
        letters = max(2, 42 // min(n, 12))
        self.plotItem.getAxis("bottom").setTicks([[(k, shortened(names[k], letters)) for k in range(0, n, every)]])
