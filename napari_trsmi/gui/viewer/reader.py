"""Files to layers, as napari asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.state import OpenSection

logger = logging.getLogger(__name__)

FILES = (".h5ad", ".h5mu", ".zarr.zip", ".xenium")
PICTURES = (".ome.tif", ".ome.tiff", ".ome.zarr")  # beside a section
HDF5 = (".h5", ".hdf5")  # endings of many kinds of files
ZARR = {"zarr.json", ".zgroup", ".zattrs", ".zmetadata"}  # what marks a folder as a Zarr group
_NOTHING: list[Any] = [(None,)]  # napari's word for "read, and there is no layer": it then says nothing of its own


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[Any]] | None:
    """Return `read_section` where a path looks like one of ours; looks at names only and never raises.

    A folder is ours where its parts have the names of an AnnData, MuData or SpatialData ``.zarr`` or of the folder of
    an instrument that `api.read` knows, and an ``.h5`` where its groups have; all others, such as images in OME-Zarr,
    are left to other plugins. Several paths together are ours where all are such files, or pictures beside one.
    """
    try:
        paths = [str(path)] if isinstance(path, str | Path) else [str(one) for one in path]
        if not paths or any("://" in one for one in paths):
            return None
        tables = [one for one in paths if not one.lower().endswith(PICTURES)]
        if tables and all(one.lower().endswith(FILES) or _is_our_hdf5(Path(one)) for one in tables):
            return read_section
        return read_section if len(tables) == 1 and _is_our_folder(Path(tables[0])) else None
    except (OSError, TypeError, ValueError):
        return None


def _is_our_hdf5(path: Path) -> bool:
    if path.suffix.lower() not in HDF5 or not path.is_file():
        return False
    import h5py

    with h5py.File(path, "r") as file:
        names = set(file)
    return {"obs", "var"} <= names or bool({"mod", "matrix"} & names)


def _is_our_folder(path: Path) -> bool:
    from napari_trsmi.data.readers.platforms import platform_of
    from napari_trsmi.data.readers.visium import is_space_ranger
    from napari_trsmi.data.readers.xenium import is_xenium

    if not path.is_dir():
        return False
    names = {part.name for part in path.iterdir()}
    if not names & ZARR:
        return is_xenium(path) or is_space_ranger(path) or platform_of(path) is not None
    tables = "tables" in names and "0" not in names  # an image in OME-Zarr may have tables beside its resolutions
    return {"obs", "var"} <= names or "mod" in names or tables


def read_section(path: str | Sequence[str]) -> list[Any]:
    """Return the layers of the section in one file, or in several: those with the same barcodes are one section.

    Several sections open as one study. In a running window a person is asked whether they shall, and which section of
    a file with several to open; problems are told as one sentence, and the docks open beside the first section.

    Raises
    ------
    DataError
        The data cannot be used, and no person is there to be told.
    """
    paths = [str(path)] if isinstance(path, str | Path) else [str(one) for one in path]
    return layers_of(lambda library: open_sections(paths, library))


def layers_of(read: Callable[[str | None], list[OpenSection]]) -> list[Any]:
    """Return the layers of the sections that `read` gives for the name of a library, or for None."""
    from napari_trsmi.gui.viewer.docks import viewer_in_use
    from napari_trsmi.gui.viewer.layers import section_layers
    from napari_trsmi.gui.viewer.sections import share_units
    from napari_trsmi.gui.viewer.sessions import session_of
    from napari_trsmi.gui.worker import sentence

    if (viewer := viewer_in_use()) is None:
        return [layer for section in read(None) for layer in section_layers(section)]
    problem, sections = "", []
    try:
        sections = _read_or_ask(read)
    except Exception as error:
        logger.info("a section could not be read", exc_info=True)
        problem = sentence(error)
    if not sections and not problem:  # a person picked none
        return _NOTHING
    _go_on_later(viewer, problem)
    for section in sections[-1:]:
        session_of(viewer)  # which draws what comes
        share_units(viewer, section)  # before napari adds its layers
    return [layer for section in sections for layer in section_layers(section)] or _NOTHING


def _go_on_later(viewer: Viewer, problem: str) -> None:
    """Open the docks once napari has added the layers, and tell what went wrong: there it can be read at leisure."""
    from qtpy.QtCore import QTimer

    from napari_trsmi.gui.viewer import docks
    from napari_trsmi.gui.viewer.opening import WITH_COORDINATES
    from napari_trsmi.gui.viewer.sessions import session_of

    if problem.startswith("Expected coordinates"):
        problem += f" {WITH_COORDINATES}"

    def go_on() -> None:
        try:
            docks.open_docks_once(viewer)
        finally:
            if problem:
                session_of(viewer).failed.emit(problem)

    QTimer.singleShot(0, go_on)


def _read_or_ask(read: Callable[[str | None], list[OpenSection]]) -> list[OpenSection]:
    """Return the sections, the one picked where a file has several, or none where none was picked."""
    from napari_trsmi.errors import ChoiceError
    from napari_trsmi.gui.viewer import library_picker

    library: Any = None
    while True:
        try:
            with _busy_cursor():
                return read(library)
        except ChoiceError as several:
            names, together = several.names, several.kind != "tables"
        library = library_picker.choose(names, together=together)
        if library is None:
            return []


@contextmanager
def _busy_cursor() -> Iterator[None]:
    """Show that the window is at work: libraries load, a file is read."""
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QApplication

    QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QApplication.restoreOverrideCursor()


def open_sections(paths: Sequence[str | Path], library: Any = None) -> list[OpenSection]:
    """Return the section or study in files; several sections that a person does not want as a study, one by one.

    `library` names the section of a file to open; all of them are a study for `studies.ALL`.

    Raises
    ------
    DataError
        As `api.read` and `data.study.stack` do.
    """
    from napari_trsmi.data.study import stack
    from napari_trsmi.gui.state import OpenSection
    from napari_trsmi.gui.viewer.docks import viewer_in_use

    found = found_in(paths, library)
    if isinstance(found, list):
        return found
    answer = "study"
    if viewer_in_use() is not None:
        from napari_trsmi.gui.viewer import study_picker

        with _usual_cursor():
            answer, found = study_picker.choose(found)
    if answer == "study":
        return [OpenSection(stack(found))]
    return [OpenSection(replace(dataset, name=name)) for name, dataset in found.items()] if answer == "apart" else []


def found_in(paths: Sequence[str | Path], library: Any = None) -> list[OpenSection] | dict[str, Dataset]:
    """Return the section or study in files, or {name: section} of several that could be a study; asks nobody.

    Raises
    ------
    DataError
        As `api.read` does.
    """
    from napari_trsmi.api import read_sections
    from napari_trsmi.data.readers.beside import is_picture
    from napari_trsmi.gui.state import OpenSection
    from napari_trsmi.gui.viewer import studies

    if library is studies.ALL:
        return [OpenSection(read_sections(paths[0] if len(paths) == 1 else list(paths)))]
    if sum(not is_picture(Path(path)) for path in paths) == 1:
        return [open_section(paths, library)]
    found = studies.sections_in_files(paths, library)
    return [OpenSection(dataset) for dataset in found.values()] if len(found) == 1 else found


@contextmanager
def _usual_cursor() -> Iterator[None]:
    """Show that the window waits for a person, while it is at work otherwise."""
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QApplication

    QApplication.setOverrideCursor(Qt.CursorShape.ArrowCursor)
    try:
        yield
    finally:
        QApplication.restoreOverrideCursor()


def open_section(paths: Sequence[str | Path], library: str | None = None) -> OpenSection:
    """Return the section in one file, with the result saved in it where there is one, or in several files.

    Raises
    ------
    DataError
        As `api.read` does.
    """
    from napari_trsmi.api import read
    from napari_trsmi.errors import TrsmiError
    from napari_trsmi.gui.layout import KEY, Layout
    from napari_trsmi.gui.state import OpenSection
    from napari_trsmi.restoring import holds_result, restore

    notes: tuple[str, ...] = ()
    if len(paths) == 1 and holds_result(Path(paths[0])):
        try:
            result = restore(paths[0])
            layout = Layout.read(result.provenance.get(KEY, {}), result.dataset)
            return OpenSection(result.dataset, result, Path(paths[0]), layout=layout)
        except TrsmiError as error:
            logger.info("a saved result could not be used", exc_info=True)
            notes = (f"The domains in this file could not be used. {error}",)
    dataset = read(paths if len(paths) > 1 else paths[0], library=library)
    return OpenSection(replace(dataset, notes=(*dataset.notes, *notes)) if notes else dataset)
