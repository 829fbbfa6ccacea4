"""Across the chosen boundary: features and confidence by the distance to it, on both sides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.gui.boundaries.carrier_tables import without_features
from napari_trsmi.gui.finding.feature_search import FeatureSearch
from napari_trsmi.gui.finding.features import Feature, FeatureIndex
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import ElidingLabel, Label
from napari_trsmi.profile_figure import Band

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.boundaries.carrier_tables import CarrierTables
    from napari_trsmi.gui.session.session import Session

N_TOP = 3  # features per modality that are shown unless a person chooses
BANDS: tuple[tuple[Band, str], ...] = (("quantiles", "Median, quartiles"), ("error", "Mean, 95 %"))
HOP = "A hop is the step from a spot to one beside it; the spots at the boundary are at 1."
KINDS = "Figure (*.png *.svg *.pdf);;Table (*.csv)"


def ask_path(parent: QWidget, suggested: str) -> Path | None:
    """Ask a person where to save; None where they do not want to."""
    return folders.ask_to_save(parent, "Save the profiles", suggested, KINDS)


class AcrossPanel(QWidget):
    """Profiles of what carries the chosen boundary, or of features that a person names.

    Attributes
    ----------
    own
        {modality: features} that a person named; empty for those that differ most.
    table
        What is shown, see `evidence.across.profile_across`, or None.
    """

    def __init__(self, session: Session, carriers: CarrierTables) -> None:
        super().__init__()
        self.session, self.carriers = session, carriers
        self.own: dict[str, list[str]] = {}
        self.table: pd.DataFrame | None = None
        self.ask: Callable[[QWidget, str], Path | None] = ask_path
        self._made_of: Any = None  # what the table is of: boundaries, segment, features, hops
        self._under_way: Any = None
        self._knows_features = False  # the field does, of the open section
        self._build()
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.boundary_changed, self._refresh),
            (session.result_changed, self._refresh),
            (session.run_changed, self._refresh),
            (carriers.changed, self._refresh),
        )
        self._refresh()

    def _build(self) -> None:
        from napari_trsmi.gui.boundaries.profile_plots import ProfilePlots

        self.about = ElidingLabel()
        self.note = Label()
        self.note.setWordWrap(True)
        self.search = FeatureSearch("Add a feature…", "A gene, protein or component to follow; those added before stay")
        self.search.setAccessibleName("Feature to follow across the boundary")
        self.search.picked.connect(self._add)
        self.default = QPushButton("Carriers")
        self.default.setToolTip("Again the features that differ most across this boundary")
        self.default.clicked.connect(self._forget)
        self.unit, self.band = QComboBox(), QComboBox()
        self.unit.addItem("Hops", False)
        self.unit.addItem("Micrometres", True)
        self.unit.setToolTip(f"How the distance to the boundary is measured. {HOP}")
        self.unit.setAccessibleName("Unit of the distance")
        for key, title in BANDS:
            self.band.addItem(title, key)
        self.band.setToolTip("What line and band are. The interval takes spots as independent, which they are not.")
        self.band.setAccessibleName("Line and band")
        for box in (self.unit, self.band):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.currentIndexChanged.connect(self._draw)
        self.hops = QSpinBox()
        self.hops.setRange(1, 50)
        self.hops.setValue(6)
        self.hops.setSuffix(" hops to each side")
        self.hops.setKeyboardTracking(False)
        self.hops.setToolTip(f"How many spots to go to each side. {HOP}")
        self.hops.setAccessibleName("Hops to each side")
        self.hops.valueChanged.connect(self._refresh)
        self.save_button = QPushButton("Save…")
        self.save_button.setToolTip("Save the profiles as a figure (.png, .svg, .pdf) or a table (.csv)")
        self.save_button.clicked.connect(self.save)
        self.plots = ProfilePlots()
        first, second, third = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.search, 1)
        first.addWidget(self.default)
        second.addWidget(self.unit, 2)
        second.addWidget(self.band, 3)  # of 330 px, so that both can be read
        third.addWidget(self.hops, 1)
        third.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.about)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addLayout(third)
        layout.addWidget(self.note)
        layout.addWidget(self.plots, 1)

    def showEvent(self, event: Any) -> None:
        """Measure when it is looked at."""
        super().showEvent(event)
        self._refresh()

    # What a person does

    def follow(self, modality: str, feature: str) -> None:
        """Follow a feature from now on, beside those named before."""
        if feature not in self.own.setdefault(modality, []):
            self.own[modality].append(feature)
        self._refresh()

    def _add(self, feature: Feature | None) -> None:
        if feature is not None:
            self.search.set_picked(None)  # for the next one
            self.follow(feature.modality, feature.name)

    def _forget(self) -> None:
        self.own = {}
        self._refresh()

    def save(self) -> None:
        """Ask for a file, and write the profiles there."""
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.sheets import write_sheet
        from napari_trsmi.profile_figure import save_profile

        table, result = self.table, self.session.result
        if table is None or result is None:
            return
        path = self.ask(self, f"{result.dataset.name}_across_{int(table['segment'].iloc[0])}.png")
        if path is None:
            return
        with Attempt(self.session, "Saving"):
            if path.suffix == ".csv":
                with replacing(path) as temporary:
                    write_sheet(table, temporary)
            else:
                save_profile(table, path, band=self.band.currentData(), microns=self._microns)
            self.session.told.emit(f"The profiles are in {path}.")

    # What is shown

    def _on_section(self, _: Any) -> None:
        self._knows_features = False
        self.search.set_index(None)
        self._refresh()

    def _refresh(self, *_: Any) -> None:
        """Show the profiles of the chosen boundary, or what is missing; measure them where they are not known."""
        result, segment = self.session.result, self.session.boundary
        table = None if result is None else result.boundaries
        if result is None or table is None or segment is None or segment >= len(table):
            self._take(None, None)
            self._say("", "Choose a boundary in the list or on the section.")
            return
        a, b = (result.names[int(table[key].iloc[segment])] for key in ("domain_a", "domain_b"))
        about = f"Domain {a} (left) | domain {b} (right)"
        if not self.isVisible():
            return
        if not self._knows_features:
            self._knows_features = True
            self.search.set_index(FeatureIndex(result.dataset, columns=False))
        features = self._features(segment)
        if features is None:
            self._take(None, None)
            waits = self.session.run is not None
            if not waits:
                self.carriers.find(segment)
            line = "once training has ended" if waits else "the first time this takes some seconds"
            self._say(about, f"Looking for what differs across it; {line}…")
            return
        made_of = (result.boundary_edges, segment, features, self.hops.value())
        if self._same(self._made_of, made_of):
            self._say(about, self._told(result, segment, features))
            return
        if not self._same(self._under_way, made_of):
            self._measure(result, made_of)
        self._say(about, "Measuring…")

    def _features(self, segment: int) -> dict[str, list[str]] | None:
        """Return {modality: features} to follow; None where they are not known yet."""
        if self.own:
            return {name: list(own) for name, own in self.own.items()}
        if segment not in self.carriers.tables:
            return None
        found = self.carriers.tables[segment]
        if found is None:
            return {}
        parts = found.groupby("modality", sort=False)
        return {str(name): part["feature"].head(N_TOP).tolist() for name, part in parts}

    def _measure(self, result: Result, made_of: Any) -> None:
        _, segment, features, hops = self._under_way = made_of

        def work() -> Any:
            from napari_trsmi.evidence.across import profile_across

            return profile_across(result, segment, features, hops)

        def failed(_: str) -> None:
            self.own = {}
            self._under_way = None

        def done(table: pd.DataFrame) -> None:
            if self._under_way is made_of:
                self._under_way = None
                self._take(table, made_of)
                self._refresh()

        run_job(self.session, "Measuring across a boundary", work, done, failed, with_window=True)

    def _take(self, table: pd.DataFrame | None, made_of: Any) -> None:
        self.table, self._made_of = table, made_of
        self._draw()

    def _draw(self, *_: Any) -> None:
        table = self.table
        known = table is not None and bool(table["distance_um"].notna().all())
        self.unit.setEnabled(known)
        if table is not None and not known:
            self.unit.setCurrentIndex(0)
        self.plots.show_table(table, self.band.currentData(), self._microns)
        self.save_button.setEnabled(table is not None)

    @property
    def _microns(self) -> bool:
        return bool(self.unit.currentData())

    def _told(self, result: Result, segment: int, features: dict[str, list[str]]) -> str:
        none = [name for name in result.dataset.modalities if not features.get(name)]
        if self.own:
            return ""
        if len(none) == len(result.dataset.modalities):
            return "No feature differs across it, as measured by counts that did not draw it. Type one to follow it."
        told = "The features that differ most across it, as measured where it was drawn."
        return f"{told} {without_features(result, segment, none)}".rstrip()

    def _say(self, about: str, note: str) -> None:
        self.about.setText(about)
        self.about.setToolTip(about)
        self.about.setVisible(bool(about))
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.default.setEnabled(bool(self.own))

    @staticmethod
    def _same(one: Any, other: Any) -> bool:
        return one is not None and one[0] is other[0] and one[1:] == other[1:]
