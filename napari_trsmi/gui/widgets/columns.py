"""A table whose columns are known by a key: what Qt asks of every such table."""

from __future__ import annotations

from typing import Any, NamedTuple

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole


class Column(NamedTuple):
    """A column: key, heading, what it means, the least width in pixels at which it can be read."""

    key: str
    title: str
    help: str
    width: int


class ColumnModel(QAbstractTableModel):
    """Base of tables with columns; how a cell looks is up to `data`.

    Attributes
    ----------
    columns
        From left to right.
    editable
        Key of the column that a person may write in; "" for none.
    """

    columns: tuple[Column, ...] = ()
    editable = ""

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        raise NotImplementedError

    def write(self, row: int, text: str) -> None:
        """Take in what a person wrote in the column that is `editable`."""

    # Qt's questions

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102
        return 0 if parent.isValid() else self.n_rows

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102
        return 0 if parent.isValid() else len(self.columns)

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:  # noqa: D102
        if role != Role.EditRole or not self._is_editable(index):
            return False
        self.write(index.row(), str(value).strip())
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if self._is_editable(index) else flags

    def headerData(  # noqa: D102
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Vertical or not self.columns:
            return None
        column = self.columns[section]
        return {Role.DisplayRole: column.title, Role.ToolTipRole: column.help}.get(Role(role))

    def _is_editable(self, index: Index) -> bool:
        return index.isValid() and self.columns[index.column()].key == self.editable
