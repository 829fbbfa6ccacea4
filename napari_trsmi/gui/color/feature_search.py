"""A text field that finds a feature among tens of thousands while a person types."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, Qt, QTimer, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QCompleter, QLineEdit, QWidget

from napari_trsmi.gui.color.features import Feature, FeatureIndex


class _Matches(QAbstractListModel):
    """The features found, best first."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.features: list[Feature] = []

    def set_features(self, features: list[Feature]) -> None:
        self.beginResetModel()
        self.features = features
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return len(self.features)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        feature = self.features[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{feature.label}   ({', '.join(filter(None, (feature.modality, feature.others)))})"
        return feature.label if role == Qt.ItemDataRole.EditRole else None


class FeatureSearch(QLineEdit):
    """Type, choose with the arrow keys, press Enter; the best match is marked already.

    Attributes
    ----------
    feature
        The feature that was chosen, None where the field was emptied.

    Signals
    -------
    picked(Feature | None)
        A person chose a feature, or emptied the field.
    """

    picked = Signal(object)

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setClearButtonEnabled(True)
        self.feature: Feature | None = None
        self._index: FeatureIndex | None = None
        self._modality: str | None = None
        self._matches = _Matches(self)
        completer = QCompleter(self._matches, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setMaxVisibleItems(12)
        if (popup := completer.popup()) is not None:
            popup.setMinimumWidth(260)  # the list may be wider than the field
        self.setCompleter(completer)
        completer.activated[QModelIndex].connect(self._on_activated)
        self.textEdited.connect(self._on_edited)
        self.returnPressed.connect(self._on_return)
        self._mark = QTimer(self)  # the list opens only after the text was edited
        self._mark.setSingleShot(True)
        self._mark.timeout.connect(self._mark_first)

    def set_index(self, index: FeatureIndex | None) -> None:
        """Search in `index` from now on."""
        self._index, self._modality, self.feature = index, None, None
        self.clear()

    def renew_index(self, index: FeatureIndex) -> None:
        """Search in an index of the same dataset, which has other columns; what is typed and chosen stays."""
        self._index = index

    def set_modality(self, modality: str | None) -> None:
        """Find features of one modality only, or of all."""
        self._modality = modality

    def set_style(self, sheet: str) -> None:
        """Style the list, which is a window of its own and inherits nothing."""
        completer = self.completer()
        popup = None if completer is None else completer.popup()
        if popup is not None:
            popup.setStyleSheet(sheet)

    def set_feature(self, feature: Feature) -> None:
        """Show a feature as chosen, without telling anyone."""
        self.feature = feature
        self.setText(feature.label)

    @property
    def matches(self) -> list[Feature]:
        """What the text finds, best first."""
        return self._matches.features

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open the list with the arrow key also where nothing was typed."""
        completer = self.completer()
        if event is not None and completer is not None and event.key() == Qt.Key.Key_Down:
            self._on_edited(self.text())
            completer.complete()
            return
        super().keyPressEvent(event)

    def _on_edited(self, text: str) -> None:
        found = [] if self._index is None else self._index.search(text, self._modality)
        self._matches.set_features(found)
        self._mark.start()
        if not text and self.feature is not None:
            self._pick(None)

    def _mark_first(self) -> None:
        completer = self.completer()
        popup = None if completer is None else completer.popup()
        if popup is not None and popup.isVisible() and self.matches:
            popup.setCurrentIndex(self._matches.index(0, 0))

    def _on_activated(self, index: QModelIndex) -> None:
        self._pick(self._matches.features[index.row()])

    def _pick(self, feature: Feature | None) -> None:
        self.feature = feature
        if feature is not None:
            self.setText(feature.label)
        self.picked.emit(feature)

    def _on_return(self) -> None:
        """Take the best match where the list is not open; where it is, it takes the key itself."""
        completer = self.completer()
        popup = None if completer is None else completer.popup()
        if popup is not None and popup.isVisible() and popup.currentIndex().isValid():
            return
        self._on_edited(self.text())
        if self.text() and self.matches:
            self._pick(self.matches[0])
