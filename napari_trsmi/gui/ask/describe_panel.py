"""What a domain is: composition, gene sets, neighbours, and names it could have."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.answers.gene_sets import DECOUPLER, read_sets
from napari_trsmi.errors import TrsmiError
from napari_trsmi.gui.ask.described import DescribedTables, field
from napari_trsmi.gui.ask.job import AskJob, HeldOut
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.gui.jobs.jobs import JobPanel
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.buttons import text_button
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.named import offer_domains
from napari_trsmi.gui.widgets.plain import Label, as_tip
from napari_trsmi.gui.widgets.text_field import TextField
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari_trsmi.answers import Description
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session

ASK = "Choose a domain and press Describe. Type sets of genes or load a GMT file to see which are high in it."
NO_RESULT = "Train first, or open a saved result; then ask here what its domains are."
BUSY = "Describing a domain"
PERMUTATIONS = 300
METHODS = {
    "ranks": ("rank test", "Are features of the set higher in the domain than all others? Needs nothing else"),
    "overlap": ("overlap", "Are more of them among what is significantly higher than by chance? Hypergeometric"),
    **{name: (f"{name} (decoupler)", f"Method {name} of decoupler") for name in DECOUPLER},
}


class DescribePanel(JobPanel):
    """One domain, questions about it, and the answers."""

    job: AskJob | None

    def __init__(self, session: Session, held_out: HeldOut) -> None:
        super().__init__(session)
        self.held_out = held_out
        self.found: Description | None = None
        self._file: tuple[str, dict[str, tuple[str, ...]]] | None = None
        self._partition: Any = None
        self._markers: dict[
            Any, Any
        ] = {}  # {(domain, name, section): what differs} of the domains, which takes longest
        self.domain = field("Domain", "The domain that is described")
        self.describe = text_button("Describe", "Find out in the background", self.start)
        self.stop = text_button("Stop", "Give up this question", self._give_up)
        self.typed = TextField("Gene sets, one a line: T cells: CD3E, CD4", "Gene sets")
        self.typed.setToolTip("One set a line: a name, a colon, genes or proteins. Upper or lower case is the same")
        self.typed.setFixedHeight(52)
        self.load = text_button("GMT file…", "Load gene sets from a file, or take them out again", self._load)
        self.method = field("Test of gene sets", "How gene sets are tested")
        for name, (text, tip) in METHODS.items():
            self.method.addItem(text, name)
            self.method.setItemData(self.method.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._limit_methods()
        self.squidpy = QCheckBox("squidpy")
        there = find_spec("squidpy") is not None
        self.squidpy.setEnabled(there)
        self.squidpy.setToolTip(
            "<qt>Also test neighbours with squidpy, which deals the labels anew; takes some seconds</qt>"
            if there
            else "<qt>Needs squidpy, which is not installed: pip install squidpy</qt>"
        )
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        self.summary = Label(ASK)
        self.summary.setWordWrap(True)
        self.names = field("Suggested name", "Names it could have, best first")
        self.use = text_button("Use this name", "Give the domain this name; Undo takes it back", self._use)
        self.evidence = Label()
        self.evidence.setWordWrap(True)
        self.answers = DescribedTables(session)
        self._lay_out()

        self.domain.currentIndexChanged.connect(self._refresh)
        self.names.currentIndexChanged.connect(self._show_evidence)
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.result_changed, self._on_result),
            (session.annotations.changed, self._on_annotation),
        )
        self._on_result(session.result)

    def _lay_out(self) -> None:
        top, asked, named = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        label = Label("Domain")
        label.setBuddy(self.domain)
        top.addWidget(label)
        top.addWidget(self.domain, 1)
        top.addWidget(self.stop)  # not where Describe was: a double click would stop at once
        top.addWidget(self.describe)
        asked.addWidget(self.load)
        asked.addWidget(self.method, 1)
        asked.addWidget(self.squidpy)
        named.addWidget(self.names, 1)
        named.addWidget(self.use)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 4, 2, 2)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.typed)
        layout.addLayout(asked)
        layout.addWidget(self.progress)
        layout.addWidget(self.summary)
        layout.addLayout(named)
        layout.addWidget(self.evidence)
        layout.addWidget(self.answers, 1)
        layout.addStretch(0)

    def _limit_methods(self) -> None:
        if find_spec("decoupler") is None:
            model: Any = self.method.model()
            for at in range(self.method.count()):
                if self.method.itemData(at) in DECOUPLER:
                    model.item(at).setEnabled(False)
                    tip = 'Needs decoupler, which is not installed: pip install "napari-trsmi[genesets]"'
                    self.method.setItemData(at, tip, Qt.ItemDataRole.ToolTipRole)

    # What a person does

    def start(self) -> None:
        """Describe the chosen domain in the background."""
        from napari_trsmi.answers import describe_domain

        result, k = self.session.result, self.domain.currentIndex()
        if result is None or k < 0 or self.job is not None:
            return
        try:
            known = {} if self._file is None else dict(self._file[1])
            typed = self.typed.toPlainText()
            known |= read_sets(typed + "\n") if typed.strip() else {}
        except TrsmiError as error:
            self.summary.setText(str(error))
            return
        section, held_out, method = self.session.parts.name, self.held_out, str(self.method.currentData())
        key = (k, result.names[k], section)
        permutations, markers = PERMUTATIONS if self.squidpy.isChecked() else 0, self._markers.get(key)

        def ask() -> Description:
            halves = held_out.of(result) if markers is None else None
            return describe_domain(
                result,
                k,
                sets=known or None,
                method=method,
                permutations=permutations,
                held_out=halves is not None,
                halves=halves,
                markers=markers,
                section=section,
            )

        self._partition = result.partition
        self._begin_job(BUSY, AskJob(ask), self._on_answer, self._on_failed)
        where = self.session.parts.said
        self.summary.setText(f"Describing domain {result.names[k]}{where}; the first time this takes some seconds…")
        self._refresh()

    def _give_up(self) -> None:
        self._drop_job()
        self.summary.setText(ASK)
        if self.found is not None:
            self._show()

    def _load(self) -> None:
        if self._file is not None:
            self._file = None
        else:
            chosen = folders.ask_for_file(self, "Gene sets", "Gene sets (*.gmt *.txt);;All (*)")
            if chosen is None:
                return
            with Attempt(self.session, "Reading") as reading:
                self._file = chosen.name, read_sets(chosen)
            if not reading.well:
                return
        self.load.setText("GMT file…" if self._file is None else f"✕ {many(len(self._file[1]), 'set')}")
        self.load.setToolTip("" if self._file is None else as_tip(f"Take {self._file[0]} out again"))

    def _use(self) -> None:
        """Give the domain the name that is shown."""
        from napari_trsmi import edits

        session, found, name = self.session, self.found, self.names.currentText()
        if session.result is None or found is None or not name:
            return
        with Attempt(session, "Renaming"):
            session.set_result(edits.rename(session.result, found.domain, name))

    # What comes back

    def _on_answer(self, job: AskJob, found: Description | None) -> None:
        self._end_job()
        self.found = found
        if found is not None and self.session.result is not None:
            key = (self.session.result.names.index(found.domain), found.domain, found.section or None)
            self._markers[key] = found.markers
        self._show()

    def _on_failed(self, job: AskJob, sentence: str) -> None:
        self._end_job()
        self.summary.setText(sentence)

    def _show(self) -> None:
        found = self.found
        self.names.blockSignals(True)
        self.names.clear()
        for one in () if found is None else found.suggestions:
            self.names.addItem(one.name)
            self.names.setItemData(self.names.count() - 1, as_tip(one.name), Qt.ItemDataRole.ToolTipRole)
        self.names.blockSignals(False)
        self._show_evidence()
        self.answers.show_answer(found)
        if found is not None:
            support = "" if found.support != found.support else f" Mean support of its boundaries: {found.support:.2f}."
            where, whole = (f" in {found.section}", found.section) if found.section else ("", "all")
            told = (
                f"Domain {found.domain}{where}: {many(found.n_spots, 'spot')}, {found.share:.1%} of {whole}.{support}"
            )
            if not found.suggestions:
                told += " Nothing here suggests a name."
            self.summary.setText(told)
            self.summary.setToolTip(as_tip("\n".join(found.notes)))
        self._refresh()

    def _show_evidence(self, _: Any = None) -> None:
        at, found = self.names.currentIndex(), self.found
        self.evidence.setText("" if found is None or at < 0 else found.suggestions[at].evidence)

    # What the session says

    def _on_section(self, *_: Any) -> None:
        self._drop_job()
        self._forget()
        self._on_result(self.session.result)

    def _on_result(self, result: Result | None) -> None:
        partition = None if result is None else result.partition
        if partition is not self._partition:
            self._drop_job()
            self._forget()
        elif self.found is not None and result is not None and self.found.domain not in result.names:
            self.found = None  # it has another name now, and so may have others beside it
            self._show()
            self.summary.setText(ASK)
        offer_domains(self.domain, result)
        if result is None:
            self.summary.setText(NO_RESULT)
        elif self.found is None:
            self.summary.setText(ASK)
        self._refresh()

    def _on_annotation(self, *_: Any) -> None:
        self._refresh()

    def _forget(self) -> None:
        self.found, self._partition, self._markers = None, None, {}
        self._show()

    def _show_progress(self) -> None:
        """Nothing is known of how far it is."""

    def _refresh(self, *_: Any) -> None:
        there, busy, found = self.session.result is not None, self.job is not None, self.found is not None
        asked: tuple[QWidget, ...] = (self.domain, self.typed, self.load, self.method)
        for widget in asked:
            widget.setEnabled(there)
        self.describe.setEnabled(there and not busy and self.domain.currentIndex() >= 0)
        self.stop.setVisible(busy)
        self.progress.setVisible(busy)
        self.answers.setVisible(found)
        self.evidence.setVisible(found)
        suggested = found and self.names.count() > 0
        self.names.setVisible(suggested)
        self.use.setVisible(suggested)
