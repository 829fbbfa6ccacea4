"""Which domains of a study come back without each of its sections, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem

from napari_trsmi.gui.legend.chip_list import swatch
from napari_trsmi.gui.widgets.plain import as_tip, shortened
from napari_trsmi.summary import COMES_BACK

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result

ROW, MOST_ROWS = 22, 12  # pixels of a row, and rows that are seen without scrolling
FIRST, WIDTH = 84, 64  # pixels of the domains, and of a section
GONE = "#d14949"


class SectionsTable(QTableWidget):
    """A row for each domain, a column for each section left out: "yes" or "no", and how alike the domain is."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Domains that come back without each section")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        rows: Any = self.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(ROW)
        header: Any = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultSectionSize(WIDTH)

    def show_found(self, result: Result) -> None:
        """Show what `trust.without_each_section` found; not to be seen where nobody asked."""
        rows = result.provenance.get("trust", {}).get("sections", ())
        left_out = list(dict.fromkeys(row["left_out"] for row in rows))
        self.setRowCount(len(result.names) if rows else 0)
        self.setColumnCount(1 + len(left_out) if rows else 0)
        for at, title in enumerate(["Domain", *left_out][: self.columnCount()]):
            item = QTableWidgetItem(shortened(title, 10))
            item.setToolTip(as_tip(f"Without {title}") if at else "Each domain, in the sections that are left")
            self.setHorizontalHeaderItem(at, item)
        for k, name in enumerate(result.names[: self.rowCount()]):
            item = QTableWidgetItem(swatch(result.palette[k]), shortened(name, 12))
            item.setToolTip(as_tip(name))
            self.setItem(k, 0, item)
        for at, section in enumerate(left_out, start=1):
            of_section = [row for row in rows if row["left_out"] == section]  # one for each domain, in their order
            for k, row in enumerate(of_section[: self.rowCount()]):
                self.setItem(k, at, _cell(result.names[k], section, row))
        if rows:
            self.setColumnWidth(0, FIRST)
            edge: Any = self.horizontalHeader()
            self.setFixedHeight(edge.sizeHint().height() + ROW * min(self.rowCount(), MOST_ROWS) + 18)
        self.setVisible(bool(rows))


def _cell(domain: str, section: str, row: dict[str, Any]) -> QTableWidgetItem:
    value, alike = row["comes_back"], row["labelled_alike"]
    if value is None:
        item, tip = QTableWidgetItem("-"), f"The other sections have nothing of {domain}, or share no modalities."
    else:
        back = value > COMES_BACK
        item = QTableWidgetItem(f"{'yes' if back else 'no'} {value:.2f}")
        tip = (
            f"Domain {domain} {'comes back' if back else 'does not come back'} without {section}: of the spots that it "
            f"has in the other sections in either run, {value:.0%} are the same."
        )
        if not back:
            item.setForeground(QBrush(QColor(GONE)))
    if alike is not None:
        tip += f" Of its spots in {section}, {alike:.0%} are given it by the run that has not seen them."
    item.setToolTip(as_tip(tip))
    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
    return item
