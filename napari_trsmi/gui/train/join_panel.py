"""Offer to join two open sections that measure the same spots."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from qtpy.compat import isalive
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_trsmi.gui.listening import listen
from napari_trsmi.gui.plain import Label
from napari_trsmi.gui.state import OpenSection
from napari_trsmi.gui.viewer.sections import put_in_place, sections_in

if TYPE_CHECKING:
    from napari_trsmi.gui.session import Session

_SAME = 0.5  # share of the smaller section's barcodes


class JoinPanel(QWidget):
    """A sentence and two buttons; to be seen only where the section opened before has other modalities of the spots."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.partner: OpenSection | None = None
        self._apart: WeakSet[OpenSection] = WeakSet()
        self.text = Label()
        self.text.setWordWrap(True)
        self.join_button, self.apart_button = QPushButton("Join"), QPushButton("Keep apart")
        self.join_button.setToolTip("Read both again as modalities of one section")
        self.join_button.clicked.connect(self.join)
        self.apart_button.clicked.connect(self.keep_apart)
        buttons = QHBoxLayout()
        buttons.addWidget(self.join_button)
        buttons.addWidget(self.apart_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        listen(self, (session.section_changed, self._on_section), (session.run_changed, self._on_section))
        self._on_section()

    def join(self) -> None:
        """Open both as one section, in their place."""
        from napari_trsmi.gui.jobs import run_job
        from napari_trsmi.gui.viewer.reader import open_section

        first, second = self.partner, self.session.section
        if first is None or second is None:
            return
        paths = [*first.dataset.sources, *second.dataset.sources]
        library = first.dataset.library or second.dataset.library

        def done(joined: OpenSection) -> None:
            put_in_place(self.session, joined, [first, second])

        self.hide()
        run_job(self.session, "Joining", lambda: open_section(paths, library), done, self._on_failed)

    def keep_apart(self) -> None:
        """Say no more about this section."""
        if self.session.section is not None:
            self._apart.add(self.session.section)
        self.hide()

    def _on_failed(self, problem: str) -> None:
        if isalive(self):  # a person can mend the files and try again
            self._on_section()

    def _on_section(self, *_: object) -> None:
        section = self.session.section
        ask = section is not None and section not in self._apart and self.session.state == "idle"
        self.partner = partner(section, sections_in(self.session.canvas.viewer)) if ask and section else None
        if self.partner is not None and section is not None:
            self.text.setText(f"{self.partner.dataset.name} and {section.dataset.name} measure the same spots.")
        self.setVisible(self.partner is not None)


def partner(section: OpenSection, sections: list[OpenSection]) -> OpenSection | None:
    """Return another of the open sections with other modalities of the same spots, both from files and untrained."""
    mine = section.dataset
    for other in sections:
        theirs = other.dataset
        if other is section or other.result or section.result or not (mine.sources and theirs.sources):
            continue
        if set(mine.modalities) & set(theirs.modalities) or set(mine.sources) & set(theirs.sources):
            continue
        shared = len(set(mine.obs_names).intersection(theirs.obs_names))
        if shared >= _SAME * min(mine.n_spots, theirs.n_spots):
            return other
    return None
