"""The dock "Colour by": any gene, protein, peak, column or gene set on the spots, or several at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_trsmi.errors import DataError
from napari_trsmi.gui.color.feature_list import FeatureList
from napari_trsmi.gui.color.gene_set_dialog import GeneSetDialog, told
from napari_trsmi.gui.color.gene_sets import find, score
from napari_trsmi.gui.color.panel import ColoringPanel
from napari_trsmi.gui.color.recent_row import RecentRow
from napari_trsmi.gui.color.suggestions import suggested
from napari_trsmi.gui.color.together import Part, Together
from napari_trsmi.gui.finding import maps
from napari_trsmi.gui.finding.feature_search import FeatureSearch
from napari_trsmi.gui.finding.features import COLUMN, GENE_SET, Feature, FeatureIndex, coloring_by
from napari_trsmi.gui.finding.last_index import LastIndex
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown
from napari_trsmi.gui.viewer.furnish import equip
from napari_trsmi.gui.viewer.guide import Guide
from napari_trsmi.gui.viewer.part_box import PartBox
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.focus_ring import FocusRing
from napari_trsmi.gui.widgets.frame import Scrolled
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.named import NameBox

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.data.result import Result

HOW = "Type part of a name, choose with the arrow keys, press Enter."
EMPTY = "Nothing to colour yet. Drop a file on the window, or choose File > Open Sample > napari-trsmi."


class ColorDock(QWidget):
    """Finds a feature while a person types, and colours the spots by it through the session."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.session = session_of(napari_viewer)
        self._index: FeatureIndex | None = None
        self._last_index = LastIndex()
        self._read: dict[Feature, Coloring] = {}  # the features that are shown together
        self._listed: Any = None  # what the list was made for
        self._predicted: tuple[str, ...] = ()  # modalities that the result predicts

        self._empty = Guide(self.session, "color")
        self._empty.setText(EMPTY)
        self._within = NameBox("Search in one modality, in the columns of the file, or in everything.", 8)
        self._within.setAccessibleName("Where to search")
        self._search = FeatureSearch("Gene, protein, column", HOW)
        self._recent = RecentRow()
        self._two = QCheckBox("Several at once")
        self._two.setToolTip("Colour by two or three features, each in a colour of its own; the colours add up.")
        self._sets = QPushButton("Gene set…")
        self._sets.setToolTip("Colour by the mean of several genes: typed, pasted, or a set of a GMT file.")
        self._together = Together()
        self._fields = (self._search, *self._together.fields())
        self._list = FeatureList()
        self._panel = ColoringPanel(self.session)
        self._back = QPushButton()
        self._back.setToolTip("Take the colours off the spots.")

        self._one_row = QWidget()
        one = QHBoxLayout(self._one_row)
        one.setContentsMargins(0, 0, 0, 0)
        one.addWidget(self._search, 1)
        one.addWidget(self._within)
        below = QHBoxLayout()
        below.addWidget(self._two, 1)
        below.addWidget(self._sets)
        self._body = QWidget()
        self._body.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)  # the list takes the room
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        for widget in (self._one_row, self._together, self._recent):
            body.addWidget(widget)
        body.addLayout(below)
        body.addWidget(self._list, 1)
        for widget in (PartBox(self.session, "Summary of"), self._panel, self._back):
            body.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        self._scrolled = Scrolled(self._body)
        layout.addWidget(self._empty)
        layout.addWidget(self._scrolled)
        self.ring = FocusRing(self)
        equip(self, napari_viewer, self.session)

        self._search.picked.connect(self.pick)
        self._list.picked.connect(self._on_listed)
        self._recent.picked.connect(self._on_recent)
        self._together.changed.connect(self._mix)
        self._sets.clicked.connect(self.ask_for_set)
        self._within.currentIndexChanged.connect(self._on_within)
        self._two.toggled.connect(self._on_two)
        self._back.clicked.connect(self._on_back)
        session = self.session
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.result_changed, self._on_result),
            (session.coloring_changed, self._on_coloring),
            (session.annotations.changed, self._on_annotations),
            (session.shown_changed, self._on_shown),
            (napari_viewer.events.theme, self._on_theme),
        )
        self._set_theme(napari_viewer.theme)
        self._on_section(session.section)
        self._on_coloring(session.coloring)
        self._together.hide()

    def pick(self, feature: Feature | None) -> None:
        """Colour the spots by a feature and remember it."""
        if self.session.section is None or feature is None:
            return
        if self._show(lambda: self._panel.preferred(self._coloring(feature))):
            self._recent.remember(feature)

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
        self._together.take(feature)

    def _mix(self) -> None:
        if self.session.section is not None and (parts := self._together.parts):
            self._show(lambda: self._mixed(parts))

    def _mixed(self, parts: list[Part]) -> Coloring:
        read = {part.feature: self._read.get(part.feature) or self._coloring(part.feature) for part in parts}
        if named := [feature.label for feature, found in read.items() if found.colors]:
            raise DataError(f"Expected numbers to show together, found categories in {named[0]}. Choose another.")
        self._read = read  # another range or colour reads nothing anew
        return maps.together([maps.channel(read[part.feature], part.color, part.low, part.high) for part in parts])

    def _coloring(self, feature: Feature) -> Coloring:
        section = self.session.section
        assert section is not None
        return coloring_by(section.dataset, feature, section.result, section.scores)

    # Gene sets

    def ask_for_set(self) -> None:
        """Ask for a gene set and colour by its score."""
        section = self.session.section
        if section is None:
            return
        dialog = GeneSetDialog(section.dataset, self)
        dialog.accepted.connect(lambda: self.add_set(dialog.name, dialog.modality, dialog.genes))
        dialog.open()

    def add_set(self, name: str, modality: str, genes: list[str]) -> None:
        """Work out the score of a gene set in a thread, and colour by it."""
        section = self.session.section
        if section is None:
            return

        def done(found: Coloring) -> None:
            section.scores[name] = found
            if section is not self.session.section:
                return
            self._fill_index()
            missing = find(section.dataset, modality, genes).missing
            if missing:
                self.session.told.emit(f"{name}: {told(missing, len(genes), modality)}")
            self._on_listed(Feature(GENE_SET, name))

        run_job(self.session, f"Scoring {name}", lambda: score(section.dataset, modality, name, genes), done)

    def _show(self, make: Callable[[], Coloring]) -> bool:
        with Attempt(self.session, "Colouring") as coloring:
            self.session.color(make())
        return coloring.well

    def _on_recent(self, feature: Feature) -> None:
        self._search.set_picked(feature)
        self.pick(feature)

    def _on_within(self) -> None:
        self._search.set_modality(self._within.currentData())
        self._fill_list()

    def _on_two(self, two: bool) -> None:
        self._one_row.setVisible(not two)
        self._recent.set_wanted(not two)
        self._together.setVisible(two)
        (self._together.channels[0].search if two else self._search).setFocus()
        self._fill_list()
        if two:
            self._mix()
        elif self._search.feature is not None:
            self.pick(self._search.feature)
        elif self._together.parts:
            self.session.color(None)

    def _on_back(self) -> None:
        self.session.color(None)

    # What the session says

    def _on_section(self, section: OpenSection | None) -> None:
        self._empty.setVisible(section is None)
        self._scrolled.setVisible(section is not None)
        self._predicted = () if section is None or section.result is None else tuple(section.result.predicted)
        self._recent.set_features([])
        self._search.set_picked(None)
        modalities = {} if section is None else section.dataset.modalities
        self._together.begin({name: modality.kind for name, modality in modalities.items()})
        self._fill_index()
        self._on_shown(self.session.shown)

    def _fill_index(self) -> None:
        """Find what there is to colour by; what a person picked stays."""
        section, within = self.session.section, self._within.currentData()
        self._read = {}
        self._index = self._last_index.of(section, self._predicted)
        for field in self._fields:
            picked = field.feature
            field.set_index(self._index)
            field.set_picked(picked)
        names = () if self._index is None else self._index.modalities
        self._within.blockSignals(True)
        self._within.clear()
        self._within.addItem("everywhere", None)
        for name in names:
            self._within.addItem(f"in {name}s" if name in (COLUMN, GENE_SET) else f"in {name}", name)
        self._within.setCurrentIndex(max(self._within.findData(within), 0))
        self._within.blockSignals(False)
        self._on_within()

    def _on_result(self, result: Result | None) -> None:
        """Find what another result predicts."""
        self._read = {}
        if (() if result is None else tuple(result.predicted)) != self._predicted:
            self._on_section(self.session.section)

    def _on_annotations(self, column: str) -> None:
        """Find the columns that a person made; what is chosen and shown stays."""
        section = self.session.section
        if section is None:
            return
        self._index = index = FeatureIndex(section.dataset, self._predicted, section.scores)
        self._read = {}
        for field in self._fields:
            field.renew_index(index)
        gone = {one for one in self._recent.features if one.modality == COLUMN and one.name not in section.dataset.obs}
        self._recent.set_features(one for one in self._recent.features if one not in gone)
        known = [self._within.itemData(at) for at in range(self._within.count())]
        if COLUMN in index.modalities and COLUMN not in known:
            self._within.addItem(f"in {COLUMN}s", COLUMN)
        self._listed = None
        self._fill_list()
        coloring = self.session.coloring
        if coloring is not None and coloring.title == column and coloring.colors:
            there = column in section.dataset.obs
            self.session.color(coloring_by(section.dataset, Feature(COLUMN, column)) if there else None)

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

        for field in self._fields:
            field.set_style(get_stylesheet(name))
        self._panel.set_text_color(get_theme(name).text.as_hex())

    def _fill_list(self) -> None:
        dataset, index, two = self.session.dataset, self._index, self._two.isChecked()
        wanted = (index, None if two else self._within.currentData(), two)
        if dataset is None or index is None or not self.isVisible() or wanted == self._listed:
            return
        self._listed = wanted
        self._list.set_groups(suggested(dataset, index, wanted[1], columns=not two))
