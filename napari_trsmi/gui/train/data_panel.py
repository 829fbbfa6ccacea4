"""What is open: name, spots, modalities, and what a person should know about them; or how to open something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.gui import folders
from napari_trsmi.gui.listening import listen
from napari_trsmi.gui.plain import ElidingLabel, Label, as_tip
from napari_trsmi.gui.state import OpenSection
from napari_trsmi.gui.viewer.part_list import PartList
from napari_trsmi.gui.viewer.reader import open_in
from napari_trsmi.gui.viewer.sections import put_in_place, sections_in
from napari_trsmi.gui.worker import sentence

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session import Session

ADD = ("Add a section…", "Train it together with the section that is open, beside it", "_choose_more")
KINDS = {"rna": "RNA", "protein": "protein", "chromatin": "chromatin", "precomputed": "components"}


class DataPanel(QWidget):
    """The active section in three lines, a list of the open ones, and buttons to open more."""

    def __init__(self, viewer: Viewer, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer, self.session = ref(viewer), session
        self.empty, self.facts = QWidget(), QWidget()

        invitation = Label("Open a section: drop a file on the window, or")
        invitation.setWordWrap(True)
        self.open_button, self.sample_button = QPushButton("Open…"), QPushButton("Open sample")
        self.open_button.setMenu(self._open_menu())
        self.sample_button.setToolTip("Open a small simulated slice with RNA and protein")
        self.sample_button.clicked.connect(self.open_sample)
        buttons = QHBoxLayout()
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.sample_button)
        layout = QVBoxLayout(self.empty)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(invitation)
        layout.addLayout(buttons)

        self.name, self.choice, self.more_button = ElidingLabel(), QComboBox(), QPushButton("Open…")
        self.name.setStyleSheet("font-weight: bold")
        self.choice.setToolTip("The section to work on")
        self.choice.setMinimumContentsLength(12)
        self.choice.activated.connect(self._on_chosen)
        self.more_button.setToolTip("Open another section")
        self.more_button.setMenu(self._open_menu(ADD))
        self.content, self.notes, self.parts = Label(), ElidingLabel(), PartList(session)
        self.content.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.choice, 1)
        head.addWidget(self.more_button)
        layout = QVBoxLayout(self.facts)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.content)
        layout.addWidget(self.notes)
        layout.addWidget(self.parts)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.empty)
        layout.addWidget(self.facts)
        listen(
            self,
            (session.section_changed, self._refresh),
            (viewer.layers.events.inserted, self._refresh),
            (viewer.layers.events.removed, self._refresh),
        )
        self._refresh()

    @property
    def sections(self) -> list[OpenSection]:
        """Sections with layers in the viewer, in the order of the layers."""
        return sections_in(self._viewer())

    def open(self, paths: Sequence[str]) -> None:
        """Open files with the same barcodes, or one file or folder, as a section."""
        if not paths:
            return
        opened = self.session.busy.begin(f"Opening {Path(paths[0]).name}…")
        QTimer.singleShot(30, lambda: self._open_now(list(paths), opened))  # once that line is drawn

    def open_sample(self) -> None:
        """Open the bundled sample slice."""
        from napari_trsmi.data.sample import sample_path

        self.open([str(sample_path())])

    def _open_now(self, paths: list[str], opened: Callable[[], None]) -> None:
        viewer = self._viewer()
        if viewer is None:
            opened()
            return
        problem = ""
        try:
            open_in(viewer, paths)
        except Exception as error:
            problem = sentence(error)
        opened()
        if problem:
            self.session.failed.emit(problem)

    def add(self, paths: Sequence[str]) -> None:
        """Make a study of the active section, or of those of the active study, and the sections in files.

        It takes the place of what was active unless that has domains.
        """
        from napari_trsmi.gui.jobs import run_job
        from napari_trsmi.gui.viewer.studies import sections_in_files, with_more

        before = self.session.section
        if not paths or before is None:
            return

        def done(study: OpenSection) -> None:
            put_in_place(self.session, study, [] if before.result else [before])

        make = lambda: OpenSection(with_more(before.dataset, sections_in_files(paths)))  # noqa: E731
        run_job(self.session, f"Adding {Path(paths[0]).name}", make, done)

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
        return menu

    def _choose_files(self, checked: bool = False) -> None:
        self.open(folders.ask_to_open(self, "Open a section", folders.SECTIONS))

    def _choose_more(self, checked: bool = False) -> None:
        self.add(folders.ask_to_open(self, "Add a section", folders.SECTIONS))

    def _choose_folder(self, checked: bool = False) -> None:
        folder = folders.ask_for_folder(self, "Open a folder of Space Ranger or Xenium, or a .zarr")
        self.open([str(folder)] if folder else [])

    def _on_chosen(self, index: int) -> None:
        self.session.activate(self.choice.itemData(index))

    def _refresh(self, *_: Any) -> None:
        section = self.session.section
        self.empty.setVisible(section is None)
        self.facts.setVisible(section is not None)
        if section is None:
            return
        sections = self.sections
        self.choice.clear()
        for one in sections:
            self.choice.addItem(one.dataset.name, one)
        several = len(sections) > 1
        self.choice.setVisible(several)
        self.name.setVisible(not several)
        if section in sections:
            self.choice.setCurrentIndex(sections.index(section))
        dataset = section.dataset
        self.name.setText(dataset.name)
        self.name.setToolTip(as_tip("\n".join(map(str, dataset.sources)) or dataset.name))
        self.content.setText(describe(dataset))
        self.content.setToolTip(
            as_tip("\n".join(f"{name}: {one.table.n_vars:,} features" for name, one in dataset.modalities.items()))
        )
        notes = notes_of(dataset)
        self.notes.setVisible(bool(notes))
        self.notes.setText(notes[0] if len(notes) == 1 else f"{len(notes)} notes: {' '.join(notes)}")
        self.notes.setToolTip(as_tip("\n".join(notes)))
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)


def describe(dataset: Dataset) -> str:
    """Return the size of a section and its modalities, in a line."""
    modalities = (f"{name} ({KINDS[modality.kind]})" for name, modality in dataset.modalities.items())
    sections = f"{len(dataset.parts)} sections · " if dataset.parts else ""
    return f"{sections}{dataset.n_spots:,} spots · {' · '.join(modalities)}"


def notes_of(dataset: Dataset) -> list[str]:
    """Return what a person should know: spots left out, and the notes of the reader."""
    dropped = [
        f"{n:,} spots of {name} left out: another modality lacks them." for name, n in dataset.dropped.items() if n
    ]
    return [*dropped, *dataset.notes]
