"""Output folders of imaging platforms and others that the package spatialdata-io reads, told by their files."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from napari_trsmi.data.readers.flat_tables import from_tables, has_tables
from napari_trsmi.data.readers.found import Found
from napari_trsmi.data.readers.opening import reading
from napari_trsmi.data.readers.spatial_data import from_elements
from napari_trsmi.data.spatialdata_store import quietly
from napari_trsmi.errors import ChoiceError, DataError

log = logging.getLogger(__name__)


class Platform(NamedTuple):
    """What a platform is called, the function of spatialdata-io that reads it, and files that only it has."""

    name: str
    reader: str
    files: tuple[re.Pattern[str], ...]


def _platform(name: str, reader: str, *patterns: str) -> Platform:
    return Platform(name, reader, tuple(re.compile(rf"(?:.*[/_.-])?{text}", re.IGNORECASE) for text in patterns))


PLATFORMS = (
    _platform("CosMx", "cosmx", r"exprMat_file\.csv(?:\.gz)?", r"metadata_file\.csv(?:\.gz)?"),
    _platform("MERSCOPE", "merscope", r"cell_by_gene[^/]*\.csv(?:\.gz)?", r"cell_metadata[^/]*\.csv(?:\.gz)?"),
    _platform("Stereo-seq", "stereoseq", r"(?:tissue|tissuecut|raw|cellbin|adjusted\.cellbin)\.gef"),
    _platform("seqFISH", "seqfish", r"CellxGene.*\.csv", r"CellCoordinates.*\.csv"),
    _platform("Curio Seeker", "curio", r"anndata\.h5ad", r"cluster_assignment\.txt"),
    _platform("MCMICRO", "mcmicro", r"quantification/.*\.csv", r"markers\.csv"),
    _platform("Steinbock", "steinbock", r"cells\.h5ad", r"masks_(?:deepcell|ilastik)/.*"),
)
_LEFT_OUT = ("transcripts", "load_points")  # of those who read them: large, and not what is analysed
_MOST_FILES = 2000


def platform_of(folder: Path) -> Platform | None:
    """Return the platform that a folder is of by the names of its files, None where it is of none that is known."""
    if not folder.is_dir():
        return None
    names = list(islice(_names(folder), _MOST_FILES))
    for platform in PLATFORMS:
        if all(any(pattern.fullmatch(name) for name in names) for pattern in platform.files):
            return platform
    return None


def is_part_of_platform(path: Path) -> bool:
    """Return whether a file is one of those that tell a platform, and lies in a folder of it."""
    if not any(pattern.fullmatch(path.name) for platform in PLATFORMS for pattern in platform.files):
        return False
    platform = platform_of(path.absolute().parent)
    return platform is not None and any(pattern.fullmatch(path.name) for pattern in platform.files)


def from_platform(folder: Path, platform: Platform, library: str | None = None) -> Found:
    """Return what spatialdata-io reads in a folder of a platform, in the way of a SpatialData ``.zarr``.

    Of CosMx and MERSCOPE counts and places of cells are read also where pictures and outlines are missing, as they are
    in most publications, or the package is.

    Raises
    ------
    ChoiceError
        There are several sections, and none was chosen.
    DataError
        The package is not installed, or cannot read the folder.
    """
    try:
        return _through_spatialdata_io(folder, platform, library)
    except ChoiceError:
        raise
    except DataError as error:
        if not has_tables(folder, platform.name):
            inside = [part.name for part in sorted(folder.iterdir()) if _has_tables(part, platform.name)]
            if not inside:
                raise
            raise DataError(
                f"Expected a folder of one section of {platform.name}, found {folder} with {', '.join(inside)}. Give "
                "one of them, or those of one section together."
            ) from error
        log.info("Reading the tables of %s alone: %s", folder, error)
        found = from_tables(folder, platform.name, library)
        if not _is_installed():
            found.notes.append("Pictures and outlines need: pip install 'napari-trsmi[spatialdata]'.")
        return found


def _has_tables(part: Path, platform: str) -> bool:
    return part.is_dir() and has_tables(part, platform)


def _is_installed() -> bool:
    return find_spec("spatialdata_io") is not None


def _through_spatialdata_io(folder: Path, platform: Platform, library: str | None) -> Found:
    if not _is_installed():
        raise DataError(
            f"Expected the package spatialdata-io to read {folder}, a folder of {platform.name}, found none. "
            "Install it with: pip install 'napari-trsmi[spatialdata]'."
        )
    with reading(folder), quietly():
        import spatialdata_io

        read: Any = getattr(spatialdata_io, platform.reader)
        left_out = {name: False for name in _LEFT_OUT if name in inspect.signature(read).parameters}
        sdata = read(folder, **left_out)
        tables = dict(sdata.tables)
        if not tables:
            raise DataError(f"Expected counts of cells in {folder}, found none. Choose a complete folder.")
        found = from_elements(tables, lambda _: (sdata, []), library)
    found.stored = {}  # there is no table to write into
    found.notes.append(f"Read as a folder of {platform.name} by spatialdata-io.")
    return found


def _names(folder: Path) -> Iterator[str]:
    """Yield the names of files in a folder, and of those in its folders with the folder's in front."""
    for path in sorted(islice(folder.iterdir(), _MOST_FILES)):
        if not path.is_dir():
            yield path.name
        elif not path.name.startswith("."):
            yield from (f"{path.name}/{part.name}" for part in islice(path.iterdir(), _MOST_FILES))
