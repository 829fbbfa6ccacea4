"""The sections of a study as a list: each can be hidden, spoken about, flown to, and put elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, QSize, Qt
from qtpy.QtGui import QDropEvent, QKeyEvent
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from napari_trsmi.gui.viewer import laying
from napari_trsmi.gui.viewer.flight import Flight
from napari_trsmi.gui.viewer.frames import frame
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.placed import set_seen
from napari_trsmi.gui.widgets.plain import as_tip
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection

ROWS, LINE = 5, 20  # seen without scrolling; pixels
HELP = (
    "Tick: draw the section or not. Click: the docks speak about it alone. Double click, or Enter: fly to it. "
    "Drag, or Alt with an arrow: another order. T turns it, F flips it."
)
FIT = QHeaderView.ResizeMode.ResizeToContents
STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
TURNS = {Qt.Key.Key_T: laying.turn, Qt.Key.Key_F: laying.flip}
_NUMBER = Qt.ItemDataRole.UserRole


class PartList(QTreeWidget):
    """A row for all sections, then one for each; to be seen only for a study."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.flight = Flight(session.canvas.viewer, self)
        self.setAccessibleName("Sections of the study")
        self.setToolTip(HELP)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setColumnCount(4)  # tick, name, spots, modalities
        self.setHeaderHidden(True)
        self.setStyleSheet(f"QTreeWidget::item {{ height: {LINE}px; }}")
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setDragDropMode(QTreeWidget.DragDropMode.InternalMove)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)
        for column, mode in enumerate((FIT, QHeaderView.ResizeMode.Stretch, FIT, FIT)):
            header.setSectionResizeMode(column, mode)
        self.itemChanged.connect(self._on_ticked)
        self.itemClicked.connect(self._on_clicked)
        self.itemDoubleClicked.connect(self._on_double)
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.parts.hidden_changed, self._refresh),
            (session.parts.chosen_changed, self._refresh),
            (session.parts.laid, self._on_laid),
        )
        self._on_section(session.section)

    def fly(self, number: int | None) -> None:
        """Move the camera to a section, or to all."""
        section = self.session.section
        if section is not None:
            rows = None if number is None else section.dataset.sections[number]
            self.flight.to(*frame(self.session.canvas.viewer, section, rows))

    def item(self, number: int | None) -> QTreeWidgetItem:
        """Return the row of a section; None for that of all."""
        found = self.topLevelItem(0 if number is None else self.session.parts.ordered.index(number) + 1)
        assert found is not None
        return found

    def sizeHint(self) -> QSize:
        """Be as high as a few rows need."""
        rows = min(self.topLevelItemCount(), ROWS)
        return QSize(super().sizeHint().width(), rows * max(self.sizeHintForRow(0), LINE) + 2 * self.frameWidth() + 2)

    def _on_section(self, section: OpenSection | None) -> None:
        with QSignalBlocker(self):
            self.clear()
            parts = () if section is None else section.dataset.parts
            if section is not None and parts:
                self._add("All sections", section.dataset.n_spots, "", None)
                for number in section.layout.order_of(len(parts)):
                    part = parts[number]
                    self._add(part.name, part.n_spots, " · ".join(part.modalities), number)
                    image = "with an image" if part.image is not None else "without an image"
                    features = ", ".join(
                        f"{key}: {many(one.table.n_vars, 'feature')}" for key, one in part.modalities.items()
                    )
                    tip = as_tip(f"{part.name}, {image}, {features}\n{HELP}")
                    for column in range(4):
                        self.item(number).setToolTip(column, tip)
        set_seen(self, bool(parts))
        self._refresh()
        self.setFixedHeight(self.sizeHint().height())

    def _add(self, name: str, n_spots: int, modalities: str, number: int | None) -> None:
        item = QTreeWidgetItem(["", name, f"{n_spots:,}", modalities])
        item.setData(0, _NUMBER, number)
        flags = (item.flags() | Qt.ItemFlag.ItemIsUserCheckable) & ~Qt.ItemFlag.ItemIsDropEnabled
        item.setFlags(flags if number is not None else flags & ~Qt.ItemFlag.ItemIsDragEnabled)
        item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.addTopLevelItem(item)

    def _on_laid(self, _: object) -> None:
        rows = (self.topLevelItem(row) for row in range(1, self.topLevelItemCount()))
        if tuple(item.data(0, _NUMBER) for item in rows if item is not None) != self.session.parts.ordered:
            self._on_section(self.session.section)

    def _refresh(self, *_: object) -> None:
        """Tick what is drawn and mark what is chosen."""
        parts, state = self.session.parts, Qt.CheckState
        if self.topLevelItemCount() == 0:
            return
        with QSignalBlocker(self):
            for number in range(len(parts.names)):
                self.item(number).setCheckState(0, state.Unchecked if number in parts.hidden else state.Checked)
            some = state.Unchecked if len(parts.hidden) == len(parts.names) else state.PartiallyChecked
            self.item(None).setCheckState(0, some if parts.hidden else state.Checked)
            self.setCurrentItem(self.item(parts.chosen))

    def _on_ticked(self, item: QTreeWidgetItem, column: int) -> None:
        parts, number = self.session.parts, item.data(0, _NUMBER)
        ticked = item.checkState(0) == Qt.CheckState.Checked
        if number is None:
            parts.hide(frozenset() if ticked else frozenset(range(len(parts.names))))
        else:
            parts.hide(parts.hidden - {number} if ticked else parts.hidden | {number})
        self._refresh()

    def _on_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column > 0:
            self.session.parts.choose(item.data(0, _NUMBER))
        self._refresh()  # a tick chooses nothing

    def _on_double(self, item: QTreeWidgetItem, column: int) -> None:
        if column > 0:
            self.fly(item.data(0, _NUMBER))

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Put the section that is dragged where it is dropped; the list follows the canvas."""
        item = self.currentItem()
        number = None if item is None else item.data(0, _NUMBER)
        if event is None or number is None:
            return
        event.setDropAction(Qt.DropAction.IgnoreAction)  # else the view removes the row that was dragged
        event.accept()
        y = event.position().y()
        others = [one for one in self.session.parts.ordered if one != number]
        laying.move(self.session, number, sum(self.visualItemRect(self.item(one)).center().y() < y for one in others))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Choose with the arrow keys, fly with Enter; with Alt, arrows move the section; T turns it, F flips it."""
        item = self.currentItem()
        number = None if item is None else item.data(0, _NUMBER)
        if event is not None and item is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return self.fly(number)
        if event is not None:
            key, held = Qt.Key(event.key()), event.modifiers()
            if key in STEPS and held & Qt.KeyboardModifier.AltModifier:
                return laying.step(self.session, STEPS[key])
            if key in TURNS and held == Qt.KeyboardModifier.NoModifier:
                return TURNS[key](self.session)
        super().keyPressEvent(event)
        if (item := self.currentItem()) is not None:
            self.session.parts.choose(item.data(0, _NUMBER))
        return None
