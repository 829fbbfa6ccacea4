"""Which boundaries a person sees, and in which order."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QModelIndex, Qt

from napari_trsmi.gui.boundaries.table import BoundaryModel
from napari_trsmi.gui.widgets.columns import ColumnModel, Index, Role


class BoundaryRows(ColumnModel):
    """Sorts the boundaries and leaves out those a person does not want to see.

    All at once: a proxy of Qt asks row by row and compares two by two, which takes 2 s for the 12,000 boundaries of a
    large section.

    Attributes
    ----------
    order
        One of `table.ORDERS`, or "" for that of a column.
    wanted, shortest, section, pair
        What is asked for, see `want`.
    """

    def __init__(self, model: BoundaryModel, parent: Any = None) -> None:
        super().__init__(parent)
        self.model, self.wanted, self.shortest, self.section = model, "all", 0.0, ""
        self.pair: tuple[int, int] | None = None
        self.order = "weight"
        self._column, self._down = 0, False
        self._segments = np.empty(0, int)
        model.modelAboutToBeReset.connect(self.beginResetModel)
        model.modelReset.connect(self._on_reset)
        model.dataChanged.connect(self._on_data)

    def want(self, wanted: str, shortest: float, section: str = "", pair: tuple[int, int] | None = None) -> None:
        """Keep boundaries with a verdict out of `FILTERS` that are at least so long.

        Of one section or of all (""), between two domains or between any (None).
        """
        self.wanted, self.shortest, self.section, self.pair = wanted, shortest, section, pair
        self.refresh()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, where `order` names no order; by -1 as in the table."""
        self._column, self._down = column, order == Qt.SortOrder.DescendingOrder
        self.refresh()

    def refresh(self) -> None:
        """Ask anew which boundaries are wanted, and in which order; what is selected stays selected."""
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        segments = self._segments[[index.row() for index in held]]
        self._segments = self._found()
        place = np.full(self.model.n_rows, -1)
        place[self._segments] = np.arange(len(self._segments))
        moved = [
            self.index(int(place[segment]), index.column()) if place[segment] >= 0 else QModelIndex()
            for segment, index in zip(segments, held, strict=True)
        ]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def _found(self) -> np.ndarray:
        """(n,) int segments that are wanted, in order."""
        model = self.model
        found = np.array([segment for segment in range(model.n_rows) if self._is_wanted(segment)], int)
        key = model.columns[self._column].key if 0 <= self._column < len(model.columns) else ""
        if self.order:
            by = {"weight": model.weight, "least": model.doubt, "longest": model.length}[self.order]
            return found[np.argsort([-by(segment) for segment in found.tolist()], kind="stable")]
        if not key:
            return found
        ranked = sorted(found.tolist(), key=lambda segment: model.sort_value(segment, key), reverse=self._down)
        return np.array(ranked, int)

    def _is_wanted(self, segment: int) -> bool:
        model, verdict = self.model, self.model.verdict(segment)
        if self.wanted == "note":
            fits = bool(model.note(segment))
        elif self.wanted == "carried":
            fits = bool(model.carried_from(segment))
        else:
            fits = self.wanted == "all" or verdict == ("" if self.wanted == "unreviewed" else self.wanted)
        here = not self.section or model.section(segment) == self.section
        return fits and here and self.pair in (None, model.pair(segment)) and model.length(segment) >= self.shortest

    def segments(self) -> list[int]:
        """Return the segments that are left, from top to bottom."""
        found: list[int] = self._segments.tolist()
        return found

    def segment(self, row: int) -> int:
        """Return the segment in a row."""
        return int(self._segments[row])

    def position(self, segment: int) -> QModelIndex:
        """Return the first cell of a segment; not valid where it is left out."""
        at = np.flatnonzero(self._segments == segment)
        return self.index(int(at[0]), 0) if len(at) else QModelIndex()

    def _on_reset(self) -> None:
        self._segments = self._found()
        self.endResetModel()

    def _on_data(self, *_: Any) -> None:
        self.refresh()
        if n := self.n_rows:
            self.dataChanged.emit(self.index(0, 0), self.index(n - 1, self.columnCount() - 1))

    # Qt's questions

    @property
    def n_rows(self) -> int:  # noqa: D102
        return len(self._segments)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102
        return self.model.columnCount(parent)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:  # noqa: D102
        return self.model.data(self._of(index), role) if index.isValid() else None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:  # noqa: D102
        return index.isValid() and self.model.setData(self._of(index), value, role)

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        return self.model.flags(self._of(index)) if index.isValid() else Qt.ItemFlag.NoItemFlags

    def headerData(  # noqa: D102
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        return self.model.headerData(section, orientation, role)

    def _of(self, index: Index) -> QModelIndex:
        return self.model.index(self.segment(index.row()), index.column())
