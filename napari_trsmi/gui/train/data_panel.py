"""What is open: name, spots, modalities, and what a person should know about them; or how to open something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, ref

from qtpy.QtCore import Qt
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.data.sample import sample_path
from napari_trsmi.gui import anchors
from napari_trsmi.gui.remembered import remember
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.tour.tour import start_tour
from napari_trsmi.gui.train.section_list import SectionList
from napari_trsmi.gui.viewer.docks import REGIONS, open_dock
from napari_trsmi.gui.viewer.lane import Opening, lane_of
from napari_trsmi.gui.viewer.opening import RecentMenu, made_ready, open_sample, open_soon
from napari_trsmi.gui.viewer.part_list import PartList
from napari_trsmi.gui.viewer.part_tools import PartTools
from napari_trsmi.gui.viewer.sections import free_name, put_in_place, sections_in
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.buttons import ARROW, text_button
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import ElidingLabel, Label, as_tip, shortened
from napari_trsmi.gui.widgets.sketches import Sketch
from napari_trsmi.gui.workspace import asking
from napari_trsmi.gui.workspace.files import is_session, open_session
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.session import Session

ADD = ("Add a section…", "Train it together with the section that is open, beside it", "_choose_more")
BACK = "Put the layers that were removed in the layer list back in their place"
REGIONS_TIP = "Draw and name regions of the tissue, and give them to other programs"
KINDS = {"rna": "RNA", "protein": "protein", "chromatin": "chromatin", "precomputed": "components"}


class DataPanel(QWidget):
    """The active section in three lines, the list of the open ones, and buttons to open more."""

    def __init__(self, viewer: Viewer, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer, self.session = ref(viewer), session
        self._remembered: WeakSet[OpenSection] = WeakSet()
        self.empty, self.facts = QWidget(), QWidget()

        invitation = Label("Open a section: drop a file on the window, or")
        invitation.setWordWrap(True)
        invitation.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.open_button, self.sample_button = QPushButton("Open…"), QPushButton("Open sample")
        self.sample_button.setObjectName(anchors.OPEN_SAMPLE)
        self.facts.setObjectName(anchors.SECTION)
        self.open_button.setMenu(self._open_menu())
        self.sample_button.setToolTip("Open a small simulated slice with RNA and protein")
        self.sample_button.clicked.connect(self.open_sample)
        buttons = QHBoxLayout()
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.sample_button)
        layout = QVBoxLayout(self.empty)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Sketch("train"), 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(invitation)
        layout.addLayout(buttons)

        self.name, self.list, self.more_button = ElidingLabel(), SectionList(viewer, session), QPushButton("Open…")
        self.name.setStyleSheet("font-weight: bold")
        self.more_button.setStyleSheet(ARROW)
        self.more_button.setToolTip("Open another section")
        self.more_button.setMenu(self._open_menu(ADD))
        self.content, self.notes, self.parts = Label(), ElidingLabel(), PartList(session)
        self.content.setWordWrap(True)
        self.missing, self.back = QWidget(), text_button("Bring back", BACK, session.canvas.removed.bring_back)
        self.missing_names = ElidingLabel()
        row = QHBoxLayout(self.missing)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.missing_names, 1)
        row.addWidget(self.back)
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.list, 1)
        head.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self.facts)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        line = QHBoxLayout()
        line.addWidget(self.content, 1)
        line.addWidget(text_button("Regions…", REGIONS_TIP, lambda: open_dock(viewer, REGIONS)))
        layout.addLayout(line)
        layout.addWidget(self.notes)
        layout.addWidget(self.parts)
        layout.addWidget(PartTools(session))
        layout.addWidget(self.missing)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.empty)
        layout.addWidget(self.facts)
        listen(
            self,
            (session.section_changed, self._refresh),
            (session.shown_changed, self._say_missing),
            (session.canvas.removed.changed, self._say_missing),
            (viewer.layers.events.inserted, self._refresh),
            (viewer.layers.events.removed, self._refresh),
        )
        self._refresh()

    @property
    def sections(self) -> list[OpenSection]:
        """Sections with layers in the viewer, in the order of the layers."""
        return sections_in(self._viewer())

    def open(self, paths: Sequence[str]) -> None:
        """Open files with the same barcodes, or one file or folder, as a section; or a session file."""
        viewer = self._viewer()
        if len(paths) == 1 and is_session(paths[0]) and viewer is not None:
            open_session(viewer, Path(paths[0]), self)
        else:
            open_soon(self.session, paths)

    def open_sample(self) -> None:
        """Open the bundled sample slice."""
        open_sample(self.session)

    def add(self, paths: Sequence[str]) -> None:
        """Make a study of the active section, or of those of the active study, and the sections in files.

        It takes the place of what was active unless that trains or has domains.
        """
        from napari_trsmi.gui.viewer.studies import sections_in_files, with_more

        session, before = self.session, self.session.section
        if not paths or before is None:
            return

        leaving = None if before.result else before
        name = free_name(session.canvas.there, before.dataset.name if before.dataset.parts else "study", leaving)

        def make() -> list[OpenSection]:
            study = replace(with_more(before.dataset, sections_in_files(paths)), name=name)
            return made_ready([OpenSection(study, layout=before.layout.with_more(len(study.parts)))])

        def done(made: list[OpenSection]) -> None:
            put_in_place(session, made[0], [before])

        lane_of(session).add(Opening(f"Adding {Path(paths[0]).name}", make, done))

    def _open_menu(self, *more: tuple[str, str, str]) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        entries = (
            ("File, or several…", "Files over the same spots open as one section, others as a study", "_choose_files"),
            ("Folder (Space Ranger, .zarr)…", "The outs folder of Space Ranger, or a .zarr", "_choose_folder"),
            *more,
        )
        for text, tip, name in entries:
            choose = getattr(self, name)
            action = QAction(text, menu)
            action.setToolTip(tip)
            action.triggered.connect(choose)
            menu.addAction(action)
        menu.addSeparator()
        recent = RecentMenu(self.open)
        recent.setParent(menu, recent.windowFlags())
        menu.addMenu(recent)
        for text, tip, do in (
            ("Session…", "Open all that was open when a session was saved", self._choose_session),
            ("Take the tour", "Six steps on the sample, which point at the real controls", self.take_tour),
        ):
            action = QAction(text, menu)
            action.setToolTip(tip)
            action.triggered.connect(do)
            menu.addAction(action)
        return menu

    def _choose_files(self, checked: bool = False) -> None:
        self.open(folders.ask_to_open(self, "Open a section", folders.SECTIONS))

    def _choose_more(self, checked: bool = False) -> None:
        self.add(folders.ask_to_open(self, "Add a section", folders.SECTIONS))

    def _choose_folder(self, checked: bool = False) -> None:
        folder = folders.ask_for_folder(self, "Open a folder of Space Ranger or Xenium, or a .zarr")
        self.open([str(folder)] if folder else [])

    def _choose_session(self, checked: bool = False) -> None:
        if (path := asking.which(self)) is not None:
            self.open([str(path)])

    def take_tour(self, checked: bool = False) -> None:
        """Begin the tour."""
        if (viewer := self._viewer()) is not None:
            start_tour(viewer)

    def _say_missing(self, *_: Any) -> None:
        names = self.session.canvas.removed.names
        text = f"Removed from the layers: {', '.join(names)}"
        self.missing_names.setText(text)
        self.missing_names.setToolTip(text)
        self.missing.setVisible(bool(names))

    def _refresh(self, *_: Any) -> None:
        section = self.session.section
        self._remember(section)
        focus = QApplication.focusWidget()
        was_here = focus is not None and self.empty.isAncestorOf(focus)  # Qt would give the keys to a field of numbers
        self.facts.setVisible(section is not None)
        if was_here and section is not None:
            self.more_button.setFocus()
        self.empty.setVisible(section is None)
        if section is None:
            return
        self.name.setVisible(len(self.sections) < 2)  # else the list says it
        self._say_missing()
        dataset = section.dataset
        self.name.setText(dataset.name)
        self.name.setToolTip(as_tip("\n".join(map(str, dataset.sources)) or dataset.name))
        self.content.setText(describe(dataset))
        self.content.setToolTip(
            as_tip(
                "\n".join(f"{name}: {many(one.table.n_vars, 'feature')}" for name, one in dataset.modalities.items())
            )
        )
        notes = notes_of(dataset)
        self.notes.setVisible(bool(notes))
        self.notes.setText(notes[0] if len(notes) == 1 else f"{len(notes)} notes: {' '.join(notes)}")
        self.notes.setToolTip(as_tip("\n".join(notes)))
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _remember(self, section: OpenSection | None) -> None:
        """Put what has just been opened in front of the recent files."""
        if section is None or section in self._remembered:
            return
        self._remembered.add(section)
        if section.dataset.sources and section.dataset.sources != (sample_path(),):
            remember(section.dataset.sources)


def describe(dataset: Dataset) -> str:
    """Return the size of a section and its modalities, in a line."""
    modalities = (f"{shortened(name, 18)} ({KINDS[modality.kind]})" for name, modality in dataset.modalities.items())
    sections = f"{len(dataset.parts)} sections · " if dataset.parts else ""
    return f"{sections}{many(dataset.n_spots, 'spot')} · {' · '.join(modalities)}"


def notes_of(dataset: Dataset) -> list[str]:
    """Return what a person should know: spots left out, and the notes of the reader."""
    dropped = [
        f"{many(n, 'spot')} of {name} left out: another modality lacks them."
        for name, n in dataset.dropped.items()
        if n
    ]
    return [*dropped, *dataset.notes]
