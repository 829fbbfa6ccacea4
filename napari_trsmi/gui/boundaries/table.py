"""The boundaries of a result as a table that can be sorted, filtered and marked."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QPainter, QPixmap

from napari_trsmi.evidence import SUPPORT
from napari_trsmi.gui.boundaries.layers import measures
from napari_trsmi.gui.widgets.columns import Column, ColumnModel, Index, Role
from napari_trsmi.reviews import REVIEW
from napari_trsmi.summary import SUPPORT_MEANS
from napari_trsmi.trust import BY_CHANCE, STABILITY

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result
    from napari_trsmi.edits import Verdict

CERTAINTY_MEANS = "Certainty of the model: by how much the spots prefer their own side, from 0 to 1"
TRUST = {  # column once the result was checked: heading, meaning
    STABILITY: ("Stable", "Share of the runs on fresh measurements, from other seeds, that draw this boundary"),
    BY_CHANCE: ("Chance", "Share of the boundary drawn on shuffled tissue that is as certain; near 0: not by chance"),
}
VERDICTS = {"keep": "kept", "doubt": "doubtful", "reject": "rejected"}
SIGNS = {"keep": "✓ kept", "doubt": "? doubt", "reject": "✗ reject"}
CONFIRM = "the boundary there is the same. A key confirms, changes or clears it."
CARRIED = "←"  # in place of the sign, where the verdict was given in another run
FILTERS = {
    "all": "All",
    "unreviewed": "Unreviewed",
    "keep": "Kept",
    "doubt": "Doubtful",
    "reject": "Rejected",
    "note": "With a note",
    "carried": "Carried over",
}
ORDERS = {  # what comes first: what people read
    "weight": "Matters most",
    "least": "Least supported",
    "longest": "Longest",
}
SWATCH = 11
SEPARATOR = " | "  # between the names of two domains


def columns_of(boundaries: pd.DataFrame, unit: str, several: bool = False) -> tuple[Column, ...]:
    """Return the columns of the table for a result's boundaries, of `several` sections or one.

    `unit` is that of the lengths.
    """
    contrasts = [
        Column(
            name,
            name.removeprefix("contrast_"),
            f"How far the two sides differ in {name.removeprefix('contrast_')}, in standard deviations; "
            "near 0 where it sees no boundary",
            48,
        )
        for name in boundaries.columns
        if name.startswith("contrast_")
    ]
    certainty = Column("confidence", "Certain", CERTAINTY_MEANS, 56)
    first, later = [certainty], []
    if SUPPORT in boundaries:
        first, later = [Column(SUPPORT, "Support", SUPPORT_MEANS, 58)], [certainty]
    trust = [Column(name, *words, 54) for name, words in TRUST.items() if name in boundaries]
    return (
        Column("domains", "Domains", "The two domains that meet here", 68),
        *([Column("section", "Section", "The section of the study that the boundary is in", 56)] if several else []),
        *first,
        Column("length", unit, f"Length of the boundary in {unit}", 46),
        *trust,
        Column("review", "Review", "Your verdict: K keep, D doubt, R reject, U clear", 58),
        *contrasts,
        *later,
        Column("markers", "Markers", "What marks the two domains most", 150),
        Column("note", "Note", "Your note: N or a double click to write", 150),
    )


def section_of_each(result: Result) -> list[str]:
    """Return the name of the section that each boundary of a study is in; empty for one section."""
    edges = result.boundary_edges
    if result.dataset.section is None or result.boundaries is None or edges is None:
        return []
    first = edges.drop_duplicates("segment").set_index("segment")["i"]
    rows = first.reindex(result.boundaries["segment"]).to_numpy()
    return result.sections[rows.astype(int)].tolist()


class BoundaryModel(ColumnModel):
    """One row per boundary segment; row s is segment s.

    Signals
    -------
    noted(int, str)
        A person wrote a note on a segment.
    """

    noted = Signal(int, str)
    editable = "note"

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.columns: tuple[Column, ...] = ()
        self.markers: dict[int, str] = {}
        self._values: dict[str, list[Any]] = {}  # by column, one value per segment: what is sorted by
        self._names: tuple[str, ...] = ()
        self._coarse = True  # lengths are shown as whole numbers
        self._swatches: list[QPixmap] = []

    def set_result(self, result: Result | None, *, same: bool = False) -> None:
        """Show the boundaries of a result; `same` where only names, colours or the review changed."""
        if same and result is not None:
            self._fill(result)
            self._tell_changed()
            return
        self.beginResetModel()
        self.columns, self.markers, self._values = (), {}, {}
        if result is not None and result.boundaries is not None:
            self._fill(result)
        self.endResetModel()

    def _fill(self, result: Result) -> None:
        table, microns = result.boundaries, result.dataset.microns_per_unit
        assert table is not None
        names = section_of_each(result)
        self.columns = columns_of(table, "px" if microns is None else "µm", bool(names))
        pairs = list(zip(table["domain_a"].tolist(), table["domain_b"].tolist(), strict=True))
        self._values = {name: table[name].tolist() for name in (*measures(table), *(set(TRUST) & set(table)))}
        self._values["domains"], self._values["section"] = pairs, names
        lengths = table["length"] * (microns or 1.0)
        self._values["length"], self._coarse = lengths.tolist(), lengths.min() >= 1
        for key in REVIEW:
            self._values[key] = table[key].fillna("").tolist() if key in table else [""] * len(table)
        self._names = result.names
        self._swatches = [_swatches(result.palette[a], result.palette[b]) for a, b in pairs]

    def set_markers(self, markers: dict[int, str]) -> None:
        """Fill in what marks each domain, as {number of the domain: text}."""
        self.markers = markers
        self._tell_changed()

    def _tell_changed(self) -> None:
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def longest(self, key: str) -> str:
        """Return the longest text in a column."""
        return max((self.text(segment, key) for segment in range(self.rowCount())), key=len, default="")

    def column(self, key: str) -> int:
        """Return the position of a column, -1 where there is none."""
        return next((at for at, column in enumerate(self.columns) if column.key == key), -1)

    # What the rows say

    def verdict(self, segment: int) -> Verdict:
        """Return "keep", "doubt" or "reject", or "" before a review."""
        found: Verdict = self._values["review"][segment]
        return found

    def note(self, segment: int) -> str:
        """Return the note on a segment."""
        return str(self._values["note"][segment])

    def carried_from(self, segment: int) -> str:
        """Return the run in which verdict and note on a segment were given; "" where it was this one."""
        return str(self._values["carried_from"][segment])

    def section(self, segment: int) -> str:
        """Return the section that a segment is in; "" where there is one only."""
        names = self._values["section"]
        return str(names[segment]) if names else ""

    def length(self, segment: int) -> float:
        """Return the length of a segment in the unit that is shown."""
        return float(self._values["length"][segment])

    def pair(self, segment: int) -> tuple[int, int]:
        """Return the two domains that meet at a segment."""
        first, second = self._values["domains"][segment]
        return int(first), int(second)

    def doubt(self, segment: int) -> float:
        """Return the lack of support of a segment, from 0 to 1; of certainty where there is no support."""
        key = SUPPORT if SUPPORT in self._values else "confidence"
        value = self._values.get(key, [math.nan] * self.n_rows)[segment]
        return 1.0 if math.isnan(value) else 1.0 - float(value)

    def weight(self, segment: int) -> float:
        """Return how much a verdict on a segment matters: its lack of support times its length."""
        return self.doubt(segment) * self.length(segment)

    @property
    def n_reviewed(self) -> int:
        """Number of boundaries with a verdict."""
        return sum(value in VERDICTS for value in self._values.get("review", ()))

    def progress(self) -> str:
        """Return how far the review is, such as "12 of 34 reviewed: 8 kept, 3 doubtful, 1 rejected"."""
        found = Counter(self._values.get("review", ()))
        parts = [f"{found[verdict]} {word}" for verdict, word in VERDICTS.items() if found[verdict]]
        line = f"{sum(found[verdict] for verdict in VERDICTS)} of {self.rowCount()} reviewed"
        carried = sum(bool(origin) for origin in self._values.get("carried_from", ()))
        more = f"; {carried} carried over from another run ({CARRIED})" if carried else ""
        return (f"{line}: {', '.join(parts)}" if parts else line) + more

    def sort_value(self, segment: int, key: str) -> Any:
        """Return what a cell is sorted by; unknown numbers come last."""
        if key == "markers":
            return self.text(segment, key)
        value = self._values[key][segment]
        return math.inf if value != value else value

    def text(self, segment: int, key: str) -> str:
        """Return what a cell shows."""
        first, second = self._values["domains"][segment]
        if key == "domains":
            return f"{self._names[first]}{SEPARATOR}{self._names[second]}"
        if key == "markers":
            found = [self.markers.get(k, "") for k in (first, second)]
            return " | ".join(found) if any(found) else ""
        value = self._values[key][segment]
        if key == "review":
            sign = SIGNS.get(value, "")
            return f"{CARRIED}{sign[1:]}" if self.carried_from(segment) else sign
        if key in ("note", "section"):
            return str(value)
        if math.isnan(value):
            return ""
        return f"{value:,.0f}" if key == "length" and self._coarse else f"{value:.2f}"

    @property
    def n_rows(self) -> int:
        """Number of boundaries."""
        return len(self._values.get("domains", ()))

    def write(self, row: int, text: str) -> None:
        """Take in a note."""
        if text != self.note(row):
            self.noted.emit(row, text)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid():
            return None
        segment, column = index.row(), self.columns[index.column()]
        if role in (Role.DisplayRole, Role.EditRole):
            return self.text(segment, column.key)
        if role == Role.ToolTipRole:
            text = self.text(segment, column.key)
            origin = self.carried_from(segment) if column.key in ("review", "note") else ""
            return "\n".join(filter(None, (column.help, text, origin and f"Carried from {origin}: {CONFIRM}")))
        if role == Role.DecorationRole and column.key == "domains":
            return self._swatches[segment]
        if role == Role.TextAlignmentRole and isinstance(self.sort_value(segment, column.key), float):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


def _swatches(first: str, second: str) -> QPixmap:
    """Two squares in the colours of two domains."""
    pixmap = QPixmap(2 * SWATCH + 2, SWATCH)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.fillRect(0, 0, SWATCH, SWATCH, QColor(first))
    painter.fillRect(SWATCH + 2, 0, SWATCH, SWATCH, QColor(second))
    painter.end()
    return pixmap
