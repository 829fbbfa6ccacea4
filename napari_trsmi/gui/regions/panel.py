"""Name regions of the tissue: draw them, list them, give them to other programs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QSignalBlocker
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QColorDialog,
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.gui.drawing.pen import Pen
from napari_trsmi.gui.drawing.timing import soon
from napari_trsmi.gui.finding import maps
from napari_trsmi.gui.jobs import exporting
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.gui.regions.bar import ToolBar
from napari_trsmi.gui.regions.regions import Regions
from napari_trsmi.gui.regions.table import RegionTable
from napari_trsmi.gui.session.annotations import fresh_colors
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.named import NameBox
from napari_trsmi.gui.widgets.plain import Label

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.session import Session

DIM = "60"  # opacity of the marks of regions that are not chosen, in hex
NOTHING = "No region yet. What you draw becomes the first one."


class RegionsPanel(QWidget):
    """A column of one's own: the tools to draw in it, its regions, and what can be done with them."""

    def __init__(self, session: Session, viewer: Viewer) -> None:
        super().__init__()
        self.session, self.regions = session, Regions(session)
        self.pen = Pen(viewer, session, self)
        self.bar = ToolBar(session, self.pen, self.regions)
        self.table = RegionTable()
        self.buttons: dict[str, QPushButton] = {}
        self._front = False
        self._begin = soon(self, self._draw_first)
        self._lay_out()
        self.pen.drawn.connect(self._on_drawn)
        self.table.chosen.connect(lambda name: self.regions.choose(region=name))
        self.table.unwanted.connect(self.regions.remove)
        self.table.regions.renamed.connect(self._try(self.regions.rename))
        self.columns.activated.connect(lambda _: self.regions.choose(column=self.columns.currentText()))
        listen(
            self,
            (self.regions.changed, self.refresh),
            (session.coloring_changed, self._on_coloring),
            (session.parts.chosen_changed, self.refresh),
            (session.parts.laid, self._on_laid),
        )
        self.refresh()

    def _lay_out(self) -> None:
        self.columns = NameBox("The column that these regions are in; a spot is in one region of each column")
        self.columns.setAccessibleName("Column")
        self.columns.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.columns.setMinimumWidth(76)  # "region" is read in a dock that is alone at its side, too
        self.nothing = Label(NOTHING)
        self.nothing.setWordWrap(True)
        label = Label("Column")
        label.setBuddy(self.columns)
        rows = (
            (
                label,
                (self.columns, 1),
                self._button("New…", "Begin another column, beside these", self.new_column),
                self._button("Remove", "Remove this column and its regions", self.regions.remove_column),
            ),
            (
                self._button("New region", "Begin another region (Alt+N)", self.new_region, "Alt+N"),
                self._button("Colour…", "Give the chosen region another colour", self.recolor),
                self._button("Delete", "Remove the chosen region (Delete)", self.remove),
            ),
            (
                self._button("Colour by it", "Colour the spots by this column, or show domains again", self.color_by),
                self._button("Bring in…", f"Columns from a file: {_FILES}. Or drop it on the tissue.", self.bring_in),
            ),
            (
                self._button("GeoJSON…", exporting.TARGETS[0].tip, partial(self.save, exporting.TARGETS[0])),
                self._button("More…", "Save this column for another program", lambda: None),
            ),
        )
        lines = []
        for row in rows:
            line = QHBoxLayout()
            line.setSpacing(4)
            for one in row:
                line.addWidget(*one) if isinstance(one, tuple) else line.addWidget(one)
            lines.append(line)
        self.buttons["Colour by it"].setCheckable(True)
        self.buttons["New region"].setAutoDefault(False)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for target in exporting.TARGETS[1:]:
            action = menu.addAction(target.text)
            assert action is not None
            action.setToolTip(target.tip)
            action.triggered.connect(lambda _=False, target=target: self.save(target))
        self.buttons["More…"].setMenu(menu)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(lines[0])
        layout.addWidget(self.bar)
        layout.addWidget(self.nothing)
        layout.addWidget(self.table, 1)
        for line in lines[1:]:
            layout.addLayout(line)

    def _button(self, text: str, tip: str, do: Callable[[], Any], keys: str = "") -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance(text) + 16)
        if keys:
            button.setShortcut(keys)
        button.clicked.connect(lambda *_: do())
        self.buttons[text] = button
        return button

    def _try(self, do: Callable[..., None]) -> Callable[..., None]:
        def tried(*given: Any) -> None:
            with Attempt(self.session, getattr(do, "__qualname__", "")):
                do(*given)

        return tried

    # What a person does

    def new_region(self) -> None:
        """Begin a region and draw it."""
        self.regions.new_region()
        self.bar.erase.setChecked(False)
        if not self.pen.tool:
            self.pen.take("lasso")

    def new_column(self) -> None:
        """Ask for a name, and begin a column of it."""
        name, yes = QInputDialog.getText(self, "New column", "Name of the column")
        if yes:
            self._try(self.regions.new_column)(name.strip())

    def recolor(self) -> None:
        """Ask for a colour, and give it to the chosen region."""
        row = next((one for one in self.regions.rows if one.name == self.regions.region), None)
        if row is not None:
            color = QColorDialog.getColor(QColor(row.color), self, f"Colour of {row.name}")
            if color.isValid():
                self.regions.recolor(row.name, color.name())

    def remove(self) -> None:
        """Remove the chosen region."""
        self.regions.remove(self.regions.region)

    def color_by(self) -> None:
        """Colour the spots by the column, or no longer."""
        dataset = self.session.dataset
        if dataset is not None and self.buttons["Colour by it"].isChecked():
            self._try(lambda: self.session.color(maps.obs_coloring(dataset, self.regions.column)))()
        else:
            self.session.color(None)

    def save(self, target: exporting.Target) -> None:
        """Ask where to, and write the column for another program."""
        dataset = self.session.dataset
        if dataset is None:
            return
        if missing := exporting.lacks(target):
            self.session.failed.emit(missing)
            return
        name = f"{dataset.name.replace(' + ', '_').replace('/', '_')}_{self.regions.column}{target.ending}"
        path = folders.ask_to_save(self, f"Save {self.regions.column}", self._folder / name, target.filter)
        if path is not None:
            exporting.write(self.session, target, path, [self.regions.column])

    def bring_in(self) -> None:
        """Ask for a file of another program, and make columns of it."""
        path = folders.ask_for_file(self, "Bring in annotations", exporting.ANNOTATIONS, self._folder)
        if path is not None:
            exporting.bring_in(self.session, path)

    @property
    def _folder(self) -> Path:
        dataset = self.session.dataset
        return folders.beside(dataset.sources[0] if dataset is not None and dataset.sources else None)

    def _on_drawn(self, rows: np.ndarray) -> None:
        self._try(self.regions.erase if self.bar.erase.isChecked() else self.regions.add)(rows)

    # What there is

    def refresh(self, *_: Any) -> None:
        """Show the regions of the column, and mark them on the tissue."""
        regions, rows = self.regions, self.regions.rows
        with QSignalBlocker(self.columns):
            self.columns.clear()
            self.columns.addItems(list(regions.columns))
            self.columns.setCurrentText(regions.column)
        self.columns.setEnabled(bool(regions.columns))
        self.table.show_rows(rows, regions.region)
        self.nothing.setVisible(not rows)
        drawn = any(row.n_all for row in rows)
        for name in ("Colour by it", "GeoJSON…", "More…"):
            self.buttons[name].setEnabled(drawn)
        for name in ("Colour…", "Delete"):
            self.buttons[name].setEnabled(bool(rows))
        self.buttons["Remove"].setEnabled(bool(regions.columns))
        chosen = next((row.color for row in rows if row.name == regions.region), "")
        if not chosen and (section := self.session.section) is not None:
            chosen = fresh_colors(section, [""], {})[""]  # which the first one gets
        self.pen.set_color(chosen or self.pen.color)
        self.mark()
        coloring, dataset = self.session.coloring, self.session.dataset
        if coloring is not None and dataset is not None and coloring.title == regions.column and drawn:
            self.session.color(maps.obs_coloring(dataset, regions.column))
        self._on_coloring(self.session.coloring)

    def mark(self) -> None:
        """Mark the regions on the tissue while somebody sees this list; the chosen one stands out."""
        values, rows = self.regions.values, self.regions.rows
        if values is None or not self._front:
            return self.pen.mark(None)
        colors = [row.color + ("" if row.name == self.regions.region else DIM) for row in rows]
        return self.pen.mark(values.codes.astype(np.int64) + 1, colors)

    def come(self, front: bool) -> None:
        """Mark the regions while the dock is in front, and draw the first one at once; else put the tool down."""
        self._front = front
        self.mark()
        if not front:
            self.pen.take("")
        else:
            self._begin.start()  # a dock comes and goes a few times before it lies where it stays

    def _draw_first(self) -> None:
        if self._front and self.session.section is not None and not self.regions.columns:
            self.pen.take("lasso")

    def showEvent(self, event: Any) -> None:
        """Begin as soon as there is a section."""
        super().showEvent(event)
        if self._front:
            self.come(True)

    def leave(self) -> None:
        """Take what was drawn out of the viewer."""
        self.pen.leave()

    def _on_laid(self, _: Any) -> None:
        self.mark()

    def _on_coloring(self, coloring: Any) -> None:
        button = self.buttons["Colour by it"]
        button.setChecked(coloring is not None and coloring.title == self.regions.column)


_FILES = "GeoJSON of QuPath, or tables of Loupe and Xenium Explorer"
