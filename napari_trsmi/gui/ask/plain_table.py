"""A small table of what was found: texts and numbers, nothing to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem

from napari_trsmi.gui.widgets.columns import Column
from napari_trsmi.gui.widgets.plain import as_tip

if TYPE_CHECKING:
    import pandas as pd


FIRST = 96  # pixels of the column of names, at least


class PlainTable(QTableWidget):
    """Some columns of a data frame; the first takes the room that is left."""

    def __init__(self, name: str, columns: tuple[Column, ...]) -> None:
        super().__init__(0, len(columns))
        self.of = columns
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setMinimumHeight(80)
        header: Any = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(30)
        for at, column in enumerate(columns):
            item = QTableWidgetItem(column.title)
            item.setToolTip(as_tip(column.help))
            self.setHorizontalHeaderItem(at, item)
            self.setColumnWidth(at, column.width)
        rows: Any = self.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(22)

    def resizeEvent(self, event: Any) -> None:
        """Give the first column the room that is left, and enough to tell names apart: then the others scroll."""
        super().resizeEvent(event)
        room: Any = self.viewport()
        self.setColumnWidth(0, max(FIRST, room.width() - sum(column.width for column in self.of[1:])))

    def set_table(self, table: pd.DataFrame | None) -> None:
        """Show the rows of a table that has the columns, or nothing."""
        self.setRowCount(0 if table is None else len(table))
        if table is None:
            return
        for at, column in enumerate(self.of):
            values = table[column.key].tolist() if column.key in table else [None] * len(table)
            for row, value in enumerate(values):
                item = QTableWidgetItem(_shown(column.key, value))
                item.setToolTip(as_tip(str(value)) if isinstance(value, str) else "")
                if not isinstance(value, str):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, at, item)


def _shown(key: str, value: Any) -> str:
    if value is None or value != value:
        return "-"
    if isinstance(value, str):
        return value
    if key in ("share", "share_rest", "expected"):
        return f"{value:.0%}"
    if key.startswith("p"):
        return "0" if value == 0 else f"{value:.0e}" if value < 0.001 else f"{value:.3f}"
    if isinstance(value, int):
        return f"{value:,}"
    if value in (float("inf"), float("-inf")):
        return "only here" if value > 0 else "not here"
    return f"{value:.2f}" if key == "support" else f"{value:+.1f}"
