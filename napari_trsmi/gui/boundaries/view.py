"""The table of boundaries as it is seen: keys mark the row that is chosen."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QStyledItemDelegate, QTableView

from napari_trsmi.gui.boundaries.frozen import FrozenColumn
from napari_trsmi.gui.boundaries.rows import BoundaryRows
from napari_trsmi.gui.boundaries.table import ORDERS, SEPARATOR, BoundaryModel

KEYS = {Qt.Key.Key_K: "keep", Qt.Key.Key_D: "doubt", Qt.Key.Key_R: "reject", Qt.Key.Key_U: ""}
ROW = 24  # pixels high
LONGEST = 120  # pixels that the names of two domains get before what stands behind them
MARGIN = 12  # pixels around the text of a cell
SECTION = 1  # the column of sections, where there are several


class MiddleDelegate(QStyledItemDelegate):
    """Cuts a name in its middle: those of sections often begin alike."""

    def initStyleOption(self, option: Any, index: Any) -> None:  # noqa: D102
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideMiddle


class PairDelegate(QStyledItemDelegate):
    """Writes two names in one cell; where there is too little room, each is cut short and not only the second.

    They are cut at their end, or in their middle where they begin alike.
    """

    def initStyleOption(self, option: Any, index: Any) -> None:  # noqa: D102
        super().initStyleOption(option, index)
        metrics = option.fontMetrics
        room = option.rect.width() - option.decorationSize.width() - MARGIN
        names, width = option.text.split(SEPARATOR), metrics.horizontalAdvance
        if len(names) != 2 or width(option.text) <= room:
            return
        room -= width(SEPARATOR)
        shorter = min(width(name) for name in names)
        most = max(room - shorter, room // 2)  # what a short name leaves goes to the other
        for mode in (Qt.TextElideMode.ElideRight, Qt.TextElideMode.ElideMiddle):
            cut = [metrics.elidedText(name, mode, most) for name in names]
            if cut[0] != cut[1]:
                break
        option.text = SEPARATOR.join(cut)


class BoundaryView(QTableView):
    """Boundaries, one per row.

    Signals
    -------
    chosen(object)
        Another segment is selected, or None.
    marked(str)
        A key asks for a verdict on the selected segment.
    note_wanted()
        The key for a note.
    next_wanted()
        The key for the next boundary.
    undo()
        Ctrl+Z.
    ordered(str)
        The rows are sorted by one of `ORDERS`, or by a column ("").
    """

    chosen = Signal(object)
    marked = Signal(str)
    note_wanted = Signal()
    next_wanted = Signal()
    undo = Signal()
    ordered = Signal(str)

    def __init__(self, model: BoundaryModel, rows: BoundaryRows) -> None:
        super().__init__()
        self.boundaries, self.rows = model, rows
        self.setModel(rows)
        self.setItemDelegateForColumn(0, PairDelegate(self))
        self.setItemDelegateForColumn(SECTION, MiddleDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(24, 11))
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        self.setSortingEnabled(True)
        self.setAccessibleName("Boundaries")
        header: Any = self.verticalHeader()  # never None, whatever the types of one Qt binding say
        header.hide()
        header.setDefaultSectionSize(ROW)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda at: self.columns_menu().exec(header.mapToGlobal(at)))
        self._hidden: set[str] = set()
        self._fitting = self._by_hand = False  # who sets the width of columns: this code now; a person, before
        header.sectionResized.connect(self._on_resized)
        self._selection.selectionChanged.connect(lambda *_: self.chosen.emit(self.segment))
        header.sectionClicked.connect(self._on_heading)
        self.frozen = FrozenColumn(self)
        self.frozen.setItemDelegateForColumn(0, PairDelegate(self.frozen))
        rows.modelReset.connect(self._lay_out)
        rows.dataChanged.connect(self._fit)  # names may be longer now

    @property
    def _selection(self) -> Any:
        return self.selectionModel()

    @property
    def segment(self) -> int | None:
        """The selected segment."""
        selected = self._selection.selectedRows()
        return self.rows.segment(selected[0].row()) if selected else None

    def choose(self, segment: int | None) -> None:
        """Select a segment, if it is in the table."""
        index = self.rows.position(segment) if segment is not None else None
        if index is None or not index.isValid():
            self.clearSelection()
            return
        self._select(index.row())

    def step(self, by: int) -> None:
        """Select the segment so many rows further down, or the first one."""
        at, n = self.currentIndex().row(), self.rows.rowCount()
        if n:
            self._select(0 if self.segment is None else min(max(at + by, 0), n - 1))

    def _select(self, row: int) -> None:
        """Select a row and show it, whatever columns a person has scrolled to."""
        bar: Any = self.horizontalScrollBar()
        before = bar.value()
        self.selectRow(row)
        self.scrollTo(self.rows.index(row, 0))
        bar.setValue(before)

    # Where a person is

    @property
    def place(self) -> tuple[int | None, int, int]:
        """The boundary that a person looks at, how many pixels below the heading, and how far aside they went.

        The boundary is the selected one where it is in sight, else the first; None where they are at the top.
        """
        down, across = self._bars
        row, first = self.currentIndex().row(), self.rowAt(0)
        if self.segment is None or not -ROW < self.rowViewportPosition(row) < self._height:
            row = first if down.value() else -1
        if row < 0:
            return None, 0, across.value()
        return self.rows.segment(row), self.rowViewportPosition(row), across.value()

    def go_back(self, segment: int | None, below: int, aside: int) -> None:
        """Show a boundary so many pixels below the heading; None for the top."""
        self.executeDelayedItemsLayout()
        down, across = self._bars
        row = -1 if segment is None else self.rows.position(segment).row()
        down.setValue(down.value() + self.rowViewportPosition(row) - below if row >= 0 else 0)
        across.setValue(aside)

    @property
    def _bars(self) -> tuple[Any, Any]:
        return self.verticalScrollBar(), self.horizontalScrollBar()

    def order(self, order: str) -> None:
        """Sort the rows by one of `ORDERS`."""
        self.rows.order = order
        header: Any = self.horizontalHeader()
        header.setSortIndicatorShown(False)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.rows.sort(0)
        self.ordered.emit(order)

    def sortByColumn(self, column: int, order: Qt.SortOrder) -> None:
        """Sort the rows by a column."""
        self.rows.order = ""
        super().sortByColumn(column, order)
        self.ordered.emit("")

    @property
    def sorting(self) -> tuple[str, str, bool]:
        """Which of `ORDERS` sorts the rows, or "", the key of a column, and whether downwards."""
        header: Any = self.horizontalHeader()
        if self.rows.order or not 0 <= header.sortIndicatorSection() < len(self.boundaries.columns):
            return self.rows.order or "weight", "", False
        key = self.boundaries.columns[header.sortIndicatorSection()].key
        return "", key, header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder

    def sort_as(self, order: str, column: str, descending: bool) -> None:
        """Sort the rows as `sorting` says; a column that is not there leaves them as they are."""
        keys = [one.key for one in self.boundaries.columns]
        if order in ORDERS:
            self.order(order)
        elif column in keys:
            header: Any = self.horizontalHeader()
            header.setSortIndicatorShown(True)
            down = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
            self.sortByColumn(keys.index(column), down)

    def _on_heading(self, column: int) -> None:
        """Sort by the column whose heading was clicked."""
        if self.rows.order:
            header: Any = self.horizontalHeader()
            header.setSortIndicatorShown(True)
            self.sortByColumn(column, header.sortIndicatorOrder())

    def columns_menu(self) -> QMenu:
        """Return a menu to choose the columns from."""
        menu = QMenu(self)
        for at, column in enumerate(self.boundaries.columns):
            action = QAction("Length" if column.key == "length" else column.title, menu)
            action.setToolTip(column.help)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(at))
            action.setEnabled(column.key != "domains")
            action.toggled.connect(lambda shown, at=at: self._show_column(at, shown))
            menu.addAction(action)
        return menu

    def _show_column(self, at: int, shown: bool) -> None:
        self.setColumnHidden(at, not shown)
        key = self.boundaries.columns[at].key
        self._hidden = self._hidden - {key} if shown else self._hidden | {key}
        self._fit()

    def _lay_out(self) -> None:
        """Give new columns their width; the order stays."""
        for at, column in enumerate(self.boundaries.columns):
            self.setColumnHidden(at, column.key in self._hidden)
        self._by_hand = False
        self._fit()
        if self.rows.order:
            self.order(self.rows.order)
        self.frozen.lie_over()

    def _fit(self, *_: Any) -> None:
        """Let the columns that fit fill the table, so that its edge cuts none in two; those behind are scrolled to.

        Widths that a person has set stay until there is another result.
        """
        columns, room = self.boundaries.columns, self._width
        if self._by_hand or not columns:
            return
        shown = [at for at in range(len(columns)) if not self.isColumnHidden(at)]
        width_of = self.fontMetrics().horizontalAdvance
        names = width_of(self.boundaries.longest("domains")) + 45
        least = [column.width for column in columns]
        upto = sum(least[at] for at in shown if 0 < at <= self.boundaries.column("review"))
        least[0] = max(least[0], min(names, LONGEST, room - upto))  # long names do not push verdicts out of sight
        ends = list(accumulate(least[at] for at in shown))
        fit = [at for at, end in zip(shown, ends, strict=True) if end <= room]
        spare = room - ends[len(fit) - 1] if fit else 0
        if columns[SECTION].key == "section" and SECTION in fit:  # which is to be read before the others are wide
            more = min(spare, max(0, width_of(self.boundaries.longest("section")) + MARGIN - least[SECTION]))
            least[SECTION], spare = least[SECTION] + more, spare - more
        texts = [at for at in fit if columns[at].key in ("domains", "markers", "note")]
        self._fitting = True
        for at, width in enumerate(least):
            self.setColumnWidth(at, width + (spare // len(texts) if at in texts else 0))
        self._fitting = False

    @property
    def _width(self) -> int:
        viewport: Any = self.viewport()  # never None, whatever the types of one Qt binding say
        return int(viewport.width())

    @property
    def _height(self) -> int:
        viewport: Any = self.viewport()
        return int(viewport.height())

    def _on_resized(self, at: int, before: int, after: int) -> None:
        if not self._fitting and before and after:  # 0: hidden
            self._by_hand = True

    def resizeEvent(self, event: Any) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()
        self.frozen.lie_over()

    # Keys

    def event(self, event: Any) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.ShortcutOverride and self._action(event):
            event.accept()  # shortcuts of the window do not take our keys
            return True
        return super().event(event)

    def keyPressEvent(self, event: Any) -> None:  # noqa: D102
        if action := self._action(event):
            action()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.segment is None and self.rows.rowCount():
            self.step(0)
        else:
            super().keyPressEvent(event)

    def _action(self, event: Any) -> Any:
        """Return what a key does here, or None."""
        key, held = event.key(), event.modifiers()
        if key == Qt.Key.Key_Z and held == Qt.KeyboardModifier.ControlModifier:
            return self.undo.emit
        if held != Qt.KeyboardModifier.NoModifier:
            return None
        if key == Qt.Key.Key_N:
            return self.note_wanted.emit
        if key == Qt.Key.Key_J:
            return self.next_wanted.emit
        if key in KEYS:
            return lambda: self.marked.emit(KEYS[key])
        return None
