"""Open files from the window: those a person chooses, the sample, or those that were open before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.QtWidgets import QApplication, QMenu

from napari_trsmi.gui.remembered import forget, recent
from napari_trsmi.gui.viewer.lane import Opening, in_turn, lane_of
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.plain import as_tip, shortened

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.errors import ChoiceError
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.gui.viewer.canvas import Canvas

    Found = list[OpenSection] | dict[str, Dataset] | ChoiceError

WIDEST = 56  # letters of an entry
WITH_COORDINATES = "Or open it together with the file that has them: Open… in the dock Train."
FAR = 6  # files of a set that its tooltip names one by one


def open_soon(session: Session, paths: Sequence[str], library: Any = None, *, first: bool = False) -> None:
    """Open files with the same barcodes, or one file or folder, as a section; sections as a study or one by one.

    They are read in a thread, after what was asked for before; layers are made once that is done.

    Parameters
    ----------
    library
        Name of the section of a file to open; `studies.ALL` for all of them.
    first
        Read them before what waits.
    """
    if not paths:
        return
    show_line(session)
    held = ref(session)

    def take(found: Found) -> None:
        if (there := held()) is not None:
            _take(there, list(paths), found)

    opening = Opening(f"Opening {shortened(Path(paths[0]).name, 22)}", partial(read_files, list(paths), library), take)
    lane_of(session).add(opening, first=first)


def read_files(paths: Sequence[str], library: Any) -> Found:
    """Return what is in files, and how it is drawn, or which of it a person has to choose; called in a thread."""
    from napari_trsmi.errors import ChoiceError, DataError
    from napari_trsmi.gui.viewer.reader import found_in

    try:
        found = found_in(paths, library)
    except ChoiceError as several:
        return several
    except DataError as error:
        if str(error).startswith("Expected coordinates"):
            raise DataError(f"{error} {WITH_COORDINATES}").saying(error.plain) from error
        raise
    return made_ready(found) if isinstance(found, list) else found


def made_ready(sections: list[OpenSection]) -> list[OpenSection]:
    """Return the sections, after working out how their spots are drawn; called in a thread."""
    from napari_trsmi.gui.jobs import warm_up
    from napari_trsmi.gui.viewer.looks import look

    for section in sections:
        if look(section).raster is not None and section.result is not None:
            warm_up.make_ready()  # its domains are labels
    return sections


def _take(session: Session, paths: Sequence[str], found: Found) -> None:
    """Put what was read into the viewer; ask before where a person has to choose."""
    from napari_trsmi.data.study import stack
    from napari_trsmi.errors import ChoiceError
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.gui.viewer import library_picker, study_picker
    from napari_trsmi.gui.viewer.reader import apart
    from napari_trsmi.gui.viewer.sections import free_name

    if isinstance(found, ChoiceError):
        library = library_picker.choose(found.names, together=found.kind != "tables")
        if library is not None:
            open_soon(session, paths, library, first=True)
    elif isinstance(found, dict):
        answer, chosen = study_picker.choose(found)
        if answer == "study":
            name = free_name(session.canvas.there, "study")
            make = lambda: made_ready([OpenSection(stack(chosen, name))])  # noqa: E731
            lane_of(session).add(Opening("Making the study", make, partial(put_one_by_one, session)), first=True)
        elif answer == "apart":
            make = lambda: made_ready(apart(chosen))  # noqa: E731
            lane_of(session).add(Opening("Opening the sections", make, partial(put_one_by_one, session)), first=True)
    else:
        put_one_by_one(session, found)


def put_one_by_one(session: Session, sections: Sequence[OpenSection]) -> None:
    """Add the layers of each section, and then the docks that are not there yet, the window answering in between."""
    in_turn(session, _steps(session, sections))


def _steps(session: Session, sections: Sequence[OpenSection]) -> Iterator[None]:
    from napari_trsmi.gui.viewer.docks import docks_in_turn

    for section in sections:
        yield from put_in_turn(session.canvas, section)
    viewer = session.canvas.there
    if viewer is not None and hasattr(viewer, "window"):
        del viewer  # it may be closed meanwhile
        yield from docks_in_turn(session.canvas)


def put_in_turn(canvas: Canvas, section: OpenSection) -> Iterator[None]:
    """Add the layers of a section one by one, which makes it the active one; not where the viewer is gone."""
    from napari.layers import Layer

    from napari_trsmi.gui.viewer.layers import section_layers
    from napari_trsmi.gui.viewer.sections import share_units

    if canvas.there is not None:
        share_units(canvas.viewer, section)  # before napari adds its layers
    for data in section_layers(section):
        yield
        if canvas.there is not None:
            canvas.viewer.add_layer(Layer.create(*data))
    yield


def show_line(session: Session) -> None:
    """Open the dock that says how far it is where none of ours is there."""
    from napari_trsmi.gui.viewer.docks import TRAIN, docks_of, open_dock

    viewer = session.canvas.there
    if viewer is not None and hasattr(viewer, "window") and not docks_of(viewer):
        open_dock(viewer, TRAIN)


def open_sample(session: Session) -> None:
    """Open the bundled sample slice."""
    from napari_trsmi.data.sample import sample_path

    open_soon(session, [str(sample_path())])


def ask_files(session: Session) -> None:
    """Ask for files and open them."""
    open_soon(session, folders.ask_to_open(QApplication.activeWindow(), "Open a section", folders.SECTIONS))


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
