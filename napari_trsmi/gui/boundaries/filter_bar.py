"""Which boundaries the table shows, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QGridLayout, QSizePolicy, QWidget

from napari_trsmi.gui.boundaries.table import FILTERS, ORDERS
from napari_trsmi.gui.widgets.arrowless import take_arrows_off
from napari_trsmi.gui.widgets.named import NameBox
from napari_trsmi.gui.widgets.plain import Label

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result

ALL_PAIRS = "Pairs"
BY_COLUMN = "A column"


class FilterBar(QWidget):
    """Verdict, pair of domains, length, and order.

    Signals
    -------
    changed()
        Other boundaries are wanted.
    ordered(str)
        Another order is wanted, one of `ORDERS`.
    """

    changed = Signal()
    ordered = Signal(str)

    def __init__(self, first: QWidget, second: QWidget) -> None:
        super().__init__()
        self.wanted = _box("Which boundaries the table shows, by your verdict")
        for key, title in FILTERS.items():
            self.wanted.addItem(title, key)
        self.pair = _box("Boundaries between which two domains")
        self.order = _box("What comes first. What matters most: little support times great length")
        for key, title in ORDERS.items():
            self.order.addItem(title, key)
        self.shortest = QDoubleSpinBox()
        self.shortest.setAccessibleName("Shortest boundary to show")
        self.shortest.setRange(0, 1e9)
        self.shortest.setDecimals(0)
        self.shortest.setPrefix("≥ ")
        take_arrows_off(self.shortest, 60)
        self.shortest.setToolTip("Leave out boundaries shorter than this")
        self.wanted.currentIndexChanged.connect(lambda: self.changed.emit())
        self.pair.currentIndexChanged.connect(lambda: self.changed.emit())
        self.shortest.valueChanged.connect(lambda: self.changed.emit())
        self.order.activated.connect(self._on_order)

        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        rows = (("Colour", first, second), ("Show", self.wanted, self.pair), ("First", self.order, self.shortest))
        for row, (text, left, right) in enumerate(rows):
            label = Label(text)
            label.setBuddy(left)
            grid.addWidget(label, row, 0)
            grid.addWidget(left, row, 1)
            grid.addWidget(right, row, 2)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(2, 2)

    def set_pairs(self, result: Result | None) -> None:
        """Offer the pairs of domains that meet in a result; the one that is chosen stays where it is there."""
        table = None if result is None else result.boundaries
        chosen, found = self.pair.currentData(), []
        if result is not None and table is not None:
            pairs = table[["domain_a", "domain_b"]].drop_duplicates().sort_values(["domain_a", "domain_b"])
            found = [(int(a), int(b)) for a, b in pairs.itertuples(index=False)]
        with QSignalBlocker(self.pair):
            self.pair.clear()
            self.pair.addItem(ALL_PAIRS, None)
            for a, b in found:
                assert result is not None
                self.pair.addItem(f"{result.names[a]} | {result.names[b]}", (a, b))
            self.pair.setCurrentIndex(found.index(chosen) + 1 if chosen in found else 0)

    def show_order(self, order: str) -> None:
        """Show what the rows are sorted by; "" for a column."""
        by_column = self.order.findData("")
        if not order and by_column < 0:
            self.order.addItem(BY_COLUMN, "")
        elif order and by_column >= 0:
            self.order.removeItem(by_column)
        self.order.setCurrentIndex(self.order.findData(order))

    def show_all(self) -> None:
        """Leave nothing out."""
        self.show_only()

    def show_only(self, wanted: str = "all", shortest: float = 0.0, pair: Sequence[int] | None = None) -> None:
        """Show those with a verdict out of `FILTERS`, so long, and of a pair of domains where there is such a pair."""
        pairs = [self.pair.itemData(at) for at in range(self.pair.count())]
        with QSignalBlocker(self.wanted), QSignalBlocker(self.pair), QSignalBlocker(self.shortest):
            self.wanted.setCurrentIndex(max(self.wanted.findData(wanted), 0))
            self.pair.setCurrentIndex(pairs.index(tuple(pair)) if pair is not None and tuple(pair) in pairs else 0)
            self.shortest.setValue(shortest)
        self.changed.emit()

    def _on_order(self) -> None:
        if order := self.order.currentData():
            self.ordered.emit(order)


def _box(tip: str) -> NameBox:
    box = NameBox(tip)
    box.setAccessibleName(tip)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return box
