"""A text field that finds one of many things while a person types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QCompleter, QLineEdit, QWidget

from napari_trsmi.gui.widgets.plain import as_tip

N_SHOWN = 12  # rows of the list that are seen at a time
LIST_WIDTH = 260  # pixels at least: the list may be wider than the field


class _Matches(QAbstractListModel):
    """What was found, best first."""

    def __init__(self, parent: QWidget, say: Callable[[Any], str], explain: Callable[[Any], str]) -> None:
        super().__init__(parent)
        self._say, self._explain = say, explain
        self.found: list[Any] = []

    def set_found(self, found: Sequence[Any]) -> None:
        self.beginResetModel()
        self.found = list(found)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return len(self.found)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        one = self.found[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._say(one)
        return self._explain(one) if role == Qt.ItemDataRole.ToolTipRole else None


class SearchField(QLineEdit):
    """Type, choose with the arrow keys, press Enter; the best match is marked already.

    What a person types stays as typed until Enter or a click picks something. For that the list is not the field's own
    completer, which would write each row that is marked into the field.

    Attributes
    ----------
    picked_one
        What was picked last, None where the field was emptied.
    list
        What opens below the field.

    Signals
    -------
    picked(object)
        A person picked something, or None by emptying the field.

    Parameters
    ----------
    placeholder
        What stands in the empty field.
    about
        What the field is for, as its tooltip.
    """

    picked = Signal(object)

    def __init__(self, placeholder: str, about: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.about = about
        self.setToolTip(about)
        self.setPlaceholderText(placeholder)
        self.setClearButtonEnabled(True)
        self.picked_one: Any = None
        self._matches = _Matches(self, self.row_of, self.tip_of)
        self._completer = QCompleter(self._matches, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setMaxVisibleItems(N_SHOWN)
        self._completer.setWidget(self)
        popup = self._completer.popup()
        assert popup is not None
        self.list: QAbstractItemView = popup
        self.list.setMinimumWidth(LIST_WIDTH)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._completer.activated[QModelIndex].connect(self._on_clicked)
        self.textEdited.connect(self._on_edited)

    # What a kind of field is about

    def matching(self, text: str) -> Sequence[Any]:
        """Return what a text finds, best first; what is most useful for no text."""
        raise NotImplementedError

    def text_of(self, one: Any) -> str:
        """Return what the field shows once `one` was picked."""
        raise NotImplementedError

    def row_of(self, one: Any) -> str:
        """Return the row of the list."""
        return self.text_of(one)

    def tip_of(self, one: Any) -> str:
        """Return what is said over the row."""
        return ""

    # What a dock does

    @property
    def matches(self) -> list[Any]:
        """What the text found, best first."""
        return self._matches.found

    def set_style(self, sheet: str) -> None:
        """Style the list, which is a window of its own and inherits nothing."""
        self.list.setStyleSheet(sheet)

    def set_picked(self, one: Any) -> None:
        """Show something as picked, without telling anyone; None for nothing."""
        self.picked_one = one
        text = "" if one is None else self.text_of(one)
        self.setText(text)
        self.setCursorPosition(0)  # the beginning of a long name
        self.setToolTip(as_tip(f"{text}\n{self.about}" if text else self.about))

    # What a person does

    def open_list(self, *, everything: bool = False) -> None:
        """Show all that the text finds, or all there is."""
        self._matches.set_found(self.matching("" if everything else self.text()))
        if not self.matches:
            self.list.hide()
            return
        self._completer.complete()
        self.list.setCurrentIndex(self._matches.index(0, 0))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open the list with the arrow key also where nothing was typed; take what is marked, or the first, by Enter.

        While the list is open it hands its keys on to here, but for those that move in it.
        """
        if event is None:
            return
        if event.key() == Qt.Key.Key_Down:
            self.open_list()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_enter()
        else:
            super().keyPressEvent(event)

    def _on_edited(self, text: str) -> None:
        if text:
            self.open_list()
            return
        self.list.hide()
        if self.picked_one is not None:
            self._pick(None)

    def _on_enter(self) -> None:
        row = self.list.currentIndex().row() if self.list.isVisible() else -1
        self.list.hide()
        if row < 0:
            self._matches.set_found(self.matching(self.text()) if self.text() else [])
            row = 0
        if row < len(self.matches):
            self._pick(self.matches[row])

    def _on_clicked(self, index: QModelIndex) -> None:
        self._pick(self.matches[index.row()])

    def _pick(self, one: Any) -> None:
        self.set_picked(one)
        self.picked.emit(one)
