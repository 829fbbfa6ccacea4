"""An answer to "what differs?", a modality at a time: table, volcano plot, dots and violins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from napari_trsmi.gui.ask.feature_table import FeatureTable
from napari_trsmi.gui.ask.picture import Picture
from napari_trsmi.gui.ask.saving import ask_path, save_drawing, save_table
from napari_trsmi.gui.ask.volcano import Volcano
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.gui.viewer.tabs import PLAIN
from napari_trsmi.gui.widgets.buttons import text_button

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from napari_trsmi.answers import Difference
    from napari_trsmi.gui.session.session import Session

_FIRST = 6  # features in dots and violins where no more are selected
_MOST = 12  # of those that are selected
_DOMAINS = 12  # that stand beside A and B in the dots
_SAVED_WIDTH = 5.0  # inches


class AnswerViews(QWidget):
    """The tables of a `Difference`, looked at in four ways; a feature that is chosen colours the tissue.

    Signals
    -------
    modality_changed()
        Another modality is shown.
    """

    modality_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.found: Difference | None = None
        self.modality = QComboBox()
        self.modality.setAccessibleName("Modality")
        self.modality.setToolTip("The modality that is shown")
        self.modality.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.save_table = text_button("CSV…", "Save the tables of all modalities as one CSV file", self._save_table)
        self.save_figure = text_button(
            "Figure…", "Save what is shown, of a table the volcano plot, as PNG, SVG or PDF", self._save_figure
        )
        self.table, self.volcano = FeatureTable(), Volcano()
        self.dots, self.violins = Picture(session, "Dot plot"), Picture(session, "Violins")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setStyleSheet(PLAIN)
        for widget, name in (
            (self.table, "Table"),
            (self.volcano, "Volcano"),
            (self.dots, "Dots"),
            (self.violins, "Violins"),
        ):
            self.tabs.addTab(widget, name)
        row = QHBoxLayout()
        row.addWidget(self.modality, 1)
        row.addWidget(self.save_table)
        row.addWidget(self.save_figure)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.tabs, 1)
        self.modality.currentIndexChanged.connect(self._on_modality)
        self.tabs.currentChanged.connect(self._draw)
        self.table.chosen.connect(self._on_feature)
        self.volcano.chosen.connect(self._on_dot)

    def show_answer(self, found: Difference | None) -> None:
        """Show an answer, or nothing; the modality stays where the answer has it."""
        self.found, before = found, self.modality.currentText()
        self.modality.blockSignals(True)
        self.modality.clear()
        for name in () if found is None else found.tables:
            self.modality.addItem(name)
        self.modality.setCurrentIndex(max(self.modality.findText(before), 0 if self.modality.count() else -1))
        self.modality.blockSignals(False)
        for button in (self.save_table, self.save_figure):
            button.setEnabled(self.modality.count() > 0)
        self._fill()

    def _on_modality(self, _: int) -> None:
        self._fill()
        self.modality_changed.emit()

    def _fill(self) -> None:
        table = None if self.found is None else self.found.tables.get(self.modality.currentText())
        self.table.set_table(table)
        self.volcano.set_table(table)
        self._draw()

    def _on_dot(self, row: int) -> None:
        """Reach the feature that was clicked in the plot."""
        self.table.select(row)

    def _on_feature(self, row: int) -> None:
        """Colour the tissue by a feature."""
        from napari_trsmi.gui.finding.maps import feature_coloring

        dataset, table = self.session.dataset, self.table.features.table
        if dataset is None or table is None:
            return
        self.volcano.mark(row)
        with Attempt(self.session, "Colouring"):
            self.session.color(feature_coloring(dataset, self.modality.currentText(), str(table["feature"].iloc[row])))

    def set_text_color(self, color: str) -> None:
        """Draw plots and figures in the text colour of the theme."""
        for plot in (self.volcano, self.dots, self.violins):
            plot.set_text_color(color)

    # Figures

    def _features(self) -> list[tuple[str, str]]:
        """Return the features that are selected; with one or none those that differ most as well."""
        table = self.table.features.table
        if table is None:
            return []
        rows = self.table.selected
        if len(rows) < 2:
            rows = [*rows, *(row for row in range(min(_FIRST, len(table))) if row not in rows)]
        return [(self.modality.currentText(), str(table["feature"].iloc[row])) for row in rows[:_MOST]]

    def _draw(self, _: Any = None) -> None:
        """Draw what is in front."""
        shown = self.tabs.currentWidget()
        if isinstance(shown, Picture):
            if (draw := self._drawing()) is None:
                shown.show_text("There is nothing to draw yet.")
            else:
                shown.show_figure(draw)

    def _drawing(self) -> Callable[[float], Figure] | None:
        """Return the function that draws what is in front for a width in inches; None for nothing."""
        from napari_trsmi.answers import figures
        from napari_trsmi.answers.groups import group_of

        found, dataset, result, features = self.found, self.session.dataset, self.session.result, self._features()
        if found is None or dataset is None or not features:
            return None
        name, shown = self.modality.currentText(), self.tabs.currentWidget()

        def volcano(width: float) -> Figure:
            return figures.draw_volcano(found, [name], width)

        def violins(width: float) -> Figure:
            return figures.draw_violins(dataset, features, [found.a, found.b], width)

        def dots(width: float) -> Figure:
            domains = [] if result is None else [group_of(f"domain:{one}", dataset, result) for one in result.names]
            others = [one for one in domains if one.name not in (found.a.name, found.b.name)]
            return figures.draw_dots(dataset, features, [found.a, found.b, *others[:_DOMAINS]], width)

        return dots if shown is self.dots else violins if shown is self.violins else volcano

    def _save_table(self) -> None:
        if (found := self.found) is not None and (path := ask_path(self, self.session, "differs.csv")) is not None:
            save_table(self.session, found.table(), path)

    def _save_figure(self) -> None:
        if (draw := self._drawing()) is None:
            return
        shown = self.tabs.currentWidget()
        name = "dots.png" if shown is self.dots else "violins.png" if shown is self.violins else "volcano.png"
        if (path := ask_path(self, self.session, name)) is not None:
            save_drawing(self.session, lambda: draw(_SAVED_WIDTH), path)
