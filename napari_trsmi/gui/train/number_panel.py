"""How many domains there are, which numbers are about as good, and a curve to take another one from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_trsmi.gui.jobs.recut import recut_of
from napari_trsmi.gui.widgets.curve_plot import CurvePlot
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label, as_tip
from napari_trsmi.plural import many
from napari_trsmi.summary import chosen_number, number_curve_of, ranges

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session

BEFORE = "The number of domains is chosen after training."
TIP = (
    "What speaks for each number of domains: how well other cuts of this run agree, and how many of its domains they "
    "find again. Bold: chosen, or about as good. Click a number, or use arrow keys and Enter, to cut the result into "
    "that many without training."
)
EARLY = (
    "What was measured, not trained, was cut into each number of domains. The run chooses anew from what it learns; a "
    "click sets a number for it instead."
)
HEIGHT = 104


class NumberPanel(QWidget):
    """A curve below a line that says the number; nothing where the number was given.

    Signals
    -------
    changed()
        There is something to show, or no longer.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.recut = session, recut_of(session)
        self.title = Label()
        self.title.setWordWrap(True)
        self.curve = CurvePlot("What speaks for each number of domains", TIP, "chosen", HEIGHT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.title)
        layout.addWidget(self.curve)
        layout.addStretch(1)
        self.is_empty = True
        self.curve.chosen.connect(self.take)
        self._early: dict[str, Any] = {}  # what is known of a section before it is trained
        self._shown: Any = None  # the record that the curve draws
        listen(
            self,
            (session.result_changed, self._on_result),
            (session.section_changed, self._on_section),
            (session.run_changed, self._refresh),
            (self.recut.changed, self._refresh),
        )
        self._on_result(session.result)

    def show_early(self, told: dict[str, Any]) -> None:
        """Show the curve of what was measured until there is a result; an empty one for none."""
        self._early = told
        self._on_result(self.session.result)

    def take(self, n_domains: int) -> None:
        """Cut the result into another number of domains; before there is one, set it for the run to come."""
        if self.session.result is None:
            cluster = self.session.config.cluster.model_copy(update={"n_domains": n_domains})
            return self.session.set_config(self.session.config.model_copy(update={"cluster": cluster}))
        section, result = self.session.section, self.session.result
        entry = None if section is None else section.runs.entry_of(result)
        if entry is not None and result is not None and n_domains != result.partition.n_domains:
            self.recut.cut(self.session, entry, n_domains=n_domains)
        return None

    def _on_section(self, section: Any) -> None:
        self._on_result(self.session.result)

    def _on_result(self, result: Result | None) -> None:
        told = self._early if result is None else result.provenance.get("numbers", {})
        numbers, (_, found) = told.get("numbers", ()), number_curve_of(told)
        there = len(numbers) > 1 and len(numbers) == len(found)
        self.is_empty = not there
        self.changed.emit()
        if not there:
            return
        good = told["about_as_good"]
        others = [k for k in good if k != told["chosen"]]
        about = f"; about as good: {ranges(others)}" if others else ""
        chosen = told["chosen"]
        now = chosen if result is None else result.partition.n_domains
        number = f"Chosen: {chosen} domains" if now == chosen else f"Now {many(now, 'domain')}; chosen: {chosen}"
        if result is None:
            number = f"Before training: {many(chosen, 'domain')}"
        self.title.setText(number + about if told["told"] else "Number of domains: nothing tells it")
        self.title.setToolTip(as_tip(EARLY if result is None else chosen_number(result)))
        if told is not self._shown:
            self._shown = told
            self.curve.set_curve(numbers, found, told["chosen"], good=good)
        self._refresh()

    def _refresh(self, *_: Any) -> None:
        self.curve.setEnabled(self.session.run is None and not self.recut.busy)
