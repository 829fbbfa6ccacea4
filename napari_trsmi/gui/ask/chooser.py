"""Two fields that choose a group of spots, and a button to lasso one."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from napari_trsmi.gui.ask.choices import DOMAIN, REST, Choice, choices_of, kinds_of
from napari_trsmi.gui.ask.described import field
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.widgets.plain import Label, as_tip

_NARROW = "QComboBox { padding: 3px 2px 3px 6px } QComboBox::drop-down { width: 18px }"  # room for names


class GroupChooser(QWidget):
    """Which spots are A, or B.

    Signals
    -------
    changed()
        Another group was chosen, or there is none any more.
    lasso(bool)
        A person wants to drag around spots, or no more.
    """

    changed = Signal()
    lasso = Signal(bool)

    def __init__(self, session: Session, group: str) -> None:
        super().__init__()
        self.session, self.group = session, group
        self.label = Label(group)
        self.label.setFixedWidth(14)
        self.kind, self.value = (
            field(f"Kind of group {group}", f"What kind of spots {group} is: a domain, a section, a column ..."),
            field(f"Group {group}", f"Which of them is {group}"),
        )
        for box in (self.kind, self.value):
            box.setStyleSheet(_NARROW)
        self.label.setBuddy(self.kind)
        self.draw = QPushButton("Lasso")
        self.draw.setCheckable(True)
        self.draw.setToolTip(f"<qt>Drag around spots on the tissue: they become {group}, in a column of your own</qt>")
        self.draw.setAccessibleName(f"Lasso {group}")
        self.draw.setFixedWidth(self.draw.fontMetrics().horizontalAdvance("Lasso") + 18)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.label)
        row.addWidget(self.kind, 4)
        row.addWidget(self.value, 3)
        row.addWidget(self.draw)
        self._choices: dict[str, list[Choice]] = {}
        self._by_hand = False  # a person chose the kind
        self._partition: Any = None  # of the domains that are offered
        self.kind.currentIndexChanged.connect(self._on_kind)
        self.value.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.draw.toggled.connect(self.lasso)

    @property
    def where(self) -> str:
        """The group, as `answers.group_of` knows it; "" for none."""
        return str(self.value.currentData() or "")

    def refresh(self) -> None:
        """Offer what there is now; what was chosen stays where it is still there."""
        kind, where, at = self.kind.currentData(), self.where, self.value.currentIndex()
        before, result = self._partition, self.session.result
        self._partition = None if result is None else result.partition
        self._choices = choices_of(self.session, rest=self.group == "B")
        if kind == DOMAIN and at >= 0 and before is not None and before is self._partition:
            where = self._choices[DOMAIN][at].where  # it may have another name now
        self._fill(self.kind, kinds_of(self._choices))
        first = REST if self.group == "B" else DOMAIN
        wanted = kind if kind in self._choices and self._by_hand else first if first in self._choices else ""
        self._set(self.kind, max(self.kind.findData(wanted), 0 if self._choices else -1))
        self._fill_values(where)
        self.setEnabled(self.session.section is not None)
        self.changed.emit()

    def choose(self, kind: str, where: str) -> None:
        """Choose a group."""
        self._by_hand = True
        if (at := self.kind.findData(kind)) >= 0:
            self._set(self.kind, at)
            self._fill_values(where)
            self.changed.emit()

    def _on_kind(self, _: int) -> None:
        self._by_hand = True
        self._fill_values("")
        self.changed.emit()

    def _fill_values(self, where: str) -> None:
        kind = self.kind.currentData()
        choices = self._choices.get(str(kind), [])
        self._fill(self.value, choices)
        at = next((k for k, one in enumerate(choices) if one.where == where), -1)
        if at < 0 and self.group == "B" and len(choices) > 1:
            at = 1  # not the one that A has
        self._set(self.value, max(at, 0 if choices else -1))
        self.value.setVisible(kind != REST)

    @staticmethod
    def _fill(box: QComboBox, choices: list[Choice]) -> None:
        box.blockSignals(True)
        box.clear()
        for text, where in choices:
            box.addItem(text, where)
            box.setItemData(box.count() - 1, as_tip(text), Qt.ItemDataRole.ToolTipRole)
        box.blockSignals(False)

    @staticmethod
    def _set(box: QComboBox, at: int) -> None:
        box.blockSignals(True)
        box.setCurrentIndex(at)
        box.blockSignals(False)
