"""The tables of what a domain is: what it is made of, gene sets, what lies beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from napari_trsmi.gui.ask.plain_table import PlainTable
from napari_trsmi.gui.ask.saving import ask_path, save_table
from napari_trsmi.gui.viewer.tabs import PLAIN
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.columns import Column
from napari_trsmi.gui.widgets.named import NameBox
from napari_trsmi.gui.widgets.placed import set_seen
from napari_trsmi.gui.widgets.plain import Label, as_tip

if TYPE_CHECKING:
    from napari_trsmi.answers import Description
    from napari_trsmi.gui.session.session import Session

COMPOSITION = (
    Column("category", "Category", "Value of the column", 80),
    Column("spots", "Spots", "Spots of the domain that have it", 50),
    Column("share", "Here", "Share of the spots of the domain", 44),
    Column("share_rest", "Rest", "Share of all other spots", 44),
    Column("log2_ratio", "log2", "Log2 of the ratio of the two shares: 1 is twice as many as elsewhere", 62),
    Column("p_adjusted", "adj. p", "Chance of so many or more if the domain took spots blindly; order, no proof", 52),
)
SETS = (
    Column("set", "Set", "Name of the set", 80),
    Column("modality", "In", "Modality in which its features are", 44),
    Column("n_found", "n", "Its features that are in the file", 34),
    Column("score", "Score", "Above 0: its features are higher in the domain than others are", 46),
    Column("p_adjusted", "adj. p", "Genes of a set go together anywhere: order, no proof", 52),
    Column("leading", "Led by", "Its features that are highest in the domain", 90),
)
NEIGHBOURS = (
    Column("neighbour", "Neighbour", "Domain beside it", 80),
    Column("share", "Border", "Share of the border of this domain", 50),
    Column("expected", "Chance", "Share of all other spots that the neighbour is", 54),
    Column("log2_ratio", "log2", "Log2 of the ratio of the two: above 0 beside each other more than by size", 44),
    Column("support", "Supp.", "Mean support of the boundaries between the two, from 0 to 1", 46),
    Column("z", "z", "squidpy: above 0 more often beside each other than if labels were dealt anew", 44),
)


NO_SETS = "Nothing to show: type gene sets above, or load a GMT file, with genes that are measured, and press Describe."


class DescribedTables(QTabWidget):
    """A page per question."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.found: Description | None = None
        self.column = field("Column", "The column that is counted")
        self.composition = PlainTable("Composition", COMPOSITION)
        self.sets = PlainTable("Gene sets", SETS)
        self.neighbours = PlainTable("Neighbours", NEIGHBOURS)
        self.save = text_button("CSV…", "Save the table that is shown as CSV", self._save)
        made = QWidget()
        inside = QVBoxLayout(made)
        inside.setContentsMargins(0, 2, 0, 0)
        inside.addWidget(self.column)
        inside.addWidget(self.composition, 1)
        self.setDocumentMode(True)
        self.setStyleSheet(PLAIN)
        self.addTab(made, "Made of")
        self.no_sets, tested = Label(NO_SETS), QWidget()
        self.no_sets.setWordWrap(True)
        inside = QVBoxLayout(tested)
        inside.setContentsMargins(0, 2, 0, 0)
        inside.addWidget(self.no_sets)
        inside.addWidget(self.sets, 1)
        inside.addStretch(0)
        self.addTab(tested, "Gene sets")
        self.addTab(self.neighbours, "Beside")
        self.setCornerWidget(self.save)
        self.column.currentIndexChanged.connect(self._show_column)

    def show_answer(self, found: Description | None) -> None:
        """Show what was found about a domain, or nothing; the column stays where it is there."""
        self.found, before = found, self.column.currentText()
        self.column.blockSignals(True)
        self.column.clear()
        for name in () if found is None else found.composition:
            self.column.addItem(name)
            self.column.setItemData(self.column.count() - 1, as_tip(name), Qt.ItemDataRole.ToolTipRole)
        self.column.setCurrentIndex(max(self.column.findText(before), 0 if self.column.count() else -1))
        self.column.blockSignals(False)
        self._show_column()
        self.sets.set_table(None if found is None else found.sets)
        set_seen(self.sets, found is None or len(found.sets) > 0)
        set_seen(self.no_sets, found is not None and len(found.sets) == 0)
        self.neighbours.set_table(None if found is None else found.neighbours)
        self.neighbours.setColumnHidden(len(NEIGHBOURS) - 1, found is None or "z" not in found.neighbours)

    def _show_column(self, _: Any = None) -> None:
        found = self.found
        self.composition.set_table(None if found is None else found.composition.get(self.column.currentText()))

    def _save(self) -> None:
        found, at = self.found, self.currentIndex()
        if found is None:
            return
        composition = found.composition.get(self.column.currentText())
        name = ("composition", "sets", "neighbours")[at]
        table = (composition, found.sets, found.neighbours)[at]
        if table is not None and (path := ask_path(self, self.session, f"{name}.csv")) is not None:
            save_table(self.session, table, path)


def field(name: str, tip: str) -> NameBox:
    """Return a field that is no wider than there is room, whatever it offers."""
    made = NameBox(tip, elide=Qt.TextElideMode.ElideRight)  # of "column domain" the first word counts
    made.setAccessibleName(name)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    made.setMinimumWidth(80)
    return made
