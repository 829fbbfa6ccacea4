"""Offer to join two open sections that measure the same spots, or to make a study of several."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from qtpy.compat import isalive
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer import study_picker
from napari_trsmi.gui.viewer.lane import Opening, lane_of
from napari_trsmi.gui.viewer.opening import made_ready
from napari_trsmi.gui.viewer.sections import put_in_place, sections_in
from napari_trsmi.gui.viewer.studies import read_together, same_spots
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.session import Session


class JoinPanel(QWidget):
    """A sentence and two buttons; to be seen only where open sections measure the same spots, or could be one study."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.partner: OpenSection | None = None
        self.others: list[OpenSection] = []  # that could be one study with the active one
        self._apart: WeakSet[OpenSection] = WeakSet()
        self.text = Label()
        self.text.setWordWrap(True)
        self.join_button, self.apart_button = QPushButton("Join"), QPushButton("Keep apart")
        self.study_button = QPushButton("One study…")
        self.join_button.setToolTip("Read both again as modalities of one section")
        self.study_button.setToolTip("Lay the sections side by side and train them together")
        self.join_button.clicked.connect(self.join)
        self.study_button.clicked.connect(self.make_study)
        self.apart_button.clicked.connect(self.keep_apart)
        buttons = QHBoxLayout()
        for button in (self.join_button, self.study_button, self.apart_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        listen(self, (session.section_changed, self._on_section), (session.training.changed, self._on_section))
        self._on_section()

    def join(self) -> None:
        """Open both as one section, in their place."""
        first, second = self.partner, self.session.section
        if first is None or second is None:
            return

        def read() -> OpenSection:
            dataset = read_together([first.dataset, second.dataset])
            return made_ready([OpenSection(dataset, layout=second.layout)])[0]

        def done(joined: OpenSection) -> None:
            put_in_place(self.session, joined, [first, second])

        self.hide()
        self._read("Joining", read, done)

    def make_study(self) -> None:
        """Open all as one study, in their place; what measures the same spots is joined before."""
        from napari_trsmi.data.study import stack
        from napari_trsmi.gui.viewer.studies import joined

        if self.session.section is None:
            return
        old = [*self.others, self.session.section]

        def ask(sections: dict[str, Dataset]) -> None:
            answer, chosen = study_picker.choose(sections)
            if answer == "study":
                self._read("Making the study", lambda: made_ready([OpenSection(stack(chosen))])[0], done, first=True)
            elif answer == "apart":
                self.keep_apart()
            else:
                self._on_failed("")

        def done(study: OpenSection) -> None:
            put_in_place(self.session, study, old)

        self.hide()
        self._read("Reading", lambda: joined([one.dataset for one in old]), ask)

    def _read(self, name: str, read: Callable[[], Any], take: Callable[[Any], None], *, first: bool = False) -> None:
        lane_of(self.session).add(Opening(name, read, take, self._on_failed), first=first)

    def keep_apart(self) -> None:
        """Say no more about these sections."""
        if self.session.section is not None:
            self._apart.add(self.session.section)
        for section in self.others:
            self._apart.add(section)
        self.hide()

    def _on_failed(self, problem: str) -> None:
        if isalive(self):  # a person can mend the files and try again
            self._on_section()

    def _on_section(self, *_: object) -> None:
        section, self.partner, self.others = self.session.section, None, []
        there = [one for one in sections_in(self.session.canvas.viewer) if one.run is None]  # training would end
        if section is not None and section not in self._apart and self.session.state == "idle":
            self.partner = partner(section, there)
            self.others = [one for one in candidates(section, there) if one not in self._apart]
        if self.others and (self.partner is None or len(self.others) > 1):
            names = [one.dataset.name for one in (*self.others, section) if one is not None]
            self.text.setText(f"These may be trained together as one study: {', '.join(names)}.")
            self.partner = None
        elif self.partner is not None and section is not None:
            self.text.setText(f"{self.partner.dataset.name} and {section.dataset.name} measure the same spots.")
            self.others = []
        self.join_button.setVisible(self.partner is not None)
        self.study_button.setVisible(bool(self.others))
        self.setVisible(self.partner is not None or bool(self.others))


def partner(section: OpenSection, sections: list[OpenSection]) -> OpenSection | None:
    """Return another of the open sections with other modalities of the same spots, both from files and untrained."""
    mine = section.dataset
    for other in sections:
        theirs = other.dataset
        if other is section or not (_is_new(other) and _is_new(section)):
            continue
        if set(mine.sources) & set(theirs.sources):
            continue
        if same_spots(mine, theirs):
            return other
    return None


def candidates(section: OpenSection, sections: list[OpenSection]) -> list[OpenSection]:
    """Return the other open sections that could be one study with this one: all from files, untrained, none twice."""
    found: list[OpenSection] = []
    for other in sections:
        taken = {source for one in (*found, section) for source in one.dataset.sources}
        if other is section or not (_is_new(other) and _is_new(section)) or taken & set(other.dataset.sources):
            continue
        found.append(other)
    modalities = [set(one.dataset.modalities) for one in (*found, section)]
    shared = any(a & b for k, a in enumerate(modalities) for b in modalities[k + 1 :])
    return found if shared else []


def _is_new(section: OpenSection) -> bool:
    return section.result is None and bool(section.dataset.sources) and not section.dataset.parts
