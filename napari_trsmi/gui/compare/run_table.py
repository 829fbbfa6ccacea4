"""The runs of a section as a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QFont
from qtpy.QtWidgets import QAbstractItemView, QTableView

from napari_trsmi.glossary import TERMS, term
from napari_trsmi.gui.session.runs import scores
from napari_trsmi.gui.widgets.columns import Column, ColumnModel, Index, Role
from napari_trsmi.gui.words import duration

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.runs import Entry, Runs

PIN = "★"
FOLLOWS = term("preservation_each modality")

COLUMNS = (
    Column("name", "Run", f"Name; bold: the one that is shown, {PIN}: pinned", 76),
    Column("domains", "Domains", "Number of domains found", 66),
    Column("differs", "Differs in", "What sets the run apart from the others; from the defaults if it is alone", 126),
    Column("agreement", "Like", f"How like the run that is shown. {TERMS['ari'].name}: {TERMS['ari'].meaning}", 42),
    Column("support", "Support", "Mean support of the spots, from 0 to 1", 62),
    Column("confidence", "Certain", "Mean certainty of the model over the spots, from 0 to 1", 58),
    Column("PAS", TERMS["PAS"].heading, f"{TERMS['PAS'].name}: {TERMS['PAS'].meaning}", 68),
    Column("preservation", "Follows", f"{FOLLOWS.meaning} Mean over the modalities.", 56),
    Column("seconds", "Time", "How long the run took", 52),
)


class RunModel(ColumnModel):
    """One row per run, pinned ones on top.

    Signals
    -------
    renamed(object, str)
        A person typed another name for an entry.
    """

    renamed = Signal(object, str)
    columns = COLUMNS
    editable = "name"

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self.shown: Entry | None = None
        self._values: list[dict[str, Any]] = []

    def set_runs(self, runs: Runs | None, result: Result | None) -> None:
        """List the runs; `result` is the one that is shown."""
        self.beginResetModel()
        self.entries = [] if runs is None else list(runs)
        self.shown = None if runs is None else runs.entry_of(result)
        differing = {} if runs is None else runs.differing()
        self._values = [
            {
                "name": f"{PIN} {entry.name}" if entry.pinned else entry.name,
                "domains": entry.result.partition.n_domains,
                "agreement": math.nan if runs is None or self.shown is None else runs.agreement(entry, self.shown),
                "differs": differing[entry.number],
                **scores(entry.result),
            }
            for entry in self.entries
        ]
        self.endResetModel()

    def text(self, row: int, key: str) -> str:
        """Return what a cell shows."""
        value = self._values[row][key]
        if isinstance(value, str | int):
            return str(value)
        if math.isnan(value):
            return ""
        return duration(value) if key == "seconds" else f"{value:.2f}"

    @property
    def n_rows(self) -> int:
        """Number of runs."""
        return len(self.entries)

    def write(self, row: int, text: str) -> None:
        """Ask for another name of a run."""
        if text != self.entries[row].name:
            self.renamed.emit(self.entries[row], text)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid():
            return None
        row, column = index.row(), COLUMNS[index.column()]
        if role == Role.EditRole:
            return self.entries[row].name
        if role == Role.DisplayRole:
            return self.text(row, column.key)
        if role == Role.ToolTipRole:
            path = self.entries[row].path
            saved = f"\nSaved in {path}" if column.key == "name" and path is not None else ""
            return f"{self.text(row, column.key)}\n{column.help}{saved}"
        if role == Role.FontRole and column.key == "name" and self.entries[row] is self.shown:
            font = QFont()
            font.setBold(True)
            return font
        if role == Role.TextAlignmentRole and column.key not in ("name", "differs"):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


class RunView(QTableView):
    """The table as it is seen: Enter or a double click shows a run, F2 renames, P pins, Delete deletes.

    Signals
    -------
    wanted(str)
        A key or click asks for ``"show"``, ``"pin"`` or ``"delete"`` on the selected run.
    chosen()
        Another run is selected.
    """

    wanted = Signal(str)
    chosen = Signal()
    KEYS = {  # noqa: RUF012
        Qt.Key.Key_Return: "show",
        Qt.Key.Key_Enter: "show",
        Qt.Key.Key_P: "pin",
        Qt.Key.Key_Delete: "delete",
        Qt.Key.Key_Backspace: "delete",
    }

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        self.runs = model
        self._chosen: Entry | None = None
        self._shown: Entry | None = None
        self.setModel(model)
        self.setAccessibleName("Runs")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        header: Any = self.verticalHeader()
        header.hide()
        header.setDefaultSectionSize(24)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(24)
        for at, column in enumerate(COLUMNS):
            self.setColumnWidth(at, column.width)
        self.doubleClicked.connect(lambda _: self.wanted.emit("show"))
        selection: Any = self.selectionModel()
        selection.selectionChanged.connect(lambda *_: self._on_selection())
        model.modelReset.connect(self._on_reset)

    @property
    def entry(self) -> Entry | None:
        """The selected run."""
        selection: Any = self.selectionModel()
        rows = selection.selectedRows()
        return self.runs.entries[rows[0].row()] if rows else None

    def choose(self, entry: Entry | None) -> None:
        """Select a run; the first one where there is no such run."""
        entries = self.runs.entries
        if entries:
            self.selectRow(entries.index(entry) if entry in entries else 0)

    def rename(self) -> None:
        """Write the name of the selected run in its cell."""
        if self.entry is not None:
            index = self.runs.index(self.runs.entries.index(self.entry), 0)
            self.scrollTo(index)
            self.edit(index)

    def _on_selection(self) -> None:
        if self.entry is not None:
            self._chosen = self.entry
            self.chosen.emit()

    def _on_reset(self) -> None:
        """Select the run that came to be shown, else keep the one that was selected: a new list takes that away."""
        shown = self.runs.shown
        keep = self._chosen in self.runs.entries and shown is self._shown
        self._shown = shown
        self.choose(self._chosen if keep else shown)
        self.chosen.emit()

    def keyPressEvent(self, event: Any) -> None:  # noqa: D102
        what = self.KEYS.get(event.key())
        editing = self.state() == QAbstractItemView.State.EditingState
        if what is None or editing or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        else:
            self.wanted.emit(what)
