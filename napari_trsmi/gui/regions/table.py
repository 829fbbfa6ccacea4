"""The regions of a column as a table: colour, name, number of spots."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QAbstractItemModel, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from napari_trsmi.gui.legend.chip_list import swatch
from napari_trsmi.gui.regions.regions import Row
from napari_trsmi.gui.widgets.columns import Column, ColumnModel, Index, Role
from napari_trsmi.gui.widgets.plain import as_tip
from napari_trsmi.plural import many

COLUMNS = (
    Column(
        "name", "Region", "Its colour and name. Double-click or F2 to rename; a name that is there joins the two.", 120
    ),
    Column("n_spots", "Spots", "How many spots are in it; of a study the spots of the chosen section, of all", 90),
)


class RegionModel(ColumnModel):
    """One row per region; what a person writes is told by `renamed`."""

    columns = COLUMNS
    editable = "name"
    renamed = Signal(str, str)

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)  # what is connected to it ends with the table
        self.rows: list[Row] = []

    @property
    def n_rows(self) -> int:
        """Number of regions."""
        return len(self.rows)

    def set_rows(self, rows: list[Row]) -> None:
        """Show other regions."""
        if rows == self.rows:
            return
        if len(rows) == len(self.rows):  # a reset would close an editor in the middle of its work
            self.rows = rows
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def write(self, row: int, text: str) -> None:
        """Tell that a person gave a region another name."""
        if text and text != self.rows[row].name:
            self.renamed.emit(self.rows[row].name, text)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Return what a cell shows."""
        row, key = self.rows[index.row()], self.columns[index.column()].key
        if key == "name":
            if role in (Role.DisplayRole, Role.EditRole):
                return row.name
            if role == Role.DecorationRole:
                return swatch(row.color)
        elif role == Role.DisplayRole:
            return f"{row.n_all:,}" if row.n_spots == row.n_all else f"{row.n_spots:,} of {row.n_all:,}"
        elif role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        here = "" if row.n_spots == row.n_all else f", {row.n_spots:,} of them in the chosen section"
        return as_tip(f"{row.name}: {many(row.n_all, 'spot')}{here}") if role == Role.ToolTipRole else None


class RegionTable(QTableView):
    """A table in which one region is chosen.

    Signals
    -------
    chosen(str)
        A person chose a region.
    unwanted(str)
        A person pressed Delete on a region.
    """

    chosen = Signal(str)
    unwanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.regions = RegionModel(self)
        self.setModel(self.regions)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        self.setAccessibleName("Regions")
        self.setMinimumHeight(90)
        if (vertical := self.verticalHeader()) is not None:
            vertical.hide()
            vertical.setDefaultSectionSize(vertical.minimumSectionSize() + 4)
        if (header := self.horizontalHeader()) is not None:
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(1, COLUMNS[1].width)
        self._setting = False
        if (selection := self.selectionModel()) is not None:
            selection.currentRowChanged.connect(self._on_row)

    def show_rows(self, rows: list[Row], chosen: str) -> None:
        """Show regions, one of them chosen."""
        self._setting = True
        self.regions.set_rows(rows)
        names = [row.name for row in rows]
        if chosen in names:
            self.selectRow(names.index(chosen))
        self._setting = False

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Remove the chosen region with Delete."""
        row = self.currentIndex().row()
        if event is not None and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and row >= 0:
            self.unwanted.emit(self.regions.rows[row].name)
            return
        super().keyPressEvent(event)

    def model(self) -> QAbstractItemModel | None:
        """Return the regions."""
        return self.regions

    def _on_row(self, current: Index, _: Index) -> None:
        if not self._setting and 0 <= current.row() < self.regions.n_rows:
            self.chosen.emit(self.regions.rows[current.row()].name)
