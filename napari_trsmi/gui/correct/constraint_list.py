"""What was said, one line each, with how far the result does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from napari_trsmi.constraints import majority
from napari_trsmi.gui.legend.chip_list import swatch
from napari_trsmi.gui.widgets.columns import Column, ColumnModel, Index, Role
from napari_trsmi.teach import rows_of, words

if TYPE_CHECKING:
    from napari_trsmi.config import Constraint
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.correct.history import ConstraintHistory

KEPT = {
    "together": "Share of the spots that are in one domain now",
    "apart": "1 less the share of the two sides that is in the same domains now",
    "belong": "Share of the spots that are in the domain now",
}
NEW = "Not trained yet: Train on does it"


class ConstraintModel(ColumnModel):
    """One row per constraint: what it says, and ``"new"`` or how far it is kept; the list shows no headings."""

    columns = (Column("said", "", "", 0), Column("state", "", "", 0))

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.constraints: tuple[Constraint, ...] = ()
        self._cells: list[tuple[str, str, str]] = []
        self._colors: list[str] = []  # of the domain that spots belong to

    def set_history(self, history: ConstraintHistory, result: Result | None) -> None:
        """Take over the list as it is now."""
        self.beginResetModel()
        self.constraints = history.constraints if result is not None else ()
        self._cells, self._colors = [], []
        for one in self.constraints:
            kept = history.kept.get(one)
            assert result is not None
            state = "new" if kept is None else f"kept {kept:.0%}".replace("%", " %")
            guide = rows_of(result, one.others if one.kind == "belong" else ())
            self._colors.append(result.palette[majority(result.labels[guide])] if len(guide) else "")
            self._cells.append((words(one, result), state, NEW if kept is None else KEPT[one.kind]))
        self.endResetModel()

    @property
    def n_rows(self) -> int:
        """Number of constraints."""
        return len(self._cells)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid():
            return None
        said, state, meaning = self._cells[index.row()]
        if role == Role.DisplayRole:
            return (said, state)[index.column()]
        if role == Role.DecorationRole and index.column() == 0 and self._colors[index.row()]:
            return swatch(self._colors[index.row()])
        if role == Role.ToolTipRole:
            return f"{said}\n{state}. {meaning}."
        return None


class ConstraintList(QTableView):
    """The list as it is seen: selecting one marks its spots, Delete takes it back.

    Signals
    -------
    chosen(object)
        A person selected a constraint; None for none.
    unwanted()
        A key asks to take the selected one back.
    """

    chosen = Signal(object)
    unwanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows = ConstraintModel(self)
        self.setModel(self.rows)
        self.setAccessibleName("Constraints")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setTabKeyNavigation(False)  # Tab leaves the list
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMinimumHeight(72)
        down: Any = self.verticalHeader()
        down.hide()
        down.setDefaultSectionSize(24)
        across: Any = self.horizontalHeader()
        across.hide()
        across.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        across.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        self.setColumnWidth(1, self.fontMetrics().horizontalAdvance("kept 100 %") + 16)
        selection: Any = self.selectionModel()
        selection.selectionChanged.connect(lambda *_: self.chosen.emit(self.constraint))

    @property
    def constraint(self) -> Constraint | None:
        """The selected one."""
        selection: Any = self.selectionModel()
        rows = selection.selectedRows()
        return self.rows.constraints[rows[0].row()] if rows else None

    def keyPressEvent(self, event: Any) -> None:  # noqa: D102
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not event.modifiers():
            self.unwanted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.clearSelection()
        else:
            super().keyPressEvent(event)
