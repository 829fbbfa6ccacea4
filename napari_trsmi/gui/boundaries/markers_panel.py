"""What marks each domain, the modalities side by side; a click colours the spots by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.errors import TrsmiError
from napari_trsmi.gui.listening import listen
from napari_trsmi.gui.plain import Label, as_tip

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.boundaries.marker_tables import Marker, MarkerTables
    from napari_trsmi.gui.session import Session


class MarkersPanel(QWidget):
    """Markers of one domain: a column per modality, best first."""

    def __init__(self, session: Session, markers: MarkerTables) -> None:
        super().__init__()
        self.session, self.markers = session, markers
        self.domain = QComboBox()
        self.domain.setToolTip("The domain whose markers are shown")
        self.domain.currentIndexChanged.connect(self._fill)
        self.find_button = QPushButton("Find markers")
        self.find_button.setToolTip("Compare each domain with all other spots")
        self.find_button.clicked.connect(markers.find)
        self.note = Label()
        self.note.setWordWrap(True)
        self.table = QTableWidget()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName("Markers")
        header: Any = self.table.horizontalHeader()  # never None, whatever the types of one Qt binding say
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header = self.table.verticalHeader()
        header.setDefaultSectionSize(22)
        header.hide()
        self.table.currentItemChanged.connect(self._on_item)

        label = Label("Domain")
        label.setBuddy(self.domain)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.domain, 1)
        row.addWidget(self.find_button)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(self.note)
        layout.addWidget(self.table, 1)
        listen(self, (session.result_changed, self._on_result), (markers.changed, self._fill))
        self._on_result(session.result)

    def showEvent(self, event: Any) -> None:  # noqa: D102
        super().showEvent(event)
        if self.session.run is None:  # training needs the processor more
            self.markers.find()

    def _on_result(self, result: Result | None) -> None:
        chosen = self.domain.currentIndex()
        self.domain.blockSignals(True)
        self.domain.clear()
        if result is not None:
            for name, color in zip(result.names, result.palette, strict=True):
                swatch = QPixmap(12, 12)
                swatch.fill(QColor(color))
                self.domain.addItem(QIcon(swatch), name)
        self.domain.setCurrentIndex(chosen if 0 <= chosen < self.domain.count() else min(0, self.domain.count() - 1))
        self.domain.blockSignals(False)
        self._fill()

    def _fill(self, _: Any = None) -> None:
        """Show the markers of the chosen domain, or why there are none."""
        tables, k, dataset = self.markers.tables, self.domain.currentIndex(), self.session.dataset
        self.find_button.setEnabled(tables is None and not self.markers.busy and self.session.result is not None)
        self.table.setVisible(tables is not None)
        self.table.blockSignals(True)
        self.table.clear()
        self.table.setRowCount(0)
        if tables is None or dataset is None or k < 0:
            self.note.setText(
                "Finding markers; the first time this takes some seconds…"
                if self.markers.busy
                else "Find what marks each domain in each modality."
            )
        else:
            columns = {name: domains[k] for name, domains in tables.items()}
            self.table.setColumnCount(len(columns))
            self.table.setHorizontalHeaderLabels(list(columns))
            self.table.setRowCount(max((len(rows) for rows in columns.values()), default=0))
            for column, (modality, rows) in enumerate(columns.items()):
                for row, marker in enumerate(rows):
                    self.table.setItem(row, column, _item(modality, marker))
            self.note.setText(self._sentence(columns))
        self.table.blockSignals(False)

    def _sentence(self, columns: dict[str, list[Marker]]) -> str:
        dataset = self.session.dataset
        assert dataset is not None
        no_genes = [name for name in columns if dataset.modalities[name].kind == "precomputed"]
        parts = ["Best first, with the score of the test. Click one to colour the spots by it."]
        if no_genes:
            verb = "was" if len(no_genes) == 1 else "were"
            parts.append(
                f"{' and '.join(no_genes)} {verb} read as components: no genes, only the components that differ."
            )
        if empty := [name for name, rows in columns.items() if not rows]:
            parts.append(f"Nothing marks this domain in {' and '.join(empty)}.")
        return " ".join(parts)

    def _on_item(self, item: QTableWidgetItem | None, before: QTableWidgetItem | None = None) -> None:
        """Colour the spots by the marker that was clicked or reached by the arrow keys."""
        from napari_trsmi.gui.maps import feature_coloring

        dataset = self.session.dataset
        if item is None or dataset is None:
            return
        try:
            self.session.color(feature_coloring(dataset, *item.data(Qt.ItemDataRole.UserRole)))
        except TrsmiError as error:
            self.session.failed.emit(str(error))


def _item(modality: str, marker: Marker) -> QTableWidgetItem:
    item = QTableWidgetItem(f"{marker.name}  {marker.score:.1f}")
    item.setData(Qt.ItemDataRole.UserRole, (modality, marker.feature))
    known = marker.name if marker.name == marker.feature else f"{marker.name} ({marker.feature})"
    item.setToolTip(as_tip(f"{known} in {modality}: score {marker.score:.2f}. Click to colour the spots by it."))
    return item
