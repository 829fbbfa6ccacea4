"""What can be added to the runs of a section: results that were saved, and the domains of other sections."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QMenu, QWidget

from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.session.runs import on
from napari_trsmi.gui.viewer.taking_over import WIDEST, WITHOUT_TRAINING, label_by, labelled_others, take_over
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.plain import as_tip, shortened

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session

AskFile = Callable[[QWidget], Path | None]
SAVED = "A result of these spots that was saved before"
OF_SEVERAL = "Only one section can take over domains: this is a study. Open the new section alone."


def ask_file(parent: QWidget) -> Path | None:
    """Ask a person for a saved result; None where they do not want one."""
    return folders.ask_for_file(parent, "Add a saved result", "Saved results (*.h5mu *.h5ad)")


def ask_folder(parent: QWidget) -> Path | None:
    """Ask a person for a result that was saved as a ``.zarr``, which is a folder."""
    return folders.ask_for_folder(parent, "Add a saved result: a .zarr")


class AddMenu(QMenu):
    """Adds a result to the runs of the active section, and shows it."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.session = session
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """List what there is now."""
        self.clear()
        self._entry("Saved result: file (.h5mu, .h5ad)…", SAVED, partial(self.add, ask_file))
        self._entry("Saved result: folder (.zarr)…", SAVED, partial(self.add, ask_folder))
        own, session = self.session.section, self.session
        alone = own is None or not own.dataset.parts
        self.addSeparator()
        for section in labelled_others(session):
            assert section.result is not None
            name = shortened(section.dataset.name, WIDEST).replace("&", "&&")
            self._entry(
                f"Domains of {name} ({section.result.partition.n_domains})",
                WITHOUT_TRAINING,
                partial(take_over, session, section),
            )
        self._entry("Domains of a saved result…", WITHOUT_TRAINING, self.take_over, alone)

    def _entry(self, text: str, tip: str, do: Callable[[], object], able: bool = True) -> None:
        action = self.addAction(text)
        assert action is not None
        action.setToolTip(as_tip(tip if able else OF_SEVERAL))
        action.setEnabled(able)
        action.triggered.connect(lambda _=False: do())

    def add(self, ask: AskFile = ask_file) -> None:
        """Ask for a saved result of the same spots and make it the result."""
        session, section = self.session, self.session.section
        path = None if section is None else ask(self)
        if section is None or path is None:
            return

        def work() -> Result:
            from napari_trsmi.restoring import restore

            return on(section.dataset, restore(path))

        def done(found: Result) -> None:
            if session.section is section and session.run is None:
                session.set_result(found, path)

        run_job(session, f"Reading {path.name}", work, done)

    def take_over(self, ask: AskFile = ask_file) -> None:
        """Ask for a saved result of other spots, and give those of the active section its domains."""
        path = None if self.session.section is None else ask(self)
        if path is not None:
            label_by(self.session, path, path.name)
