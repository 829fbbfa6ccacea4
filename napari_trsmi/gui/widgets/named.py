"""Buttons and lists with names that people give: however long, they widen no dock, and the tooltip says them whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPaintEvent, QPixmap
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QStylePainter,
    QWidget,
)

from napari_trsmi.gui.widgets.plain import as_tip

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result

WIDEST = 290  # pixels that a button asks for at most
LEAST = 48  # pixels that it makes do with
_MIDDLE = Qt.TextElideMode.ElideMiddle  # names often differ in their ends


class NameButton(QPushButton):
    """A button that is called by a name, which is cut in its middle where there is no room for it.

    Parameters
    ----------
    tip
        What it does; the name stands before it where it is not in it.
    """

    def __init__(self, name: str, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.setToolTip(_tip(name, tip))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: D102
        return super().sizeHint().boundedTo(QSize(WIDEST, 10_000))

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return super().minimumSizeHint().boundedTo(QSize(LEAST, 10_000))

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: D102
        _draw(self, QStyle.ControlElement.CE_PushButton, QStyle.SubElement.SE_PushButtonContents)


class NameCheck(QCheckBox):
    """A check box that is called by a name, as a `NameButton` is."""

    def __init__(self, name: str, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.setToolTip(_tip(name, tip))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return super().minimumSizeHint().boundedTo(QSize(LEAST, 10_000))

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: D102
        _draw(self, QStyle.ControlElement.CE_CheckBox, QStyle.SubElement.SE_CheckBoxContents)


def _tip(name: str, tip: str) -> str:
    return as_tip(tip if name in tip else f"{name}\n{tip}".strip())


def _draw(button: QPushButton | QCheckBox, element: QStyle.ControlElement, place: QStyle.SubElement) -> None:
    option = QStyleOptionButton()
    button.initStyleOption(option)
    style: Any = button.style()
    room = style.subElementRect(place, option, button).width()
    option.text = button.fontMetrics().elidedText(button.text(), _MIDDLE, room)
    QStylePainter(button).drawControl(element, option)


class NameBox(QComboBox):
    """A list of names to choose from.

    Parameters
    ----------
    tip
        What it is for; the name that is chosen stands before it.
    letters
        So many can be read at least.
    elide
        Where a name that is too long is cut.
    """

    def __init__(
        self,
        tip: str,
        letters: int = 6,
        parent: QWidget | None = None,
        elide: Qt.TextElideMode = _MIDDLE,
    ) -> None:
        super().__init__(parent)
        self._tip, self._elide = tip, elide
        self.setToolTip(tip)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(letters)
        view: Any = self.view()
        view.setTextElideMode(elide)
        self.currentTextChanged.connect(self._on_text)

    def addItem(self, *what: Any) -> None:
        """Add a name, as a combo box does; its row says it whole."""
        super().addItem(*what)
        at = self.count() - 1
        self.setItemData(at, as_tip(self.itemText(at)), Qt.ItemDataRole.ToolTipRole)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: D102
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        style: Any = self.style()
        field = style.subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        icon = 0 if option.currentIcon.isNull() else option.iconSize.width() + 4
        option.currentText = self.cut(option.currentText, field.width() - icon - 6)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def cut(self, name: str | None, room: int) -> str:
        """Return as much of a name as so many pixels hold."""
        return str(self.fontMetrics().elidedText(name, self._elide, room))

    def _on_text(self, name: str) -> None:
        self.setToolTip(as_tip(f"{name}\n{self._tip}" if name else self._tip))


class NameList(QListWidget):
    """Names, one in each row, cut in the middle where a row has no room for them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextElideMode(_MIDDLE)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_AsWideAsTheList(self))

    def add(self, name: str, more: str = "") -> QListWidgetItem:
        """Add a row; its tooltip says the name whole, and more."""
        item = QListWidgetItem(name)
        item.setToolTip(_tip(name, more))
        self.addItem(item)
        return item


class _AsWideAsTheList(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(0, super().sizeHint(option, index).height())


def offer_domains(box: QComboBox, result: Result | None) -> None:
    """Offer the domains of a result with their colours; the place that was chosen stays, and nobody is told."""
    chosen = box.currentIndex()
    box.blockSignals(True)
    box.clear()
    for name, color in () if result is None else zip(result.names, result.palette, strict=True):
        swatch = QPixmap(12, 12)
        swatch.fill(QColor(color))
        box.addItem(QIcon(swatch), name)
        box.setItemData(box.count() - 1, as_tip(name), Qt.ItemDataRole.ToolTipRole)
    box.setCurrentIndex(chosen if 0 <= chosen < box.count() else min(0, box.count() - 1))
    box.blockSignals(False)
