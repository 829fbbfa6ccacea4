"""Coarser and finer domains of a result, each within or around those before, without training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtWidgets import QHBoxLayout, QToolButton, QWidget

from napari_trsmi.gui.jobs.jobs import run_long
from napari_trsmi.gui.jobs.ready import Ready, ready_of
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import as_tip
from napari_trsmi.interrupt import Interrupted, interruptible

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.evidence import DomainTree
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection

COARSER = "Coarser: make one of the two domains that differ least, without training."
FINER = "Finer: split the domain whose halves differ most, without training."


@dataclass(eq=False)
class NestJob:
    """A step of the walk under way, from the result of a section.

    Attributes
    ----------
    base, tree
        Where the walk began, and the order of its splits where it is known.
    wanted
        Number of domains.
    dropped
        True where nobody wants it any more.
    """

    result: Result
    section: OpenSection
    base: Result
    wanted: int
    tree: DomainTree | None
    ready: Ready
    dropped: bool = False

    def work(self) -> tuple[Result, DomainTree] | None:
        """Return the result and the order of the splits, None where the job was dropped."""
        from napari_trsmi.edits import nested
        from napari_trsmi.evidence import find_tree

        base = self.base
        try:
            with interruptible(lambda: self.dropped):
                prepared = self.ready.get(base)
                found = self.tree or find_tree(base, prepared)
                number = min(self.wanted, len(found.merges) + 1)
                return base if number == base.partition.n_domains else nested(base, number, prepared, found), found
        except Interrupted:
            return None

    def drop(self, *_: object) -> None:
        """End soon."""
        self.dropped = True


class NestButtons(QWidget):
    """Two buttons that walk from the result to coarser and finer domains, and back to it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.coarser, self.finer = QToolButton(), QToolButton()
        self._base: Result | None = None  # where the walk began
        self._tree: DomainTree | None = None
        self._made: Result | None = None  # the last step of the walk
        self._job: NestJob | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for button, sign, name, step in (
            (self.coarser, "\N{MINUS SIGN}", "Coarser domains", -1),
            (self.finer, "+", "Finer domains", 1),
        ):
            button.setText(sign)
            button.setAccessibleName(name)
            button.clicked.connect(lambda _=False, step=step: self.walk(step))
            layout.addWidget(button)
        listen(
            self,
            (session.section_changed, self._refresh),
            (session.result_changed, self._refresh),
            (session.run_changed, self._refresh),
        )
        self._refresh()

    def walk(self, step: int) -> None:
        """Show the domains that are so many steps finer, or coarser for a negative number."""
        result, section = self.session.result, self.session.section
        if result is None or section is None or self._job is not None or self.session.run is not None:
            return
        if not self._is_step(result):
            self._base, self._tree, self._made = result, None, None
        base, tree, ready = self._base, self._tree, ready_of(self.session)
        wanted = result.partition.n_domains + step
        assert base is not None

        self._job = NestJob(result, section, base, wanted, tree, ready)
        self.destroyed.connect(self._job.drop)
        self._refresh()
        busy = "Coarser domains" if step < 0 else "Finer domains"
        run_long(self.session, busy, self._job, self._on_done, self._on_failed)

    def _on_done(self, job: NestJob, outcome: tuple[Result, DomainTree]) -> None:
        now = self.session.result
        if self.session.section is job.section and now is not None and now.partition is job.result.partition:
            self._made, self._tree = outcome
            self.session.set_hidden(frozenset())  # numbers mean other domains now
            self.session.set_result(self._made)
        self._end()

    def _end(self) -> None:
        if self._job is not None:
            self.destroyed.disconnect(self._job.drop)  # which must not be called once the job is garbage
        self._job = None
        self._refresh()

    def _is_step(self, result: Result) -> bool:
        """Return whether a result is where the walk is, whatever was found out about it since."""
        return self._made is not None and result.partition is self._made.partition

    def _on_failed(self, job: NestJob, _: str) -> None:
        self._end()

    def _refresh(self, *_: Any) -> None:
        result = self.session.result
        if result is None:
            self._base = self._tree = self._made = None  # and their memory
        free = result is not None and self._job is None and self.session.run is None
        n = 0 if result is None else result.partition.n_domains
        known = self._tree if result is not None and self._is_step(result) else None
        most = n + 1 if known is None else len(known.merges) + 1
        self.coarser.setEnabled(free and n > 2)
        self.finer.setEnabled(free and n < most)
        self.coarser.setToolTip(as_tip(COARSER + _supported(known, n)))
        self.finer.setToolTip(as_tip(FINER + _supported(known, n + 1)))


def _supported(tree: DomainTree | None, n_domains: int) -> str:
    """Return how well the split is supported that makes so many domains of one fewer; "" where nothing is known."""
    place = -1 if tree is None else len(tree.merges) + 1 - n_domains
    if tree is None or not 0 <= place < len(tree.support) or np.isnan(tree.support[place]):
        return ""
    return f" The boundary between the two has support {tree.support[place]:.2f}."
