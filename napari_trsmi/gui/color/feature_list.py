"""A list of features under headings: one click, or the arrow keys, colours by one."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSize, Qt, QTimer, Signal
from qtpy.QtGui import QKeyEvent, QResizeEvent
from qtpy.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from napari_trsmi.gui.color.suggestions import Group
from napari_trsmi.gui.finding.features import COLUMN, Feature
from napari_trsmi.gui.widgets.plain import as_tip

_FEATURE = Qt.ItemDataRole.UserRole
_PAUSE = 150  # milliseconds after an arrow key, so that holding it down does not draw every feature
_SPACE = 16  # pixels between names
_LINE = 22  # pixels


class FeatureList(QListWidget):
    """Names in lines that wrap, under headings that cannot be chosen.

    Signals
    -------
    picked(Feature)
        A person chose one.
    """

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What there is to colour by")
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setMinimumHeight(4 * _LINE)
        self.itemClicked.connect(self._on_chosen)
        self.itemActivated.connect(self._on_chosen)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self._on_pause)
        self._picked: Feature | None = None

    def set_groups(self, groups: Sequence[Group]) -> None:
        """List other features."""
        self._picked = None
        bold = self.font()
        bold.setBold(True)
        self.blockSignals(True)
        self.clear()
        for group in groups:
            heading = QListWidgetItem(group.title, self)
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)  # in the text colour of the theme
            heading.setFont(bold)
            heading.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
            for feature in group.features:
                item = QListWidgetItem(feature.label, self)
                item.setData(_FEATURE, feature)
                where = "a column of the file" if feature.modality == COLUMN else feature.modality
                item.setToolTip(
                    as_tip(f"Colour by {', '.join(filter(None, (feature.label, feature.others)))} ({where})")
                )
        self.blockSignals(False)
        self._measure()

    def features(self) -> list[Feature]:
        """Return all that is listed, in order."""
        found = (self.item(row) for row in range(self.count()))
        return [item.data(_FEATURE) for item in found if item is not None and item.data(_FEATURE) is not None]

    def mark(self, feature: Feature | None) -> None:
        """Select a feature, or nothing, without telling anyone."""
        self._picked = feature
        self._pause.stop()
        self.blockSignals(True)
        self.setCurrentItem(None)
        self.clearSelection()
        for row in range(self.count()):
            item = self.item(row)
            if feature is not None and item is not None and item.data(_FEATURE) == feature:
                self.setCurrentItem(item)
        self.blockSignals(False)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Colour by what the arrow keys come to."""
        before = self.currentItem()
        super().keyPressEvent(event)
        if self.currentItem() is not before:
            self._pause.start()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give the headings lines of their own."""
        super().resizeEvent(event)
        self._measure()

    def _measure(self) -> None:
        view, metrics = self.viewport(), self.fontMetrics()
        width = 0 if view is None else view.width() - 2
        for row in range(self.count()):
            item = self.item(row)
            if item is None:
                continue
            heading = item.data(_FEATURE) is None
            text = metrics.horizontalAdvance(item.text()) + _SPACE
            item.setSizeHint(QSize(width, _LINE + 4) if heading else QSize(min(text, max(width, 1)), _LINE))

    def _on_pause(self) -> None:
        if (item := self.currentItem()) is not None:
            self._on_chosen(item)

    def _on_chosen(self, item: QListWidgetItem) -> None:
        self._pause.stop()
        feature = item.data(_FEATURE)
        if feature is not None and feature != self._picked:
            self._picked = feature
            self.picked.emit(feature)
