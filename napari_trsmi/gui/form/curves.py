"""The course of the run as the settings plan it: gate and temperatures over the epochs."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_trsmi.config import Config
from napari_trsmi.gui.widgets.pens import line_pen
from napari_trsmi.gui.widgets.plain import Marked
from napari_trsmi.model.schedules import cooling, value

HEIGHT = 90
WARM_UP, PROTOTYPES = "warm-up", "prototypes"
# Told apart by people who confuse colours: for a light and for a dark window.
COLORS = {"beta": ("#0072b2", "#56b4e9"), "tau": ("#b34700", "#e69f00"), "tau_c": ("#007a5a", "#2fc79a")}


def courses(config: Config, n: int = 121) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return {name: ((n,) epochs, (n,) values)} of the terms that the settings use.

    ``"beta"`` starts at sigmoid(b) with the starting value of b, which training then changes; ``"tau"`` is the
    alignment temperature; ``"tau_c"``, that of the prototypes, begins when they do.
    """
    share = np.linspace(0.0, 1.0, n)
    epochs = share * max(config.train.epochs, 1)
    curves = {}
    if config.diffusion.enabled:
        b = config.gate.start
        # exp of a number below 0 only: it cannot overflow
        beta = 1 / (1 + math.exp(-b)) if b >= 0 else math.exp(b) / (1 + math.exp(b))
        curves["beta"] = epochs, np.array([beta * cooling(config.gate, f) for f in share])
    if config.align.enabled:
        curves["tau"] = epochs, np.array([value(config.align.temperature, f) for f in share])
    if config.loss.lam_cluster > 0:
        late = share >= config.cluster.start
        curves["tau_c"] = epochs[late], np.array([value(config.cluster.tau_c, f) for f in share[late]])
    return curves


def marks(config: Config) -> dict[str, float]:
    """Return {what ends or begins: epoch}: the warm-up ends, the prototypes begin."""
    found = {}
    if config.align.enabled and config.align.warmup > 0:
        found[WARM_UP] = config.align.warmup * config.train.epochs
    if config.loss.lam_cluster > 0:
        found[PROTOTYPES] = config.cluster.start * config.train.epochs
    return found


class Curves(QWidget):
    """A small plot with its key above."""

    def __init__(self) -> None:
        super().__init__()
        self._config = Config()
        self.key = Marked()
        self.key.setWordWrap(True)
        self.plot = pg.PlotWidget()
        self.plot.setFixedHeight(HEIGHT)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # it would ask for 640 pixels
        self.plot.setMouseEnabled(False, False)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setToolTip("Planned course of the run, by epoch; training moves the gate's logit b from its start.")
        self._lines = {name: self.plot.plot() for name in COLORS}
        self._marks = {
            text: pg.InfiniteLine(0, label=text, labelOpts={"position": 0.9}) for text in (WARM_UP, PROTOTYPES)
        }
        for mark in self._marks.values():
            self.plot.addItem(mark)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.key)
        column.addWidget(self.plot)
        self._paint()

    def show_config(self, config: Config) -> None:
        """Draw the course that `config` plans."""
        self._config = config
        found, epochs = courses(config), max(config.train.epochs, 1)
        for name, line in self._lines.items():
            line.setData(*found.get(name, ([], [])))
        at = marks(config)
        # One above the other where they would overlap.
        close = max(at.values(), default=0) - min(at.values(), default=0) < 0.28 * epochs
        self._marks[PROTOTYPES].label.setPosition(0.65 if close and len(at) == 2 else 0.9)
        for text, mark in self._marks.items():
            mark.setVisible(text in at)
            mark.setValue(at.get(text, 0))
        top = max([1.0, *(float(values.max()) for _, values in found.values() if len(values))])
        self.plot.setRange(xRange=(0, epochs), yRange=(0, top), padding=0.06)
        words = {"beta": "gate β", "tau": "temperature τ", "tau_c": "prototypes τ<sub>c</sub>"}
        key = [f'<span style="color: {COLORS[name][self._dark]}">▬ {words[name]}</span>' for name in found]
        self.key.setText("&nbsp; ".join(key) or "Nothing changes over this run.")

    def _paint(self) -> None:
        """Take the colours of the window."""
        palette = self.palette()
        ink, paper = palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Window)
        self._dark = paper.lightness() < 128
        self.plot.setBackground(paper)
        for name, line in self._lines.items():
            line.setPen(line_pen(self.plot, COLORS[name][self._dark], 2))
        for mark in self._marks.values():
            mark.setPen(line_pen(self.plot, ink, style=Qt.PenStyle.DotLine))
            mark.label.setColor(ink)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(ink))
            axis.setTextPen(pg.mkPen(ink))
        self.show_config(self._config)

    def changeEvent(self, event: QEvent | None) -> None:
        """Draw again in the colours of another theme."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._paint()
