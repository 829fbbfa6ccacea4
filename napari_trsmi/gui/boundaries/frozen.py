"""The first column of a table, kept in sight while the others are scrolled."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, QPoint, Qt
from qtpy.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView


class FrozenColumn(QTableView):
    """The first column of another view, laid over it: same rows, same selection, one scroll bar."""

    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self._view = view
        self.setModel(view.model())
        self.setSelectionModel(view.selectionModel())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionBehavior(view.selectionBehavior())
        self.setSelectionMode(view.selectionMode())
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(view.textElideMode())
        self.setIconSize(view.iconSize())
        self.setWordWrap(False)
        self.setAccessibleName(f"{view.accessibleName()}, first column")
        self.clicked.connect(view.clicked)
        ours, theirs = _headers(self)[0], _headers(view)[0]
        ours.setDefaultSectionSize(theirs.defaultSectionSize())
        ours.hide()
        ours, theirs = _headers(self)[1], _headers(view)[1]
        ours.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        ours.setDefaultAlignment(theirs.defaultAlignment())
        ours.setSectionsClickable(True)
        ours.setHighlightSections(False)
        ours.sectionClicked.connect(self._sort)
        theirs.sectionResized.connect(self.lie_over)
        for one, other in ((self, view), (view, self)):
            _bar(one).valueChanged.connect(_bar(other).setValue)
        self.lie_over()
        self.show()

    def lie_over(self, *_: Any) -> None:
        """Take the place and the width of the first column."""
        view = self._view
        width, header = view.columnWidth(0), _headers(view)[1]
        self.setColumnWidth(0, width)
        model = view.model()
        for column in range(1, 0 if model is None else model.columnCount()):
            self.setColumnHidden(column, True)
        edge, viewport = view.frameWidth(), view.viewport()
        height = header.height() + (0 if viewport is None else viewport.height())
        self.setGeometry(edge, edge, width, height)
        _headers(self)[1].setFixedHeight(header.height())
        ours = self.viewport()
        if ours is not None and viewport is not None:  # a style may give the two views other edges
            away = viewport.mapTo(view, QPoint()).y() - ours.mapTo(view, QPoint()).y()
            self.move(edge, edge + away)

    def _sort(self, column: int) -> None:
        """Sort the rows as a click on the heading below would."""
        header = _headers(self._view)[1]
        again = header.sortIndicatorSection() == column and header.isSortIndicatorShown()
        up, down = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
        order = down if again and header.sortIndicatorOrder() == up else up
        header.setSortIndicatorShown(True)
        self._view.sortByColumn(column, order)

    def keyPressEvent(self, event: Any) -> None:  # noqa: D102
        self._view.keyPressEvent(event)

    def wheelEvent(self, event: Any) -> None:
        """Scroll the whole table."""
        self._view.wheelEvent(event)

    def mousePressEvent(self, event: Any) -> None:
        """Give the focus to the table, whose keys count."""
        super().mousePressEvent(event)
        self._view.setFocus()


def _headers(view: QTableView) -> tuple[Any, Any]:  # never None, whatever the types of one Qt binding say
    return view.verticalHeader(), view.horizontalHeader()


def _bar(view: QObject) -> Any:
    return view.verticalScrollBar()  # type: ignore[attr-defined]
