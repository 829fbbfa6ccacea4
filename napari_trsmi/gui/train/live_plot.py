"""The course of training in one plot: losses on the left, everything between 0 and 1 on the right."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QCheckBox, QToolButton, QVBoxLayout, QWidget
from superqt import QFlowLayout
from superqt.utils import QSignalThrottler

from napari_trsmi.gui import anchors
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.pens import line_pen

if TYPE_CHECKING:
    from napari_trsmi.config import Loss
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Shown
    from napari_trsmi.records import Step

PLOT_HEIGHT = 130
MILLISECONDS = 100  # at most ten updates a second

# Name: (what a person reads, what it means, colour on dark)
LOSSES = {
    "total": ("total", "Weighted sum of the losses that are shown", "#8c8c8c"),
    "reconstruction": ("reconstruction", "How badly the measurements are rebuilt from the embedding", "#3d85d9"),
    "cluster": ("prototypes", "How far spots are from the prototype of their domain", "#d9742b"),
    "graph": ("graph", "How fast the learned graph moves", "#2e9e5b"),
    "constraint": ("said", "How little the embedding does what was said in the Correct dock", "#a0703c"),
}
HIDDEN = ("cluster", "constraint")  # at first: their scale is another one, and may lie below zero
WEIGHTS = {  # of the losses in their sum: fields of the settings
    "reconstruction": "w_reconstruction",
    "cluster": "lam_cluster",
    "graph": "lam_graph",
    "constraint": "lam_constraint",
}
SHARES = {
    "beta": ("gate", "Share of the diffused features (beta)", "#c74f9c"),
    "temperature": ("τ align", "Temperature of the alignment; low means one partner per spot", "#a8882a"),
    "tau_c": ("τ proto", "Temperature of the prototypes", "#8767d1"),
    "churn": ("changed", "Share of spots that changed domain since the preview before", "#d14949"),
}
DARKER = 140  # per cent, of the colours on light ground: a contrast of 4.5 with it


class LivePlot(QWidget):
    """Curves of the current run, of the last one, or of the restored result; a click goes to the nearest preview."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(anchors.COURSE)
        self.session = session
        self.values: dict[str, list[float]] = {}
        self.epochs: list[int] = []
        self._weights: Loss | None = None  # of the losses in their sum
        self.curves: dict[str, pg.PlotDataItem] = {}
        self.chips: dict[str, QToolButton] = {}
        self._is_light = False

        self.plot = pg.PlotWidget()
        self.plot.setMinimumHeight(PLOT_HEIGHT)
        self.plot.setToolTip("Click to go to the nearest preview")
        self.left = self.plot.getPlotItem()
        self.left.setMenuEnabled(False)
        self.left.hideButtons()
        self.left.setContentsMargins(0, 6, 0, 0)  # or the highest number is cut
        self.left.setMouseEnabled(x=False, y=False)
        self.right = pg.ViewBox(enableMenu=False, enableMouse=False)
        self.left.showAxis("right")
        self.left.scene().addItem(self.right)
        self.left.getAxis("right").linkToView(self.right)
        self.right.setXLink(self.left)
        self.left.vb.sigResized.connect(self._place_right)
        self.marker = pg.InfiniteLine(angle=90)
        self.marker.setVisible(False)
        self.left.addItem(self.marker, ignoreBounds=True)
        self.left.scene().sigMouseClicked.connect(self._on_clicked)

        self.log = QCheckBox("log")
        self.log.setToolTip("Losses on a logarithmic axis")
        self.log.toggled.connect(self._on_log)
        self.legend = QFlowLayout()
        self.legend.setContentsMargins(0, 0, 0, 0)
        self.legend.setHorizontalSpacing(2)
        self.legend.setVerticalSpacing(0)
        self.legend.addWidget(self.log)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.plot, 1)
        layout.addLayout(self.legend)

        self._throttle = QSignalThrottler(parent=self)
        self._throttle.setTimeout(MILLISECONDS)
        self._throttle.triggered.connect(self.draw)
        listen(
            self,
            (session.stepped, self._on_step),
            (session.run_changed, self._on_run),
            (session.result_changed, self.reload),
            (session.shown_changed, self._on_shown),
        )
        self.reload()

    def set_colors(self, background: str, text: str) -> None:
        """Take the colours of the theme."""
        self.plot.setBackground(background)
        for name in ("left", "right", "bottom"):
            self.left.getAxis(name).setPen(text)
            self.left.getAxis(name).setTextPen(text)
        self.marker.setPen(line_pen(self.plot, text, style=Qt.PenStyle.DashLine))
        self._is_light = QColor(background).lightness() > 127
        for name in self.curves:
            self._paint(name)

    def _paint(self, name: str) -> None:
        """Colour a curve and its name; on light ground darker, for they are read as well."""
        color = QColor(_told(name)[2])
        color = color.darker(DARKER) if self._is_light else color
        curve, style = self.curves[name], Qt.PenStyle.DashLine if name in SHARES else Qt.PenStyle.SolidLine
        curve.setPen(line_pen(self.plot, color, 2, style))
        if name == "churn":
            curve.setSymbolBrush(color)
        self.chips[name].setStyleSheet(f"QToolButton {{ color: {color.name()}; background: none; padding: 0px 2px }}")

    def reload(self, *_: Any) -> None:
        """Take the curves of the current run, else of the last one, else of the result."""
        session = self.session
        run = session.run or session.last_run
        steps: Iterable[Step] = run.course if run is not None else session.result.history if session.result else ()
        config = run.config if run is not None else session.result.config if session.result else None
        self._weights = None if config is None else config.loss
        self.epochs, self.values = [], {}
        for step in steps:
            self._append(step)
        self.draw()
        self._on_shown(session.shown)

    def draw(self) -> None:
        """Draw what has come."""
        for name in sorted(set(self.values) - set(self.curves), key=_order):
            self._add_curve(name)
        for name in self.curves:
            values = self._total() if name == "total" else np.asarray(self.values.get(name, ()), float)
            if name in LOSSES and self.log.isChecked():
                values = np.where(values > 0, values, np.nan)
            known = np.isfinite(values)
            self.curves[name].setData(np.asarray(self.epochs, float)[: len(values)][known], values[known])
        shares = [value for name in SHARES for value in self.values.get(name, ()) if np.isfinite(value)]
        self.right.setYRange(0, max([1.0, *shares]), padding=0.02)

    def _total(self) -> np.ndarray:
        """Return the weighted sum of the losses that are shown: a hidden one that begins makes no jump in it."""
        total = np.array(self.values.get("total", ()), float)
        for name, weight in WEIGHTS.items():
            if self._weights is None or name not in self.values or self.chips[name].isChecked():
                continue
            term = np.asarray(self.values[name], float)
            total[: len(term)] -= getattr(self._weights, weight) * np.nan_to_num(term)
        return total

    @property
    def is_empty(self) -> bool:
        """True where there is no course to show."""
        return not self.epochs

    def _append(self, step: Step) -> None:
        found = {**step.losses, "beta": step.beta, "temperature": step.temperature, "tau_c": step.tau_c}
        found["churn"] = step.churn
        for name, value in found.items():
            known = self.values.setdefault(name, [])
            known += [np.nan] * (len(self.epochs) - len(known))  # a term that begins later
            known.append(np.nan if value is None else float(value))
        self.epochs.append(step.epoch)

    def _add_curve(self, name: str) -> None:
        on_left = name not in SHARES
        title, meaning, _ = _told(name)
        marks = {"symbol": "o", "symbolSize": 5, "symbolPen": None} if name == "churn" else {}
        curve = pg.PlotDataItem(name=title, **marks)
        (self.left if on_left else self.right).addItem(curve)
        self.curves[name] = curve
        chip = QToolButton()
        chip.setCheckable(True)
        chip.setToolTip(f"{meaning}; {'left' if on_left else 'right'} axis. Click to hide or show.")
        chip.toggled.connect(curve.setVisible)
        chip.toggled.connect(partial(_mark, chip, title))
        _mark(chip, title, False)
        curve.setVisible(False)
        chip.setChecked(name not in HIDDEN)
        self.chips[name] = chip
        self._paint(name)
        if name in WEIGHTS:
            chip.toggled.connect(self._throttle.throttle)  # it counts in the total, or no longer
        self.legend.addWidget(chip)

    # What the session reports

    def _on_run(self, state: str) -> None:
        if state in ("preparing", "idle"):  # between them, steps come one by one
            self.reload()

    def _on_step(self, step: Step) -> None:
        self._append(step)
        self._throttle.throttle()

    def _on_shown(self, shown: Shown | None) -> None:
        epoch = None if shown is None else shown.epoch
        if epoch is None and shown is not None and self.epochs:
            epoch = self.epochs[-1]
        self.marker.setVisible(epoch is not None)
        if epoch is not None:
            self.marker.setValue(epoch)

    # What a person does

    def _on_log(self, on: bool) -> None:
        self.left.setLogMode(x=False, y=on)
        self.draw()

    def _on_clicked(self, event: Any) -> None:
        if self.left.vb.sceneBoundingRect().contains(event.scenePos()):
            self.go_to(self.left.vb.mapSceneToView(event.scenePos()).x())

    def go_to(self, epoch: float) -> None:
        """Show the preview nearest to an epoch."""
        run = self.session.last_run
        if run is not None and run.previews:
            self.session.show_step(min(run.previews, key=lambda step: abs(step.epoch - epoch)))

    def _place_right(self) -> None:
        self.right.setGeometry(self.left.vb.sceneBoundingRect())
        self.right.linkedViewChanged(self.left.vb, self.right.XAxis)


def _told(name: str) -> tuple[str, str, str]:
    return {**LOSSES, **SHARES}.get(name, (name, "A loss", "#8c8c8c"))


def _mark(chip: QToolButton, title: str, is_shown: bool) -> None:
    chip.setText(f"{'●' if is_shown else '○'} {title}")


def _order(name: str) -> int:
    known = [*LOSSES, *SHARES]
    return known.index(name) if name in known else len(known)
