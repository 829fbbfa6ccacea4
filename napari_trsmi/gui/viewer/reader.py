"""Files to layers, as napari asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection

logger = logging.getLogger(__name__)

FILES = (".h5ad", ".h5mu", ".zarr.zip", ".xenium")
PICTURES = (".ome.tif", ".ome.tiff", ".ome.zarr")  # beside a section
HDF5 = (".h5", ".hdf5")  # endings of many kinds of files
_WAITING: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()  # files of one drop, which napari gives one by one
ZARR = {"zarr.json", ".zgroup", ".zattrs", ".zmetadata"}  # what marks a folder as a Zarr group


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

    Several sections are one study. In a running window the files are read in a thread as those of *Open…* are, with the
    same line and questions, and no layers are returned: they come once that is done. Files that napari gives one by
    one, as it does those of one drop, are opened together.

    Raises
    ------
    DataError
        The data cannot be used, and no person is there to be told.
    """
    from napari_trsmi.gui.viewer.docks import viewer_in_use
    from napari_trsmi.gui.viewer.layers import section_layers
    from napari_trsmi.gui.viewer.opening import open_soon

    paths = [str(path)] if isinstance(path, str | Path) else [str(one) for one in path]
    if (viewer := viewer_in_use()) is not None:
        viewer = getattr(viewer, "__wrapped__", viewer)
        if viewer in _WAITING:
            _WAITING[viewer] += paths
            return [(None,)]
        _WAITING[viewer] = paths
        return later(viewer, lambda session: open_soon(session, _WAITING.pop(session.canvas.viewer)))
    return [layer for section in open_sections(paths) for layer in section_layers(section)]


def later(viewer: Viewer, do: Callable[[Session], Any]) -> list[Any]:
    """Do something in a window once napari has done with a file, and return what tells it that there is no layer."""
    from qtpy.QtCore import QCoreApplication, QObject, QTimer

    from napari_trsmi.gui.viewer.sessions import session_of

    held = ref(getattr(viewer, "__wrapped__", viewer))  # it may be closed by then

    def begin() -> None:
        if (there := held()) is not None:
            do(session_of(there))

    turn = QObject(QCoreApplication.instance())
    turn.destroyed.connect(lambda: QTimer.singleShot(0, begin))
    turn.deleteLater()  # a timer would not wait: napari's bar of progress handles events between two files
    return [(None,)]


def open_sections(paths: Sequence[str | Path], library: Any = None) -> list[OpenSection]:
    """Return the section in files, or the study that several are; nobody is asked.

    `library` names the section of a file to open; all of them are a study for `studies.ALL`.

    Raises
    ------
    DataError
        As `api.read` and `data.study.stack` do.
    """
    from napari_trsmi.data.study import stack
    from napari_trsmi.gui.session.state import OpenSection

    found = found_in(paths, library)
    return found if isinstance(found, list) else [OpenSection(stack(found))]


def found_in(paths: Sequence[str | Path], library: Any = None) -> list[OpenSection] | dict[str, Dataset]:
    """Return the section or study in files, or {name: section} of several that could be a study; asks nobody.

    Raises
    ------
    DataError
        As `api.read` does.
    """
    from napari_trsmi.api import read_sections
    from napari_trsmi.data.readers.beside import is_picture
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.gui.viewer import studies

    if library is studies.ALL:
        return [OpenSection(read_sections(paths[0] if len(paths) == 1 else list(paths)))]
    if sum(not is_picture(Path(path)) for path in paths) == 1:
        return [open_section(paths, library)]
    found = studies.sections_in_files(paths, library)
    return [OpenSection(dataset) for dataset in found.values()] if len(found) == 1 else found


def open_section(paths: Sequence[str | Path], library: str | None = None) -> OpenSection:
    """Return the section in one file, with the result saved in it where there is one, or in several files.

    Raises
    ------
    DataError
        As `api.read` does.
    """
    from napari_trsmi.api import read
    from napari_trsmi.errors import TrsmiError
    from napari_trsmi.gui.session.layout import KEY, Layout
    from napari_trsmi.gui.session.state import OpenSection
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


def apart(sections: Mapping[str, Dataset]) -> list[OpenSection]:
    """Return the sections of several files one by one, each with the result saved in its file where there is one."""
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.restoring import holds_result

    of_all = [path for dataset in sections.values() for path in dataset.sources]
    found = []
    for name, dataset in sections.items():
        section, alone = OpenSection(dataset), len(dataset.sources) == 1 == of_all.count(dataset.sources[0])
        if alone and holds_result(dataset.sources[0]):
            section = open_section(dataset.sources)
        named, result = replace(section.dataset, name=name), section.result
        result = None if result is None else replace(result, dataset=named)
        found.append(OpenSection(named, result, section.path, layout=section.layout))
    return found
