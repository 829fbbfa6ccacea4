"""The dock "Colour by": any gene, protein, peak or column on the spots, or two features at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from napari_trsmi.errors import DataError
from napari_trsmi.gui import maps
from napari_trsmi.gui.color.feature_list import FeatureList
from napari_trsmi.gui.color.feature_search import FeatureSearch
from napari_trsmi.gui.color.features import COLUMN, Feature, FeatureIndex, coloring_by
from napari_trsmi.gui.color.panel import ColoringPanel
from napari_trsmi.gui.color.suggestions import suggested
from napari_trsmi.gui.focus_ring import FocusRing
from napari_trsmi.gui.frame import Scrolled
from napari_trsmi.gui.listening import listen
from napari_trsmi.gui.named import NameBox, NameButton
from napari_trsmi.gui.plain import Label
from napari_trsmi.gui.state import Coloring, OpenSection, Shown
from napari_trsmi.gui.viewer.sessions import session_of

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.data.result import Result

N_RECENT = 6
HOW = "Type part of a name, choose with the arrow keys, press Enter."
EMPTY = "Nothing to colour yet.\n\nDrop a file on the window, or choose File > Open Sample > TRSMI."


class ColorDock(QWidget):
    """Finds a feature while a person types, and colours the spots by it through the session."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.session = session_of(napari_viewer)
        self._recent: list[Feature] = []
        self._modality_of_red = self._modality_of_green = ""
        self._index: FeatureIndex | None = None
        self._listed: Any = None  # what the list was made for
        self._predicted: tuple[str, ...] = ()  # modalities that the result predicts

        self._empty = Label(EMPTY)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._empty.setWordWrap(True)
        self._within = NameBox("Search in one modality, in the columns of the file, or in everything.", 8)
        self._within.setAccessibleName("Where to search")
        self._search = FeatureSearch("Type a gene, protein or column", HOW)
        self._chips = QWidget()
        self._chip_group = QButtonGroup(self)
        flow = QFlowLayout(self._chips)
        flow.setContentsMargins(0, 0, 0, 0)
        self._two = QCheckBox("Two at once: red + green")
        self._two.setToolTip("Colour by two features: one in red, one in green; yellow where both are high.")
        self._red, self._green = (FeatureSearch(f"Feature shown in {color}", HOW) for color in ("red", "green"))
        self._list = FeatureList()
        self._panel = ColoringPanel(self.session)
        self._back = QPushButton()
        self._back.setToolTip("Take the colours off the spots.")

        self._one_row = QWidget()
        one = QHBoxLayout(self._one_row)
        one.setContentsMargins(0, 0, 0, 0)
        one.addWidget(self._search, 1)
        one.addWidget(self._within)
        self._two_rows = QWidget()
        two = QFormLayout(self._two_rows)
        two.setContentsMargins(0, 0, 0, 0)
        two.addRow("Red", self._red)
        two.addRow("Green", self._green)
        self._body = QWidget()
        self._body.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)  # the list takes the room
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        for widget in (self._one_row, self._two_rows, self._chips, self._two):
            body.addWidget(widget)
        body.addWidget(self._list, 1)
        for widget in (self._panel, self._back):
            body.addWidget(widget)
        layout = QVBoxLayout(self)
        self._scrolled = Scrolled(self._body)
        layout.addWidget(self._empty)
        layout.addWidget(self._scrolled)
        self.ring = FocusRing(self)

        self._search.picked.connect(self.pick)
        self._list.picked.connect(self._on_listed)
        self._chip_group.idClicked.connect(self._on_chip)
        self._red.picked.connect(self._mix)
        self._green.picked.connect(self._mix)
        self._within.currentIndexChanged.connect(self._on_within)
        self._two.toggled.connect(self._on_two)
        self._back.clicked.connect(self._on_back)
        session = self.session
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.result_changed, self._on_result),
            (session.coloring_changed, self._on_coloring),
            (session.shown_changed, self._on_shown),
            (napari_viewer.events.theme, self._on_theme),
        )
        self._set_theme(napari_viewer.theme)
        self._on_section(session.section)
        self._on_coloring(session.coloring)
        self._two_rows.hide()

    def pick(self, feature: Feature | None) -> None:
        """Colour the spots by a feature and remember it."""
        dataset = self.session.dataset
        if dataset is None or feature is None:
            return
        if self._show(lambda: self._panel.preferred(coloring_by(dataset, feature, self.session.result))):
            self._recent = [feature, *(f for f in self._recent if f != feature)][:N_RECENT]
            self._fill_chips()

    def showEvent(self, event: QShowEvent | None) -> None:
        """List what there is, once somebody can see it."""
        super().showEvent(event)
        self._fill_list()

    # What a person does

    def _on_listed(self, feature: Feature) -> None:
        if not self._two.isChecked():
            self._search.set_picked(feature)
            self.pick(feature)
            return
        fields = {self._red: self._modality_of_red, self._green: self._modality_of_green}
        own = [field for field, modality in fields.items() if modality == feature.modality] or list(fields)
        field = next((field for field in own if field.feature is None), own[-1])
        field.set_picked(feature)
        self._mix()

    def _mix(self) -> None:
        dataset, red, green = self.session.dataset, self._red.feature, self._green.feature
        if dataset is not None and (red or green):
            self._show(lambda: maps.mix(dataset, _key(red), _key(green), self.session.result))

    def _show(self, make: Callable[[], Coloring]) -> bool:
        try:
            self.session.color(make())
        except DataError as error:
            self.session.failed.emit(str(error))
            return False
        return True

    def _on_chip(self, number: int) -> None:
        feature = self._recent[number]
        self._search.set_picked(feature)
        self.pick(feature)

    def _on_within(self) -> None:
        self._search.set_modality(self._within.currentData())
        self._fill_list()

    def _on_two(self, two: bool) -> None:
        self._one_row.setVisible(not two)
        self._chips.setVisible(not two and bool(self._recent))
        self._two_rows.setVisible(two)
        (self._red if two else self._search).setFocus()
        self._fill_list()
        if two:
            self._mix()
        else:
            self.pick(self._search.feature)

    def _on_back(self) -> None:
        self.session.color(None)

    # What the session says

    def _on_section(self, section: OpenSection | None) -> None:
        self._empty.setVisible(section is None)
        self._scrolled.setVisible(section is not None)
        self._predicted = () if section is None or section.result is None else tuple(section.result.predicted)
        self._index = index = None if section is None else FeatureIndex(section.dataset, self._predicted)
        for field in (self._search, self._red, self._green):
            field.set_index(index)
        self._recent = []
        self._fill_chips()
        self._within.clear()
        if section is None or index is None:
            return
        self._within.addItem("everywhere", None)
        for name in index.modalities:
            self._within.addItem(f"in {name}s" if name == COLUMN else f"in {name}", name)
        kinds = {name: modality.kind for name, modality in section.dataset.modalities.items()}
        red = next((name for name, kind in kinds.items() if kind == "rna"), next(iter(kinds)))
        others = [name for name in kinds if name != red] or [red]
        green = next((name for name in others if kinds[name] == "protein"), others[0])
        for field, name in ((self._red, red), (self._green, green)):
            field.set_modality(name)
            field.setPlaceholderText(f"Feature of {name}")
        self._modality_of_red, self._modality_of_green = red, green
        self._fill_list()
        self._on_shown(self.session.shown)

    def _on_result(self, result: Result | None) -> None:
        """Find what another result predicts."""
        if (() if result is None else tuple(result.predicted)) != self._predicted:
            self._on_section(self.session.section)

    def _on_coloring(self, coloring: Coloring | None) -> None:
        self._back.setVisible(coloring is not None)
        chosen = None if self._two.isChecked() else self._search.feature
        self._list.mark(chosen if coloring is not None else None)

    def _on_shown(self, shown: Shown | None) -> None:
        self._back.setText("Show plain spots again" if shown is None else "Show domains again")

    def _on_theme(self, event: Any) -> None:
        self._set_theme(event.value)

    def _set_theme(self, name: str) -> None:
        from napari.qt import get_stylesheet
        from napari.utils.theme import get_theme

        for field in (self._search, self._red, self._green):
            field.set_style(get_stylesheet(name))
        self._panel.set_text_color(get_theme(name).text.as_hex())

    def _fill_list(self) -> None:
        dataset, index, two = self.session.dataset, self._index, self._two.isChecked()
        wanted = (index, None if two else self._within.currentData(), two)
        if dataset is None or index is None or not self.isVisible() or wanted == self._listed:
            return
        self._listed = wanted
        self._list.set_groups(suggested(dataset, index, wanted[1], columns=not two))

    def _fill_chips(self) -> None:
        flow = self._chips.layout()
        assert flow is not None
        for chip in self._chip_group.buttons():
            flow.removeWidget(chip)
            self._chip_group.removeButton(chip)
            chip.hide()
            chip.deleteLater()
        for number, feature in enumerate(self._recent):
            chip = NameButton(feature.label, f"Colour by {feature.label} ({feature.modality}) again.")
            self._chip_group.addButton(chip, number)
            flow.addWidget(chip)
        self._chips.setVisible(bool(self._recent) and not self._two.isChecked())


def _key(feature: Feature | None) -> tuple[str, str] | None:
    return None if feature is None else (feature.modality, feature.name)
