"""Two labellings of the section beside each other: how they agree, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi import compare
from napari_trsmi.errors import DataError
from napari_trsmi.gui.compare.pair import Pair, pair_of
from napari_trsmi.gui.compare.view import VIEWS, CompareView
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.viewer.part_box import PartBox
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.named import NameBox
from napari_trsmi.gui.widgets.plain import Label, Marked

if TYPE_CHECKING:
    import numpy as np

    from napari_trsmi.compare import Comparison, Labelling
    from napari_trsmi.config import Config
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection


@dataclass(frozen=True, eq=False)
class Compared:
    """Two labellings compared: to draw, what the first and the second keep of it, and how each section compares."""

    pair: Pair
    kept: tuple[dict[str, Any], dict[str, Any]]
    parts: tuple[Comparison | None, ...]  # None where a section has no spot with both labels


SAME = "Choose two that are not the same. Train again, or cluster a run again, to have another one."
SCORES = (
    "ARI (adjusted Rand index) and NMI (normalised mutual information): how alike the domains are, 1 for the same and "
    "near 0 by chance. Boundary F1: how much of the boundaries they have in common. Saved with the runs compared."
)
AROUND = 8  # pixels that a theme keeps free above and below the lines of a label
NO_EMBEDDING = "The file holds no embedding of another method in obsm, such as X_totalVI."


class ComparePanel(QWidget):
    """Choose two among runs, columns of the file and embeddings of other methods; see them on the canvas."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.view = session, CompareView(session, self)
        self.pair: Pair | None = None
        self._parts: tuple[Comparison | None, ...] = ()  # of the pair, in each section of a study
        self._asked: Any = None  # what a pair was asked for; late answers to something else are dropped
        self._answered: Any = None  # what the pair is of
        self._picked: dict[str, Any] = {}  # what a person chose; the rest follows the runs
        self._problem = SAME
        self._adjacency: tuple[Any, Any] = (None, None)  # dataset and k, and its spatial graph
        self.first, self.second = _choice("First"), _choice("Second")
        self.scores, self.note = Marked(), Label()
        for text in (self.scores, self.note):
            text.setWordWrap(True)
        self.scores.setToolTip(SCORES)
        self.scores.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.buttons: dict[str, QPushButton] = {}
        self.swipe = QSlider(Qt.Orientation.Horizontal)
        self.swipe.setRange(0, 200)
        self.swipe.setValue(100)
        self.swipe.setAccessibleName("Line of the swipe")
        self.swipe.setToolTip("Left of the line the first, right of it the second")
        self._lay_out()
        self.first.activated.connect(self._on_picked)
        self.second.activated.connect(self._on_picked)
        self.swipe.valueChanged.connect(lambda value: self.view.move(value / 200))
        self.view.changed.connect(self._update)
        listen(
            self,
            (session.runs_changed, self._fill),
            (session.section_changed, self._on_section),
            (session.annotations.changed, self._on_annotations),
            (session.parts.chosen_changed, self._update),
        )
        self._fill()

    def _lay_out(self) -> None:
        form, views = QGridLayout(), QGridLayout()
        for at, (text, box) in enumerate((("First", self.first), ("Second", self.second))):
            label = Label(text)
            label.setBuddy(box)
            form.addWidget(label, at, 0)
            form.addWidget(box, at, 1)
        form.setColumnStretch(1, 1)
        views.setSpacing(4)
        for at, (mode, (text, tip)) in enumerate(VIEWS.items()):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setToolTip(f"{tip}; again to go back")
            button.clicked.connect(lambda _=False, mode=mode: self.toggle(mode))
            self.buttons[mode] = button
            views.addWidget(button, at // 2, at % 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(form)
        layout.addWidget(PartBox(self.session, "Scores of"))
        layout.addWidget(self.scores)
        layout.addLayout(views)
        self.below = QStackedWidget()  # one or the other, always as high: nothing above moves when a view is chosen
        self.below.addWidget(self.note)
        self.below.addWidget(self.swipe)
        line = self.note.fontMetrics().lineSpacing()
        self.below.setFixedHeight(max(2 * line + AROUND, self.swipe.sizeHint().height()))
        self.scores.setMinimumHeight(3 * line)
        self.scores.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.below)

    # What there is to choose

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up on what came while the dock was hidden."""
        super().showEvent(event)
        self._compare()

    def _on_section(self, section: OpenSection | None) -> None:
        self._adjacency, self._picked = (None, None), {}
        self._fill()

    def _on_annotations(self, column: str) -> None:
        """Offer the columns that a person made; one that is compared is compared anew."""
        if self._asked is not None and ("column", column) in self._asked[1]:
            self._asked = None
        self._fill()

    def _on_picked(self, _: int) -> None:
        self._picked = {"first": self.first.currentData(), "second": self.second.currentData()}
        self._compare()

    def _fill(self) -> None:
        """List what can be compared; what was picked stays, else the run before the result beside the result."""
        section = self.session.section
        found = [] if section is None else _choices(section)
        keys = [key for _, key in found]
        wished = {} if section is None else _wished(section, keys)
        for name, box in (("first", self.first), ("second", self.second)):
            picked = self._picked.get(name)
            chosen = picked if picked in keys else wished.get(name)
            with QSignalBlocker(box):
                box.clear()
                for text, key in found:
                    box.addItem(text, key)
                box.setCurrentIndex(keys.index(chosen) if chosen in keys else 0)
        self._update()
        self._compare()

    def _compare(self) -> None:
        """Compare what is chosen, in a thread, as long as somebody can see it."""
        section = self.session.section
        keys = (self.first.currentData(), self.second.currentData())
        if section is None or None in keys or keys[0] == keys[1]:
            self._asked, self._problem = None, SAME
            return self._take(None, None)
        runs = [entry for entry in section.runs if ("run", entry.number) in keys]
        # The names and colours on the canvas are those of the legend; a column has names that say more.
        as_second = _is_shown(section, keys[1]) and keys[0][0] != "column"
        asked = (section, keys, as_second, [(entry.name, entry.result.names, entry.result.palette) for entry in runs])
        if asked == self._asked or not self.isVisible():
            return None
        self._asked, self._problem = asked, "Comparing…"
        self._update()
        config = self.session.config if section.result is None else section.result.config
        work = partial(self._work, section, keys, as_second, config)
        done, failed = partial(self._take, asked), partial(self._on_failed, asked)
        run_job(self.session, "", work, done, failed, with_window=True)
        return None

    def _work(self, section: OpenSection, keys: tuple[Any, Any], as_second: bool, config: Config) -> Compared:
        from napari_trsmi.graphs import spatial_graph

        dataset, made_of = section.dataset, (section.dataset, config.graph.k_spatial)
        if self._adjacency[0] is None or self._adjacency[0][0] is not made_of[0] or self._adjacency[0][1] != made_of[1]:
            self._adjacency = (made_of, spatial_graph(dataset.coords, config.graph.k_spatial, dataset.section))
        n_domains = section.result.partition.n_domains if section.result is not None else 8
        first, second = (_side(section, key) for key in keys)
        a, b = compare.labellings(
            first, second, lambda key, n: compare.labels_of_embedding(dataset, key, config, n), n_domains
        )
        found = compare.compare(a.labels, b.labels, self._adjacency[1])
        parts = tuple(_within(found, a, b, self._adjacency[1], rows) for rows in dataset.sections if dataset.parts)
        kept = compare.record(found, a, b), compare.record(found, b, a, turned=True)
        return Compared(pair_of(a, b, found, as_second), kept, parts)

    def _take(self, asked: Any, compared: Compared | None) -> None:
        if asked is not self._asked or not isalive(self):
            return
        self._answered = asked
        self.pair, self._parts = (None, ()) if compared is None else (compared.pair, compared.parts)
        if compared is not None:
            _keep(asked[0], asked[1], compared.kept)
        if self.pair is None:
            self.view.leave()
        elif self.view.mode is not None:
            self.view.show(self.view.mode, self.pair)
        self._update()

    def _on_failed(self, asked: Any, problem: str) -> None:
        if asked is self._asked:
            self._problem = problem
            self._take(asked, None)

    # What is shown

    def toggle(self, mode: str) -> None:
        """Draw the two in one of `VIEWS`, or put the canvas back where that is drawn already."""
        if self.pair is None or mode == self.view.mode:
            self.view.leave()
        else:
            self.view.show(mode, self.pair)
        self._update()

    def _said(self, pair: Pair) -> str:
        """Return the scores of all spots, or of the section that is chosen."""
        parts = self.session.parts
        if parts.chosen is None or parts.chosen >= len(self._parts):
            return _scores(pair.comparison)
        found = self._parts[parts.chosen]
        return _scores(found, parts.said) if found else f"No spot{escape(parts.said)} has both labels."

    def _update(self, _: Any = None) -> None:
        pair, mode = self.pair if self._answered is self._asked else None, self.view.mode  # none under other names
        self.scores.setText(escape(self._problem) if pair is None else self._said(pair))
        for name, button in self.buttons.items():
            button.setEnabled(pair is not None)
            button.setChecked(name == mode)
        self.below.setCurrentWidget(self.swipe if mode == "swipe" else self.note)
        dataset = self.session.dataset
        none = dataset is not None and not dataset.embeddings
        told = {
            "side": "Left: first, right: second.",
            "blink": f"Now: {'second' if self.view.second else 'first'}.",
            "differences": "Grey: the same domain; pink: another.",
        }
        self.note.setText(told.get(mode or "", NO_EMBEDDING if none and mode is None else ""))


def _wished(section: OpenSection, keys: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return what is compared unless a person picks: the result with the run before it, or with a column."""
    shown = section.runs.entry_of(section.result)
    if shown is None:
        return {}
    others = [entry.number for entry in section.runs if entry is not shown]
    column = next((key for key in keys if key[0] == "column"), None)
    return {"first": ("run", max(others)) if others else column, "second": ("run", shown.number)}


def _choices(section: OpenSection) -> list[tuple[str, tuple[str, Any]]]:
    """Return (text, key) of all that has labels, or can be cut into domains."""
    found: list[tuple[str, tuple[str, Any]]] = [(entry.name, ("run", entry.number)) for entry in section.runs]
    found += [(f"column {name}", ("column", name)) for name in compare.label_columns(section.dataset)]
    return found + [(f"embedding {name}", ("embedding", name)) for name in section.dataset.embeddings]


def _is_shown(section: OpenSection, key: tuple[str, Any]) -> bool:
    shown = section.runs.entry_of(section.result)
    return shown is not None and key == ("run", shown.number)


def _side(section: OpenSection, key: tuple[str, Any]) -> Labelling | str:
    """Return labels that are there already, or the key of an embedding that has to be cut first."""
    kind, name = key
    if kind == "run":
        entry = next(entry for entry in section.runs if entry.number == name)
        return compare.labels_of_result(entry.result, entry.name)
    return compare.labels_of_column(section.dataset, name) if kind == "column" else str(name)


def _keep(section: OpenSection, keys: tuple[Any, Any], records: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Note a comparison that is shown now with each run in it, to be saved with it."""
    for own, other, record in zip(keys, keys[::-1], records, strict=True):
        for entry in section.runs:
            if own == ("run", entry.number):
                entry.comparisons[other] = record


def _within(found: Comparison, a: Labelling, b: Labelling, adjacency: Any, rows: np.ndarray) -> Comparison | None:
    try:
        return compare.within(found, a.labels, b.labels, adjacency, rows)
    except DataError:
        return None


def _scores(found: Comparison, where: str = "") -> str:
    spots = f"{found.n_different:,} of {found.n_spots:,} spots{escape(where)} differ ({found.share_different:.1%})"
    return (
        f"ARI <b>{found.ari:.3f}</b> · NMI <b>{found.nmi:.3f}</b><br>Boundary F1 <b>{found.boundary_f1:.3f}</b>, "
        f"within one spot <b>{found.boundary_f1_near:.3f}</b><br>{spots}"
    )


def _choice(name: str) -> QComboBox:
    box = NameBox("A run, a column of labels in the file, or an embedding of another method cut into domains")
    box.setAccessibleName(name)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return box
