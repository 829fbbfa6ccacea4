"""The domains as chips: colour, name and count; what a person does with them changes the session."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QAbstractListModel, QEvent, QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QBrush, QColor, QContextMenuEvent, QKeyEvent, QMouseEvent

from napari_trsmi.gui.legend.chip_list import ChipList, swatch
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection, Shown
from napari_trsmi.plural import many

HELP = (
    "Click: hide or show (Space). Double click: only this one, again for all (Enter). Ctrl- or Shift-click: choose "
    "several. Right click: name (F2), colour, merge."
)
_NO_MODIFIER, _KEYPAD = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier
_Role = Qt.ItemDataRole


class DomainModel(QAbstractListModel):
    """Domains that are shown; a new name typed into one is handed to `renamed(number, name)`."""

    renamed = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.shown: Shown | None = None
        self.hidden: frozenset[int] = frozenset()
        self.locked = ""  # why names cannot be edited now
        self._counts: list[int] = []
        self._counts_by: dict[str, list[int]] = {}  # section of a study: counts
        self._part = ""  # the section that the counts are of; empty for all

    def show(
        self, shown: Shown | None, hidden: frozenset[int], locked: str, section: OpenSection | None = None
    ) -> None:
        """Take over what the session shows; a selection stays where the number of domains does.

        Counts are of the section of a study that the docks speak about.
        """
        same = shown is not None and self.shown is not None and len(shown.names) == len(self.shown.names)
        same = same and locked == self.locked  # else a name that is being typed is given up
        if not same:
            self.beginResetModel()
        self.shown, self.hidden, self.locked = shown, hidden, locked
        spots = None if section is None else section.spoken_of
        self._counts = [] if shown is None else shown.counts_in(spots).tolist()
        self._counts_by = {}
        self._part = "" if section is None or section.part is None else section.dataset.section_names[section.part]
        if shown is not None and section is not None and section.dataset.section is not None:
            for number, name in enumerate(section.dataset.section_names):
                self._counts_by[name] = shown.counts_in(section.dataset.section == number).tolist()
        if not same:
            self.endResetModel()
        elif self._counts:
            self.dataChanged.emit(self.index(0), self.index(len(self._counts) - 1))

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of domains."""
        return len(self._counts)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Names are editable unless locked."""
        flags = super().flags(index)
        return flags if self.locked else flags | Qt.ItemFlag.ItemIsEditable

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> Any:
        """Return what Qt asks for about one domain."""
        shown, k = self.shown, index.row()
        if shown is None or not index.isValid():
            return None
        name, count, hidden = shown.names[k], self._counts[k], k in self.hidden
        if role == _Role.DisplayRole:
            return f"{name}  ({count:,})"
        if role == _Role.EditRole:
            return name
        if role == _Role.DecorationRole:
            return swatch(shown.colors[k], hollow=hidden)
        if role == _Role.AccessibleTextRole:
            where = f" of section {self._part}" if self._part else ""
            return f"Domain {name}, {many(count, 'spot')}{where}{', hidden' if hidden else ''}"
        if role == _Role.ToolTipRole:
            share = count / max(sum(self._counts), 1)
            state = ", hidden" if hidden else ""
            where = f" of section {_plain(self._part)}" if self._part else ""
            text = f"<p>Domain {_plain(name)}: {many(count, 'spot')} ({share:.1%}){where}{state}.</p>"
            return f"{text}{self._by_section(k)}<p>{HELP}</p>"
        if role == _Role.ForegroundRole and hidden:
            return QBrush(QColor("#808080"))
        return None

    def _by_section(self, k: int) -> str:
        """Return a line for each section of a study: how much of it is of a domain."""
        if not self._counts_by:
            return ""
        rows = (
            f"{_plain(name)}: {counts[k]:,} ({counts[k] / max(sum(counts), 1):.1%})"
            if counts[k]
            else f"{_plain(name)}: none"
            for name, counts in self._counts_by.items()
        )
        return f"<p>{'<br>'.join(rows)}</p>"

    def setData(self, index: QModelIndex, value: Any, role: int = _Role.EditRole) -> bool:
        """Pass a new name on; it comes back through the session."""
        if self.shown is None or str(value).strip() in ("", self.shown.names[index.row()]):
            return False
        self.renamed.emit(index.row(), str(value))
        return True


class DomainList(ChipList):
    """Hides, shows and isolates domains; asks for a menu through `menu_wanted(number, where)`."""

    menu_wanted = Signal(int, object)

    def __init__(self, session: Session) -> None:
        super().__init__(rows=4)
        self.session, self.domains = session, DomainModel()
        self._before: frozenset[int] = frozenset()  # what was hidden before the last click
        self._anchor = -1  # where a selection with Shift began
        self._second = False  # the release to come belongs to a double click
        self.setAccessibleName("Domains")
        self.setSelectionMode(self.SelectionMode.ExtendedSelection)
        self.setEditTriggers(self.EditTrigger.EditKeyPressed)
        self.setModel(self.domains)

    @property
    def chosen(self) -> list[int]:
        """Numbers of the domains that are selected."""
        return sorted(index.row() for index in self.selectedIndexes())

    def toggle(self, k: int) -> None:
        """Hide a domain, or show it again."""
        self._before = self.session.hidden
        self.session.set_hidden(self.session.hidden ^ {k})

    def isolate(self, k: int, before: frozenset[int] | None = None) -> None:
        """Show only one domain, or all where it was already the only one."""
        before = self.session.hidden if before is None else before
        others = frozenset(range(self.domains.rowCount())) - {k}
        self.session.set_hidden(frozenset() if before == others else others)

    def selectionCommand(self, index: QModelIndex, event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:
        """Plain clicks and arrows only move on; Ctrl and Shift select."""
        plain = not isinstance(event, QMouseEvent | QKeyEvent) or event.modifiers() in (_NO_MODIFIER, _KEYPAD)
        if plain:
            right = isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.RightButton
            flag = QItemSelectionModel.SelectionFlag
            return flag.NoUpdate if right else flag.Clear
        return super().selectionCommand(index, event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Move on, or choose with Ctrl or Shift."""
        super().mousePressEvent(event)
        if event is not None:
            self._reach(event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Hide or show what was clicked."""
        super().mouseReleaseEvent(event)
        if event is None or event.button() != Qt.MouseButton.LeftButton or event.modifiers() != _NO_MODIFIER:
            return
        second, self._second = self._second, False
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index == self.currentIndex() and not second:
            self.toggle(index.row())

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Isolate, as if the first of the two clicks had done nothing."""
        if event is None:
            return
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton and event.modifiers() == _NO_MODIFIER:
            self._second = True
            self.isolate(index.row(), self._before)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Space, Enter and Escape do what the mouse does."""
        if event is None:
            return
        index, key = self.currentIndex(), event.key()
        if event.modifiers() in (_NO_MODIFIER, _KEYPAD) and self.state() != self.State.EditingState:
            if key == Qt.Key.Key_Space and index.isValid():
                return self.toggle(index.row())
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
                return self.isolate(index.row())
            if key == Qt.Key.Key_Escape:
                self.clearSelection()
                return self.session.set_hidden(frozenset())
        super().keyPressEvent(event)
        self._reach(event.modifiers())

    def _reach(self, modifiers: Qt.KeyboardModifier) -> None:
        """With Shift, choose all from where it was pressed first to here; Qt forgets where that was."""
        here = self.currentIndex().row()
        if not modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._anchor = here
        elif 0 <= self._anchor < self.domains.rowCount() and here >= 0:
            first, last = sorted((self._anchor, here))
            chosen = QItemSelection(self.domains.index(first), self.domains.index(last))
            selection = self.selectionModel()
            assert selection is not None
            selection.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Ask for the menu, at the mouse or at the domain that has the keyboard."""
        if event is None:
            return
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if keyboard else self.indexAt(event.pos())
        view = self.viewport()
        if index.isValid() and view is not None:
            place = self.visualRect(index).bottomLeft() if keyboard else event.pos()
            self.menu_wanted.emit(index.row(), view.mapToGlobal(place))


def _plain(name: str) -> str:
    return name.replace("&", "&amp;").replace("<", "&lt;")
