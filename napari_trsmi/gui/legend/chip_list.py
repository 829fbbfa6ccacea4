"""Small coloured labels in rows that wrap: as high as they need, up to a few rows, then they scroll."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QAbstractItemModel, QModelIndex, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QResizeEvent, QStandardItem, QStandardItemModel
from qtpy.QtWidgets import QFrame, QListView, QSizePolicy, QStyledItemDelegate, QStyleOptionViewItem, QWidget

SWATCH = 12  # pixels
SCALE = 2  # for screens with small pixels
_EDITOR_WIDTH = 160  # a name being typed gets more room than the one before needed


class ChipList(QListView):
    """A list whose items flow from left to right; its height follows its width, up to a number of rows."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSpacing(1)
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # what stands behind a long name stays
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setItemDelegate(_Delegate(self))

    def setModel(self, model: QAbstractItemModel | None) -> None:
        """Show another model and follow its changes."""
        super().setModel(model)
        if model is not None:
            for signal in (model.modelReset, model.dataChanged):
                signal.connect(self.fit)

    def fit(self) -> None:
        """Take the height that the items need at this width."""
        model, view = self.model(), self.viewport()
        n = 0 if model is None else model.rowCount()
        if model is None or view is None or n == 0:
            self.setFixedHeight(0)
            return
        self.scheduleDelayedItemsLayout()
        self.executeDelayedItemsLayout()
        row = self.sizeHintForRow(0) + 2 * self.spacing()
        last = self.visualRect(model.index(n - 1, 0)).bottom() + self.verticalOffset()
        around = self.height() - view.height()  # a style may put a margin there
        self.setFixedHeight(min(last + 1, self._rows * row) + 2 * self.spacing() + around)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Wrap anew; a scroll bar of a lower list goes."""
        super().resizeEvent(event)
        self.fit()
        self.updateGeometries()


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Ask for no more than a row has."""
        hint, chips = super().sizeHint(option, index), self.parent()
        view = chips.viewport() if isinstance(chips, ChipList) else None
        if isinstance(chips, ChipList) and view is not None:
            hint.setWidth(min(hint.width(), view.width() - 2 * chips.spacing() - 1))
        return hint

    def updateEditorGeometry(self, editor: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Give the editor room to type, within the list."""
        chips = self.parent()
        view = chips.viewport() if isinstance(chips, ChipList) else None
        if editor is None or view is None:
            return
        place = option.rect
        place.setWidth(max(place.width(), _EDITOR_WIDTH))
        place.moveRight(min(place.right(), view.width() - 1))
        place.moveLeft(max(place.left(), 0))
        editor.setGeometry(place)


def chips_model(names: Sequence[str], colors: Sequence[str]) -> QStandardItemModel:
    """Return a model of names with their colours that cannot be changed."""
    model = QStandardItemModel()
    for name, color in zip(names, colors, strict=True):
        item = QStandardItem(swatch(color), name)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        model.appendRow(item)
    return model


def swatch(color: str, hollow: bool = False) -> QIcon:
    """Return a small square in a colour; only its outline where `hollow`."""
    side = SWATCH * SCALE
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(color), 2 * SCALE) if hollow else Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if hollow else QColor(color))
    edge = SCALE if hollow else 0
    painter.drawRoundedRect(QRectF(edge, edge, side - 2 * edge, side - 2 * edge), 2 * SCALE, 2 * SCALE)
    painter.end()
    pixmap.setDevicePixelRatio(SCALE)
    return QIcon(pixmap)
