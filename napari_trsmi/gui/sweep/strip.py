"""The settings of a sweep, one row each: a small picture of what they find, and their scores as coloured cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QItemSelectionModel, QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_trsmi.glossary import Term, term
from napari_trsmi.gui.sweep.names import setting_label, setting_words
from napari_trsmi.gui.viewer.thumbnails import SIZE
from napari_trsmi.plural import many
from napari_trsmi.sweep.grid import shown

if TYPE_CHECKING:
    from napari_trsmi.gui.sweep.job import Pictures
    from napari_trsmi.sweep import Outcome, SweepResult

Role = Qt.ItemDataRole


def _words(found: Term) -> tuple[str, str]:
    return found.heading, f"{found.name}: {found.meaning}"


class Score(NamedTuple):
    """A column: its beginning in `SweepResult.settings`, heading, meaning, and which end is the better one."""

    key: str
    title: str
    help: str
    better: int = 1  # 1 high, -1 low, 0 neither


ALIKE = "How alike the domains are (adjusted Rand index, ARI; 1 for the same, 0 for chance) "
SCORES = (
    Score("n_domains", "Domains", "Number of domains; median over the seeds", 0),
    Score("agreement_near", "Near", f"{ALIKE} with the settings one value away: high on safe ground"),
    Score("agreement_base", "Now", f"{ALIKE} with the values that the form has now"),
    Score("stability", "Stable", f"{ALIKE} in runs that differ in their seed alone"),
    Score("preservation_", "", ""),  # of each modality, in the words of the glossary
    *(Score(key, *_words(term(key)), term(key).better) for key in ("PAS", "CHAOS", "Moran")),
    Score("confidence", "Certain", "Mean certainty of the model over the spots"),
    Score("seconds", "Seconds", "Seconds per run; mean over the seeds", 0),
)
WIDTH, FIRST = 48, SIZE + 66  # pixels
LEAST = 0.1  # share of the values that the colours span at least: small differences look small


class _Cell(QTableWidgetItem):
    """Sorted by its number; unknown ones come last."""

    def __init__(self, text: str, value: float) -> None:
        super().__init__(text)
        self.value = value
        self.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return isinstance(other, _Cell) and (np.isnan(other.value) or self.value < other.value)


class SweepStrip(QTableWidget):
    """Settings x scores.

    Signals
    -------
    chosen(int)
        A person chose the setting at this position of the grid.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Settings of the sweep")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        self.setWordWrap(True)
        self.setIconSize(QSize(SIZE, SIZE))
        self.setSortingEnabled(True)
        header: Any = self.verticalHeader()  # never None, whatever the types of one Qt binding say
        header.hide()
        header.setDefaultSectionSize(SIZE + 6)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setHighlightSections(False)  # bold titles would not fit
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self._ramp = pg.colormap.get("viridis")
        self.itemSelectionChanged.connect(self._on_selected)

    @property
    def setting(self) -> int | None:
        """The setting that is chosen."""
        items = self.selectedItems()
        return None if not items else self._setting_at(items[0].row())

    def set_sweep(self, result: SweepResult | None, pictures: Pictures | None) -> None:
        """Show the settings of a sweep, as far as it got."""
        chosen = self.setting
        with QSignalBlocker(self):
            self.setSortingEnabled(False)
            self.clear()
            columns = [] if result is None else columns_of(result)
            self.setRowCount(0 if result is None else len(result.grid.settings))
            self.setColumnCount(len(columns) + (result is not None))
            if result is not None:
                self._fill_names(result, pictures)
                for at, (name, score) in enumerate(columns, start=1):
                    self._fill(at, result.settings[name].to_numpy(float), score)
                self.setSortingEnabled(True)
            if chosen is not None:
                self.choose(chosen)

    def choose(self, setting: int) -> None:
        """Select the row of a setting."""
        for row in range(self.rowCount()):
            if self._setting_at(row) == setting:
                how = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
                self.setCurrentCell(row, 0, how)

    def _setting_at(self, row: int) -> int:
        item = self.item(row, 0)
        assert item is not None
        return int(item.data(Role.UserRole))

    def _fill_names(self, result: SweepResult, pictures: Pictures | None) -> None:
        fields = [setting_words(name) for name in result.grid.fields]
        head = QTableWidgetItem("\n".join(fields) or "Setting")
        head.setToolTip("\n".join(map(setting_label, result.grid.fields)) or "All settings as given")
        self.setHorizontalHeaderItem(0, head)
        self.setColumnWidth(0, max(FIRST, *(self._header_width(field) for field in fields or ["Setting"])))
        runs = result.settings[["n_runs", "n_failed"]].to_numpy(int)
        for setting, values in enumerate(result.grid.settings):
            item = _Cell("\n".join(map(shown, values)) or "as given", setting)
            item.setData(Role.UserRole, setting)
            done, failed = runs[setting]
            problems = f", {failed} failed" if failed else ""
            told = [
                f"{setting_label(name)}: {shown(value)}" for name, value in zip(result.grid.fields, values, strict=True)
            ]
            item.setToolTip("\n".join([*told, f"{many(done, 'run')} done{problems}"]))
            found = runs_of(result, setting)
            if found and pictures is not None:
                pixmap = pictures.thumbnails.pixmap(found[0].labels, pictures.colors_of(found[0]))
                icon = QIcon(pixmap)
                icon.addPixmap(pixmap, QIcon.Mode.Selected)  # or a chosen row tints it
                item.setIcon(icon)
            self.setItem(setting, 0, item)

    def _fill(self, column: int, values: np.ndarray, score: Score) -> None:
        head = QTableWidgetItem(score.title)
        ends = "" if not score.better else "\nBright cells are better."
        head.setToolTip(score.help + ends)
        self.setHorizontalHeaderItem(column, head)
        self.setColumnWidth(column, max(WIDTH, self._header_width(score.title)))
        known = values[np.isfinite(values)]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
        span = max(high - low, LEAST * max(abs(low), abs(high)))
        for row, value in enumerate(values):
            item = _Cell("" if np.isnan(value) else f"{value:.3g}", float(value))
            item.setToolTip(score.help)
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            if score.better and np.isfinite(value) and high > low:
                strength = 0.5 + (value - (low + high) / 2) / span
                color: QColor = self._ramp.map(strength if score.better > 0 else 1 - strength, mode=pg.ColorMap.QCOLOR)
                item.setBackground(color)
                item.setForeground(QColor("black" if color.lightnessF() > 0.45 else "white"))
            self.setItem(row, column, item)

    def _header_width(self, text: str) -> int:
        """Return the pixels that a title takes, with the arrow of its order."""
        return self.fontMetrics().horizontalAdvance(text) + 24

    def _on_selected(self) -> None:
        if self.setting is not None:
            self.chosen.emit(self.setting)


def columns_of(result: SweepResult) -> list[tuple[str, Score]]:
    """Return the columns of the table of settings that are shown, as far as anything is known."""
    found = []
    for score in SCORES:
        for name in result.settings.columns:
            if name == score.key and result.settings[name].notna().any():
                found.append((name, score))
            elif score.key.endswith("_") and name.startswith(score.key):
                found.append((name, Score(name, *_words(term(name)))))
    return found


def runs_of(result: SweepResult, setting: int) -> list[Outcome]:
    """Return the runs of a setting that succeeded, by seed."""
    found = [result.runs.get(trial.key) for trial in result.trials if trial.setting == setting]
    return [run for run in found if run is not None and not run.problem]
