"""The open sections as a list, each with what its training does; a click works on one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.QtCore import QSignalBlocker, QSize, Qt, QTimer
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from napari_trsmi.gui.viewer.sections import sections_in
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import as_tip
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection

ROWS, LINE = 3, 20  # seen without scrolling; pixels
MILLISECONDS = 250  # between two looks at how far training is
HELP = "Click, or Enter: work on this section. Training on another one goes on meanwhile."
_SECTION = Qt.ItemDataRole.UserRole


class SectionList(QTreeWidget):
    """A row per open section with the state of its training; to be seen where there are several."""

    def __init__(self, viewer: Viewer, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer, self.session = ref(viewer), session
        self.setAccessibleName("Open sections")
        self.setToolTip(HELP)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setColumnCount(2)  # name, training
        self.setHeaderHidden(True)
        self.setStyleSheet(f"QTreeWidget::item {{ height: {LINE}px; }}")
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(1)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.itemClicked.connect(self._on_clicked)
        self._clock = QTimer(self)
        self._clock.setInterval(MILLISECONDS)
        self._clock.timeout.connect(self._say)
        listen(
            self,
            (session.section_changed, self.refresh),
            (session.result_changed, self._say),
            (session.training.changed, self._on_training),
            (viewer.layers.events.inserted, self.refresh),
            (viewer.layers.events.removed, self.refresh),
        )
        self.refresh()

    @property
    def sections(self) -> list[OpenSection]:
        """Sections with layers in the viewer, in the order of the layers."""
        return sections_in(self._viewer())

    def item(self, section: OpenSection) -> QTreeWidgetItem:
        """Return the row of a section."""
        return next(item for item in self._items if item.data(0, _SECTION) is section)

    def refresh(self, *_: Any) -> None:
        """List what is open."""
        sections = self.sections
        if sections != [item.data(0, _SECTION) for item in self._items]:
            with QSignalBlocker(self):
                self.clear()
                for section in sections:
                    item = QTreeWidgetItem([section.dataset.name, ""])
                    item.setData(0, _SECTION, section)
                    item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    self.addTopLevelItem(item)
            self.setFixedHeight(self.sizeHint().height())
        self.setVisible(len(sections) > 1)
        self._say()
        if self.session.section in sections:
            self.setCurrentItem(self.item(self.session.section))

    def sizeHint(self) -> QSize:
        """Be as high as a few rows need."""
        rows = min(max(self.topLevelItemCount(), 1), ROWS)
        return QSize(super().sizeHint().width(), rows * max(self.sizeHintForRow(0), LINE) + 2 * self.frameWidth() + 2)

    @property
    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.topLevelItem(row) for row in range(self.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _say(self, *_: Any) -> None:
        """Write what training does, section by section."""
        for item in self._items:
            section = item.data(0, _SECTION)
            text, tip = status(self.session, section)
            item.setText(1, text)
            about = as_tip("\n".join(filter(None, (section.dataset.name, tip, HELP))))
            for column in range(2):
                item.setToolTip(column, about)

    def _on_training(self) -> None:
        self._say()
        self._clock.start() if self.session.training.current is not None else self._clock.stop()

    def _on_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        self.session.activate(item.data(0, _SECTION))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Choose with Enter or Space what the arrow keys went to."""
        item, keys = self.currentItem(), (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if event is not None and item is not None and event.key() in keys:
            return self._on_clicked(item, 0)
        return super().keyPressEvent(event)


def status(session: Session, section: OpenSection) -> tuple[str, str]:
    """Return what training on a section does, in a word or two and in a sentence."""
    run = section.run
    if run is None:
        if section.result is None:
            return "", "No domains yet."
        saved = "saved" if section.path is not None else "not saved"
        return "ready", f"{many(section.result.partition.n_domains, 'domain')}, {saved}."
    if run.state == "waiting":
        place = session.training.waiting.index(run) + 1
        before = session.training.ahead
        behind = "" if before is None else f" until training on {before.section.dataset.name} has ended"
        return "waiting" if place == 1 else f"waiting, {place}.", f"Waits{behind}; Cancel takes it out of the line."
    if not run.steps:
        return "preparing", "Features and graphs are made ready."
    step = run.steps[-1]
    done = f"{step.epoch}/{step.n_epochs}"
    words = {"running": "training", "paused": "paused", "finishing": "finishing", "preparing": "preparing"}
    return f"{words[run.state]} {done}", f"Epoch {step.epoch} of {step.n_epochs}."
