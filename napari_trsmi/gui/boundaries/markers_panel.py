"""What marks each domain or carries one boundary, the modalities side by side; a click colours the spots by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.gui import anchors
from napari_trsmi.gui.boundaries.carrier_tables import LARGEST_P, without_features
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.named import NameBox, offer_domains
from napari_trsmi.gui.widgets.plain import Label, as_tip

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.boundaries.carrier_tables import CarrierTables
    from napari_trsmi.gui.boundaries.marker_tables import Marker, MarkerTables
    from napari_trsmi.gui.session.session import Session

NONE_DIFFERS = "Take another boundary, or follow a feature in Across."


class MarkersPanel(QWidget):
    """Markers of one domain, or what differs across the chosen boundary: a column per modality, best first."""

    def __init__(self, session: Session, markers: MarkerTables, carriers: CarrierTables) -> None:
        super().__init__()
        self.session, self.markers, self.carriers = session, markers, carriers
        self.domain = NameBox("The domain whose markers are shown")
        self.domain.currentIndexChanged.connect(self._fill)
        self.find_button = QPushButton("Find markers")
        self.find_button.setToolTip("Compare each domain with all other spots")
        self.find_button.clicked.connect(markers.find)
        self.stretch = QPushButton("This stretch")
        self.stretch.setObjectName(anchors.ACROSS)
        self.stretch.setCheckable(True)
        self.stretch.setToolTip("What differs across the chosen boundary alone, on counts that did not draw it")
        self.stretch.toggled.connect(self._on_stretch)
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
        buttons = QHBoxLayout()
        buttons.addWidget(self.find_button)
        buttons.addWidget(self.stretch)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addLayout(buttons)
        layout.addWidget(self.note)
        layout.addWidget(self.table, 1)
        listen(
            self,
            (session.result_changed, self._on_result),
            (session.boundary_changed, self._on_boundary),
            (markers.changed, self._fill),
            (carriers.changed, self._fill),
        )
        self._on_result(session.result)

    def showEvent(self, event: Any) -> None:  # noqa: D102
        super().showEvent(event)
        if self.session.run is None:  # training needs the processor more
            self.markers.find()

    def _on_stretch(self, shown: bool) -> None:
        self.domain.setDisabled(shown)
        if not shown:
            self.carriers.forget()
        self._fill()

    def _on_boundary(self, segment: int | None) -> None:
        self._fill()

    def _on_result(self, result: Result | None) -> None:
        offer_domains(self.domain, result)
        self._fill()

    def _fill(self, _: Any = None) -> None:
        """Show the markers of the chosen domain or what carries the chosen boundary, or why there are none."""
        self.stretch.setEnabled(self.session.boundary is not None or self.stretch.isChecked())
        if self.stretch.isChecked():
            self._fill_stretch()
            return
        tables, k, dataset = self.markers.tables, self.domain.currentIndex(), self.session.dataset
        self.find_button.setEnabled(tables is None and not self.markers.busy and self.session.result is not None)
        self.table.setVisible(tables is not None)
        if tables is None or dataset is None or k < 0:
            self._show({})
            self.note.setText(
                "Finding markers; the first time this takes some seconds…"
                if self.markers.busy
                else "Find what marks each domain in each modality."
            )
        else:
            columns = {name: domains[k] for name, domains in tables.items()}
            self._show({name: [_item(name, marker) for marker in rows] for name, rows in columns.items()})
            self.note.setText(self._sentence(columns))

    def _fill_stretch(self) -> None:
        """Show what differs across the chosen boundary, once it is found."""
        segment, result = self.session.boundary, self.session.result
        found = None if segment is None else self.carriers.tables.get(segment)
        self.find_button.setEnabled(False)
        self.table.setVisible(found is not None)
        if segment is None or result is None or result.boundaries is None:
            self._show({})
            self.note.setText("Choose a boundary in the list or on the section.")
        elif segment in self.carriers.tables and found is None:
            self._show({})
            self.note.setText("The two sides of this boundary could not be compared.")
        elif found is None:
            self._show({})
            if self.session.run is not None:  # training needs the processor more
                self.note.setText("This is found once training has ended.")
                return
            self.note.setText("Comparing the two sides; the first time this takes some seconds…")
            self.carriers.find(segment)
        else:
            a, b = (result.names[k] for k in result.boundaries.loc[segment, ["domain_a", "domain_b"]].astype(int))
            parts = {name: found[found["modality"] == name] for name in result.dataset.modalities}
            self._show({name: [_carrier(row, a, b) for row in rows.itertuples()] for name, rows in parts.items()})
            empty = without_features(result, segment, [name for name, rows in parts.items() if not len(rows)])
            self.note.setText(" ".join(filter(None, (_across(parts, a, b), empty, "" if len(found) else NONE_DIFFERS))))

    def _show(self, columns: dict[str, list[QTableWidgetItem]]) -> None:
        """Fill the table with a column per modality."""
        self.table.blockSignals(True)
        self.table.clear()
        self.table.setRowCount(max((len(items) for items in columns.values()), default=0))
        self.table.setColumnCount(len(columns))
        self.table.setHorizontalHeaderLabels(list(columns))
        for column, items in enumerate(columns.values()):
            for row, item in enumerate(items):
                self.table.setItem(row, column, item)
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
        from napari_trsmi.gui.finding.maps import feature_coloring

        dataset = self.session.dataset
        if item is None or dataset is None:
            return
        with Attempt(self.session, "Colouring"):
            self.session.color(feature_coloring(dataset, *item.data(Qt.ItemDataRole.UserRole)))


def _item(modality: str, marker: Marker) -> QTableWidgetItem:
    item = QTableWidgetItem(f"{marker.name}  {marker.score:.1f}")
    item.setData(Qt.ItemDataRole.UserRole, (modality, marker.feature))
    known = marker.name if marker.name == marker.feature else f"{marker.name} ({marker.feature})"
    item.setToolTip(as_tip(f"{known} in {modality}: score {marker.score:.2f}. Click to colour the spots by it."))
    return item


def _carrier(row: Any, a: str, b: str) -> QTableWidgetItem:
    """Return the cell of a feature that differs between the sides a and b of a boundary."""
    item = QTableWidgetItem(f"{row.name}  {row.effect:+.1f}")
    item.setData(Qt.ItemDataRole.UserRole, (row.modality, row.feature))
    known = row.name if row.name == row.feature else f"{row.name} ({row.feature})"
    seen = (
        "" if row.share_a != row.share_a else f", in {row.share_a:.0%} of the spots of {a} and {row.share_b:.0%} of {b}"
    )
    item.setToolTip(
        as_tip(
            f"{known} in {row.modality}: more in {b if row.effect > 0 else a}, difference of means "
            f"{row.effect:+.2f} [{row.low:+.2f}, {row.high:+.2f}], adjusted p {row.p_adjusted:.1g}{seen}. "
            "Click to colour the spots by it."
        )
    )
    return item


def _across(parts: dict[str, pd.DataFrame], a: str, b: str) -> str:
    """Return what the columns of a boundary between a and b show."""
    told = [
        f"At this boundary, domain {b} less domain {a}: differences of means (of logarithms where there are counts) "
        f"with an adjusted p below {LARGEST_P}."
    ]
    if drew := [name for name, rows in parts.items() if len(rows) and not rows["fresh"].all()]:
        told.append(f"{' and '.join(drew)}: compared on the values that drew the boundary, so believe less.")
    return " ".join(told)
