"""Open files from the window: those a person chooses, the sample, or those that were open before."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ref

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QFileDialog, QMenu

from napari_trsmi.gui.plain import as_tip
from napari_trsmi.gui.remembered import forget, recent

if TYPE_CHECKING:
    from napari_trsmi.gui.session import Session

SECTIONS = "Sections (*.h5mu *.h5ad);;All files (*)"
WIDEST = 56  # letters of an entry
FAR = 6  # files of a set that its tooltip names one by one


def open_soon(session: Session, paths: Sequence[str]) -> None:
    """Open files with the same barcodes, or one file or folder, as a section, once a line says so."""
    if not paths:
        return
    opened = session.busy.begin(f"Opening {Path(paths[0]).name}…")
    viewer = ref(session.canvas.viewer)

    def now() -> None:
        from napari_trsmi.gui.viewer.reader import open_in
        from napari_trsmi.gui.worker import sentence

        problem = ""
        try:
            if (there := viewer()) is not None:
                open_in(there, list(paths))
        except Exception as error:
            problem = sentence(error)
        opened()
        if problem:
            session.failed.emit(problem)

    QTimer.singleShot(30, now)  # once that line is drawn


def open_sample(session: Session) -> None:
    """Open the bundled sample slice."""
    from napari_trsmi.data.sample import sample_path

    open_soon(session, [str(sample_path())])


def ask_files(session: Session) -> None:
    """Ask for files and open them."""
    paths, _ = QFileDialog.getOpenFileNames(QApplication.activeWindow(), "Open a section", "", SECTIONS)
    open_soon(session, paths)


class RecentMenu(QMenu):
    """The sets of files that were open before, last first; those of which one is gone are grey.

    Parameters
    ----------
    open_set
        Called with the paths of the set that was chosen.
    """

    def __init__(self, open_set: Callable[[Sequence[str]], object]) -> None:
        super().__init__("Recent")
        self._open_set = open_set
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """List what there is now."""
        self.clear()
        sets = recent()
        for paths in sets:
            action = self.addAction(title_of(paths))
            assert action is not None
            lost = [path for path in paths if not os.path.exists(path)]
            action.setEnabled(not lost)
            named = "\n".join([*paths[:FAR], *([f"and {len(paths) - FAR} more"] if len(paths) > FAR else [])])
            action.setToolTip(as_tip(f"{Path(lost[0]).name} is no longer at {Path(lost[0]).parent}" if lost else named))
            action.triggered.connect(lambda _=False, paths=paths: self._open_set(list(paths)))
        if not sets:
            nothing = self.addAction("Nothing was opened yet")
            assert nothing is not None
            nothing.setEnabled(False)
            return
        self.addSeparator()
        clear = self.addAction("Forget these")
        assert clear is not None
        clear.setToolTip("Empty this list; the files stay")
        clear.triggered.connect(lambda _=False: forget())


def title_of(paths: Sequence[str]) -> str:
    """Return how a set of files is called in a menu.

    Examples
    --------
    >>> title_of(["/data/brain/s1.h5mu"]), title_of(["/data/s1_rna.h5ad", "/data/s1_adt.h5ad"])
    ('s1.h5mu   (brain)', 's1_rna.h5ad + 1 more   (data)')
    """
    first = Path(paths[0])
    name = first.name if len(paths) == 1 else f"{first.name} + {len(paths) - 1} more"
    text = f"{name}   ({first.parent.name})" if first.parent.name else name
    text = text if len(text) <= WIDEST else f"{text[: WIDEST // 2 - 1]}…{text[-WIDEST // 2 :]}"
    return text.replace("&", "&&") if "&" in text else text
