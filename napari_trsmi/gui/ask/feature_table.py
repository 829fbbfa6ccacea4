"""The features that differ, as a table that is sorted by a click on a heading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QTableView

from napari_trsmi.gui.widgets.columns import Column, ColumnModel, Index, Role
from napari_trsmi.gui.widgets.plain import as_tip

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    Column("name", "Feature", "Gene, protein, peak or component; a click colours the tissue by it", 86),
    Column("effect", "Effect", "Mean in A less mean in B, of the normalised values: above 0 means more in A", 48),
    Column("auc", "AUC", "Chance that a spot of A has more of it than one of B: 0.5 is no difference", 42),
    Column(
        "p_adjusted",
        "adj. p",
        "Chance of such a difference where there is none, adjusted for the number of features. Spots beside each other "
        "resemble each other: take it to put features in order, not as a proof",
        52,
    ),
    Column("share_a", "% in A", "Per cent of the spots of A with any of it", 42),
    Column("share_b", "% in B", "Per cent of the spots of B with any of it", 42),
    Column("log2fc", "log2 FC", "Log2 fold change of A to B: 1 is twice as much, -1 half as much", 50),
)


class FeatureModel(ColumnModel):
    """One row per feature of one modality, in the order of the table or of one of its columns.

    It sorts by itself: a proxy of Qt compares value by value, which takes 2 s for 20,000 genes and 23 s for 200,000
    peaks.

    Attributes
    ----------
    table
        The table of `answers.differ`, or None.
    rows
        (n,) int rows of the table from top to bottom.
    """

    columns = COLUMNS

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.table: pd.DataFrame | None = None
        self.rows = np.empty(0, int)
        self._values: dict[str, Any] = {}

    def set_table(self, table: pd.DataFrame | None) -> None:
        """Show the table of a modality, see `answers.differ`."""
        self.beginResetModel()
        self.table = table
        self.rows = np.arange(0 if table is None else len(table))
        self._values = {} if table is None else {key: table[key].to_numpy() for key, *_ in COLUMNS}
        if table is not None:
            self._values["feature"] = table["feature"].to_numpy()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, rows without a value first and equal ones as in the table; by -1 as in the table."""
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()  # what is selected, and the current one
        features = self.rows[[index.row() for index in held]]
        self.rows = np.arange(len(self.rows))
        if column >= 0 and self.table is not None:
            key = COLUMNS[column].key
            values = self._values[key]
            if key == "name":
                values = np.array([str(name).casefold() for name in values])
            else:
                values = np.nan_to_num(values.astype(float), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
            rank = np.unique(values, return_inverse=True)[1].ravel()
            self.rows = np.argsort(rank if order == Qt.SortOrder.AscendingOrder else -rank, kind="stable")
        now = np.argsort(self.rows)[features]
        moved = [self.index(int(row), index.column()) for row, index in zip(now, held, strict=True)]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    @property
    def n_rows(self) -> int:  # noqa: D102
        return len(self.rows)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid() or self.table is None:
            return None
        key, row = COLUMNS[index.column()].key, self.rows[index.row()]
        if role == Role.DisplayRole:
            return _shown(key, self._values[key][row])
        if role == Role.TextAlignmentRole and key != "name":
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Role.ToolTipRole:
            name, feature = (str(self._values[one][row]) for one in ("name", "feature"))
            return as_tip(name if name == feature else f"{name} ({feature})")
        return None


class FeatureTable(QTableView):
    """Features, what differs most first.

    Signals
    -------
    chosen(int)
        A person clicked or reached a feature: its row in the table of `answers.differ`.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.features = FeatureModel(self)
        self.setModel(self.features)
        self.setSortingEnabled(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setAccessibleName("Features that differ")
        self.setToolTip("A click colours the tissue; choose several for dots and violins")
        header: Any = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(30)
        for at, column in enumerate(COLUMNS):
            self.setColumnWidth(at, column.width)
        rows: Any = self.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(22)
        self.setMinimumHeight(90)
        self._quiet = False
        chosen: Any = self.selectionModel()  # never None, whatever the types of one Qt binding say
        chosen.currentChanged.connect(self._on_current)

    def set_table(self, table: pd.DataFrame | None) -> None:
        """Show a table in its own order."""
        self._quiet = True
        header: Any = self.horizontalHeader()
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.features.set_table(table)
        self._quiet = False

    def select(self, row: int) -> None:
        """Reach a feature by its row in the table."""
        for at in np.flatnonzero(self.features.rows == row):
            self.selectRow(int(at))
            self.scrollTo(self.features.index(int(at), 0))

    @property
    def selected(self) -> list[int]:
        """Rows of the features that are selected, from the top."""
        chosen: Any = self.selectionModel()
        found = sorted(chosen.selectedRows(), key=lambda index: index.row())
        return [int(self.features.rows[index.row()]) for index in found]

    def _on_current(self, index: Any, before: Any = None) -> None:
        if index.isValid() and not self._quiet:
            self.chosen.emit(int(self.features.rows[index.row()]))


def _shown(key: str, value: Any) -> str:
    if key == "name":
        return str(value)
    if value != value:
        return "-"
    if key == "p_adjusted":
        return f"{value:.0e}" if value < 0.001 else f"{value:.3f}"
    if key.startswith("share"):
        return f"{100 * value:.0f}"
    return f"{value:.2f}" if key == "auc" else f"{value:+.2f}"
